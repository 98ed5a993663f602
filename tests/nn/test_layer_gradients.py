"""First and second derivatives of layers against finite differences, in double precision and for tiny operands."""

import pytest

import arcgrad as ag
from arcgrad.autograd import gradcheck, gradgradcheck
from oracle.layers import ints, operands, pos, unit

#: Expressions whose operands are described as in the table of ``oracle/layers.py``.
SMOOTH = [
    ("F.conv1d(x, w, b, 2, 1, 2, 2)", {"x": (1, 2, 5), "w": (2, 1, 2), "b": (2,)}),
    ("F.conv3d(x, w, b, (1, 2, 1), (0, 1, 1), (2, 1, 1), 2)", {"x": (1, 2, 3, 2, 2), "w": (2, 1, 2, 2, 1), "b": (2,)}),
    ("F.conv_transpose1d(x, w, b, 2, 1, 1, 2, 2)", {"x": (1, 2, 3), "w": (2, 1, 2), "b": (2,)}),
    ("F.conv_transpose2d(x, w, b, (2, 1), (0, 1), (1, 0), 1, (1, 2))", {"x": (1, 2, 2, 2), "w": (2, 1, 2, 2), "b": (1,)}),
    ("F.conv_transpose3d(x, w, None, 2, 0, 1)", {"x": (1, 1, 2, 1, 2), "w": (1, 1, 1, 2, 2)}),
    ("F.conv_tbc(x, w, b, 1)", {"x": (3, 1, 2), "w": (2, 2, 1), "b": (1,)}),
    ("F.lp_pool1d(x, 3, 2)", {"x": pos(1, 1, 4)}),
    ("F.lp_pool2d(x, 2, 2, 1, True)", {"x": pos(1, 1, 3, 2)}),
    ("F.max_unpool2d(x, i, 2)", {"x": (1, 1, 1, 2), "i": [[[[1, 6]]]]}),
    ("F.fractional_max_pool2d(x, 2, 2, _random_samples=s.detach())", {"x": (1, 1, 4, 4), "s": unit(1, 1, 2)}),
    ("F.instance_norm(x, weight=w, bias=b)", {"x": (1, 2, 3), "w": (2,), "b": (2,)}),
    ("F.local_response_norm(x, 2, 0.5)", {"x": (1, 3, 2)}),
    ("F.rms_norm(x, (3,), w)", {"x": (2, 3), "w": (3,)}),
    ("F.interpolate(x, (4, 3), mode='bicubic')", {"x": (1, 1, 2, 3)}),
    ("F.interpolate(x, (2, 2), mode='bicubic', antialias=True)", {"x": (1, 1, 5, 3)}),
    ("F.interpolate(x, (2, 4), mode='bilinear', antialias=True)", {"x": (1, 1, 5, 3)}),
    ("F.affine_grid(m, (1, 1, 2, 2), False)", {"m": (1, 2, 3)}),
    ("F.grid_sample(x, g, 'bilinear', 'zeros', False)", {"x": (1, 1, 3, 2), "g": (1, 1, 3, 2)}),
    ("F.grid_sample(x, g, 'bicubic', 'border', True)", {"x": (1, 1, 3, 2), "g": (1, 1, 2, 2)}),
    ("F.grid_sample(x, g, 'bilinear', 'reflection', False)", {"x": (1, 1, 2, 2, 2), "g": (1, 1, 1, 2, 3)}),
    ("F.pixel_shuffle(x, 2)", {"x": (4, 1, 2)}),
    ("F.pixel_unshuffle(x, 2)", {"x": (1, 2, 4)}),
    ("F.channel_shuffle(x, 2)", {"x": (1, 4, 2)}),
    ("F.embedding_bag(i, w, mode='sum', per_sample_weights=s)", {"w": (3, 2), "s": (2, 2), "i": ints(0, 3, 2, 2)}),
    ("F.embedding_bag(i, w, t.tensor([0, 1, 1]), padding_idx=1)", {"w": (3, 2), "i": [0, 1, 2, 2]}),
    ("F.embedding_bag(i, w, mode='max')", {"w": (3, 2), "i": [[0, 1], [2, 2]]}),
    ("F.pdist(x)", {"x": (3, 2)}),
    ("F.pdist(x, 3)", {"x": (3, 2)}),
    ("F.multi_margin_loss(x, y, 2)", {"x": (2, 3), "y": [0, 2]}),
    ("F.multilabel_margin_loss(x, y)", {"x": (2, 3), "y": [[0, 2, -1], [1, -1, 0]]}),
    ("F.multilabel_soft_margin_loss(x, y)", {"x": (2, 3), "y": unit(2, 3)}),
    ("F.triplet_margin_with_distance_loss(a, p, n, margin=5.0)", {"a": (2, 3), "p": (2, 3), "n": (2, 3)}),
    ("F.linear_cross_entropy(x, w, y, linear_bias=b)", {"x": (2, 2), "w": (3, 2), "b": (3,), "y": [0, 2]}),
    ("F.ctc_loss(x.log_softmax(2), y, (4, 3), (2, 1))", {"x": (4, 2, 3), "y": [[1, 1], [2, 0]]}),
    ("nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], 1.5).double()(x, t.tensor([0, 3, 5]))[0]", {"x": (3, 4)}),
]


@pytest.mark.parametrize(("expression", "described"), SMOOTH, ids=[case[0] for case in SMOOTH])
def test_derivatives_are_those_of_finite_differences(expression, described):
    leaves = operands(ag, described)
    inputs = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    scope = {"t": ag, "nn": ag.nn, "F": ag.nn.functional}

    def function(*values):
        ag.manual_seed(0)
        return eval(expression, {**scope, **leaves, **dict(zip(inputs, values))})

    assert gradcheck(function, tuple(inputs.values()))
    assert gradgradcheck(function, tuple(inputs.values()))
