"""Images that lie with their channels last in memory stay so through layers, as in PyTorch."""

import pytest

import arcgrad as ag
from arcgrad.nn import functional as F

IMAGES, VOLUMES = ag.channels_last, ag.channels_last_3d


def images(*shape, dtype=ag.float64):
    order = IMAGES if len(shape) == 4 else VOLUMES
    return ag.randn(*shape, dtype=dtype).contiguous(memory_format=order)


def ones(n):
    return ag.ones(n, dtype=ag.float64)


KEEPING = {
    "conv2d": lambda x: F.conv2d(x, ag.ones(4, 6, 3, 3, dtype=x.dtype), ones(4), padding=1),
    "conv2d of the weight": lambda x: F.conv2d(x.contiguous(), images(4, 6, 3, 3)),
    "conv_transpose2d": lambda x: F.conv_transpose2d(x, ag.ones(6, 2, 2, 2, dtype=x.dtype), ones(2), stride=2),
    "batch_norm": lambda x: F.batch_norm(x, None, None, ones(6), ones(6), training=True),
    "batch_norm of running moments": lambda x: F.batch_norm(x, ones(6), ones(6)),
    "group_norm": lambda x: F.group_norm(x, 3, ones(6), ones(6)),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "positions of max_pool2d": lambda x: F.max_pool2d(x, 2, return_indices=True)[1],
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "lp_pool2d": lambda x: F.lp_pool2d(x, 2, 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (3, 5)),
    "adaptive_avg_pool2d of divisors": lambda x: F.adaptive_avg_pool2d(x, 4),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, (3, 5)),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "bilinear": lambda x: F.interpolate(x, size=(5, 7), mode="bilinear"),
    "bicubic": lambda x: F.interpolate(x, size=(5, 7), mode="bicubic"),
    "max_unpool2d": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "channel_shuffle": lambda x: F.channel_shuffle(x, 3),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "reflection": lambda x: F.pad(x, (1, 2, 0, 1), mode="reflect"),
    "replication": lambda x: F.pad(x, (1, 2, 0, 1), mode="replicate"),
    "relu": lambda x: F.relu(x),
    "dropout2d": lambda x: F.dropout2d(x, 0.0),
}


#: Whose gradients lie as the images do.
LAYERS = ["conv2d", "conv_transpose2d", "batch_norm", "max_pool2d", "avg_pool2d", "relu"]


@pytest.mark.parametrize("name", KEEPING)
def test_channels_stay_last_with_the_same_numbers_and_gradients(name):
    layer, x = KEEPING[name], images(2, 6, 8, 8)
    ag.manual_seed(0)
    last = layer(x.requires_grad_())
    assert last.is_contiguous(memory_format=IMAGES) and not last.is_contiguous()
    ag.manual_seed(0)
    plain = layer(y := x.detach().contiguous().requires_grad_())
    if name != "conv2d of the weight":
        assert plain.is_contiguous()
    ag.testing.assert_close(last, plain, rtol=1e-12, atol=1e-12)
    if last.dtype is ag.float64:
        g = ag.randn(last.shape, dtype=last.dtype)
        (of_last,) = ag.autograd.grad(last, x, images(*last.shape).copy_(g))
        (of_plain,) = ag.autograd.grad(plain, y, g)
        ag.testing.assert_close(of_last, of_plain, rtol=1e-12, atol=1e-12)
        if name in LAYERS:
            assert of_last.stride() == x.stride()


@pytest.mark.parametrize("name", ["conv3d", "max_pool3d", "batch_norm", "trilinear"])
def test_channels_of_volumes_stay_last(name):
    x = images(2, 3, 4, 4, 4)
    result = {
        "conv3d": lambda: F.conv3d(x, ag.ones(4, 3, 2, 2, 2, dtype=x.dtype)),
        "max_pool3d": lambda: F.max_pool3d(x, 2),
        "batch_norm": lambda: F.batch_norm(x, None, None, training=True),
        "trilinear": lambda: F.interpolate(x, scale_factor=2, mode="trilinear"),
    }[name]()
    assert result.is_contiguous(memory_format=VOLUMES) and not result.is_contiguous()


def test_a_network_in_channels_last_trains_as_one_in_rows():
    ag.manual_seed(0)
    model = ag.nn.Sequential(
        ag.nn.Conv2d(3, 8, 3), ag.nn.BatchNorm2d(8), ag.nn.ReLU(), ag.nn.MaxPool2d(2), ag.nn.Flatten(), ag.nn.Linear(72, 5)
    ).double()
    x = ag.randn(4, 3, 8, 8, dtype=ag.float64)
    model(x).square().sum().backward()
    rows = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    model.to(memory_format=IMAGES)
    model(x.contiguous(memory_format=IMAGES)).square().sum().backward()
    for before, parameter in zip(rows, model.parameters()):
        ag.testing.assert_close(parameter.grad, before, rtol=1e-12, atol=1e-12)
    weight = model[0].weight
    assert weight.is_contiguous(memory_format=IMAGES) and weight.grad.is_contiguous(memory_format=IMAGES)
