"""Calls of layers and of the functions behind them, and the script that asks PyTorch for their results.

``python tests/oracle/layers.py`` (with PyTorch installed) writes ``layers.npz`` and ``layers.json``; ``tests/nn/test_oracle_layers.py``
replays the same on arcgrad. A case is an expression in ``F`` (``nn.functional``), ``nn``, ``t`` (the package) and its operands,
which depend on nothing but their description: a tuple is the shape of random numbers in (-2, 2), ``pos(…)`` of such in
(0.1, 2.1), ``unit(…)`` in (0, 1), ``ints(low, high, …)`` of integers, and a list is written out. Results and gradients, with
fixed random weights, are those in double precision; what is drawn starts from ``manual_seed(0)``.
"""

from __future__ import annotations

import inspect
import json
import warnings
import zlib
from pathlib import Path

import numpy as np

DATA = Path(__file__).with_suffix(".npz")
FACTS = Path(__file__).with_suffix(".json")


def pos(*shape):
    return "pos", shape


def unit(*shape):
    return "unit", shape


def ints(low, high, *shape):
    return "ints", shape, low, high


#: Operands and the expressions in them.
CASES = [
    # ---- convolution ----
    (
        {"x": (2, 4, 9), "w": (6, 2, 3), "b": (6,)},
        [
            "F.conv1d(x, w, b, groups=2)",
            "F.conv1d(x, w, None, 2, 1, 2, 2)",
            "F.conv1d(x, w, b, padding='same', dilation=2, groups=2)",
            "F.conv1d(x[0], w, b, padding=(3,), groups=2)",
        ],
    ),
    (
        {"x": (2, 4, 4, 5, 5), "w": (4, 2, 2, 3, 2), "b": (4,)},
        [
            "F.conv3d(x, w, b, groups=2)",
            "F.conv3d(x, w, None, (1, 2, 2), (1, 0, 1), (2, 1, 1), 2)",
            "F.conv3d(x[0], w, b, padding='same', groups=2)",
        ],
    ),
    (
        {"x": (2, 4, 5), "w": (4, 3, 3), "b": (6,)},
        [
            "F.conv_transpose1d(x, w, b, groups=2)",
            "F.conv_transpose1d(x, w, b, 3, 1, 2, 2, 1)",
            "F.conv_transpose1d(x[0], w, None, stride=2, dilation=2, groups=2)",
        ],
    ),
    (
        {"x": (2, 4, 3, 4), "w": (4, 3, 3, 2), "b": (6,)},
        [
            "F.conv_transpose2d(x, w, b, groups=2)",
            "F.conv_transpose2d(x, w, b, (3, 2), (1, 0), (2, 1), 2, (1, 2))",
            "F.conv_transpose2d(x[0], w, None, padding=1, groups=2)",
        ],
    ),
    (
        {"x": (1, 4, 2, 3, 3), "w": (4, 2, 2, 2, 3), "b": (4,)},
        [
            "F.conv_transpose3d(x, w, b, groups=2)",
            "F.conv_transpose3d(x, w, b, 2, 1, 1, 2, (1, 2, 1))",
        ],
    ),
    ({"x": (5, 2, 3), "w": (2, 3, 4), "b": (4,)}, ["F.conv_tbc(x, w, b)", "F.conv_tbc(x, w, b, 2)"]),
    # ---- pooling ----
    (
        {"x": (2, 2, 9)},
        [
            "F.max_pool1d(x, 3)",
            "F.max_pool1d(x, 3, 2, 1, 2, True, True)",
            "F.max_pool1d_with_indices(x[0], 2)",
            "F.avg_pool1d(x, 3, 2, 1, True, False)",
            "F.avg_pool1d(x, 4, 3, 2, True)",
            "F.adaptive_avg_pool1d(x, 4)",
            "F.adaptive_max_pool1d(x, 4, True)",
            "F.adaptive_max_pool1d_with_indices(x, 5)",
            "F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2)",
            "F.max_unpool1d(*F.max_pool1d(x, 3, 2, 1, return_indices=True), 3, 2, 1, (2, 2, 9))",
            "nn.AvgPool1d(2)(x)",
            "nn.AdaptiveAvgPool1d(3)(x)",
            "nn.AdaptiveMaxPool1d(2, return_indices=True)(x)",
            "nn.MaxPool1d(2, 1, ceil_mode=True)(x)",
        ],
    ),
    (
        {"x": (2, 2, 7, 8)},
        [
            "F.max_pool2d(x, (3, 2), (2, 1), (1, 0), (1, 2), True, True)",
            "F.max_pool2d_with_indices(x, 3)",
            "F.avg_pool2d(x, (3, 2), (2, 3), 1, True, False)",
            "F.avg_pool2d(x, 3, 2, 1, True, True, 5)",
            "F.adaptive_avg_pool2d(x, (3, None))",
            "F.adaptive_max_pool2d(x, (None, 3), True)",
            "F.adaptive_max_pool2d_with_indices(x, 2)",
            "F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(7, 8))",
            "F.max_unpool2d(*F.max_pool2d(x, (3, 2), 2, 1, return_indices=True), (3, 2), 2, 1)",
            "nn.MaxUnpool2d(2, 2)(*nn.MaxPool2d(2, 2, return_indices=True)(x))",
            "nn.AdaptiveAvgPool2d((None, 2))(x)",
            "nn.AdaptiveMaxPool2d((2, 3))(x)",
        ],
    ),
    (
        {"x": (2, 2, 4, 5, 6)},
        [
            "F.max_pool3d(x, (2, 3, 2), (1, 2, 2), (1, 1, 0), (1, 1, 2), True, True)",
            "F.avg_pool3d(x, (2, 3, 2), (2, 1, 3), (1, 1, 0), True, False)",
            "F.avg_pool3d(x, 2, None, 1, False, True, 3)",
            "F.adaptive_avg_pool3d(x, (2, None, 3))",
            "F.adaptive_max_pool3d(x, (None, 2, 3), True)",
            "F.max_unpool3d(*F.max_pool3d(x, 2, return_indices=True), 2, output_size=(4, 5, 6))",
            "nn.MaxPool3d(2)(x)",
            "nn.AvgPool3d(2, 1)(x)",
            "nn.AdaptiveAvgPool3d(2)(x)",
            "nn.AdaptiveMaxPool3d((1, 2, None))(x)",
        ],
    ),
    (
        {"x": pos(2, 2, 9)},
        ["F.lp_pool1d(x, 2, 3)", "F.lp_pool1d(x, 3, 2, 1, True)", "nn.LPPool1d(1.5, 2)(x)"],
    ),
    ({"x": pos(1, 2, 5, 6)}, ["F.lp_pool2d(x, 2, 3, 2, True)", "F.lp_pool2d(x, 3.0, (2, 3))", "nn.LPPool2d(2, 2)(x)"]),
    ({"x": pos(1, 2, 4, 4, 5)}, ["F.lp_pool3d(x, 2, 2)", "F.lp_pool3d(x, 3, (1, 2, 2), 2, True)"]),
    ({"x": (2, 2, 7)}, ["F.lp_pool1d(x, 3, 2)", "F.lp_pool1d(x, float('inf'), 2, 1)", "F.lp_pool1d(x, -float('inf'), 3, 2, True)"]),
    (
        {"x": (2, 3, 9, 8), "s": unit(2, 3, 2)},
        [
            "F.fractional_max_pool2d(x, 2, (5, 4), return_indices=True, _random_samples=s.detach())",
            "F.fractional_max_pool2d(x, (3, 2), output_ratio=(0.5, 0.6), _random_samples=s.detach())",
            "F.fractional_max_pool2d(x, 2, 5)",
            "F.fractional_max_pool2d(x, 3, (1, 6))",
            "nn.FractionalMaxPool2d(2, output_ratio=0.5)(x[0])",
        ],
    ),
    (
        {"x": (1, 2, 5, 6, 7), "s": unit(1, 2, 3)},
        [
            "F.fractional_max_pool3d(x, 2, (3, 4, 5), return_indices=True, _random_samples=s.detach())",
            "F.fractional_max_pool3d(x, (1, 2, 3), output_ratio=0.5)",
            "nn.FractionalMaxPool3d(2, 3)(x)",
        ],
    ),
    # ---- normalisation ----
    (
        {"x": (3, 4, 5), "w": pos(4), "b": (4,)},
        [
            "F.instance_norm(x, weight=w, bias=b)",
            "nn.InstanceNorm1d(4)(x)",
            "nn.InstanceNorm1d(4)(x[0])",
            "nn.InstanceNorm1d(4, affine=True, track_running_stats=True).double().eval()(x)",
            "(lambda m: (m(x), m(2 * x), m.running_mean, m.running_var))(nn.InstanceNorm1d(4, 1e-3, 0.3, True, True).double())",
            "(lambda m: (m(x), m(x[:1]), m.running_mean, m.running_var))(nn.BatchNorm1d(4, momentum=None).double())",
            "F.local_response_norm(x, 3, 0.5, 0.7, 2.0)",
            "nn.LocalResponseNorm(2)(x)",
            "F.rms_norm(x, (4, 5))",
            "nn.RMSNorm(5, 0.1).double()(x)",
            "nn.SyncBatchNorm(4).double().eval()(x)",
            "nn.GroupNorm(2, 4).double()(x)",
        ],
    ),
    (
        {"x": (2, 3, 3, 4)},
        [
            "nn.InstanceNorm2d(3, 0.1)(x)",
            "nn.InstanceNorm2d(3, affine=True).double()(x[0])",
            "nn.InstanceNorm2d(3, momentum=None)(x)",
        ],
    ),
    (
        {"x": (2, 3, 2, 3, 2)},
        [
            "nn.InstanceNorm3d(3)(x)",
            "nn.BatchNorm3d(3).double()(x)",
            "nn.BatchNorm3d(3, affine=False, momentum=None).double()(x)",
        ],
    ),
    # ---- padding ----
    (
        {"x": (2, 2, 6)},
        [f"nn.{kind}Pad1d({size})(x)" for kind in ("Circular", "Reflection", "Replication", "Zero") for size in (2, "(3, 1)")]
        + ["nn.ConstantPad1d((-1, 2), 3.5)(x)", "nn.ReflectionPad1d(1)(x[0])", "nn.CircularPad1d(1)(x[0])"],
    ),
    (
        {"x": (1, 2, 4, 5)},
        [f"nn.{kind}Pad2d({size})(x)" for kind in ("Circular", "Reflection", "Replication", "Zero") for size in (1, "(3, 1, 0, 2)")]
        + ["nn.ConstantPad2d((1, -2, 0, 1), -1.0)(x)"],
    ),
    (
        {"x": (1, 2, 3, 3, 4)},
        [f"nn.{kind}Pad3d((2, 1, 0, 1, 1, 2))(x)" for kind in ("Circular", "Reflection", "Replication", "Zero")]
        + ["nn.ConstantPad3d(1, 2.0)(x)"],
    ),
    # ---- other sizes ----
    (
        {"x": (2, 2, 5)},
        [
            "F.interpolate(x, 8, mode='linear', align_corners=True)",
            "F.interpolate(x, scale_factor=1.7, mode='linear')",
            "F.interpolate(x, scale_factor=1.7, mode='nearest-exact')",
            "nn.Upsample(scale_factor=2.0)(x)",
        ],
    ),
    (
        {"x": (2, 2, 5, 6)},
        [
            "F.interpolate(x, (7, 4), mode='bicubic')",
            "F.interpolate(x, (7, 4), mode='bicubic', align_corners=True)",
            "F.interpolate(x, (1, 9), mode='bicubic', align_corners=True)",
            "F.interpolate(x, scale_factor=(1.7, 0.6), mode='bicubic')",
            "F.interpolate(x, scale_factor=(1.7, 0.6), mode='bicubic', recompute_scale_factor=True)",
            "F.interpolate(x, (3, 2), mode='bicubic', antialias=True)",
            "F.interpolate(x, (9, 4), mode='bicubic', antialias=True)",
            "F.interpolate(x, (2, 3), mode='bicubic', antialias=True, align_corners=True)",
            "F.interpolate(x, scale_factor=0.45, mode='bicubic', antialias=True)",
            "F.interpolate(x, (3, 2), mode='bilinear', antialias=True)",
            "F.interpolate(x, (1, 8), mode='bilinear', antialias=True)",
            "F.interpolate(x, (2, 4), mode='bilinear', antialias=True, align_corners=True)",
            "F.interpolate(x, scale_factor=(0.5, 0.7), mode='bilinear', antialias=True)",
            "F.interpolate(x, scale_factor=(0.5, 0.7), mode='bilinear', antialias=True, recompute_scale_factor=True)",
            "F.interpolate(x, (3, 9), mode='area')",
            "F.interpolate((60 * x + 120).to(t.uint8), (3, 7), mode='bicubic', antialias=True)",
            "F.interpolate((60 * x + 120).to(t.uint8), (4, 3), mode='bicubic')",
            "F.interpolate((60 * x + 120).to(t.uint8), (2, 9), mode='bilinear', antialias=True)",
            "F.upsample(x, scale_factor=2)",
            "F.upsample_nearest(x, 7)",
            "F.upsample_bilinear(x, (7, 9))",
            "nn.UpsamplingBilinear2d(scale_factor=2)(x)",
            "nn.UpsamplingNearest2d((3, 9))(x)",
            "nn.Upsample((7, 7), mode='bicubic', align_corners=False)(x)",
        ],
    ),
    (
        {"x": (1, 2, 3, 4, 3)},
        [
            "F.interpolate(x, (5, 2, 4), mode='trilinear', align_corners=True)",
            "F.interpolate(x, scale_factor=(1.5, 2, 0.7), mode='trilinear')",
            "F.interpolate(x, 2, mode='area')",
        ],
    ),
    # ---- other grids ----
    (
        {"x": (2, 2, 4, 5), "g": (2, 3, 4, 2)},
        [
            f"F.grid_sample(x, g, '{mode}', '{padding}', {aligned})"
            for mode in ("bilinear", "nearest", "bicubic")
            for padding in ("zeros", "border", "reflection")
            for aligned in (True, False)
        ]
        + ["F.grid_sample(x, 20 * g, padding_mode='reflection', align_corners=False)"],
    ),
    (
        {"x": (1, 2, 1, 1), "g": (1, 2, 3, 2)},
        [
            f"F.grid_sample(x, g, '{mode}', '{padding}', {aligned})"
            for mode in ("bilinear", "bicubic")
            for padding in ("zeros", "border", "reflection")
            for aligned in (True, False)
        ],
    ),
    (
        {"x": (1, 2, 3, 4, 3), "g": (1, 2, 2, 3, 3)},
        [
            f"F.grid_sample(x, g, '{mode}', '{padding}', {aligned})"
            for mode in ("bilinear", "nearest", "bicubic")
            for padding in ("zeros", "border", "reflection")
            for aligned in (True, False)
        ],
    ),
    (
        {"m": (2, 2, 3)},
        [
            "F.affine_grid(m, (2, 1, 3, 4), True)",
            "F.affine_grid(m, (2, 1, 3, 4), False)",
            "F.affine_grid(m, (2, 3, 1, 4), True)",
            "F.affine_grid(m, (2, 3, 2, 1), False)",
        ],
    ),
    ({"m": (1, 3, 4)}, [f"F.affine_grid(m, (1, 2, 2, 3, 2), {aligned})" for aligned in (True, False)]),
    # ---- pixels and columns ----
    (
        {"x": (2, 8, 4, 6)},
        [
            "F.pixel_shuffle(x, 2)",
            "F.pixel_unshuffle(x, 2)",
            "nn.PixelShuffle(2)(x[0])",
            "nn.PixelUnshuffle(2)(x[0])",
            "F.channel_shuffle(x, 4)",
            "nn.ChannelShuffle(2)(x)",
            "nn.Unfold((2, 3), 1, 1, 2)(x)",
            "nn.Unfold(2, dilation=2)(x[0])",
        ],
    ),
    ({"x": (2, 12, 6)}, ["nn.Fold((3, 4), 2)(x)", "nn.Fold((4, 5), (2, 3), (1, 2), 1, 2)(x)", "nn.Fold((3, 4), 2)(x[0])"]),
    # ---- tables ----
    (
        {"w": (6, 3), "i": ints(0, 6, 3, 4), "s": (3, 4)},
        [
            "F.embedding_bag(i, w)",
            "F.embedding_bag(i, w, mode='sum')",
            "F.embedding_bag(i, w, mode='max')",
            "F.embedding_bag(i, w, mode='sum', per_sample_weights=s)",
            "F.embedding_bag(i, w, mode='sum', scale_grad_by_freq=True)",
            "F.embedding_bag(i, w, mode='mean', padding_idx=2)",
            "F.embedding_bag(i, w, mode='sum', per_sample_weights=s, padding_idx=-1)",
            "F.embedding_bag(i, w, mode='max', padding_idx=1)",
            "nn.EmbeddingBag(6, 3, mode='max', padding_idx=1).double()(i)",
            "nn.EmbeddingBag.from_pretrained(w.detach(), max_norm=1.5).double()(i)",
            "nn.Embedding(6, 3, max_norm=0.7, norm_type=1.0).double()(i)",
        ],
    ),
    (
        {"w": (6, 3), "i": ints(0, 6, 8), "s": (8,), "o": [0, 3, 3, 5]},
        [
            f"F.embedding_bag(i, w, o, mode='{mode}'{more})"
            for mode in ("sum", "mean", "max")
            for more in ("", ", padding_idx=3", ", include_last_offset=True")
        ]
        + [
            "F.embedding_bag(i, w, o, mode='sum', per_sample_weights=s)",
            "F.embedding_bag(i, w, o, mode='sum', per_sample_weights=s, include_last_offset=True, padding_idx=0)",
            "F.embedding_bag(i[:0], w, o[:2] * 0, mode='mean')",
            "F.embedding_bag(i[:0], w, o[:2] * 0, mode='max')",
            "F.embedding_bag(i.int(), w, o.int())",
        ],
    ),
    # ---- activations ----
    (
        {"x": (3, 4)},
        [
            "F.threshold(x, 0.1, -7.0)",
            "nn.RReLU()(x)",
            "F.rrelu(x, training=True)",
            "F.gumbel_softmax(x, 0.7)",
            "F.gumbel_softmax(x, 0.7, hard=True, dim=0)",
            "F.glu(x, 1)",
            "nn.GELU('tanh')(x)",
            "nn.Hardtanh(-0.5, 1.5)(x)",
            "nn.Threshold(0.1, 3)(x)",
            "nn.LogSoftmax(0)(x)",
        ],
    ),
    # ---- dropout ----
    (
        {"x": (3, 4)},
        [
            "F.alpha_dropout(x, 0.3, True)",
            "F.alpha_dropout(x, 1.0, True)",
            "F.alpha_dropout(x, 0.3, False)",
            "nn.AlphaDropout(0.2)(x)",
            "F.feature_alpha_dropout(x, 0.5, True)",
        ],
    ),
    (
        {"x": (2, 3, 2, 2, 2)},
        [
            "F.dropout3d(x, 0.4)",
            "F.dropout3d(x[0], 0.4)",
            "nn.Dropout3d()(x)",
            "F.feature_alpha_dropout(x, 0.4, True)",
            "nn.FeatureAlphaDropout(0.4)(x)",
            "F.dropout2d(x[:, :, 0], 0.4)",
            "F.dropout1d(x[:, :, 0, 0], 0.4)",
        ],
    ),
    # ---- distances ----
    (
        {"x": (5, 3)},
        ["F.pdist(x)", "F.pdist(x, 1)", "F.pdist(x, 3.5)", "F.pdist(x, float('inf'))", "F.pdist(x[:1])", "F.pdist(x, 0)"],
    ),
    # ---- losses ----
    (
        {"x": (4, 3), "y": ints(0, 3, 4), "w": pos(3)},
        [
            f"F.multi_margin_loss(x, y, {p}, {margin}, weight={weight}, reduction='{reduction}')"
            for p, margin, weight, reduction in [
                (1, 1.0, "None", "mean"),
                (2, 0.5, "w.detach()", "sum"),
                (1, 0.3, "w.detach()", "none"),
                (2, 1.5, "None", "none"),
            ]
        ]
        + [
            "F.multi_margin_loss(x[0], y[0])",
            "F.multi_margin_loss(x[0], y[0], reduction='none')",
            "F.multi_margin_loss(x[0], y[:1], reduction='none')",
            "nn.MultiMarginLoss(2, 0.7, size_average=False)(x, y)",
            "nn.NLLLoss2d()(x[:, :, None, None].log_softmax(1), y[:, None, None])",
            "nn.CrossEntropyLoss(w.detach(), label_smoothing=0.2, ignore_index=1)(x, y)",
            "F.cross_entropy(x, y, size_average=False)",
            "F.cross_entropy(x, y, reduce=False)",
        ],
    ),
    (
        {"x": (3, 4), "y": [[3, 0, -1, 1], [-1, 2, 2, 0], [1, 1, 2, 3]]},
        [
            "F.multilabel_margin_loss(x, y)",
            "F.multilabel_margin_loss(x, y, reduction='none')",
            "F.multilabel_margin_loss(x[0], y[0], reduction='sum')",
            "F.multilabel_margin_loss(x[0], y[0], reduction='none')",
            "nn.MultiLabelMarginLoss()(x, y)",
        ],
    ),
    (
        {"x": (3, 4), "y": unit(3, 4), "w": pos(4)},
        [
            "F.multilabel_soft_margin_loss(x, y)",
            "F.multilabel_soft_margin_loss(x, y, w, reduction='none')",
            "F.multilabel_soft_margin_loss(x, y, reduction='sum')",
            "nn.MultiLabelSoftMarginLoss(w.detach())(x, y)",
        ],
    ),
    (
        {"a": (4, 3), "p": (4, 3), "n": (4, 3)},
        [
            "F.triplet_margin_with_distance_loss(a, p, n)",
            "F.triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: (x - y).abs().sum(1), swap=True, margin=2.0)",
            "nn.TripletMarginWithDistanceLoss(reduction='none')(a, p, n)",
            "F.triplet_margin_loss(a, p, n, 1.5, 3, swap=True, reduction='sum')",
            "nn.TripletMarginLoss()(a, p, n)",
        ],
    ),
    (
        {"x": (4, 3), "w": (5, 3), "b": (5,), "y": ints(0, 5, 4)},
        [
            "F.linear_cross_entropy(x, w, y)",
            "F.linear_cross_entropy(x, w, y, linear_bias=b, reduction='sum', ignore_index=2, label_smoothing=0.1)",
            "F.linear_cross_entropy(x[0], w, y[0])",
            "nn.LinearCrossEntropyLoss(3, 5, bias=True).double()(x, y)",
        ],
    ),
    ({"x": (4, 3), "w": (5, 2, 3), "y": ints(0, 5, 4, 2)}, ["F.linear_cross_entropy(x, w, y, reduction='none')"]),
    (
        {"x": (7, 3, 4), "y": ints(1, 4, 3, 3), "m": [7, 5, 6], "n": [3, 2, 0]},
        [
            "F.ctc_loss(x.log_softmax(2), y, m, n)",
            "F.ctc_loss(x.log_softmax(2), y, m, n, reduction='none')",
            "F.ctc_loss(x.log_softmax(2), y, m, n, reduction='sum')",
            "F.ctc_loss(x, y, m, n, reduction='none')",
            "F.ctc_loss(x.log_softmax(2), y - 1, (7, 7, 7), (3, 3, 2), blank=3)",
            "F.ctc_loss(x.log_softmax(2), t.tensor([1, 2, 2, 3, 3]), (7, 7, 7), (2, 0, 3), reduction='none')",
            "F.ctc_loss(x.log_softmax(2), t.tensor([1, 1, 1, 2, 3]), (2, 7, 7), (3, 1, 1), zero_infinity=True)",
            "F.ctc_loss(x[:, 0].log_softmax(1), y[0], t.tensor(7), t.tensor(3), reduction='none')",
            "nn.CTCLoss(zero_infinity=True)(x.log_softmax(2), y, m, n)",
            "F.ctc_loss(x[:1].log_softmax(2), y, (1, 1, 0), (1, 0, 0), reduction='none')",
        ],
    ),
    (
        {"x": (5, 8), "y": [0, 5, 2, 9, 3]},
        [
            "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], div_value=2.0).double()(x, y)[0]",
            "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3], head_bias=True).double()(x, y)[1]",
            "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], div_value=2.0).double()(x[0], y[0])[0]",
            "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], div_value=2.0).double().log_prob(x)",
            "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], div_value=2.0).double().predict(x)",
        ],
    ),
]

