# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex, overload
from arcgrad._core import DType, Float, Operand, Tensor

def adaptive_avg_pool1d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool2d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool3d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

@overload
def adaptive_max_pool1d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: Literal[False]=False) -> Tensor:
    """Greatest elements of windows that are chosen so that `output_size` of them cover the input evenly. With `return_indices` also where in its plane each lies."""

@overload
def adaptive_max_pool1d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def adaptive_max_pool1d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: builtins.bool=False) -> Any: ...

@overload
def adaptive_max_pool2d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: Literal[False]=False) -> Tensor:
    """Greatest elements of windows that are chosen so that `output_size` of them cover the input evenly. With `return_indices` also where in its plane each lies."""

@overload
def adaptive_max_pool2d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def adaptive_max_pool2d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: builtins.bool=False) -> Any: ...

@overload
def adaptive_max_pool3d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: Literal[False]=False) -> Tensor:
    """Greatest elements of windows that are chosen so that `output_size` of them cover the input evenly. With `return_indices` also where in its plane each lies."""

@overload
def adaptive_max_pool3d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def adaptive_max_pool3d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], return_indices: builtins.bool=False) -> Any: ...

def avg_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: SupportsIndex | None=None) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: SupportsIndex | None=None) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def batch_norm(input: Tensor, running_mean: Tensor | None=None, running_var: Tensor | None=None, weight: Tensor | None=None, bias: Tensor | None=None, training: builtins.bool=False, momentum: Float=0.1, eps: Float=1e-05) -> Tensor:
    """`(x - mean) / √(variance + eps) · weight + bias` per channel (axis 1). In training mean and variance are those of the batch, and the running ones follow in place: `(1 - momentum) · running + momentum · new`; else they are the running ones."""

def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """`y[k] = input1ᵀ weight[k] input2 + bias[k]` over the last axes; `weight` is out × in1 × in2."""

def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """`-(target log(input) + (1 - target) log(1 - input))` of probabilities; logarithms count as -100 at least."""

def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', pos_weight: Tensor | None=None) -> Tensor:
    """Binary cross-entropy of the sigmoid of `input`, without overflow; `pos_weight` weights the positive term."""

def celu(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

def celu_(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: Operand | str | Sequence[Any]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, groups: SupportsIndex=1) -> Tensor:
    """Convolution (cross-correlation): `input` is batch × in × L or in × L; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: Operand | str | Sequence[Any]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, groups: SupportsIndex=1) -> Tensor:
    """Convolution (cross-correlation): `input` is batch × in × H × W or in × H × W; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: Operand | str | Sequence[Any]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, groups: SupportsIndex=1) -> Tensor:
    """Convolution (cross-correlation): `input` is batch × in × D × H × W or in × D × H × W; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: SupportsIndex | Sequence[SupportsIndex]=0, output_padding: SupportsIndex | Sequence[SupportsIndex]=0, groups: SupportsIndex=1, dilation: SupportsIndex | Sequence[SupportsIndex]=1) -> Tensor:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × L or in × L; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: SupportsIndex | Sequence[SupportsIndex]=0, output_padding: SupportsIndex | Sequence[SupportsIndex]=0, groups: SupportsIndex=1, dilation: SupportsIndex | Sequence[SupportsIndex]=1) -> Tensor:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × H × W or in × H × W; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: SupportsIndex | Sequence[SupportsIndex]=1, padding: SupportsIndex | Sequence[SupportsIndex]=0, output_padding: SupportsIndex | Sequence[SupportsIndex]=0, groups: SupportsIndex=1, dilation: SupportsIndex | Sequence[SupportsIndex]=1) -> Tensor:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × D × H × W or in × D × H × W; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

@overload
def cosine_similarity(x1: Tensor, x2: Tensor, dim: SupportsIndex=1, eps: Float=1e-08) -> Tensor:
    """Cosine of the angle between vectors along `dim`; each norm counts as `eps` at least."""

@overload
def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: SupportsIndex, eps: Float=1e-08) -> Tensor: ...

def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: SupportsIndex=-100, reduce: builtins.bool | None=None, reduction: str='mean', label_smoothing: Float=0.0) -> Tensor:
    """Cross-entropy of logits (classes along axis 1, or 0 for one sample) for integer targets, or for a probability per class in the input's shape. `label_smoothing` mixes the targets with the uniform distribution."""

