# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
from arcgrad._core.nn import adaptive_avg_pool1d as adaptive_avg_pool1d
from arcgrad._core.nn import adaptive_max_pool1d as adaptive_max_pool1d
from arcgrad._core.nn import avg_pool1d as avg_pool1d
from arcgrad._core.nn import avg_pool2d as avg_pool2d
from arcgrad._core.nn import avg_pool3d as avg_pool3d
from arcgrad._core.nn import batch_norm as batch_norm
from arcgrad._core.nn import bilinear as bilinear
from arcgrad._core.nn import binary_cross_entropy as binary_cross_entropy
from arcgrad._core.nn import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from arcgrad._core.nn import celu_ as celu_
from arcgrad._core.nn import conv1d as conv1d
from arcgrad._core.nn import conv2d as conv2d
from arcgrad._core.nn import conv3d as conv3d
from arcgrad._core.nn import conv_transpose1d as conv_transpose1d
from arcgrad._core.nn import conv_transpose2d as conv_transpose2d
from arcgrad._core.nn import conv_transpose3d as conv_transpose3d
from arcgrad._core.nn import cosine_similarity as cosine_similarity
from arcgrad._core.nn import cross_entropy as cross_entropy
from arcgrad._core.nn import dropout as dropout
from arcgrad._core.nn import elu_ as elu_
from arcgrad._core.nn import embedding as embedding
from arcgrad._core.nn import fold as fold
from arcgrad._core.nn import gelu as gelu
from arcgrad._core.nn import group_norm as group_norm
from arcgrad._core.nn import hardshrink as hardshrink
from arcgrad._core.nn import hardtanh_ as hardtanh_
from arcgrad._core.nn import huber_loss as huber_loss
from arcgrad._core.nn import instance_norm as instance_norm
from arcgrad._core.nn import interpolate as interpolate
from arcgrad._core.nn import kl_div as kl_div
from arcgrad._core.nn import l1_loss as l1_loss
from arcgrad._core.nn import layer_norm as layer_norm
from arcgrad._core.nn import leaky_relu_ as leaky_relu_
from arcgrad._core.nn import linear as linear
from arcgrad._core.nn import local_response_norm as local_response_norm
from arcgrad._core.nn import log_softmax as log_softmax
from arcgrad._core.nn import logsigmoid as logsigmoid
from arcgrad._core.nn import max_pool1d as max_pool1d
from arcgrad._core.nn import max_pool2d as max_pool2d
from arcgrad._core.nn import max_pool3d as max_pool3d
from arcgrad._core.nn import mse_loss as mse_loss
from arcgrad._core.nn import nll_loss as nll_loss
from arcgrad._core.nn import normalize as normalize
from arcgrad._core.nn import one_hot as one_hot
from arcgrad._core.nn import pad as pad
from arcgrad._core.nn import pairwise_distance as pairwise_distance
from arcgrad._core.nn import relu_ as relu_
from arcgrad._core.nn import rms_norm as rms_norm
from arcgrad._core.nn import scaled_dot_product_attention as scaled_dot_product_attention
from arcgrad._core.nn import selu_ as selu_
from arcgrad._core.nn import sigmoid as sigmoid
from arcgrad._core.nn import smooth_l1_loss as smooth_l1_loss
from arcgrad._core.nn import softmax as softmax
from arcgrad._core.nn import softmin as softmin
from arcgrad._core.nn import softplus as softplus
from arcgrad._core.nn import softshrink as softshrink
from arcgrad._core.nn import tanh as tanh
from arcgrad._core.nn import threshold_ as threshold_
from arcgrad._core.nn import unfold as unfold
import math
import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _primitives
from . import _reduction
from collections.abc import Sequence
from typing import Any
from arcgrad._core import Generator, Tensor

def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Means of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover the input
evenly; ``None`` in place of a size keeps that of the input."""

def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """As :func:`adaptive_avg_pool2d`, of depth, height and width."""

def adaptive_max_pool2d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool=False) -> Any:
    """Greatest elements of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover
the input evenly; ``None`` in place of a size keeps that of the input. With ``return_indices`` also where in its plane each
lies."""

def adaptive_max_pool3d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool=False) -> Any:
    """As :func:`adaptive_max_pool2d`, of depth, height and width."""

def relu(input: Tensor, inplace: bool=False) -> Tensor:
    """``max(x, 0)``; the gradient at 0 is 0."""

def relu6(input: Tensor, inplace: bool=False) -> Tensor:
    """``min(max(x, 0), 6)``."""

def leaky_relu(input: Tensor, negative_slope: float=0.01, inplace: bool=False) -> Tensor:
    """``x`` where positive, else ``negative_slope · x``."""

def elu(input: Tensor, alpha: float=1.0, inplace: bool=False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""

def selu(input: Tensor, inplace: bool=False) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al., 2017)."""

def silu(input: Tensor, inplace: bool=False) -> Tensor:
    """``x · sigmoid(x)``."""

def hardtanh(input: Tensor, min_val: float=-1.0, max_val: float=1.0, inplace: bool=False) -> Tensor:
    """``x`` clamped to ``[min_val, max_val]``; no gradient at and beyond the ends."""

def celu(input: Tensor, alpha: float=1.0, inplace: bool=False) -> Tensor:
    """``max(0, x) + min(0, α (exp(x/α) - 1))`` (Barron, 2017)."""

def hardsigmoid(input: Tensor, inplace: bool=False) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6``."""

def hardswish(input: Tensor, inplace: bool=False) -> Tensor:
    """``x · hardsigmoid(x)`` (Howard et al., 2019)."""

def mish(input: Tensor, inplace: bool=False) -> Tensor:
    """``x · tanh(softplus(x))`` (Misra, 2019)."""

def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""

def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""

def threshold(input: Tensor, threshold: float, value: float, inplace: bool=False) -> Tensor:
    """x where ``x > threshold``, else ``value``."""

def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight · min(0, x)``, one weight for all or one per channel (axis 1)."""

def rrelu(input: Tensor, lower: float=1.0 / 8, upper: float=1.0 / 3, training: bool=False, inplace: bool=False) -> Tensor:
    """Leaky ReLU with slopes drawn uniformly while training, their mean otherwise (Xu et al., 2015)."""

def rrelu_(input: Tensor, lower: float=1.0 / 8, upper: float=1.0 / 3, training: bool=False, generator: Generator | None=None) -> Tensor:
    """:func:`rrelu` in place."""

def glu(input: Tensor, dim: int=-1) -> Tensor:
    """First half times the sigmoid of the second half along ``dim`` (Dauphin et al., 2016)."""

def gumbel_softmax(logits: Tensor, tau: float=1, hard: bool=False, eps: float=1e-10, dim: int=-1) -> Tensor:
    """Draws from categorical distributions that are differentiable in ``logits`` (Jang et al., 2016)."""

def dropout1d(input: Tensor, p: float=0.5, training: bool=True, inplace: bool=False) -> Tensor:
    """Zeroes whole channels of ``(N, C, L)`` or ``(C, L)`` with probability ``p``, scales the rest by 1/(1 - p)."""

def dropout2d(input: Tensor, p: float=0.5, training: bool=True, inplace: bool=False) -> Tensor:
    """Zeroes whole channels of ``(N, C, H, W)`` with probability ``p``, scales the rest by 1/(1 - p)."""

def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool=True, full: bool=False, size_average: bool | None=None, eps: float=1e-08, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """Negative log-likelihood of Poisson counts; ``input`` is the rate or, with ``log_input``, its logarithm."""

def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | float, full: bool=False, eps: float=1e-06, reduction: str='mean') -> Tensor:
    """Negative log-likelihood of normal draws with mean ``input`` and variance ``var`` (at least ``eps``)."""

def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float=0, size_average: bool | None=None, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """``1 - cos`` for pairs with target 1, ``max(0, cos - margin)`` for pairs with target -1."""

def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float=0, size_average: bool | None=None, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """``max(0, -target · (input1 - input2) + margin)``."""

def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float=1.0, size_average: bool | None=None, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """The input where the target is 1, ``max(0, margin - input)`` where it is -1."""

def soft_margin_loss(input: Tensor, target: Tensor, size_average: bool | None=None, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """``log(1 + exp(-target · input))``."""

def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float=1.0, p: float=2, eps: float=1e-06, swap: bool=False, size_average: bool | None=None, reduce: bool | None=None, reduction: str='mean') -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm as distance d."""