#: Layers whose printed form, parameters and first values are compared.
LAYERS = [
    "nn.Conv1d(4, 6, 3)",
    "nn.Conv1d(4, 6, 3, 2, 1, 2, 2, False, 'circular')",
    "nn.Conv1d(4, 6, 3, padding='same')",
    "nn.Conv2d(4, 6, (3, 2), padding=1, padding_mode='replicate')",
    "nn.Conv3d(2, 4, (1, 2, 3), (1, 2, 2), (0, 1, 0), groups=2)",
    "nn.ConvTranspose1d(4, 6, 3)",
    "nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 2)",
    "nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), output_padding=(1, 2))",
    "nn.ConvTranspose3d(2, 4, 3, 2, 1, 1)",
    "nn.BatchNorm3d(3)",
    "nn.SyncBatchNorm(3, 1e-3, None)",
    "nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm2d(3, affine=False))))",
    "nn.InstanceNorm1d(3)",
    "nn.InstanceNorm2d(3, affine=True, track_running_stats=True)",
    "nn.InstanceNorm3d(3, affine=True, bias=False)",
    "nn.RMSNorm(3)",
    "nn.RMSNorm((2, 3), 1e-3, False)",
    "nn.LocalResponseNorm(3)",
    "nn.LocalResponseNorm(3, 0.1, 0.2, 3)",
    "nn.CrossMapLRN2d(3)",
    "nn.MaxPool1d(2)",
    "nn.MaxPool3d((2, 3, 1), 1, 1, return_indices=True, ceil_mode=True)",
    "nn.AvgPool1d(2)",
    "nn.AvgPool3d(2, 3)",
    "nn.AdaptiveAvgPool1d(3)",
    "nn.AdaptiveAvgPool2d((3, None))",
    "nn.AdaptiveAvgPool3d(None)",
    "nn.AdaptiveMaxPool1d(3, True)",
    "nn.AdaptiveMaxPool2d(3)",
    "nn.AdaptiveMaxPool3d((1, 2, 3))",
    "nn.LPPool1d(2, 3)",
    "nn.LPPool2d(1.5, (3, 2), 2, True)",
    "nn.LPPool3d(2, 2)",
    "nn.FractionalMaxPool2d(2, 3)",
    "nn.FractionalMaxPool3d(2, output_ratio=0.5)",
    "nn.MaxUnpool1d(2)",
    "nn.MaxUnpool2d((2, 3), 1, 1)",
    "nn.MaxUnpool3d(2)",
    *[f"nn.{kind}Pad{axes}d(2)" for kind in ("Circular", "Reflection", "Replication", "Zero") for axes in (1, 2, 3)],
    "nn.ConstantPad1d(1, 2.5)",
    "nn.ConstantPad2d((1, 2, 3, 4), 0)",
    "nn.ConstantPad3d(1, 1)",
    "nn.ReflectionPad2d((1, 2, 3, 4))",
    "nn.PixelShuffle(2)",
    "nn.PixelUnshuffle(3)",
    "nn.ChannelShuffle(2)",
    "nn.Fold((3, 4), 2)",
    "nn.Unfold((2, 3), 1, (0, 1), 2)",
    "nn.Upsample(scale_factor=2)",
    "nn.Upsample(scale_factor=(2, 3), mode='bilinear')",
    "nn.Upsample((3, 4), mode='bicubic', align_corners=True)",
    "nn.UpsamplingNearest2d(scale_factor=2)",
    "nn.UpsamplingBilinear2d(size=3)",
    "nn.Dropout3d(0.2)",
    "nn.AlphaDropout(0.2, True)",
    "nn.FeatureAlphaDropout()",
    "nn.Embedding(5, 3, 1, 2.0, 1.0, True)",
    "nn.EmbeddingBag(5, 3)",
    "nn.EmbeddingBag(5, 3, 1.0, 1.0, True, 'sum', padding_idx=-2)",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], 2.0)",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5], head_bias=True)",
    "nn.LinearCrossEntropyLoss(3, 4, out_features=(2,), bias=True)",
    "nn.CTCLoss()",
    "nn.MultiMarginLoss(weight=t.ones(3))",
    "nn.MultiLabelMarginLoss()",
    "nn.MultiLabelSoftMarginLoss(t.ones(2))",
    "nn.TripletMarginWithDistanceLoss()",
    *[f"nn.{name}()" for name in ("ReLU", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "LeakyReLU", "ELU", "CELU", "GELU")],
    *[f"nn.{name}()" for name in ("Softplus", "Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "Hardtanh", "ReLU6")],
    *[f"nn.{name}()" for name in ("Softshrink", "Hardshrink", "PReLU", "RReLU", "GLU", "Softmax2d")],
    *[f"nn.{name}(inplace=True)" for name in ("ReLU", "SELU", "Hardswish", "LeakyReLU", "Hardtanh", "ReLU6", "RReLU")],
    "nn.Threshold(1, 2, True)",
    "nn.Softmax(1)",
    "nn.Softmax()",
    "nn.LogSoftmax(-1)",
    "nn.Softmin(0)",
]

#: Arguments that are refused.
REFUSED = [
    "nn.ConvTranspose2d(2, 2, 3, padding_mode='reflect')",
    "nn.ConvTranspose2d(2, 2, 3, 2)(t.zeros(1, 2, 3, 3), output_size=(20, 20))",
    "nn.ConvTranspose2d(2, 2, 3, 2)(t.zeros(1, 2, 3, 3), output_size=(7,))",
    "nn.Conv1d(3, 4, 3, groups=2)",
    "nn.Conv3d(2, 2, 3, padding='some')",
    "nn.Conv1d(2, 2, 3)(t.zeros(1, 3, 9))",
    "nn.BatchNorm3d(3)(t.zeros(2, 3, 4, 4))",
    "nn.InstanceNorm1d(3)(t.zeros(3))",
    "nn.InstanceNorm2d(3, affine=True)(t.zeros(1, 2, 3, 3))",
    "nn.InstanceNorm2d(3)(t.zeros(1, 3, 1, 1))",
    "nn.CrossMapLRN2d(3)(t.zeros(2, 3, 4))",
    "nn.CircularPad1d(1)(t.zeros(1, 2, 3, 4))",
    "nn.LPPool2d(0, 2)",
    "nn.FractionalMaxPool2d(2)",
    "nn.FractionalMaxPool2d(2, 3, 0.5)",
    "nn.FractionalMaxPool2d(2, output_ratio=1.5)",
    "F.fractional_max_pool2d(t.zeros(1, 1, 4, 4), 2)",
    "F.fractional_max_pool2d(t.zeros(1, 1, 4, 4), 3, 3)",
    "F.fractional_max_pool3d(t.zeros(1, 1, 4, 4, 4), 2, 2, _random_samples=t.zeros(1, 2, 3))",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.zeros(1, 1, 2, 2), 2)",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.full((1, 1, 2, 2), 16), 2)",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.full((1, 1, 2, 2), -1), 2)",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.zeros(1, 1, 2, 3, dtype=t.int64), 2)",
    "F.max_unpool2d(t.zeros(2, 2), t.zeros(2, 2, dtype=t.int64), 2)",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.zeros(1, 1, 2, 2, dtype=t.int64), 2, output_size=(9, 9))",
    "F.max_unpool2d(t.zeros(1, 1, 2, 2), t.zeros(1, 1, 2, 2, dtype=t.int64), 2, output_size=(4,))",
    "F.interpolate(t.zeros(1, 1, 4), 8, mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4), 8, mode='linear', antialias=True)",
    "F.interpolate(t.zeros(1, 1, 4, 4), mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4, 4), 2, 0.5, mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4, 4), (2, 2, 2), mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4, 4), scale_factor=0.1, mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4, 4), 2, mode='bicubic', recompute_scale_factor=True)",
    "F.interpolate(t.zeros(1, 1, 4, 4, dtype=t.int64), 2, mode='bicubic')",
    "F.interpolate(t.zeros(1, 1, 4, 4), 2, mode='some')",
    "F.grid_sample(t.zeros(1, 1, 2, 2), t.zeros(1, 2, 2, 2), 'cubic')",
    "F.grid_sample(t.zeros(1, 1, 2, 2), t.zeros(1, 2, 2, 2), padding_mode='some')",
    "F.grid_sample(t.zeros(1, 1, 2, 2), t.zeros(2, 2, 2, 2), align_corners=True)",
    "F.grid_sample(t.zeros(1, 1, 2, 2), t.zeros(1, 2, 2, 3), align_corners=True)",
    "F.grid_sample(t.zeros(1, 1, 0, 2), t.zeros(1, 2, 2, 2), align_corners=True)",
    "F.grid_sample(t.zeros(1, 2, 2), t.zeros(1, 2, 2), align_corners=True)",
    "F.grid_sample(t.zeros(1, 1, 2, 2), t.zeros(1, 2, 2, 2).double(), align_corners=True)",
    "F.affine_grid(t.zeros(1, 2, 3).long(), (1, 1, 2, 2), False)",
    "F.affine_grid(t.zeros(1, 3, 3), (1, 1, 2, 2), False)",
    "F.affine_grid(t.zeros(1, 2, 3), (1, 1, 2), False)",
    "F.affine_grid(t.zeros(1, 2, 3), (1, 1, 0, 2), False)",
    "F.affine_grid(t.zeros(1, 2, 3), (2, 1, 2, 2), False)",
    "F.pixel_shuffle(t.zeros(3, 2, 2), 2)",
    "F.pixel_shuffle(t.zeros(4, 2), 2)",
    "F.pixel_shuffle(t.zeros(4, 2, 2), 0)",
    "F.pixel_unshuffle(t.zeros(4, 3, 2), 2)",
    "F.pixel_unshuffle(t.zeros(4, 2, 2), -1)",
    "F.channel_shuffle(t.zeros(1, 4), 2)",
    "F.channel_shuffle(t.zeros(1, 5, 2), 2)",
    "F.channel_shuffle(t.zeros(1, 4, 2), 0)",
    "F.embedding_bag(t.tensor([0, 1]), t.zeros(3, 2))",
    "F.embedding_bag(t.tensor([0, 1]), t.zeros(3, 2), t.tensor([[0]]))",
    "F.embedding_bag(t.tensor([0, 1]), t.zeros(3, 2), t.tensor([1]))",
    "F.embedding_bag(t.tensor([0, 1]), t.zeros(3, 2), t.tensor([0, 3]))",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), t.tensor([0]))",
    "F.embedding_bag(t.tensor([[[0, 1]]]), t.zeros(3, 2))",
    "F.embedding_bag(t.tensor([[0, 3]]), t.zeros(3, 2))",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), mode='median')",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), mode='max', scale_grad_by_freq=True)",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), per_sample_weights=t.ones(1, 2))",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), mode='sum', per_sample_weights=t.ones(2))",
    "F.embedding_bag(t.tensor([[0, 1]]), t.zeros(3, 2), padding_idx=3)",
    "F.embedding_bag(t.tensor([[0.5, 1]]), t.zeros(3, 2))",
    "nn.EmbeddingBag(3, 2, padding_idx=3)",
    "nn.EmbeddingBag(3, 2, _weight=t.zeros(2, 2))",
    "nn.EmbeddingBag.from_pretrained(t.zeros(2))",
    "F.pdist(t.zeros(2, 2, 2))",
    "F.pdist(t.zeros(2, 2), -1)",
    "F.alpha_dropout(t.zeros(2), 1.5)",
    "F.feature_alpha_dropout(t.zeros(2), 0.5, True)",
    "nn.AlphaDropout(-0.1)",
    "F.conv_tbc(t.zeros(3, 2), t.zeros(2, 3, 4), t.zeros(4))",
    "F.conv_tbc(t.zeros(5, 2, 2), t.zeros(2, 3, 4), t.zeros(4))",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0, 3]))",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0]))",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0, 1]), 3)",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0, 1]), weight=t.ones(1, 3))",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0, 1]), weight=t.ones(2))",
    "F.multi_margin_loss(t.zeros(2, 3), t.tensor([0, 1]), reduction='some')",
    "nn.MultiMarginLoss(3)",
    "nn.MultiMarginLoss(weight=t.ones(1, 3))",
    "F.multilabel_margin_loss(t.zeros(2, 3), t.zeros(2, 2, dtype=t.int64))",
    "F.multilabel_margin_loss(t.zeros(2, 3), t.full((2, 3), 3))",
    "F.triplet_margin_with_distance_loss(t.zeros(2, 3), t.zeros(2, 3), t.zeros(2, 3), margin=0)",
    "F.triplet_margin_with_distance_loss(t.zeros(2, 3), t.zeros(2, 3), t.zeros(3))",
    "nn.TripletMarginWithDistanceLoss(margin=-1)",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 5), (2, 2))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 4), (2, 3))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4,), (2, 2))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 4), (2,))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 4), (2, 2), blank=3)",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(3, dtype=t.int64), (4, 4), (2, 2))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 4), (2, -1))",
    "F.ctc_loss(t.zeros(4, 2, 3), t.ones(2, 2, dtype=t.int64), (4, 4), (2, 2), reduction='some')",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [])",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5, 3])",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [10])",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [0, 3])",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(t.zeros(2, 8), t.tensor([0, 10]))",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(t.zeros(2, 8), t.tensor([0]))",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(t.zeros(2, 8), t.tensor([[0, 1]]))",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])(t.zeros(1, 8), t.tensor(0))",
    "nn.LinearCrossEntropyLoss(3, 4, weight=t.ones(3))",
    "nn.LinearCrossEntropyLoss(3, 4, label_smoothing=2)",
    "nn.Threshold(1)",
    "nn.ReLU(1, 2)",
    "nn.LeakyReLU(slope=1)",
    "nn.MaxPool2d()",
    "nn.PixelShuffle()",
]