def dropout(input: Tensor, p: Float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Tensor:
    """Zeros elements with probability `p` and scales the rest by 1 / (1 - p), while `training`."""

def dropout1d(input: Tensor, p: Float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Tensor:
    """Zeros whole channels of (N, C, L) or (C, L) with probability `p`."""

def dropout2d(input: Tensor, p: Float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Tensor:
    """Zeros whole channels of (N, C, H, W) with probability `p`."""

def elu(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (eˣ − 1)`."""

def elu_(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (eˣ − 1)`."""

def embedding(input: Tensor, weight: Tensor, padding_idx: SupportsIndex | None=None, max_norm: Float | None=None, norm_type: Float=2.0, scale_grad_by_freq: builtins.bool=False, sparse: builtins.bool=False) -> Tensor:
    """Rows of the matrix `weight`, in the shape of the index tensor `input`. With `max_norm` the rows that are looked up and whose `norm_type`-norm is greater are first shortened to it, in place."""

def fold(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex], kernel_size: SupportsIndex | Sequence[SupportsIndex], dilation: SupportsIndex | Sequence[SupportsIndex]=1, padding: SupportsIndex | Sequence[SupportsIndex]=0, stride: SupportsIndex | Sequence[SupportsIndex]=1) -> Tensor:
    """Columns added up at the places of their windows, the transpose of `unfold` (col2im); `output_size` is H × W."""

def gelu(input: Tensor, *, approximate: str='none', out: Tensor | None=None) -> Tensor:
    """Gaussian error linear unit x·Φ(x)."""

def group_norm(input: Tensor, num_groups: SupportsIndex, weight: Tensor | None=None, bias: Tensor | None=None, eps: Float=1e-05) -> Tensor:
    """Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel."""

def gru_sequence(input: Tensor, hidden: Tensor, weight: Tensor, bias: Tensor | None=None, reverse: builtins.bool=False) -> Tensor:
    """Gated recurrent units over sequences of one length, from what the input has to say (`steps · batch × 3 · hidden`, the rows of the first step first, gates in the order r, z, n), the hidden state at the start, and weights and bias of the hidden state: the hidden states of all steps. `reverse` begins with the last step."""

def hardshrink(input: Tensor, lambd: Operand=0.5, *, out: Tensor | None=None) -> Tensor:
    """x where |x| > lambd, else 0."""

def hardsigmoid(input: Tensor) -> Tensor:
    """relu6(x + 3)/6."""

def hardsigmoid_(input: Tensor) -> Tensor:
    """relu6(x + 3)/6."""

def hardswish(input: Tensor) -> Tensor:
    """x·relu6(x + 3)/6."""

def hardswish_(input: Tensor) -> Tensor:
    """x·relu6(x + 3)/6."""

def hardtanh(input: Tensor, min_val: Operand=-1.0, max_val: Operand=1.0) -> Tensor:
    """x clamped to [min_val, max_val]; gradient 0 at and beyond the ends."""

def hardtanh_(input: Tensor, min_val: Operand=-1.0, max_val: Operand=1.0) -> Tensor:
    """x clamped to [min_val, max_val]; gradient 0 at and beyond the ends."""

def huber_loss(input: Tensor, target: Tensor, reduction: str='mean', delta: Float=1.0, weight: Tensor | None=None) -> Tensor:
    """With `d = |input - target|`: `d²/2` up to `delta`, `delta (d - delta/2)` beyond."""

def instance_norm(input: Tensor, running_mean: Tensor | None=None, running_var: Tensor | None=None, weight: Tensor | None=None, bias: Tensor | None=None, use_input_stats: builtins.bool=True, momentum: Float=0.1, eps: Float=1e-05) -> Tensor:
    """Normalisation of every channel of every sample by itself, or with the running moments."""

def interpolate(input: Tensor, size: SupportsIndex | Sequence[SupportsIndex] | None=None, scale_factor: Float | Sequence[Float] | None=None, mode: str='nearest', align_corners: builtins.bool | None=None, recompute_scale_factor: builtins.bool | None=None, antialias: builtins.bool=False) -> Tensor:
    """Resampling of the axes after batch and channels to `size`, or to `scale_factor` times their sizes. `mode` is 'nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear' or 'area'."""

def kl_div(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', log_target: builtins.bool=False) -> Tensor:
    """Kullback-Leibler divergence of `input` (log-probabilities) from `target`: `target (log(target) - input)`, or `exp(target) (target - input)` with `log_target`. `reduction='batchmean'` divides the sum by the batch size."""

def l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """Absolute error `|input - target|`."""

def layer_norm(input: Tensor, normalized_shape: Sequence[SupportsIndex], weight: Tensor | None=None, bias: Tensor | None=None, eps: Float=1e-05) -> Tensor:
    """`(x - mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized_shape`."""

def leaky_relu(input: Tensor, negative_slope: Operand=0.01) -> Tensor:
    """x where positive, else `negative_slope · x`."""

def leaky_relu_(input: Tensor, negative_slope: Operand=0.01) -> Tensor:
    """x where positive, else `negative_slope · x`."""

def linear(input: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """`input @ weight.T + bias`: the last axis of `input` (any others before it) goes from `in` to `out` features; `weight` is out × in, `bias` has `out` elements."""

def local_response_norm(input: Tensor, size: SupportsIndex, alpha: Float=0.0001, beta: Float=0.75, k: Float=1.0) -> Tensor:
    """`x / (k + alpha · mean of x² over size neighbouring channels)^beta`."""

@overload
def log_softmax(input: Tensor, dim: SupportsIndex | None=None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor:
    """Logarithm of the softmax along `dim`, more exact than the two in turn."""

@overload
def log_softmax(input: Tensor, *, axis: SupportsIndex | None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor: ...

def logsigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln σ(x), without overflow."""

def lstm_sequence(input: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor, reverse: builtins.bool=False) -> tuple[Tensor, Tensor]:
    """Long short-term memory over sequences of one length, from what the input has to say (`steps · batch × 4 · hidden`, the rows of the first step first, gates in the order i, f, g, o), the states at the start and the weights of the hidden state: the hidden states of all steps, and the last cell state. `reverse` begins with the last step."""

@overload
def max_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: Literal[False]=False) -> Tensor:
    """Greatest element of each window (of `kernel_size` elements, `dilation` apart) that moves in steps of `stride` (its size if not given). With `return_indices` also where in its plane each lies."""

@overload
def max_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def max_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Any: ...

@overload
def max_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: Literal[False]=False) -> Tensor:
    """Greatest element of each window (of `kernel_size` elements, `dilation` apart) that moves in steps of `stride` (its size if not given). With `return_indices` also where in its plane each lies."""

@overload
def max_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def max_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Any: ...

@overload
def max_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: Literal[False]=False) -> Tensor:
    """Greatest element of each window (of `kernel_size` elements, `dilation` apart) that moves in steps of `stride` (its size if not given). With `return_indices` also where in its plane each lies."""

@overload
def max_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...

@overload
def max_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Any: ...

def mish(input: Tensor) -> Tensor:
    """x·tanh(softplus(x))."""

def mish_(input: Tensor) -> Tensor:
    """x·tanh(softplus(x))."""

def mse_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """Squared error `(input - target)²`."""

def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: SupportsIndex=-100, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """Negative log-likelihood of log-probabilities (classes along axis 1, or 0 for one sample) for integer targets: `-weight[target] · input[target]`, the mean divided by the sum of the weights. Targets equal to `ignore_index` do not count."""

@overload
def normalize(input: Tensor, p: Float=2.0, dim: SupportsIndex | Sequence[SupportsIndex]=1, eps: Float=1e-12, *, out: Tensor | None=None) -> Tensor:
    """`input / max(norm, eps)` with the p-norm along `dim`."""

@overload
def normalize(input: Tensor, p: Float=2.0, *, axis: SupportsIndex | Sequence[SupportsIndex], eps: Float=1e-12, out: Tensor | None=None) -> Tensor: ...

def one_hot(input: Tensor, num_classes: SupportsIndex=-1) -> Tensor:
    """A 1 at the position each element names, along a new last axis."""

def pad(input: Tensor, pad: Sequence[SupportsIndex], mode: str='constant', value: Operand | None=None) -> Tensor:
    """Elements around a tensor; `mode` is 'constant', 'reflect', 'replicate' or 'circular'."""

@overload
def pairwise_distance(x1: Tensor, x2: Tensor, p: Float=2.0, eps: Float=1e-06, keepdim: builtins.bool=False) -> Tensor:
    """p-norm of `x1 - x2 + eps` along the last axis."""

@overload
def pairwise_distance(x1: Tensor, x2: Tensor, p: Float=2.0, eps: Float=1e-06, *, keepdims: builtins.bool) -> Tensor: ...

def relu(input: Tensor) -> Tensor:
    """max(x, 0); gradient 0 at 0."""

def relu6(input: Tensor) -> Tensor:
    """x clamped to [0, 6]."""

def relu6_(input: Tensor) -> Tensor:
    """x clamped to [0, 6]."""

def relu_(input: Tensor) -> Tensor:
    """max(x, 0); gradient 0 at 0."""

def rms_norm(input: Tensor, normalized_shape: Sequence[SupportsIndex], weight: Tensor | None=None, eps: Float | None=None) -> Tensor:
    """`x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized_shape`; `eps` is that of the dtype if not given."""

def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None=None, dropout_p: Float=0.0, is_causal: builtins.bool=False, *, scale: Float | None=None, enable_gqa: builtins.bool=False) -> Tensor:
    """`softmax(query · keyᵀ · scale + attn_mask) · value` over the last two axes, positions × features; a `bool` mask is true where a key is seen. `scale` is 1/√features if not given."""

