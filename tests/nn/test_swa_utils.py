"""Averages of models: PyTorch's figures, statistics of batch norms, state."""

import copy

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)

MEANS = [[0.0, 1.0, 2.0, 3.0], [0.5, 1.5, 2.5, 3.5], [5 / 3, 8 / 3, 11 / 3, 14 / 3], [3.5, 4.5, 5.5, 6.5]]
MOVING = [[0.0, 1.0, 2.0, 3.0], [0.1, 1.1, 2.1, 3.1], [0.49, 1.49, 2.49, 3.49], [1.341, 2.341, 3.341, 4.341]]
TAKEN = [[0.0, 0], [3.0, 2], [6.0, 4], [9.0, 6]]

#: Settings, and PyTorch's parameters and buffers after each of four updates.
CASES = {
    "default": ({}, MEANS, TAKEN),
    "swa": ({"avg_fn": get_swa_avg_fn()}, MEANS, TAKEN),
    "swa of lists": ({"multi_avg_fn": get_swa_multi_avg_fn()}, MEANS, TAKEN),
    "ema": ({"avg_fn": get_ema_avg_fn(0.9)}, MOVING, TAKEN),
    "ema of lists": ({"multi_avg_fn": get_ema_multi_avg_fn(0.9)}, MOVING, TAKEN),
    "buffers": ({"use_buffers": True}, MEANS, [[0.0, 0], [1.5, 1], [3.0, 2], [4.5, 3]]),
    "buffers, ema": ({"use_buffers": True, "avg_fn": get_ema_avg_fn(0.9)}, MOVING, [[0.0, 0], [0.3, 0], [0.87, 0], [1.683, 0]]),
    "buffers, ema of lists": (
        {"use_buffers": True, "multi_avg_fn": get_ema_multi_avg_fn(0.9)},
        MOVING,
        [[0.0, 0], [0.3, 0], [0.87, 0], [1.683, 0]],
    ),
}


def model():
    return nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2)).to(ag.float64)


def set_values(net, number):
    with ag.no_grad():
        for index, param in enumerate(net.parameters()):
            param.fill_(number * number + index)
        net[1].running_mean.fill_(number * 3.0)
        net[1].num_batches_tracked.fill_(number * 2)


@pytest.mark.parametrize("name", CASES)
def test_averages_are_pytorchs(name):
    settings, parameters, buffers = CASES[name]
    net = model()
    averaged = AveragedModel(net, **settings)
    for number in range(4):
        set_values(net, number)
        averaged.update_parameters(net)
        assert [param.flatten()[0].item() for param in averaged.module.parameters()] == pytest.approx(parameters[number])
        norm = averaged.module[1]
        assert [norm.running_mean[0].item(), norm.num_batches_tracked.item()] == pytest.approx(buffers[number])
        assert averaged.n_averaged.item() == number + 1


def test_averages_are_not_recorded_and_leave_the_model_alone():
    net = model()
    averaged = AveragedModel(net)
    before = copy.deepcopy(net.state_dict())
    for _ in range(2):
        averaged.update_parameters(net)
    assert all(param.is_leaf and param.requires_grad for param in averaged.module.parameters())
    assert all(value.tolist() == before[key].tolist() for key, value in net.state_dict().items())
    assert averaged.module[0].weight is not net[0].weight


def test_state_of_an_average_is_pytorchs_and_resumes():
    net = model()
    averaged = AveragedModel(net)
    assert list(averaged.state_dict()) == [
        "n_averaged",
        "module.0.weight",
        "module.0.bias",
        "module.1.weight",
        "module.1.bias",
        "module.1.running_mean",
        "module.1.running_var",
        "module.1.num_batches_tracked",
    ]
    again = AveragedModel(net)
    for number in range(4):
        set_values(net, number)
        averaged.update_parameters(net)
        if number < 2:
            again.update_parameters(net)
        if number == 2:
            resumed = AveragedModel(model())
            resumed.load_state_dict(again.state_dict())
        if number >= 2:
            resumed.update_parameters(net)
    assert [p.tolist() for p in resumed.parameters()] == [p.tolist() for p in averaged.parameters()]


def test_an_average_is_called_like_its_model():
    net = nn.Bilinear(2, 2, 1) if hasattr(nn, "Bilinear") else nn.Linear(2, 1)
    args = [ag.ones(1, 2)] * (2 if type(net).__name__ == "Bilinear" else 1)
    assert AveragedModel(net)(*args).tolist() == net(*args).tolist()


def test_bad_settings_are_refused():
    for make in (get_ema_avg_fn, get_ema_multi_avg_fn):
        for decay in (2, -1, float("nan")):
            with pytest.raises(ValueError, match=f"Invalid decay value {decay} provided"):
                make(decay)
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
        AveragedModel(model(), avg_fn=get_swa_avg_fn(), multi_avg_fn=get_swa_multi_avg_fn())


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("pairs", [False, True])
def test_statistics_of_batch_norms_are_means_over_the_data(momentum, pairs):
    net = nn.Sequential(nn.BatchNorm1d(1, momentum=momentum), nn.Dropout(0.5)).eval()
    net[0].running_mean.fill_(100.0)
    batches = [ag.tensor([[1.0], [3.0]]), ag.tensor([[5.0], [9.0]])]
    update_bn([(batch, "target") for batch in batches] if pairs else batches, net)
    assert net[0].running_mean.tolist() == [4.5] and net[0].running_var.tolist() == [5.0]
    assert net[0].num_batches_tracked.item() == 2 and net[0].momentum == momentum
    assert not net.training


def test_a_model_without_batch_norms_is_not_run():
    update_bn(iter([1 / ag.ones(1), None]), nn.Linear(1, 1))


def test_the_schedule_goes_on_where_others_have_left_the_rate():
    optimizer = ag.optim.SGD([nn.Parameter(ag.zeros(1))], lr=1.0)
    cosine = ag.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    for _ in range(2):
        optimizer.step()
        cosine.step()
    assert cosine.get_last_lr() == [pytest.approx(0.5)]
    schedule = SWALR(optimizer, 0.1, anneal_epochs=2, anneal_strategy="linear")
    found = []
    for _ in range(3):
        optimizer.step()
        schedule.step()
        found += schedule.get_last_lr()
    assert found == pytest.approx([0.3, 0.1, 0.1])