def operands(t, described):
    """The operands of a case, of which those in floating point are to be differentiated."""
    made = {}
    for name, what in described.items():
        if isinstance(what, list):
            made[name] = t.tensor(what)
            continue
        kind, shape, *limits = what if isinstance(what[0], str) else ("", what)
        rng = np.random.RandomState(zlib.crc32(repr((name, what)).encode()))
        if kind == "ints":
            made[name] = t.tensor(rng.randint(*limits, shape).tolist())
            continue
        values = {"": lambda: rng.uniform(-2, 2, shape), "pos": lambda: rng.uniform(0.1, 2.1, shape), "unit": lambda: rng.rand(*shape)}
        made[name] = t.tensor(values[kind]().tolist(), dtype=t.float64).requires_grad_()
    return made


def evaluate(t, expression, described):
    """The result's tensors, and the gradients of a fixed random combination of those that have one; both as arrays."""
    leaves = operands(t, described)
    t.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = eval(expression, {"t": t, "nn": t.nn, "F": t.nn.functional, **leaves})
    found = found if isinstance(found, tuple) else (found,)
    rng = np.random.RandomState(zlib.crc32(expression.encode()))
    total = 0
    for part in found:
        if part.requires_grad:
            weights = rng.uniform(0.5, 1.5, tuple(part.shape))
            total = total + (part * t.tensor(weights.tolist(), dtype=part.dtype).view(part.shape)).sum()
    inputs = [leaf for leaf in leaves.values() if leaf.requires_grad]
    grads = []
    if not isinstance(total, int):
        grads = t.autograd.grad(total, inputs, allow_unused=True)
    arrays = [np.array(part.detach().tolist(), dtype=np.float64) for part in found]
    return arrays, [None if grad is None else np.array(grad.tolist(), dtype=np.float64) for grad in grads]