def selu(input: Tensor) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def selu_(input: Tensor) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def silu(input: Tensor) -> Tensor:
    """Sigmoid linear unit x·σ(x)."""

def silu_(input: Tensor) -> Tensor:
    """Sigmoid linear unit x·σ(x)."""

def smooth_l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', beta: Float=1.0) -> Tensor:
    """With `d = |input - target|`: `d² / (2 beta)` below `beta`, `d - beta/2` from there on."""

@overload
def softmax(input: Tensor, dim: SupportsIndex | None=None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor:
    """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

@overload
def softmax(input: Tensor, *, axis: SupportsIndex | None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor: ...

@overload
def softmin(input: Tensor, dim: SupportsIndex | None=None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor:
    """Softmax of the negated input along `dim`."""

@overload
def softmin(input: Tensor, *, axis: SupportsIndex | None, _stacklevel: SupportsIndex=3, dtype: DType | None=None) -> Tensor: ...

def softplus(input: Tensor, beta: Operand=1.0, threshold: Operand=20.0, *, out: Tensor | None=None) -> Tensor:
    """`ln(1 + e^(beta·x)) / beta`, the identity where `beta·x > threshold`."""

def softshrink(input: Tensor, lambd: Operand=0.5, *, out: Tensor | None=None) -> Tensor:
    """x − lambd, x + lambd or 0."""

def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`; ±1 at infinity."""

def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Hyperbolic tangent."""

def threshold(input: Tensor, threshold: Operand, value: Operand, *, out: Tensor | None=None) -> Tensor:
    """x where greater than `threshold`, else `value`."""

def threshold_(input: Tensor, threshold: Operand, value: Operand) -> Tensor:
    """x where greater than `threshold`, else `value`."""

def unfold(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], dilation: SupportsIndex | Sequence[SupportsIndex]=1, padding: SupportsIndex | Sequence[SupportsIndex]=0, stride: SupportsIndex | Sequence[SupportsIndex]=1) -> Tensor:
    """The windows of batch × channels × H × W as columns: batch × (channels · window) × windows (im2col)."""
