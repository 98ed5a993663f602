"""Where PyTorch warns, so does arcgrad, and it names the line of the program; where one class stands for an object, it says so."""

import subprocess
import sys
import threading
import warnings

import pytest

import arcgrad as ag
from arcgrad import nn

F = nn.functional
WIDE, ROW = ag.zeros(3, 1), ag.zeros(3)
U8 = ag.tensor([0, 1, 1], dtype=ag.uint8)


def optimizer():
    return ag.optim.SGD([nn.Parameter(ag.zeros(1))], lr=1.0)


def schedule():
    return ag.optim.lr_scheduler.StepLR(optimizer(), 3)


SIZES = r"Using a target size \(\[3\]\) that is different to the input size \(\[3, 1\]\)"
IMPLICIT = "Implicit dimension choice for {} has been deprecated"
FREEDOM = r"{}\(\): degrees of freedom is <= 0"
RESIZED = r"An output with one or more elements was resized since it had shape \[2\]"
REDUCE = "size_average and reduce args will be deprecated, please use reduction='{}' instead"

#: A call, and the words of its warning that people search for.
WARNS = {
    "mse_loss": (lambda: F.mse_loss(WIDE, ROW), SIZES),
    "l1_loss": (lambda: F.l1_loss(WIDE, ROW), SIZES),
    "smooth_l1_loss": (lambda: F.smooth_l1_loss(WIDE, ROW), SIZES),
    "smooth_l1_loss, beta 0": (lambda: F.smooth_l1_loss(WIDE, ROW, beta=0.0), SIZES),
    "huber_loss": (lambda: F.huber_loss(WIDE, ROW), SIZES),
    "MSELoss": (lambda: nn.MSELoss()(WIDE, ROW), SIZES),
    "L1Loss": (lambda: nn.L1Loss(reduction="none")(WIDE, ROW), SIZES),
    "SmoothL1Loss": (lambda: nn.SmoothL1Loss()(WIDE, ROW), SIZES),
    "HuberLoss": (lambda: nn.HuberLoss()(WIDE, ROW), SIZES),
    "mse_loss, one number": (lambda: F.mse_loss(ag.zeros(()), ag.zeros(1)), r"size \(\[1\]\) that is different to the input size \(\[\]\)"),
    "mse_loss, size_average": (lambda: F.mse_loss(ROW, ROW, size_average=False), REDUCE.format("sum")),
    "cross_entropy, reduce": (lambda: F.cross_entropy(ag.zeros(1, 2), ag.tensor([0]), reduce=False), REDUCE.format("none")),
    "kl_div, size_average": (lambda: F.kl_div(ROW, ROW, size_average=False), REDUCE.format("sum")),
    "MSELoss, reduce": (lambda: nn.MSELoss(reduce=True), REDUCE.format("mean")),
    "kl_div": (lambda: F.kl_div(ROW, ROW), "'batchmean' divides only by the batch size"),
    "KLDivLoss": (lambda: nn.KLDivLoss()(ROW, ROW), "'batchmean' divides only by the batch size"),
    "softmax": (lambda: F.softmax(ROW), IMPLICIT.format("softmax")),
    "log_softmax": (lambda: F.log_softmax(WIDE), IMPLICIT.format("log_softmax")),
    "softmin": (lambda: F.softmin(ROW), IMPLICIT.format("softmin")),
    "Softmax": (lambda: nn.Softmax()(ROW), IMPLICIT.format("softmax")),
    "LogSoftmax": (lambda: nn.LogSoftmax()(ROW), IMPLICIT.format("log_softmax")),
    "gumbel_softmax": (lambda: F.gumbel_softmax(ROW, eps=1e-3), "`eps` parameter is deprecated"),
    "dropout2d": (lambda: F.dropout2d(ag.zeros(3, 2, 2)), "dropout2d: Received a 3D input"),
    "std": (lambda: ag.zeros(1).std(), FREEDOM.format("std")),
    "var": (lambda: ag.var(WIDE, 1), FREEDOM.format("var")),
    "std_mean": (lambda: ag.std_mean(ag.zeros(1)), FREEDOM.format("std_mean")),
    "var_mean": (lambda: ag.var_mean(ag.zeros(1)), FREEDOM.format("var_mean")),
    "std, correction": (lambda: ROW.std(correction=3), FREEDOM.format("std")),
    "var of nothing": (lambda: ag.var(ag.zeros(0)), FREEDOM.format("var")),
    "var, many": (lambda: ag.zeros(100_000, 1).var(1), FREEDOM.format("var")),  # without the interpreter
    "add, out": (lambda: ag.add(ROW, ROW, out=ag.zeros(2)), RESIZED),
    "mm, out": (lambda: ag.mm(ag.zeros(3, 3), ag.zeros(3, 3), out=ag.zeros(2)), RESIZED),
    "sum, out": (lambda: ag.sum(ag.zeros(3, 3), 0, out=ag.zeros(2)), RESIZED),
    "sort, out": (lambda: ag.sort(ROW, out=(ag.zeros(2), ag.empty(0, dtype=ag.int64))), RESIZED),
    "cat, out": (lambda: ag.cat([ROW, ROW], out=ag.zeros(2)), RESIZED),
    "T": (lambda: ag.zeros(2, 3, 4).T, "`x.T` on tensors of dimension other than 2"),
    "T of a number": (lambda: ag.zeros(()).T, "Tensor.T is deprecated on 0-D tensors"),
    "mT of a number": (lambda: ag.zeros(()).mT, "Tensor.mT is deprecated on 0-D tensors"),
    "H of a number": (lambda: ag.zeros(()).H, "Tensor.H is deprecated on 0-D tensors"),
    "bytes as a mask": (lambda: ROW[U8], "indexing with dtype torch.uint8 is now deprecated"),
    "bytes as a mask, written": (lambda: ag.zeros(3).__setitem__(U8, 1), "indexing with dtype torch.uint8 is now deprecated"),
    "where": (lambda: ag.where(U8, ROW, ROW), "where received a uint8 condition"),
    "meshgrid": (lambda: ag.meshgrid(ROW, ROW), "required to pass the indexing argument"),
    "cross": (lambda: ag.cross(ROW, ROW), "without specifying the dim arg is deprecated"),
    "tensor": (lambda: ag.tensor(ROW), r"recommended to use sourceTensor.detach\(\).clone\(\)"),
    "new_tensor": (lambda: ROW.new_tensor(ROW), r"recommended to use sourceTensor.detach\(\).clone\(\)"),
    "state_dict": (lambda: nn.Linear(1, 1).state_dict({}), "Positional args are being deprecated"),
    "step of a schedule": (lambda: schedule().step(), r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"),
    "epoch on a plateau": (
        lambda: ag.optim.lr_scheduler.ReduceLROnPlateau(optimizer()).step(1.0, epoch=3),
        "epoch parameter in `scheduler.step",
    ),
    "get_lr": (lambda: schedule().get_lr(), r"please use `get_last_lr\(\)`"),
    "workers": (lambda: ag.utils.data.DataLoader([1], num_workers=100_000), "will create 100000 worker processes in total"),
    "pin_memory": (lambda: iter(ag.utils.data.DataLoader([1], pin_memory=True)), "no accelerator is found"),
    "random_split": (lambda: ag.utils.data.random_split([1], [0.5, 0.5]), "Length of split at index 1 is 0"),
    "zero elements": (lambda: nn.init.kaiming_uniform_(ag.zeros(0, 3)), "Initializing zero-element tensors is a no-op"),
    "duplicate parameters": (
        lambda: ag.optim.SGD([nn.Parameter(ROW)] * 2, lr=1.0),
        "duplicate parameters",
    ),
}


@pytest.mark.parametrize("name", WARNS)
def test_where_pytorch_warns_there_is_one_warning(name):
    call, text = WARNS[name]
    with pytest.warns((UserWarning, FutureWarning), match=text) as caught:
        call()
    assert len(caught) == 1


@pytest.mark.arcgrad_only  # PyTorch often names a line of its own
@pytest.mark.parametrize("name", [name for name in WARNS if name not in ("step of a schedule", "get_lr", "random_split", "zero elements")])
def test_warnings_name_the_line_of_the_program(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        WARNS[name][0]()
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", WARNS)
def test_a_warning_that_is_an_error_stops_the_operation(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((UserWarning, FutureWarning), match=WARNS[name][1]):
            WARNS[name][0]()


def test_an_output_is_left_as_it_was_when_its_warning_is_an_error():
    out = ag.zeros(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for call in (lambda: ag.add(ROW, ROW, out=out), lambda: ag.cat([ROW, ROW], out=out)):
            with pytest.raises(UserWarning):
                call()
    assert out.shape == (2,) and out.tolist() == [0, 0] and out._version == 0


QUIET = {
    "losses of one shape": lambda: [f(ROW, ROW) for f in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.soft_margin_loss)],
    "losses that broadcast by definition": lambda: F.poisson_nll_loss(WIDE, ROW) + F.gaussian_nll_loss(WIDE, ROW, ag.ones(3, 1)),
    "the divergence proper": lambda: F.kl_div(ROW, ROW, reduction="batchmean") + F.kl_div(ROW, ROW, reduction="sum"),
    "a given axis": lambda: F.softmax(ROW, 0) + F.softmax(ROW, dim=-1) + nn.Softmax(dim=0)(ROW),
    "a variance of one value, of the whole": lambda: ag.zeros(1).var(unbiased=False),
    "empty outputs": lambda: ag.add(ROW, ROW, out=ag.empty(0)),
    "outputs that fit": lambda: ag.add(ROW, ROW, out=ag.empty(3)),
    "transposes of matrices and vectors": lambda: (ag.zeros(2, 3).T, ROW.T, ag.zeros(2, 3, 4).mT, ag.zeros(2, 3).H),
    "a grid whose order is given": lambda: ag.meshgrid(ROW, ROW, indexing="xy"),
    "masks of truth values": lambda: (ROW[U8.bool()], ag.where(U8.bool(), ROW, ROW)),
    "an axis for cross": lambda: (ag.cross(ROW, ROW, dim=0), ag.linalg.cross(ROW, ROW)),
    "few workers": lambda: ag.utils.data.DataLoader([1], num_workers=1),
    "create_graph": lambda: ag.ones(1, requires_grad=True).mul(2).backward(create_graph=True),  # no cycles here
    "float of a loss": lambda: float(ag.ones(1, requires_grad=True).sum()),
}


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_of_what_is_meant(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        QUIET[name]()


class Lying(ag.utils.data.IterableDataset):
    def __len__(self):
        return 2

    def __iter__(self):
        return iter(range(3))


@pytest.mark.parametrize("workers", [0, 1])
def test_an_iterable_dataset_longer_than_it_says_is_noticed_once_per_pass(workers):
    loader = ag.utils.data.DataLoader(Lying(), num_workers=workers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(1 for _ in loader) == 3  # nobody was told a length
    assert len(loader) == 2
    for _ in range(2):
        with pytest.warns(UserWarning, match="Length of IterableDataset Lying was reported to be 2 .* 3 samples have been fetched") as caught:
            batches = [batch for batch in loader]
        assert len(batches) == 3 and len(caught) == 1 and caught[0].filename == __file__


def test_a_warning_is_shown_once_per_line():
    program = (
        "import arcgrad as ag\n"
        "for _ in range(3):\n"
        "    ag.zeros(1).std()\n"
        "ag.zeros(1).std()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stderr.count("degrees of freedom") == 2 and "<string>:3: UserWarning" in result.stderr


def test_threads_warn_each_for_themselves():
    caught = []

    def work():
        try:
            ag.zeros(100_000, 1).std(1)
        except UserWarning as warning:
            caught.append(warning)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(caught) == 4


# ---- errors ----


def test_losses_refuse_shapes_that_do_not_fit():
    for call, text in (
        (lambda: F.soft_margin_loss(WIDE, ROW), r"output with shape \[3, 1\] doesn't match the broadcast shape \[3, 3\]"),
        (lambda: nn.SoftMarginLoss()(ROW, WIDE), "doesn't match the broadcast shape"),
        (lambda: F.margin_ranking_loss(WIDE, ROW, ROW), "All input tensors should have same dimension"),
        (lambda: F.cosine_embedding_loss(ag.zeros(15), ag.zeros(15), ag.ones(3)), "1D target tensor expects 2D input tensors"),
        (lambda: F.cosine_embedding_loss(ag.zeros(3, 5), ag.zeros(5), ag.ones(3)), "1D target tensor expects 2D input tensors"),
        (lambda: F.cosine_embedding_loss(ag.zeros(3, 5), ag.zeros(3, 5), ag.ones(3, 1)), "0D or 1D target tensor expected"),
        (lambda: F.triplet_margin_loss(ag.zeros(3, 5), ag.zeros(3, 5), ag.zeros(5)), "same number of dimensions"),
    ):
        with pytest.raises(RuntimeError, match=text):
            call()
    assert F.soft_margin_loss(ROW, ag.ones(1)).item() == pytest.approx(0.6931472)
    assert F.cosine_embedding_loss(ag.ones(5), ag.ones(5), ag.ones(())).item() == pytest.approx(0, abs=1e-6)


MISPLACED = {
    "Sequential": lambda value: nn.Sequential(nn.Linear(1, 1), value),
    "append": lambda value: nn.Sequential().append(value),
    "Sequential.insert": lambda value: nn.Sequential(nn.ReLU()).insert(0, value),
    "ModuleList": lambda value: nn.ModuleList([value]),
    "ModuleList.insert": lambda value: nn.ModuleList([nn.ReLU()]).insert(0, value),
    "ModuleDict": lambda value: nn.ModuleDict({"a": value}),
    "ModuleDict, pairs": lambda value: nn.ModuleDict([("a", value)]),
    "add_module": lambda value: nn.Module().add_module("a", value),
    "register_module": lambda value: nn.Module().register_module("a", value),
}


@pytest.mark.parametrize("place", MISPLACED)
def test_a_class_in_the_place_of_a_module_is_named(place):
    for value, text in (
        (nn.ReLU, r"arcgrad.nn.modules.activation.ReLU is not a Module subclass.*ReLU\(\) would be one. Are the parentheses missing\?"),
        (dict, r"dict is not a Module subclass: it is a class"),
        (F.relu, r"is not a Module subclass: relu is a function"),
        (3, "int is not a Module subclass"),
        ([nn.ReLU()], r"list is not a Module subclass: give the modules one by one \(Sequential\(\*modules\)\)"),
    ):
        with pytest.raises(TypeError, match=text):
            MISPLACED[place](value)


def test_other_places_name_the_class_too():
    for attempt in (
        lambda: nn.Sequential(nn.ReLU()).__setitem__(0, nn.ReLU),
        lambda: nn.ModuleList(nn.ReLU),
        lambda: nn.ModuleDict(nn.ReLU),
        lambda: nn.ModuleList().extend(nn.ReLU),
    ):
        with pytest.raises(TypeError, match="activation.ReLU"):
            attempt()
    with pytest.raises(TypeError, match="cannot assign 'arcgrad.nn.parameter.Parameter' object to parameter 'a'"):
        nn.Module().register_parameter("a", nn.Parameter)


def test_a_loss_module_given_the_tensors_at_once_is_explained():
    with pytest.raises(TypeError, match=r"MSELoss\(\)\(input, target\)"):
        nn.MSELoss(ROW, ROW)