def cases():
    """Every expression, with the description of its operands."""
    for described, expressions in CASES:
        for expression in expressions:
            yield expression, described


def key(expression, described):
    """The name of a case in the file: the expression alone may occur for several operands."""
    return f"{expression} of {described}"


def describe(t, text):
    """What is compared of a layer: its printed form, and of each entry of its state the shape and the first values."""
    t.manual_seed(0)
    layer = eval(text, {"t": t, "nn": t.nn})
    state = {
        name: [list(value.shape), str(value.dtype).split(".")[1], [float(x) for x in value.flatten()[:3].tolist()]]
        for name, value in layer.state_dict().items()
    }
    return {"repr": repr(layer), "state": state}


def refusal(t, text):
    """The class of the error that an expression raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(text, {"t": t, "nn": t.nn, "F": t.nn.functional})
        except Exception as error:
            return type(error).__name__
    return None


def parameters(callee):
    """The parameters of a function or class with their defaults, or None if Python does not know them."""
    try:
        given = inspect.signature(callee).parameters.values()
    except ValueError:
        return None
    if any(parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in given):
        return None
    shown = {p.name: getattr(p.default, "__name__", repr(p.default)) for p in given if p.default is not p.empty}
    return [f"{p.name}={shown[p.name]}" if p.name in shown else p.name for p in given]


def signatures(t):
    """Of every layer, of its ``forward`` and of every function, by its name."""
    found = {}
    for name, value in vars(t.nn).items():
        if inspect.isclass(value) and issubclass(value, t.nn.Module):
            found[f"nn.{name}"] = parameters(value)
            found[f"nn.{name}.forward"] = parameters(value.forward)
    for name in dir(t.nn.functional):
        value = getattr(t.nn.functional, name)
        if not name.startswith("_") and inspect.isroutine(value):
            found[f"nn.functional.{name}"] = parameters(value)
    return {name: given for name, given in found.items() if given is not None}


def main():
    import torch

    arrays = {}
    for expression, described in cases():
        values, grads = evaluate(torch, expression, described)
        flat = values + [np.zeros(0) if grad is None else grad for grad in grads]
        arrays[key(expression, described)] = np.concatenate([part.ravel() for part in flat]).astype(np.float32)
    sizes = [array.size for array in arrays.values()]
    np.savez_compressed(DATA, keys=np.array(list(arrays)), sizes=np.array(sizes), values=np.concatenate(list(arrays.values())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = {text: describe(torch, text) for text in LAYERS}
    facts = {"signatures": signatures(torch), "layers": layers, "refused": {text: refusal(torch, text) for text in REFUSED}}
    # One line for each entry.
    tables = [
        f'"{kind}": {{\n' + ",\n".join(f"{json.dumps(name)}: {json.dumps(fact)}" for name, fact in table.items()) + "\n}"
        for kind, table in facts.items()
    ]
    FACTS.write_text("{\n" + ",\n".join(tables) + "\n}\n")


if __name__ == "__main__":
    main()
