# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np

Number = int | float | bool | complex


class Generator:
    """A source of random numbers: PyTorch's CPU generator."""
    def __init__(self, device: Any=None) -> None: ...
    def clone_state(self) -> Any:
        """A generator of its own with the same state."""
    @property
    def device(self) -> Any: ...
    def get_state(self) -> Any:
        """The state, as a `uint8` tensor."""
    def initial_seed(self) -> Any:
        """The seed it started from."""
    def manual_seed(self, seed: Any) -> Any:
        """Starts again from `seed`; returns the generator."""
    def seed(self) -> Any:
        """Starts again from a seed of the operating system's; returns it."""
    def set_state(self, new_state: Any) -> Any:
        """Loads a state that `get_state` gave."""

class Size(tuple):
    """The shape of a tensor: a tuple of the sizes of its axes."""
    def __add__(self, other: Any) -> Any: ...
    def __getitem__(self, index: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __repr__(self) -> str: ...
    def __rmul__(self, other: Any) -> Any: ...
    def numel(self) -> Any:
        """The product of the sizes: the number of elements."""

class Tensor:
    """A multi-dimensional array of numbers that can take part in a differentiable graph."""
    def __init__(self, *args: Any, device: Any=None, dtype: dtype | None=None, data: Any=None) -> None: ...
    @property
    def H(self) -> Any: ...
    @property
    def T(self) -> Tensor: ...
    def __abs__(self) -> Any: ...
    def __add__(self, other: Any) -> Any: ...
    def __and__(self, other: Any) -> Any: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]: ...
    def __bool__(self) -> bool: ...
    def __complex__(self) -> complex: ...
    def __contains__(self, value: Any) -> bool: ...
    def __delitem__(self, index: Any) -> None: ...
    def __dir__(self) -> list[str]: ...
    def __eq__(self, other: Any) -> Any: ...
    def __float__(self) -> float: ...
    def __floordiv__(self, other: Any) -> Any: ...
    def __format__(self, format_spec: str) -> str: ...
    def __ge__(self, other: Any) -> Any: ...
    def __getitem__(self, index: Any) -> Any: ...
    def __gt__(self, other: Any) -> Any: ...
    def __hash__(self) -> int: ...
    def __iadd__(self, other: Any) -> Any: ...
    def __iand__(self, other: Any) -> Any: ...
    def __ifloordiv__(self, other: Any) -> Any: ...
    def __ilshift__(self, other: Any) -> Any: ...
    def __imod__(self, other: Any) -> Any: ...
    def __imul__(self, other: Any) -> Any: ...
    def __index__(self) -> int: ...
    def __int__(self) -> int: ...
    def __invert__(self) -> Any: ...
    def __ior__(self, other: Any) -> Any: ...
    def __ipow__(self, other: Any) -> Any: ...
    def __irshift__(self, other: Any) -> Any: ...
    def __isub__(self, other: Any) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __itruediv__(self, other: Any) -> Any: ...
    def __ixor__(self, other: Any) -> Any: ...
    def __le__(self, other: Any) -> Any: ...
    def __len__(self) -> int: ...
    def __lshift__(self, other: Any) -> Any: ...
    def __lt__(self, other: Any) -> Any: ...
    def __matmul__(self, other: Any) -> Any: ...
    def __mod__(self, other: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __ne__(self, other: Any) -> Any: ...
    def __neg__(self) -> Any: ...
    def __or__(self, other: Any) -> Any: ...
    def __pos__(self) -> Any: ...
    def __pow__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __rand__(self, other: Any) -> Any: ...
    def __repr__(self) -> str: ...
    def __rfloordiv__(self, other: Any) -> Any: ...
    def __rlshift__(self, other: Any) -> Any: ...
    def __rmatmul__(self, other: Any) -> Any: ...
    def __rmod__(self, other: Any) -> Any: ...
    def __rmul__(self, other: Any) -> Any: ...
    def __ror__(self, other: Any) -> Any: ...
    def __rpow__(self, other: Any) -> Any: ...
    def __rrshift__(self, other: Any) -> Any: ...
    def __rshift__(self, other: Any) -> Any: ...
    def __rsub__(self, other: Any) -> Any: ...
    def __rtruediv__(self, other: Any) -> Any: ...
    def __rxor__(self, other: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __sub__(self, other: Any) -> Any: ...
    def __truediv__(self, other: Any) -> Any: ...
    def __xor__(self, other: Any) -> Any: ...
    @property
    def _backward_hooks(self) -> Any: ...
    @property
    def _base(self) -> Any: ...
    def _is_view(self) -> Any:
        """Whether it is a view."""
    @staticmethod
    def _make_subclass(cls, data: Any, require_grad: Any=False) -> Any:
        """An object of the class `cls` over the memory of `data`."""
    @staticmethod
    def _new_legacy(dtype: dtype | None, *args: Any) -> Any:
        """What the old types (`FloatTensor`) make."""
    @property
    def _post_accumulate_grad_hooks(self) -> Any: ...
    @property
    def _version(self) -> int: ...
    def abs(self) -> Any:
        """Absolute value; gradient 0 at 0."""
    def abs_(self) -> Any:
        """Absolute value; gradient 0 at 0."""
    def absolute(self) -> Any:
        """Absolute value; gradient 0 at 0."""
    def absolute_(self) -> Any:
        """Absolute value; gradient 0 at 0."""
    def acos(self) -> Any:
        """Inverse cosine, in radians."""
    def acos_(self) -> Any:
        """Inverse cosine, in radians."""
    def acosh(self) -> Any:
        """Inverse hyperbolic cosine."""
    def acosh_(self) -> Any:
        """Inverse hyperbolic cosine."""
    def add(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Sum `input + alpha * other`, broadcast and promoted."""
    def add_(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Sum `input + alpha * other`, broadcast and promoted."""
    def addbmm(self, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""
    def addbmm_(self, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""
    def addcdiv(self, tensor1: Any, tensor2: Any, *, value: Any=1) -> Any:
        """`input + value * tensor1 / tensor2`."""
    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Any=1) -> Any:
        """`input + value * tensor1 / tensor2`."""
    def addcmul(self, tensor1: Any, tensor2: Any, *, value: Any=1) -> Any:
        """`input + value * tensor1 * tensor2`."""
    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Any=1) -> Any:
        """`input + value * tensor1 * tensor2`."""
    def addmm(self, mat1: Any, mat2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""
    def addmm_(self, mat1: Any, mat2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""
    def addmv(self, mat: Any, vec: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""
    def addmv_(self, mat: Any, vec: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""
    def addr(self, vec1: Any, vec2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""
    def addr_(self, vec1: Any, vec2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""
    def adjoint(self) -> Any:
        """The last two axes exchanged."""
    def all(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Whether no element is zero, of all or over `dim`."""
    def allclose(self, other: Tensor | Number, rtol: Any=1e-05, atol: Any=1e-08, equal_nan: Any=False) -> Any:
        """Whether all pairs of elements are close."""
    def amax(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Greatest elements over `dim`; ties share the gradient evenly."""
    def amin(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Least elements over `dim`; ties share the gradient evenly."""
    def aminmax(self, *, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """The least and the greatest element."""
    def any(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Whether any element is not zero, of all or over `dim`."""
    def apply_(self, callable: Any) -> Any:
        """Replaces each element by `callable(element)`: slow, for experiments."""
    def arccos(self) -> Any:
        """Inverse cosine, in radians."""
    def arccos_(self) -> Any:
        """Inverse cosine, in radians."""
    def arccosh(self) -> Any:
        """Inverse hyperbolic cosine."""
    def arccosh_(self) -> Any:
        """Inverse hyperbolic cosine."""
    def arcsin(self) -> Any:
        """Inverse sine, in radians."""
    def arcsin_(self) -> Any:
        """Inverse sine, in radians."""
    def arcsinh(self) -> Any:
        """Inverse hyperbolic sine."""
    def arcsinh_(self) -> Any:
        """Inverse hyperbolic sine."""
    def arctan(self) -> Any:
        """Inverse tangent, in radians."""
    def arctan2(self, other: Tensor | Number) -> Any:
        """Angle of the point (x = `y`, y = `x`), in radians."""
    def arctan2_(self, other: Tensor | Number) -> Any:
        """Angle of the point (x = `y`, y = `x`), in radians."""
    def arctan_(self) -> Any:
        """Inverse tangent, in radians."""
    def arctanh(self) -> Any:
        """Inverse hyperbolic tangent."""
    def arctanh_(self) -> Any:
        """Inverse hyperbolic tangent."""
    def argmax(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Position of the greatest element, of all or along `dim`."""
    def argmin(self, dim: int | Sequence[int] | None=None, keepdim: bool=False) -> Any:
        """Position of the least element, of all or along `dim`."""
    def argsort(self, dim: int | Sequence[int] | None=-1, descending: Any=False) -> Any:
        """The positions that sort along `dim`; equal elements keep their order."""
    def argwhere(self) -> Any:
        """Positions of the elements that are not zero, one row each."""
    def as_strided(self, size: Any, stride: Any, storage_offset: Any=None) -> Any:
        """Any geometry over the tensor's storage, in elements."""
    def as_subclass(self, cls) -> Any:
        """The same tensor as an object of the class `cls`."""
    def asin(self) -> Any:
        """Inverse sine, in radians."""
    def asin_(self) -> Any:
        """Inverse sine, in radians."""
    def asinh(self) -> Any:
        """Inverse hyperbolic sine."""
    def asinh_(self) -> Any:
        """Inverse hyperbolic sine."""
    def atan(self) -> Any:
        """Inverse tangent, in radians."""
    def atan2(self, other: Tensor | Number) -> Any:
        """Angle of the point (x = `y`, y = `x`), in radians."""
    def atan2_(self, other: Tensor | Number) -> Any:
        """Angle of the point (x = `y`, y = `x`), in radians."""
    def atan_(self) -> Any:
        """Inverse tangent, in radians."""
    def atanh(self) -> Any:
        """Inverse hyperbolic tangent."""
    def atanh_(self) -> Any:
        """Inverse hyperbolic tangent."""
    def backward(self, gradient: Tensor | None=None, retain_graph: bool | None=None, create_graph: bool=False, inputs: Any=None) -> Any:
        """Compute the gradients of this tensor and add them into the ``.grad`` of the leaves it depends on."""
    def baddbmm(self, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""
    def baddbmm_(self, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1) -> Any:
        """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""
    def bernoulli(self, *, generator: Generator | None=None) -> Any:
        """Ones with the probability that each element is (or with probability `p`), else zeros."""
    def bernoulli_(self, p: Any=0.5, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with ones of probability `p` (a number or a tensor) and zeros."""
    def bfloat16(self, memory_format: Any=None) -> Any:
        """As `bfloat16`."""
    def bincount(self, weights: Any=None, minlength: Any=0) -> Any:
        """How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences."""
    def bitwise_and(self, other: Tensor | Number) -> Any:
        """Bitwise and."""
    def bitwise_and_(self, other: Tensor | Number) -> Any:
        """Bitwise and."""
    def bitwise_left_shift(self, other: Tensor | Number) -> Any:
        """Shift left."""
    def bitwise_left_shift_(self, other: Tensor | Number) -> Any:
        """Shift left."""
    def bitwise_not(self) -> Any:
        """Bitwise complement."""
    def bitwise_not_(self) -> Any:
        """Bitwise complement."""
    def bitwise_or(self, other: Tensor | Number) -> Any:
        """Bitwise or."""
    def bitwise_or_(self, other: Tensor | Number) -> Any:
        """Bitwise or."""
    def bitwise_right_shift(self, other: Tensor | Number) -> Any:
        """Arithmetic shift right."""
    def bitwise_right_shift_(self, other: Tensor | Number) -> Any:
        """Arithmetic shift right."""
    def bitwise_xor(self, other: Tensor | Number) -> Any:
        """Bitwise exclusive or."""
    def bitwise_xor_(self, other: Tensor | Number) -> Any:
        """Bitwise exclusive or."""
    def bmm(self, mat2: Any) -> Any:
        """Products of the matrices of two batches (b × m × k and b × k × n)."""
    def bool(self, memory_format: Any=None) -> Any:
        """As `bool`."""
    def broadcast_to(self, *size: Any) -> Any:
        """Broadcast without copying."""
    def byte(self, memory_format: Any=None) -> Any:
        """As `uint8`."""
    def cauchy_(self, median: Any=0.0, sigma: Any=1.0, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with Cauchy numbers."""
    def ceil(self) -> Any:
        """Round up."""
    def ceil_(self) -> Any:
        """Round up."""
    def char(self, memory_format: Any=None) -> Any:
        """As `int8`."""
    def chunk(self, chunks: Any, dim: int | Sequence[int] | None=0) -> Any:
        """At most `chunks` parts of equal length."""
    def clamp(self, min: Any=None, max: Any=None) -> Any:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""
    def clamp_(self, min: Any=None, max: Any=None) -> Any:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""
    def clamp_max(self, max: Any) -> Any:
        """`x` but not above `max`; the gradient passes at the end."""
    def clamp_max_(self, max: Any) -> Any:
        """`x` but not above `max`; the gradient passes at the end."""
    def clamp_min(self, min: Any) -> Any:
        """`x` but not below `min`; the gradient passes at the end."""
    def clamp_min_(self, min: Any) -> Any:
        """`x` but not below `min`; the gradient passes at the end."""
    def clip(self, min: Any=None, max: Any=None) -> Any:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""
    def clip_(self, min: Any=None, max: Any=None) -> Any:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""
    def clone(self) -> Any:
        """A copy; the gradient passes."""
    def contiguous(self) -> Any:
        """The tensor itself if it is row-major, else a row-major copy."""
    def copy_(self, other: Tensor | Number, non_blocking: Any=False) -> Any:
        """Copies a tensor, broadcast and cast, or a number into the tensor."""
    def copysign(self, other: Tensor | Number) -> Any:
        """Magnitude of `x` with the sign of `y`."""
    def copysign_(self, other: Tensor | Number) -> Any:
        """Magnitude of `x` with the sign of `y`."""
    def cos(self) -> Any:
        """Cosine of radians."""
    def cos_(self) -> Any:
        """Cosine of radians."""
    def cosh(self) -> Any:
        """Hyperbolic cosine."""
    def cosh_(self) -> Any:
        """Hyperbolic cosine."""
    def count_nonzero(self, dim: int | Sequence[int] | None=None) -> Any:
        """Number of elements that are not zero, of all or over `dim`."""
    def cpu(self, memory_format: Any=None) -> Any:
        """The tensor itself, which lies on the CPU."""
    def cross(self, other: Tensor | Number, dim: int | Sequence[int] | None=None) -> Any:
        """Vector product along `dim`, which has size 3 (the first such axis if it is not given)."""
    def cuda(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refused: there is no accelerator."""
    def cummax(self, dim: int | Sequence[int] | None) -> Any:
        """Greatest element so far along `dim`, and where it last was."""
    def cummin(self, dim: int | Sequence[int] | None) -> Any:
        """Least element so far along `dim`, and where it last was."""
    def cumprod(self, dim: int | Sequence[int] | None, *, dtype: dtype | None=None) -> Any:
        """Running product along `dim`; integers and bool give int64."""
    def cumprod_(self, dim: int | Sequence[int] | None, *, dtype: dtype | None=None) -> Any:
        """Running product along `dim`; integers and bool give int64."""
    def cumsum(self, dim: int | Sequence[int] | None, *, dtype: dtype | None=None) -> Any:
        """Running sum along `dim`; integers and bool give int64."""
    def cumsum_(self, dim: int | Sequence[int] | None, *, dtype: dtype | None=None) -> Any:
        """Running sum along `dim`; integers and bool give int64."""
    @property
    def data(self) -> Tensor: ...
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def data_ptr(self) -> Any:
        """The address of the first element."""
    def detach(self) -> Any:
        """The same memory and version counter, cut off from the graph."""
    def detach_(self) -> Any:
        """Cuts the tensor itself off from the graph."""
    @property
    def device(self) -> Any: ...
    def diag(self, diagonal: Any=0) -> Any:
        """A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix."""
    def diag_embed(self, offset: Any=0, dim1: int=-2, dim2: Any=-1) -> Any:
        """Matrices with the last axis of the tensor on a diagonal and zeros elsewhere."""
    def diagflat(self, offset: Any=0) -> Any:
        """A matrix with the elements of the tensor on a diagonal."""
    def diagonal(self, offset: Any=0, dim1: int=0, dim2: Any=1) -> Any:
        """The diagonal of two axes, as the last axis."""
    def diagonal_scatter(self, src: Any, offset: Any=0, dim1: int=0, dim2: Any=1) -> Any:
        """A copy with a diagonal of two axes replaced by `src`."""
    def diff(self, n: Any=1, dim: int | Sequence[int] | None=-1, prepend: Any=None, append: Any=None) -> Any:
        """Differences of neighbours along `dim`, taken `n` times."""
    def digamma(self) -> Any:
        """ψ(x), the derivative of ln Γ."""
    def digamma_(self) -> Any:
        """ψ(x), the derivative of ln Γ."""
    def dim(self) -> Any:
        """The number of axes."""
    def div(self, other: Tensor | Number, *, rounding_mode: Any=None) -> Any:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""
    def div_(self, other: Tensor | Number, *, rounding_mode: Any=None) -> Any:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""
    def divide(self, other: Tensor | Number, *, rounding_mode: Any=None) -> Any:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""
    def divide_(self, other: Tensor | Number, *, rounding_mode: Any=None) -> Any:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""
    def dot(self, tensor: Any) -> Any:
        """Scalar product of two vectors of one length."""
    def double(self, memory_format: Any=None) -> Any:
        """As `float64`."""
    @property
    def dtype(self) -> dtype: ...
    def element_size(self) -> Any:
        """Bytes per element."""
    def eq(self, other: Tensor | Number) -> Any:
        """`x == y`."""
    def eq_(self, other: Tensor | Number) -> Any:
        """`x == y`."""
    def equal(self, other: Tensor | Number) -> Any:
        """Whether both have the same shape and equal elements."""
    def erf(self) -> Any:
        """Error function."""
    def erf_(self) -> Any:
        """Error function."""
    def erfc(self) -> Any:
        """Complementary error function 1 − erf(x), accurate for large x."""
    def erfc_(self) -> Any:
        """Complementary error function 1 − erf(x), accurate for large x."""
    def exp(self) -> Any:
        """eˣ."""
    def exp2(self) -> Any:
        """2ˣ."""
    def exp2_(self) -> Any:
        """2ˣ."""
    def exp_(self) -> Any:
        """eˣ."""
    def expand(self, *size: Any) -> Any:
        """Broadcast without copying; -1 keeps a size."""
    def expand_as(self, other: Tensor | Number) -> Any:
        """Broadcast to the shape of `other`."""
    def expm1(self) -> Any:
        """eˣ − 1, accurate near 0."""
    def expm1_(self) -> Any:
        """eˣ − 1, accurate near 0."""
    def exponential_(self, lambd: Any=1.0, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with exponential numbers of rate `lambd`."""
    def fill_(self, value: Any) -> Any:
        """Fills the tensor with one value."""
    def fix(self) -> Any:
        """Round towards zero."""
    def fix_(self) -> Any:
        """Round towards zero."""
    def flatten(self, start_dim: int=0, end_dim: int=-1) -> Any:
        """Axes `start_dim` to `end_dim` as one."""
    def flip(self, *dims: Any) -> Any:
        """A copy with the order along `dims` reversed."""
    def fliplr(self) -> Any:
        """A copy with the order of columns reversed."""
    def flipud(self) -> Any:
        """A copy with the order of rows reversed."""
    def float(self, memory_format: Any=None) -> Any:
        """As `float32`."""
    def floor(self) -> Any:
        """Round down."""
    def floor_(self) -> Any:
        """Round down."""
    def floor_divide(self, other: Tensor | Number) -> Any:
        """Quotient rounded towards minus infinity."""
    def floor_divide_(self, other: Tensor | Number) -> Any:
        """Quotient rounded towards minus infinity."""
    def fmax(self, other: Tensor | Number) -> Any:
        """The greater of two elements, a number where the other is NaN. Ties share the gradient evenly."""
    def fmin(self, other: Tensor | Number) -> Any:
        """The lesser of two elements, a number where the other is NaN. Ties share the gradient evenly."""
    def fmod(self, other: Tensor | Number) -> Any:
        """Remainder with the sign of the dividend, as C's `fmod`."""
    def fmod_(self, other: Tensor | Number) -> Any:
        """Remainder with the sign of the dividend, as C's `fmod`."""
    def frac(self) -> Any:
        """Fractional part, with the sign of `x`."""
    def frac_(self) -> Any:
        """Fractional part, with the sign of `x`."""
    def gather(self, dim: int | Sequence[int] | None, index: Tensor, *, sparse_grad: Any=False) -> Any:
        """Elements at the positions along `dim` that `index` gives, in the shape of `index`."""
    def ge(self, other: Tensor | Number) -> Any:
        """`x >= y`."""
    def ge_(self, other: Tensor | Number) -> Any:
        """`x >= y`."""
    def geometric_(self, p: Any, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with numbers of trials up to the first success of probability `p`."""
    def ger(self, vec2: Any) -> Any:
        """All products of an element of `input` and an element of `vec2`, as a matrix."""
    def get_device(self) -> Any:
        """The number of its device: -1, the CPU."""
    @property
    def grad(self) -> Tensor | None: ...
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @property
    def grad_fn(self) -> Any: ...
    def greater(self, other: Tensor | Number) -> Any:
        """`x > y`."""
    def greater_(self, other: Tensor | Number) -> Any:
        """`x > y`."""
    def greater_equal(self, other: Tensor | Number) -> Any:
        """`x >= y`."""
    def greater_equal_(self, other: Tensor | Number) -> Any:
        """`x >= y`."""
    def gt(self, other: Tensor | Number) -> Any:
        """`x > y`."""
    def gt_(self, other: Tensor | Number) -> Any:
        """`x > y`."""
    def half(self, memory_format: Any=None) -> Any:
        """As `float16`."""
    def hardshrink(self, lambd: Any=0.5) -> Any:
        """x where |x| > lambd, else 0."""
    def histc(self, bins: Any=100, min: Any=0.0, max: Any=0.0) -> Any:
        """How many elements lie in each of `bins` intervals between `min` and `max`."""
    @property
    def imag(self) -> Any: ...
    def index_add(self, dim: int | Sequence[int] | None, index: Tensor, source: Any, *, alpha: Number=1) -> Any:
        """Slices of `alpha * source` added along `dim` at the positions of `index`."""
    def index_add_(self, dim: int | Sequence[int] | None, index: Tensor, source: Any, *, alpha: Number=1) -> Any:
        """Slices of `alpha * source` added along `dim` at the positions of `index`."""
    def index_copy(self, dim: int | Sequence[int] | None, index: Tensor, source: Any) -> Any:
        """Slices along `dim` at the positions of `index` replaced by those of `source`."""
    def index_copy_(self, dim: int | Sequence[int] | None, index: Tensor, source: Any) -> Any:
        """Slices along `dim` at the positions of `index` replaced by those of `source`."""
    def index_fill(self, dim: int | Sequence[int] | None, index: Tensor, value: Any) -> Any:
        """Slices along `dim` at the positions of `index` filled with one value."""
    def index_fill_(self, dim: int | Sequence[int] | None, index: Tensor, value: Any) -> Any:
        """Slices along `dim` at the positions of `index` filled with one value."""
    def index_put(self, indices: Any, values: Any, accumulate: Any=False) -> Any:
        """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""
    def index_put_(self, indices: Any, values: Any, accumulate: Any=False) -> Any:
        """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""
    def index_select(self, dim: int | Sequence[int] | None, index: Tensor) -> Any:
        """Whole slices along `dim`, in the order `index` gives."""
    def inner(self, other: Tensor | Number) -> Any:
        """Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if one of them has no axes."""
    def int(self, memory_format: Any=None) -> Any:
        """As `int32`."""
    def is_complex(self) -> Any:
        """Whether the elements are complex."""
    def is_conj(self) -> Any:
        """Whether it is stored as a conjugate: never."""
    def is_contiguous(self, memory_format: Any=None) -> Any:
        """Whether the elements lie row-major without gaps."""
    @property
    def is_cpu(self) -> Any: ...
    @property
    def is_cuda(self) -> Any: ...
    def is_floating_point(self) -> Any:
        """Whether the elements are floating-point numbers."""
    def is_inference(self) -> Any:
        """Whether it was made in inference mode."""
    @property
    def is_leaf(self) -> bool: ...
    @property
    def is_meta(self) -> Any: ...
    @property
    def is_mkldnn(self) -> Any: ...
    @property
    def is_mps(self) -> Any: ...
    def is_neg(self) -> Any:
        """Whether it is stored as a negative: never."""
    @property
    def is_nested(self) -> Any: ...
    def is_pinned(self, device: Any=None) -> Any:
        """Whether it lies in page-locked memory: never."""
    @property
    def is_quantized(self) -> Any: ...
    def is_shared(self) -> Any:
        """Whether other processes see its memory: never."""
    def is_signed(self) -> Any:
        """Whether the elements can be negative."""
    @property
    def is_sparse(self) -> Any: ...
    @property
    def is_sparse_csr(self) -> Any: ...
    @property
    def is_xpu(self) -> Any: ...
    def isclose(self, other: Tensor | Number, rtol: Any=1e-05, atol: Any=1e-08, equal_nan: Any=False) -> Any:
        """Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements."""
    def isfinite(self) -> Any:
        """Is neither infinite nor NaN."""
    def isinf(self) -> Any:
        """Is +∞ or −∞."""
    def isnan(self) -> Any:
        """Is NaN."""
    def isneginf(self) -> Any:
        """Is −∞."""
    def isposinf(self) -> Any:
        """Is +∞."""
    def item(self) -> Any:
        """The only element as a Python number."""
    @property
    def itemsize(self) -> int: ...
    def kron(self, other: Tensor | Number) -> Any:
        """Kronecker product: every element of `input` times all of `other`, as blocks."""
    def kthvalue(self, k: Any, dim: int | Sequence[int] | None=-1, keepdim: bool=False) -> Any:
        """The `k`-th smallest element along `dim`, from 1: values and positions."""
    @property
    def layout(self) -> Any: ...
    def le(self, other: Tensor | Number) -> Any:
        """`x <= y`."""
    def le_(self, other: Tensor | Number) -> Any:
        """`x <= y`."""
    def lerp(self, end: Any, weight: Any) -> Any:
        """`x + weight * (y - x)`, written so that both ends are exact."""
    def lerp_(self, end: Any, weight: Any) -> Any:
        """`x + weight * (y - x)`, written so that both ends are exact."""
    def less(self, other: Tensor | Number) -> Any:
        """`x < y`."""
    def less_(self, other: Tensor | Number) -> Any:
        """`x < y`."""
    def less_equal(self, other: Tensor | Number) -> Any:
        """`x <= y`."""
    def less_equal_(self, other: Tensor | Number) -> Any:
        """`x <= y`."""
    def lgamma(self) -> Any:
        """ln|Γ(x)|."""
    def lgamma_(self) -> Any:
        """ln|Γ(x)|."""
    def log(self) -> Any:
        """Natural logarithm."""
    def log10(self) -> Any:
        """Logarithm to base 10."""
    def log10_(self) -> Any:
        """Logarithm to base 10."""
    def log1p(self) -> Any:
        """ln(1 + x), accurate near 0."""
    def log1p_(self) -> Any:
        """ln(1 + x), accurate near 0."""
    def log2(self) -> Any:
        """Logarithm to base 2."""
    def log2_(self) -> Any:
        """Logarithm to base 2."""
    def log_(self) -> Any:
        """Natural logarithm."""
    def log_normal_(self, mean: Any=1.0, std: Any=2.0, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with exponentials of normal numbers."""
    def log_softmax(self, dim: int | Sequence[int] | None, dtype: dtype | None=None) -> Any:
        """Logarithm of the softmax along `dim`, more exact than the two in turn."""
    def logcumsumexp(self, dim: int | Sequence[int] | None) -> Any:
        """Logarithm of the running sum of exponentials along `dim`."""
    def logical_and(self, other: Tensor | Number) -> Any:
        """Both are not zero."""
    def logical_and_(self, other: Tensor | Number) -> Any:
        """Both are not zero."""
    def logical_not(self) -> Any:
        """Is zero."""
    def logical_not_(self) -> Any:
        """Is zero."""
    def logical_or(self, other: Tensor | Number) -> Any:
        """Either is not zero."""
    def logical_or_(self, other: Tensor | Number) -> Any:
        """Either is not zero."""
    def logical_xor(self, other: Tensor | Number) -> Any:
        """Exactly one is not zero."""
    def logical_xor_(self, other: Tensor | Number) -> Any:
        """Exactly one is not zero."""
    def logsumexp(self, dim: int | Sequence[int] | None, keepdim: bool=False) -> Any:
        """ln Σ eˣ over `dim`, without overflow."""
    def long(self, memory_format: Any=None) -> Any:
        """As `int64`."""
    def lt(self, other: Tensor | Number) -> Any:
        """`x < y`."""
    def lt_(self, other: Tensor | Number) -> Any:
        """`x < y`."""
    @property
    def mH(self) -> Any: ...
    @property
    def mT(self) -> Tensor: ...
    def map_(self, tensor: Any, callable: Any) -> Any:
        """Replaces each element by `callable(element, element of the other tensor)`: slow, for experiments."""
    def masked_fill(self, mask: Tensor, value: Any) -> Any:
        """`value` where `mask` is true, `input` elsewhere."""
    def masked_fill_(self, mask: Tensor, value: Any) -> Any:
        """`value` where `mask` is true, `input` elsewhere."""
    def masked_scatter(self, mask: Tensor, source: Any) -> Any:
        """The elements where `mask` is true replaced by those of `source`, in order."""
    def masked_scatter_(self, mask: Tensor, source: Any) -> Any:
        """The elements where `mask` is true replaced by those of `source`, in order."""
    def masked_select(self, mask: Tensor) -> Any:
        """The elements where `mask` is true, as a vector."""
    def matmul(self, other: Tensor | Number) -> Any:
        """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""
    def matrix_power(self, n: Any) -> Any:
        """The `n`-th power (n ≥ 0) of a square matrix, or of each matrix of a batch."""
    def max(self) -> Any:
        """Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins."""
    def maximum(self, other: Tensor | Number) -> Any:
        """The greater of two elements; NaN if either is. Ties share the gradient evenly."""
    def mean(self, *, dtype: dtype | None=None) -> Any:
        """Mean of all elements, or over `dim`, of floats."""
    def median(self) -> Any:
        """The lower median of all elements, or along `dim`; NaN where there is one."""
    def min(self) -> Any:
        """Least element of all, along `dim` (with its index), or of two tensors. NaN wins."""
    def minimum(self, other: Tensor | Number) -> Any:
        """The lesser of two elements; NaN if either is. Ties share the gradient evenly."""
    def mm(self, mat2: Any) -> Any:
        """Product of two matrices (m × k and k × n); nothing is broadcast."""
    def mode(self, dim: int | Sequence[int] | None=-1, keepdim: bool=False) -> Any:
        """The most frequent element along `dim`, the least of several: values and positions."""
    def moveaxis(self, source: Any, destination: Any) -> Any:
        """Axes moved to other places; the rest keep their order."""
    def movedim(self, source: Any, destination: Any) -> Any:
        """Axes moved to other places; the rest keep their order."""
    def msort(self) -> Any:
        """Sorted along the first axis."""
    def mul(self, other: Tensor | Number) -> Any:
        """Product `x * y`. For `bool`, logical and."""
    def mul_(self, other: Tensor | Number) -> Any:
        """Product `x * y`. For `bool`, logical and."""
    def multinomial(self, num_samples: Any, replacement: Any=False, *, generator: Generator | None=None) -> Any:
        """Positions drawn with the weights of a vector, or of each row of a matrix."""
    def multiply(self, other: Tensor | Number) -> Any:
        """Product `x * y`. For `bool`, logical and."""
    def multiply_(self, other: Tensor | Number) -> Any:
        """Product `x * y`. For `bool`, logical and."""
    def mv(self, vec: Any) -> Any:
        """Product of a matrix and a vector."""
    def nan_to_num(self, nan: Any=0.0, posinf: Any=None, neginf: Any=None) -> Any:
        """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""
    def nan_to_num_(self, nan: Any=0.0, posinf: Any=None, neginf: Any=None) -> Any:
        """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""
    def nanmedian(self) -> Any:
        """The lower median of the elements that are not NaN."""
    def nanquantile(self, q: Any, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, interpolation: Any='linear') -> Any:
        """The quantiles `q` of the elements that are not NaN, of all or along `dim`."""
    def narrow(self, dim: int | Sequence[int] | None, start: Any, length: Any) -> Any:
        """`length` elements of an axis from `start`."""
    @property
    def nbytes(self) -> int: ...
    @property
    def ndim(self) -> int: ...
    def ndimension(self) -> Any:
        """The number of axes."""
    def ne(self, other: Tensor | Number) -> Any:
        """`x != y`."""
    def ne_(self, other: Tensor | Number) -> Any:
        """`x != y`."""
    def neg(self) -> Any:
        """`-x`."""
    def neg_(self) -> Any:
        """`-x`."""
    def negative(self) -> Any:
        """`-x`."""
    def negative_(self) -> Any:
        """`-x`."""
    def nelement(self) -> Any:
        """The number of elements."""
    def new(self, *args: Any, device: Any=None) -> Any:
        """What the class makes of these arguments, in the dtype of this tensor: `x.new(2, 3)`, `x.new([1, 2])`. Old;
        `new_empty` and `new_tensor` are clearer."""
    def new_empty(self, *size: Any, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
        """A tensor of the same dtype to be filled."""
    def new_full(self, size: Any, fill_value: Number, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
        """One value of the tensor's dtype everywhere."""
    def new_ones(self, *size: Any, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
        """Ones of the tensor's dtype."""
    def new_tensor(self, data: Any, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False, layout: Any=None, pin_memory: Any=False) -> Any:
        """A tensor with a copy of `data`, by default in the dtype of this one."""
    def new_zeros(self, *size: Any, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
        """Zeros of the tensor's dtype."""
    def nonzero(self, *, as_tuple: Any=False) -> Any:
        """Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis."""
    def norm(self, p: Any='fro', dim: int | Sequence[int] | None=None, keepdim: bool=False, dtype: dtype | None=None) -> Any:
        """‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0."""
    def normal_(self, mean: Any=0.0, std: Any=1.0, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with normal numbers."""
    def not_equal(self, other: Tensor | Number) -> Any:
        """`x != y`."""
    def not_equal_(self, other: Tensor | Number) -> Any:
        """`x != y`."""
    def numel(self) -> Any:
        """The number of elements."""
    def numpy(self, *, force: Any=False) -> Any:
        """The elements as a NumPy array over the same memory. `force=True` also takes tensors that require gradients."""
    def outer(self, vec2: Any) -> Any:
        """All products of an element of `input` and an element of `vec2`, as a matrix."""
    @property
    def output_nr(self) -> int: ...
    def permute(self, *dims: Any) -> Any:
        """Axes in another order."""
    def pin_memory(self, device: Any=None) -> Any:
        """Refused: page-locked memory serves accelerators."""
    def positive(self) -> Any:
        """The tensor itself."""
    def pow(self, exponent: Any) -> Any:
        """Power `input ** exponent`."""
    def pow_(self, exponent: Any) -> Any:
        """Power `input ** exponent`."""
    def prod(self, *, dtype: dtype | None=None) -> Any:
        """Product of all elements, or over `dim`; integers and bool give int64."""
    def put(self, index: Tensor, source: Any, accumulate: Any=False) -> Any:
        """Elements of `source` written (or added) at positions of the flattened tensor."""
    def put_(self, index: Tensor, source: Any, accumulate: Any=False) -> Any:
        """Elements of `source` written (or added) at positions of the flattened tensor."""
    def quantile(self, q: Any, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, interpolation: Any='linear') -> Any:
        """The quantiles `q` of all elements or along `dim`; NaN where there is one."""
    def random_(self, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with integers: over the range of its dtype, below `to`, or in [from, to)."""
    def ravel(self) -> Any:
        """All elements as one axis."""
    @property
    def real(self) -> Any: ...
    def reciprocal(self) -> Any:
        """`1 / x`."""
    def reciprocal_(self) -> Any:
        """`1 / x`."""
    def register_hook(self, hook: Any) -> Any:
        """Call ``hook(grad)`` when the gradient of this tensor is known; it may return another gradient."""
    def register_post_accumulate_grad_hook(self, hook: Any) -> Any:
        """Call ``hook(tensor)`` after a gradient has been added into ``.grad`` of this leaf."""
    def relu(self) -> Any:
        """max(x, 0); gradient 0 at 0."""
    def relu_(self) -> Any:
        """max(x, 0); gradient 0 at 0."""
    def remainder(self, other: Tensor | Number) -> Any:
        """Remainder with the sign of the divisor, as Python's `%`."""
    def remainder_(self, other: Tensor | Number) -> Any:
        """Remainder with the sign of the divisor, as Python's `%`."""
    def repeat(self, *repeats: Any) -> Any:
        """The whole tensor several times along each axis; new axes come in front."""
    def repeat_interleave(self, repeats: Any, dim: int | Sequence[int] | None=None, *, output_size: Any=None) -> Any:
        """Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor."""
    @property
    def requires_grad(self) -> bool: ...
    @requires_grad.setter
    def requires_grad(self, value: bool) -> None: ...
    def requires_grad_(self, requires_grad: bool=True) -> Any:
        """Switches gradients on or off; returns the tensor."""
    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape: a view where possible, else a copy; one size may be -1."""
    def reshape_as(self, other: Tensor | Number) -> Any:
        """The same elements in the shape of `other`."""
    def resize_(self, *sizes: Any, memory_format: Any=None) -> Any:
        """Gives the tensor another shape, row-major; elements beyond the old ones are zero."""
    def resize_as_(self, the_template: Any, memory_format: Any=None) -> Any:
        """`resize_` to the shape of another tensor."""
    def retain_grad(self) -> Any:
        """Keeps `.grad` of a tensor that is no leaf."""
    @property
    def retains_grad(self) -> Any: ...
    def roll(self, shifts: Any, dims: Any=None) -> Any:
        """Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start."""
    def rot90(self, k: Any=1, dims: Any=(0, 1)) -> Any:
        """Turned by `k` right angles in the plane of two axes, the first two by default."""
    def round(self) -> Any:
        """Round half to even."""
    def round_(self) -> Any:
        """Round half to even."""
    def rsqrt(self) -> Any:
        """`1 / sqrt(x)`."""
    def rsqrt_(self) -> Any:
        """`1 / sqrt(x)`."""
    def scatter(self, dim: int | Sequence[int] | None, index: Tensor, src: Any, *, reduce: Any=None) -> Any:
        """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""
    def scatter_(self, dim: int | Sequence[int] | None, index: Tensor, src: Any, *, reduce: Any=None) -> Any:
        """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""
    def scatter_add(self, dim: int | Sequence[int] | None, index: Tensor, src: Any) -> Any:
        """Elements of `src` added at the positions along `dim` that `index` gives."""
    def scatter_add_(self, dim: int | Sequence[int] | None, index: Tensor, src: Any) -> Any:
        """Elements of `src` added at the positions along `dim` that `index` gives."""
    def scatter_reduce(self, dim: int | Sequence[int] | None, index: Tensor, src: Any, reduce: Any, *, include_self: Any=True) -> Any:
        """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""
    def scatter_reduce_(self, dim: int | Sequence[int] | None, index: Tensor, src: Any, reduce: Any, *, include_self: Any=True) -> Any:
        """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""
    def select(self, dim: int | Sequence[int] | None, index: Tensor) -> Any:
        """One position of an axis, the axis removed."""
    def select_scatter(self, src: Any, dim: int | Sequence[int] | None, index: Tensor) -> Any:
        """A copy with one position of `dim` replaced by `src`."""
    def set_(self, source: Any=None, storage_offset: Any=0, size: Any=None, stride: Any=None) -> Any:
        """Shows other memory: that of `source`, a tensor or a storage."""
    def sgn(self) -> Any:
        """−1, 0 or 1."""
    def sgn_(self) -> Any:
        """−1, 0 or 1."""
    @property
    def shape(self) -> Size: ...
    def share_memory_(self) -> Any:
        """Refused: the memory of tensors belongs to one process."""
    def short(self, memory_format: Any=None) -> Any:
        """As `int16`."""
    def sigmoid(self) -> Any:
        """Logistic sigmoid 1 / (1 + e⁻ˣ)."""
    def sigmoid_(self) -> Any:
        """Logistic sigmoid 1 / (1 + e⁻ˣ)."""
    def sign(self) -> Any:
        """−1, 0 or 1."""
    def sign_(self) -> Any:
        """−1, 0 or 1."""
    def signbit(self) -> Any:
        """The sign bit is set, also that of −0 and of NaN."""
    def sin(self) -> Any:
        """Sine of radians."""
    def sin_(self) -> Any:
        """Sine of radians."""
    def sinh(self) -> Any:
        """Hyperbolic sine."""
    def sinh_(self) -> Any:
        """Hyperbolic sine."""
    def size(self, dim: int | Sequence[int] | None=None) -> Any:
        """The sizes of the axes, or of one axis."""
    def slice_scatter(self, src: Any, dim: int | Sequence[int] | None=0, start: Any=None, end: Any=None, step: Any=1) -> Any:
        """A copy with a slice of `dim` replaced by `src`."""
    def softmax(self, dim: int | Sequence[int] | None, dtype: dtype | None=None) -> Any:
        """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""
    def sort(self, dim: int | Sequence[int] | None=-1, descending: Any=False) -> Any:
        """Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order."""
    def split(self, split_size: Any, dim: int | Sequence[int] | None=0) -> Any:
        """Parts of one length (the last may be shorter), or of given lengths."""
    def split_with_sizes(self, split_sizes: Any, dim: int | Sequence[int] | None=0) -> Any:
        """Parts of given lengths along an axis."""
    def sqrt(self) -> Any:
        """Square root; the gradient at 0 is infinite."""
    def sqrt_(self) -> Any:
        """Square root; the gradient at 0 is infinite."""
    def square(self) -> Any:
        """`x * x`."""
    def square_(self) -> Any:
        """`x * x`."""
    def squeeze(self) -> Any:
        """Without axes of size 1: all, or those named."""
    def squeeze_(self) -> Any:
        """Without axes of size 1: all, or those named."""
    def std(self, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False) -> Any:
        """Standard deviation over `dim` (all by default)."""
    def storage_offset(self) -> Any:
        """The place of the first element in the storage, in elements."""
    def stride(self, dim: int | Sequence[int] | None=None) -> Any:
        """The distances in memory between neighbours along the axes, in elements, or along one axis."""
    def sub(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Difference `input - alpha * other`, broadcast and promoted."""
    def sub_(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Difference `input - alpha * other`, broadcast and promoted."""
    def subtract(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Difference `input - alpha * other`, broadcast and promoted."""
    def subtract_(self, other: Tensor | Number, *, alpha: Number=1) -> Any:
        """Difference `input - alpha * other`, broadcast and promoted."""
    def sum(self, *, dtype: dtype | None=None) -> Any:
        """Sum of all elements, or over `dim`; integers and bool give int64."""
    def sum_to_size(self, *size: Any) -> Any:
        """Sum over the axes along which `size` would be broadcast to the shape of the tensor."""
    def swapaxes(self, axis0: Any, axis1: Any) -> Any:
        """Two axes exchanged."""
    def swapaxes_(self, axis0: Any, axis1: Any) -> Any:
        """Two axes exchanged."""
    def swapdims(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
    def swapdims_(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
    def t(self) -> Any:
        """The transpose of a matrix; vectors as they are."""
    def t_(self) -> Any:
        """The transpose of a matrix; vectors as they are."""
    def take(self, index: Tensor) -> Any:
        """Elements at positions of the flattened tensor, in the shape of `index`."""
    def take_along_dim(self, indices: Any, dim: int | Sequence[int] | None=None) -> Any:
        """As `gather`, with broadcasting; without `dim` of the flattened tensor."""
    def tan(self) -> Any:
        """Tangent of radians."""
    def tan_(self) -> Any:
        """Tangent of radians."""
    def tanh(self) -> Any:
        """Hyperbolic tangent."""
    def tanh_(self) -> Any:
        """Hyperbolic tangent."""
    def tensor_split(self, indices: Any, dim: int | Sequence[int] | None=0) -> Any:
        """A number of parts of sizes as equal as can be, or the parts between given positions of an axis."""
    def tile(self, *dims: Any) -> Any:
        """The whole tensor several times along each axis; axes that are not mentioned once."""
    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor in another dtype (or on a device, of which there is one); itself where nothing changes, unless
        `copy=True`."""
    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
    def topk(self, k: Any, dim: int | Sequence[int] | None=-1, largest: Any=True, sorted: Any=True) -> Any:
        """The `k` greatest (or smallest) elements along `dim`, in order: values and positions."""
    def trace(self) -> Any:
        """Sum of the diagonal of a matrix."""
    def transpose(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
    def transpose_(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
    def tril(self, diagonal: Any=0) -> Any:
        """The triangle on and below a diagonal, zeros above."""
    def tril_(self, diagonal: Any=0) -> Any:
        """The triangle on and below a diagonal, zeros above."""
    def triu(self, diagonal: Any=0) -> Any:
        """The triangle on and above a diagonal, zeros below."""
    def triu_(self, diagonal: Any=0) -> Any:
        """The triangle on and above a diagonal, zeros below."""
    def true_divide(self, other: Tensor | Number) -> Any:
        """Quotient `input / other`; integers give floats."""
    def true_divide_(self, other: Tensor | Number) -> Any:
        """Quotient `input / other`; integers give floats."""
    def trunc(self) -> Any:
        """Round towards zero."""
    def trunc_(self) -> Any:
        """Round towards zero."""
    def type(self, dtype: dtype | None=None, non_blocking: Any=False, **kwargs: Any) -> Any:
        """The name of the tensor's class, such as `'arcgrad.FloatTensor'`, or the tensor in another dtype."""
    def type_as(self, other: Tensor | Number) -> Any:
        """The tensor in the dtype of `other`."""
    def unbind(self, dim: int | Sequence[int] | None=0) -> Any:
        """Every position of an axis, as a tuple."""
    def unflatten(self, dim: int | Sequence[int] | None, sizes: Any) -> Any:
        """One axis as several; one size may be -1."""
    def unfold(self, dimension: Any, size: Any, step: Any) -> Any:
        """Windows of `size` elements every `step` along an axis, as a new last axis."""
    def uniform_(self, from_: Any=0.0, to: Any=1.0, *, generator: Generator | None=None) -> Any:
        """Overwrites the tensor with uniform numbers in [from, to)."""
    def unique(self, sorted: Any=True, return_inverse: Any=False, return_counts: Any=False, dim: int | Sequence[int] | None=None) -> Any:
        """The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups."""
    def unique_consecutive(self, return_inverse: Any=False, return_counts: Any=False, dim: int | Sequence[int] | None=None) -> Any:
        """The elements (or slices along `dim`) without those that equal their predecessor."""
    def unsqueeze(self, dim: int | Sequence[int] | None) -> Any:
        """A new axis of size 1 at `dim`."""
    def unsqueeze_(self, dim: int | Sequence[int] | None) -> Any:
        """A new axis of size 1 at `dim`."""
    def untyped_storage(self) -> Any:
        """The memory block, without dtype and shape."""
    def var(self, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False) -> Any:
        """Variance over `dim` (all by default); `correction` is subtracted from the number of elements."""
    def vdot(self, other: Tensor | Number) -> Any:
        """Scalar product of two vectors, the first conjugated: for real numbers `dot`."""
    def view(self, *size: Any) -> Any:
        """The same elements in another shape, without copying; one size may be -1. Of a dtype: the same bits as elements of it; where these are of another size, the last axis is scaled. No gradient passes then."""
    def view_as(self, other: Tensor | Number) -> Any:
        """The same elements in the shape of `other`, without copying."""
    def where(self, condition: Any, other: Tensor | Number) -> Any:
        """The tensor where `condition` is true, `other` elsewhere."""
    def zero_(self) -> Any:
        """Fills the tensor with zeros."""

class UntypedStorage:
    """The memory block that tensors are views of."""
    def __eq__(self, other: Any) -> Any: ...
    def __ge__(self, other: Any) -> Any: ...
    def __gt__(self, other: Any) -> Any: ...
    def __hash__(self) -> int: ...
    def __le__(self, other: Any) -> Any: ...
    def __len__(self) -> int: ...
    def __lt__(self, other: Any) -> Any: ...
    def __ne__(self, other: Any) -> Any: ...
    def __repr__(self) -> str: ...
    @property
    def _cdata(self) -> Any: ...
    def data_ptr(self) -> Any:
        """The address of the first byte."""
    @property
    def device(self) -> Any: ...
    def element_size(self) -> Any:
        """Bytes per element: one."""
    def is_shared(self) -> Any:
        """Whether other processes see it: never."""
    def nbytes(self) -> Any:
        """Size in bytes."""
    def size(self) -> Any:
        """Size in bytes."""

class _Memory:
    """Memory lent to NumPy through its array interface; NumPy keeps this object as long as it needs the memory."""
    @property
    def __array_interface__(self) -> Any: ...

class device:
    """Where a tensor lies: always the CPU."""
    def __init__(self, type: Any, index: Tensor | None=None) -> None: ...
    def __eq__(self, other: Any) -> Any: ...
    def __ge__(self, other: Any) -> Any: ...
    def __gt__(self, other: Any) -> Any: ...
    def __hash__(self) -> int: ...
    def __le__(self, other: Any) -> Any: ...
    def __lt__(self, other: Any) -> Any: ...
    def __ne__(self, other: Any) -> Any: ...
    def __repr__(self) -> str: ...
    def __str__(self) -> str: ...
    @property
    def index(self) -> Any: ...
    @property
    def type(self) -> Any: ...

class dtype:
    """An element type. There is one object of each: compare with `is` or `==`."""
    def __repr__(self) -> str: ...
    @property
    def is_complex(self) -> Any: ...
    @property
    def is_floating_point(self) -> Any: ...
    @property
    def is_signed(self) -> Any: ...
    @property
    def itemsize(self) -> int: ...
    def to_complex(self) -> Any:
        """The complex dtype with the same precision."""
    def to_real(self) -> Any:
        """The real dtype with the same precision."""

class layout:
    """How the elements of a tensor are stored: always strided."""
    def __repr__(self) -> str: ...

class memory_format:
    """The order of a tensor's elements in memory."""
    def __repr__(self) -> str: ...

def _instruction_sets() -> Any:
    """The instruction sets in use, for `python -m arcgrad`."""

def _limits(dtype: dtype | None) -> Any:
    """The least and greatest value, and for floats the precision, of a dtype; see `arcgrad.finfo` and `arcgrad.iinfo`."""

def _print_options() -> Any:
    """The print options: precision, threshold, edgeitems, linewidth, sci_mode."""

def _rebuild_tensor(class_: Any, dtype: dtype | None, shape: Any, bytes: Any, requires_grad: bool, attributes: Any) -> Any:
    """What a pickled tensor calls."""

def _set_print_options(precision: Any, threshold: Any, edgeitems: Any, linewidth: Any, profile: Any, sci_mode: Any) -> Any:
    """Changes the print options; see `arcgrad.set_printoptions`."""

def abs(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Absolute value; gradient 0 at 0."""

def abs_(input: Tensor) -> Any:
    """Absolute value; gradient 0 at 0."""

def absolute(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Absolute value; gradient 0 at 0."""

def absolute_(input: Tensor) -> Any:
    """Absolute value; gradient 0 at 0."""

def acos(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse cosine, in radians."""

def acos_(input: Tensor) -> Any:
    """Inverse cosine, in radians."""

def acosh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic cosine."""

def acosh_(input: Tensor) -> Any:
    """Inverse hyperbolic cosine."""

def adam_step(params: Any, grads: Any, exp_avgs: Any, exp_avg_sqs: Any, max_exp_avg_sqs: Any, steps: Any, *, lr: Any, beta1: Any, beta2: Any, eps: Any, weight_decay: Any, amsgrad: Any, decoupled: Any, maximize: Any) -> Any:
    """One step of Adam (AdamW with `decoupled`) for all parameters."""

def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Any:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Any:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Any:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def add(input: Tensor, other: Tensor | Number, *, alpha: Number=1, out: Tensor | None=None) -> Any:
    """Sum `input + alpha * other`, broadcast and promoted."""

def addbmm(input: Tensor, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1, out: Tensor | None=None) -> Any:
    """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""

def addcdiv(input: Tensor, tensor1: Any, tensor2: Any, *, value: Any=1, out: Tensor | None=None) -> Any:
    """`input + value * tensor1 / tensor2`."""

def addcmul(input: Tensor, tensor1: Any, tensor2: Any, *, value: Any=1, out: Tensor | None=None) -> Any:
    """`input + value * tensor1 * tensor2`."""

def addmm(input: Tensor, mat1: Any, mat2: Any, *, beta: Number=1, alpha: Number=1, out: Tensor | None=None) -> Any:
    """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""

def addmv(input: Tensor, mat: Any, vec: Any, *, beta: Number=1, alpha: Number=1, out: Tensor | None=None) -> Any:
    """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""

def addr(input: Tensor, vec1: Any, vec2: Any, *, beta: Number=1, alpha: Number=1, out: Tensor | None=None) -> Any:
    """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""

def adjoint(input: Tensor) -> Any:
    """The last two axes exchanged."""

def all(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Whether no element is zero, of all or over `dim`."""

def allclose(input: Tensor, other: Tensor | Number, rtol: Any=1e-05, atol: Any=1e-08, equal_nan: Any=False) -> Any:
    """Whether all pairs of elements are close."""

def amax(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Greatest elements over `dim`; ties share the gradient evenly."""

def amin(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Least elements over `dim`; ties share the gradient evenly."""

def aminmax(input: Tensor, *, dim: int | Sequence[int] | None=None, keepdim: bool=False, out: Tensor | None=None) -> Any:
    """The least and the greatest element."""

def any(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Whether any element is not zero, of all or over `dim`."""

def arange(end: Any, *, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Numbers from `start` up to but without `end`, in steps."""

def arccos(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse cosine, in radians."""

def arccos_(input: Tensor) -> Any:
    """Inverse cosine, in radians."""

def arccosh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic cosine."""

def arccosh_(input: Tensor) -> Any:
    """Inverse hyperbolic cosine."""

def arcsin(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse sine, in radians."""

def arcsin_(input: Tensor) -> Any:
    """Inverse sine, in radians."""

def arcsinh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic sine."""

def arcsinh_(input: Tensor) -> Any:
    """Inverse hyperbolic sine."""

def arctan(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse tangent, in radians."""

def arctan2(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Angle of the point (x = `y`, y = `x`), in radians."""

def arctan_(input: Tensor) -> Any:
    """Inverse tangent, in radians."""

def arctanh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic tangent."""

def arctanh_(input: Tensor) -> Any:
    """Inverse hyperbolic tangent."""

def argmax(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Position of the greatest element, of all or along `dim`."""

def argmin(input: Tensor, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """Position of the least element, of all or along `dim`."""

def argsort(input: Tensor, dim: int | Sequence[int] | None=-1, descending: Any=False) -> Any:
    """The positions that sort along `dim`; equal elements keep their order."""

def argwhere(input: Tensor) -> Any:
    """Positions of the elements that are not zero, one row each."""

def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: Any=None) -> Any:
    """Any geometry over the tensor's storage, in elements."""

def as_tensor(data: Any, dtype: dtype | None=None, device: Any=None) -> Any:
    """`data` as a tensor; shares the memory of tensors and NumPy arrays where the dtype allows it."""

def asarray(obj: Any, *, dtype: dtype | None=None, device: Any=None, copy: Any=None, requires_grad: bool=False) -> Any:
    """`obj` as a tensor: shares the memory of tensors, NumPy arrays and, as a vector, of buffers, unless `copy=True`; `copy=False` refuses to copy."""

def asin(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse sine, in radians."""

def asin_(input: Tensor) -> Any:
    """Inverse sine, in radians."""

def asinh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic sine."""

def asinh_(input: Tensor) -> Any:
    """Inverse hyperbolic sine."""

def atan(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse tangent, in radians."""

def atan2(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Angle of the point (x = `y`, y = `x`), in radians."""

def atan_(input: Tensor) -> Any:
    """Inverse tangent, in radians."""

def atanh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Inverse hyperbolic tangent."""

def atanh_(input: Tensor) -> Any:
    """Inverse hyperbolic tangent."""

def atleast_1d(input: Tensor) -> Any:
    """The tensor with at least one axis; several tensors give a tuple."""

def atleast_2d(input: Tensor) -> Any:
    """The tensor with at least two axes; several tensors give a tuple."""

def atleast_3d(input: Tensor) -> Any:
    """The tensor with at least three axes; several tensors give a tuple."""

def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, ceil_mode: Any=False, count_include_pad: Any=True) -> Any:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, ceil_mode: Any=False, count_include_pad: Any=True, divisor_override: Any=None) -> Any:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool3d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, ceil_mode: Any=False, count_include_pad: Any=True, divisor_override: Any=None) -> Any:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def baddbmm(input: Tensor, batch1: Any, batch2: Any, *, beta: Number=1, alpha: Number=1, out: Tensor | None=None) -> Any:
    """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""

def bernoulli(input: Tensor, *, generator: Generator | None=None, out: Tensor | None=None) -> Any:
    """Ones with the probability that each element is (or with probability `p`), else zeros."""

bfloat16: dtype

def bilinear(input1: Any, input2: Any, weight: Any, bias: Any=None) -> Any:
    """`y[k] = input1ᵀ weight[k] input2 + bias[k]` over the last axes; `weight` is out × in1 × in2."""

def bincount(input: Tensor, weights: Any=None, minlength: Any=0) -> Any:
    """How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences."""

def bitwise_and(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Bitwise and."""

def bitwise_left_shift(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Shift left."""

def bitwise_not(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Bitwise complement."""

def bitwise_or(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Bitwise or."""

def bitwise_right_shift(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Arithmetic shift right."""

def bitwise_xor(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Bitwise exclusive or."""

def block_diag(*tensors: Any) -> Any:
    """A matrix with the given matrices along its diagonal and zeros elsewhere."""

def bmm(input: Tensor, mat2: Any, *, out: Tensor | None=None) -> Any:
    """Products of the matrices of two batches (b × m × k and b × k × n)."""

bool: dtype

def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that shapes (sequences of sizes, or single sizes) broadcast to."""

def broadcast_tensors(*tensors: Any) -> Any:
    """The tensors expanded to their common shape."""

def broadcast_to(input: Tensor, size: Any) -> Any:
    """Broadcast without copying."""

def bucketize(input: Tensor, boundaries: Any, *, out_int32: Any=False, right: Any=False, out: Tensor | None=None) -> Any:
    """The bucket of each value among ascending boundaries."""

def can_cast(from_: Any, to: Any) -> Any:
    """Whether a result of dtype `from_` may be stored in a tensor of dtype `to`."""

def cartesian_prod(*tensors: Any) -> Any:
    """All combinations with one element of each vector, one row each."""

def cat(tensors: Any, dim: int | Sequence[int] | None=0, *, out: Tensor | None=None) -> Any:
    """Tensors behind each other along an axis; dtypes are promoted."""

def cdist(x1: Any, x2: Any, p: Any=2.0, compute_mode: Any=None) -> Any:
    """Distances by the p-norm of every row of `x1` from every row of `x2`; axes before the last two broadcast. `compute_mode` is accepted: there is one way to compute it."""

cdouble: dtype

def ceil(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Round up."""

def ceil_(input: Tensor) -> Any:
    """Round up."""

def celu(input: Tensor, alpha: Number=1.0) -> Any:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

def celu_(input: Tensor, alpha: Number=1.0) -> Any:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

cfloat: dtype

def chain_matmul(*matrices: Any) -> Any:
    """Product of several matrices in the order that takes the fewest multiplications."""

channels_last: memory_format

channels_last_3d: memory_format

def chunk(input: Tensor, chunks: Any, dim: int | Sequence[int] | None=0) -> Any:
    """At most `chunks` parts of equal length."""

def clamp(input: Tensor, min: Any=None, max: Any=None, *, out: Tensor | None=None) -> Any:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

def clamp_(input: Tensor, min: Any=None, max: Any=None) -> Any:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

def clamp_max(input: Tensor, max: Any, *, out: Tensor | None=None) -> Any:
    """`x` but not above `max`; the gradient passes at the end."""

def clamp_min(input: Tensor, min: Any, *, out: Tensor | None=None) -> Any:
    """`x` but not below `min`; the gradient passes at the end."""

def clip(input: Tensor, min: Any=None, max: Any=None, *, out: Tensor | None=None) -> Any:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

def clip_(input: Tensor, min: Any=None, max: Any=None) -> Any:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

def clone(input: Tensor) -> Any:
    """A copy; the gradient passes."""

def column_stack(tensors: Any, *, out: Tensor | None=None) -> Any:
    """Tensors beside each other; numbers and vectors are columns."""

def combinations(input: Tensor, r: Any=2, with_replacement: Any=False) -> Any:
    """All choices of `r` elements of a vector, one row each."""

complex128: dtype

complex64: dtype

def concat(tensors: Any, dim: int | Sequence[int] | None=0, *, out: Tensor | None=None) -> Any:
    """Tensors behind each other along an axis; dtypes are promoted."""

def concatenate(tensors: Any, dim: int | Sequence[int] | None=0, *, out: Tensor | None=None) -> Any:
    """Tensors behind each other along an axis; dtypes are promoted."""

def constant_pad_nd(input: Tensor, pad: Any, value: Any=0) -> Any:
    """One value around a tensor: elements before and behind the last axis, then the one before it, and so on."""

contiguous_format: memory_format

def conv1d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: Any=1) -> Any:
    """Convolution (cross-correlation): `input` is batch × in × L or in × L; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv2d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: Any=1) -> Any:
    """Convolution (cross-correlation): `input` is batch × in × H × W or in × H × W; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv3d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: Any=1) -> Any:
    """Convolution (cross-correlation): `input` is batch × in × D × H × W or in × D × H × W; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."""

def conv_transpose1d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: Any=1, dilation: Any=1) -> Any:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × L or in × L; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

def conv_transpose2d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: Any=1, dilation: Any=1) -> Any:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × H × W or in × H × W; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

def conv_transpose3d(input: Tensor, weight: Any, bias: Any=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: Any=1, dilation: Any=1) -> Any:
    """Transposed convolution, the gradient of a convolution with respect to its input: `input` is batch × in × D × H × W or in × D × H × W; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."""

def copysign(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Magnitude of `x` with the sign of `y`."""

def cos(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Cosine of radians."""

def cos_(input: Tensor) -> Any:
    """Cosine of radians."""

def cosh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Hyperbolic cosine."""

def cosh_(input: Tensor) -> Any:
    """Hyperbolic cosine."""

def cosine_similarity(x1: Any, x2: Any, dim: int | Sequence[int] | None=1, eps: Any=1e-08) -> Any:
    """Cosine of the angle between vectors along `dim`; each norm counts as `eps` at least."""

def count_nonzero(input: Tensor, dim: int | Sequence[int] | None=None) -> Any:
    """Number of elements that are not zero, of all or over `dim`."""

def cross(input: Tensor, other: Tensor | Number, dim: int | Sequence[int] | None=None, *, out: Tensor | None=None) -> Any:
    """Vector product along `dim`, which has size 3 (the first such axis if it is not given)."""

def cummax(input: Tensor, dim: int | Sequence[int] | None, *, out: Tensor | None=None) -> Any:
    """Greatest element so far along `dim`, and where it last was."""

def cummin(input: Tensor, dim: int | Sequence[int] | None, *, out: Tensor | None=None) -> Any:
    """Least element so far along `dim`, and where it last was."""

def cumprod(input: Tensor, dim: int | Sequence[int] | None, *, dtype: dtype | None=None, out: Tensor | None=None) -> Any:
    """Running product along `dim`; integers and bool give int64."""

def cumsum(input: Tensor, dim: int | Sequence[int] | None, *, dtype: dtype | None=None, out: Tensor | None=None) -> Any:
    """Running sum along `dim`; integers and bool give int64."""

default_generator: Generator

def diag(input: Tensor, diagonal: Any=0, *, out: Tensor | None=None) -> Any:
    """A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix."""

def diag_embed(input: Tensor, offset: Any=0, dim1: int=-2, dim2: Any=-1) -> Any:
    """Matrices with the last axis of the tensor on a diagonal and zeros elsewhere."""

def diagflat(input: Tensor, offset: Any=0) -> Any:
    """A matrix with the elements of the tensor on a diagonal."""

def diagonal(input: Tensor, offset: Any=0, dim1: int=0, dim2: Any=1) -> Any:
    """The diagonal of two axes, as the last axis."""

def diagonal_scatter(input: Tensor, src: Any, offset: Any=0, dim1: int=0, dim2: Any=1) -> Any:
    """A copy with a diagonal of two axes replaced by `src`."""

def diff(input: Tensor, n: Any=1, dim: int | Sequence[int] | None=-1, prepend: Any=None, append: Any=None, *, out: Tensor | None=None) -> Any:
    """Differences of neighbours along `dim`, taken `n` times."""

def digamma(input: Tensor, *, out: Tensor | None=None) -> Any:
    """ψ(x), the derivative of ln Γ."""

def div(input: Tensor, other: Tensor | Number, *, rounding_mode: Any=None, out: Tensor | None=None) -> Any:
    """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

def divide(input: Tensor, other: Tensor | Number, *, rounding_mode: Any=None, out: Tensor | None=None) -> Any:
    """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

def dot(input: Tensor, tensor: Any, *, out: Tensor | None=None) -> Any:
    """Scalar product of two vectors of one length."""

double: dtype

def dropout(input: Tensor, p: Any, train: Any) -> Any:
    """Zeros elements with probability `p` and scales the rest by 1 / (1 - p), if `train`."""

def dstack(tensors: Any, *, out: Tensor | None=None) -> Any:
    """Tensors behind each other along the third axis."""

def einsum(equation: Any, *operands: Any) -> Any:
    """Sum of products by Einstein's notation: one letter per axis, operands separated by commas, the output behind `->` (without it: the letters that occur once, in alphabetical order); letters the output lacks are summed over, `...` stands for further axes, which broadcast."""

def empty(*size: Any, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A tensor to be filled; holds zeros."""

def empty_cache() -> Any:
    """Gives the memory kept for reuse back to the operating system."""

def empty_like(input: Tensor, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A tensor to be filled, in the shape of `input`."""

def empty_strided(size: Any, stride: Any, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A tensor to be filled, in memory of the given strides."""

def eq(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x == y`."""

def equal(input: Tensor, other: Tensor | Number) -> Any:
    """Whether both have the same shape and equal elements."""

def erf(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Error function."""

def erf_(input: Tensor) -> Any:
    """Error function."""

def erfc(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Complementary error function 1 − erf(x), accurate for large x."""

def erfc_(input: Tensor) -> Any:
    """Complementary error function 1 − erf(x), accurate for large x."""

def exp(input: Tensor, *, out: Tensor | None=None) -> Any:
    """eˣ."""

def exp2(input: Tensor, *, out: Tensor | None=None) -> Any:
    """2ˣ."""

def exp2_(input: Tensor) -> Any:
    """2ˣ."""

def exp_(input: Tensor) -> Any:
    """eˣ."""

def expm1(input: Tensor, *, out: Tensor | None=None) -> Any:
    """eˣ − 1, accurate near 0."""

def expm1_(input: Tensor) -> Any:
    """eˣ − 1, accurate near 0."""

def eye(n: Any, m: Any=None, *, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A matrix with ones on the diagonal and zeros elsewhere."""

def feature_dropout(input: Tensor, p: Any, train: Any) -> Any:
    """Zeros whole channels with probability `p`."""

def fill_(input: Tensor, value: Any) -> Any:
    """Fills the tensor with one value."""

def fix(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Round towards zero."""

def fix_(input: Tensor) -> Any:
    """Round towards zero."""

def flatten(input: Tensor, start_dim: int=0, end_dim: int=-1) -> Any:
    """Axes `start_dim` to `end_dim` as one."""

def flip(input: Tensor, dims: Any) -> Any:
    """A copy with the order along `dims` reversed."""

def fliplr(input: Tensor) -> Any:
    """A copy with the order of columns reversed."""

def flipud(input: Tensor) -> Any:
    """A copy with the order of rows reversed."""

float: dtype

float16: dtype

float32: dtype

float64: dtype

def floor(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Round down."""

def floor_(input: Tensor) -> Any:
    """Round down."""

def floor_divide(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Quotient rounded towards minus infinity."""

def fmax(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """The greater of two elements, a number where the other is NaN. Ties share the gradient evenly."""

def fmin(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """The lesser of two elements, a number where the other is NaN. Ties share the gradient evenly."""

def fmod(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Remainder with the sign of the dividend, as C's `fmod`."""

def frac(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Fractional part, with the sign of `x`."""

def frac_(input: Tensor) -> Any:
    """Fractional part, with the sign of `x`."""

def from_numpy(array: Any) -> Any:
    """A tensor over the memory of a NumPy array: changes of one are seen in the other."""

def frombuffer(buffer: Any, *, dtype: dtype | None, count: Any=..., offset: Any=0, requires_grad: bool=False) -> Any:
    """A vector over the memory of an object with the buffer protocol: `count` elements (all by default) from byte
    `offset` on."""

def full(size: Any, fill_value: Number, *, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """One value everywhere."""

def full_like(input: Tensor, fill_value: Number, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """One value everywhere, in the shape of `input`."""

def gather(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, *, sparse_grad: Any=False, out: Tensor | None=None) -> Any:
    """Elements at the positions along `dim` that `index` gives, in the shape of `index`."""

def ge(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x >= y`."""

def ger(input: Tensor, vec2: Any, *, out: Tensor | None=None) -> Any:
    """All products of an element of `input` and an element of `vec2`, as a matrix."""

def get_default_dtype() -> Any:
    """The dtype of floats from Python."""

def get_num_threads() -> Any:
    """How many threads large operations use."""

def get_rng_state() -> Any:
    """The state of the default generator."""

def greater(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x > y`."""

def greater_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x >= y`."""

def group_norm(input: Tensor, num_groups: Any, weight: Any=None, bias: Any=None, eps: Any=1e-05) -> Any:
    """Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel."""

def gt(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x > y`."""

half: dtype

def hardshrink(input: Tensor, lambd: Any=0.5, *, out: Tensor | None=None) -> Any:
    """x where |x| > lambd, else 0."""

def histc(input: Tensor, bins: Any=100, min: Any=0.0, max: Any=0.0, *, out: Tensor | None=None) -> Any:
    """How many elements lie in each of `bins` intervals between `min` and `max`."""

def hstack(tensors: Any, *, out: Tensor | None=None) -> Any:
    """Tensors behind each other along the second axis; vectors along their only one."""

def index_add(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, source: Any, *, alpha: Number=1, out: Tensor | None=None) -> Any:
    """Slices of `alpha * source` added along `dim` at the positions of `index`."""

def index_copy(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, source: Any, *, out: Tensor | None=None) -> Any:
    """Slices along `dim` at the positions of `index` replaced by those of `source`."""

def index_fill(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, value: Any, *, out: Tensor | None=None) -> Any:
    """Slices along `dim` at the positions of `index` filled with one value."""

def index_put(input: Tensor, indices: Any, values: Any, accumulate: Any=False, *, out: Tensor | None=None) -> Any:
    """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""

def index_select(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, *, out: Tensor | None=None) -> Any:
    """Whole slices along `dim`, in the order `index` gives."""

def initial_seed() -> Any:
    """The seed of the default generator."""

def inner(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if one of them has no axes."""

int: dtype

int16: dtype

int32: dtype

int64: dtype

int8: dtype

def is_complex(input: Tensor) -> Any:
    """Whether the elements of a tensor are complex."""

def is_floating_point(input: Tensor) -> Any:
    """Whether the elements of a tensor are floating-point numbers."""

def is_inference(input: Tensor) -> Any:
    """Whether a tensor was made in inference mode."""

def is_nonzero(input: Tensor) -> Any:
    """Whether a one-element tensor is not zero."""

def is_same_size(input: Tensor, other: Tensor | Number) -> Any:
    """Whether two tensors have the same shape."""

def is_storage(obj: Any) -> Any:
    """Whether `obj` is a storage."""

def is_tensor(obj: Any) -> Any:
    """Whether `obj` is a tensor."""

def isclose(input: Tensor, other: Tensor | Number, rtol: Any=1e-05, atol: Any=1e-08, equal_nan: Any=False) -> Any:
    """Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements."""

def isfinite(input: Tensor) -> Any:
    """Is neither infinite nor NaN."""

def isin(elements: Any, test_elements: Any, *, assume_unique: Any=False, invert: Any=False, out: Tensor | None=None) -> Any:
    """Whether each element is among `test_elements`."""

def isinf(input: Tensor) -> Any:
    """Is +∞ or −∞."""

def isnan(input: Tensor) -> Any:
    """Is NaN."""

def isneginf(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Is −∞."""

def isposinf(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Is +∞."""

def kron(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Kronecker product: every element of `input` times all of `other`, as blocks."""

def kthvalue(input: Tensor, k: Any, dim: int | Sequence[int] | None=-1, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """The `k`-th smallest element along `dim`, from 1: values and positions."""

def layer_norm(input: Tensor, normalized_shape: Any, weight: Any=None, bias: Any=None, eps: Any=1e-05) -> Any:
    """`(x - mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized_shape`."""

def le(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x <= y`."""

def lerp(input: Tensor, end: Any, weight: Any, *, out: Tensor | None=None) -> Any:
    """`x + weight * (y - x)`, written so that both ends are exact."""

def less(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x < y`."""

def less_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x <= y`."""

def lgamma(input: Tensor, *, out: Tensor | None=None) -> Any:
    """ln|Γ(x)|."""

def linspace(start: Any, end: Any, steps: Any, *, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """`steps` numbers from `start` to `end`, both included."""

def log(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Natural logarithm."""

def log10(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Logarithm to base 10."""

def log10_(input: Tensor) -> Any:
    """Logarithm to base 10."""

def log1p(input: Tensor, *, out: Tensor | None=None) -> Any:
    """ln(1 + x), accurate near 0."""

def log1p_(input: Tensor) -> Any:
    """ln(1 + x), accurate near 0."""

def log2(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Logarithm to base 2."""

def log2_(input: Tensor) -> Any:
    """Logarithm to base 2."""

def log_(input: Tensor) -> Any:
    """Natural logarithm."""

def log_softmax(input: Tensor, dim: int | Sequence[int] | None, dtype: dtype | None=None, *, out: Tensor | None=None) -> Any:
    """Logarithm of the softmax along `dim`, more exact than the two in turn."""

def logcumsumexp(input: Tensor, dim: int | Sequence[int] | None, *, out: Tensor | None=None) -> Any:
    """Logarithm of the running sum of exponentials along `dim`."""

def logical_and(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Both are not zero."""

def logical_not(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Is zero."""

def logical_or(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Either is not zero."""

def logical_xor(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Exactly one is not zero."""

def logspace(start: Any, end: Any, steps: Any, base: Any=10.0, *, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """`base` to the powers of `linspace`."""

def logsumexp(input: Tensor, dim: int | Sequence[int] | None, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """ln Σ eˣ over `dim`, without overflow."""

long: dtype

def lt(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x < y`."""

def manual_seed(seed: Any) -> Any:
    """Seeds the default generator and returns it."""

def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Any:
    """`value` where `mask` is true, `input` elsewhere."""

def masked_scatter(input: Tensor, mask: Tensor, source: Any, *, out: Tensor | None=None) -> Any:
    """The elements where `mask` is true replaced by those of `source`, in order."""

def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Any:
    """The elements where `mask` is true, as a vector."""

def matmul(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""

def matrix_power(input: Tensor, n: Any, *, out: Tensor | None=None) -> Any:
    """The `n`-th power (n ≥ 0) of a square matrix, or of each matrix of a batch."""

def max(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins."""

def max_pool1d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, dilation: Any=1, ceil_mode: Any=False) -> Any:
    """Greatest element of each window."""

def max_pool2d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, dilation: Any=1, ceil_mode: Any=False) -> Any:
    """Greatest element of each window."""

def max_pool3d(input: Tensor, kernel_size: Any, stride: Any=None, padding: Any=0, dilation: Any=1, ceil_mode: Any=False) -> Any:
    """Greatest element of each window."""

def maximum(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """The greater of two elements; NaN if either is. Ties share the gradient evenly."""

def mean(input: Tensor, *, dtype: dtype | None=None, out: Tensor | None=None) -> Any:
    """Mean of all elements, or over `dim`, of floats."""

def median(input: Tensor) -> Any:
    """The lower median of all elements, or along `dim`; NaN where there is one."""

def memory_stats() -> Any:
    """Bytes of the memory pool: in tensors that are alive, the most so far, and kept for reuse. Tensors of at most 64
    bytes are not counted."""

def meshgrid(*tensors: Any, indexing: Any=None) -> Any:
    """The coordinates of the grid that vectors span; `indexing` is 'ij' (matrix) or 'xy' (Cartesian)."""

def min(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Least element of all, along `dim` (with its index), or of two tensors. NaN wins."""

def minimum(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """The lesser of two elements; NaN if either is. Ties share the gradient evenly."""

def mm(input: Tensor, mat2: Any, *, out: Tensor | None=None) -> Any:
    """Product of two matrices (m × k and k × n); nothing is broadcast."""

def mode(input: Tensor, dim: int | Sequence[int] | None=-1, keepdim: bool=False, *, out: Tensor | None=None) -> Any:
    """The most frequent element along `dim`, the least of several: values and positions."""

def moveaxis(input: Tensor, source: Any, destination: Any) -> Any:
    """Axes moved to other places; the rest keep their order."""

def movedim(input: Tensor, source: Any, destination: Any) -> Any:
    """Axes moved to other places; the rest keep their order."""

def msort(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Sorted along the first axis."""

def mul(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Product `x * y`. For `bool`, logical and."""

def multinomial(input: Tensor, num_samples: Any, replacement: Any=False, *, generator: Generator | None=None, out: Tensor | None=None) -> Any:
    """Positions drawn with the weights of a vector, or of each row of a matrix."""

def multiply(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Product `x * y`. For `bool`, logical and."""

def mv(input: Tensor, vec: Any, *, out: Tensor | None=None) -> Any:
    """Product of a matrix and a vector."""

def nan_to_num(input: Tensor, nan: Any=0.0, posinf: Any=None, neginf: Any=None, *, out: Tensor | None=None) -> Any:
    """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

def nan_to_num_(input: Tensor, nan: Any=0.0, posinf: Any=None, neginf: Any=None) -> Any:
    """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

def nanmedian(input: Tensor) -> Any:
    """The lower median of the elements that are not NaN."""

def nanquantile(input: Tensor, q: Any, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, interpolation: Any='linear', out: Tensor | None=None) -> Any:
    """The quantiles `q` of the elements that are not NaN, of all or along `dim`."""

def narrow(input: Tensor, dim: int | Sequence[int] | None, start: Any, length: Any) -> Any:
    """`length` elements of an axis from `start`."""

def ne(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x != y`."""

def neg(input: Tensor, *, out: Tensor | None=None) -> Any:
    """`-x`."""

def neg_(input: Tensor) -> Any:
    """`-x`."""

def negative(input: Tensor, *, out: Tensor | None=None) -> Any:
    """`-x`."""

def negative_(input: Tensor) -> Any:
    """`-x`."""

def nonzero(input: Tensor, *, as_tuple: Any=False, out: Tensor | None=None) -> Any:
    """Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis."""

def norm(input: Tensor, p: Any='fro', dim: int | Sequence[int] | None=None, keepdim: bool=False, dtype: dtype | None=None, *, out: Tensor | None=None) -> Any:
    """‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0."""

def normal(mean: Any, std: Any=1.0, *, generator: Generator | None=None, out: Tensor | None=None) -> Any:
    """Normal numbers of given mean and standard deviation: numbers (with a `size`) or tensors."""

def not_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`x != y`."""

def numel(input: Tensor) -> Any:
    """The number of elements of a tensor."""

def ones(*size: Any, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Ones."""

def ones_like(input: Tensor, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Ones in the shape of `input`."""

def outer(input: Tensor, vec2: Any, *, out: Tensor | None=None) -> Any:
    """All products of an element of `input` and an element of `vec2`, as a matrix."""

def pairwise_distance(x1: Any, x2: Any, p: Any=2.0, eps: Any=1e-06, keepdim: bool=False) -> Any:
    """p-norm of `x1 - x2 + eps` along the last axis."""

def permute(input: Tensor, dims: Any) -> Any:
    """Axes in another order."""

def poisson(input: Tensor, generator: Generator | None=None) -> Any:
    """A Poisson number for each rate."""

def positive(input: Tensor) -> Any:
    """The tensor itself."""

def pow(input: Tensor, exponent: Any, *, out: Tensor | None=None) -> Any:
    """Power `input ** exponent`."""

preserve_format: memory_format

def prod(input: Tensor, *, dtype: dtype | None=None) -> Any:
    """Product of all elements, or over `dim`; integers and bool give int64."""

def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that holds the values of both."""

def put(input: Tensor, index: Tensor, source: Any, accumulate: Any=False, *, out: Tensor | None=None) -> Any:
    """Elements of `source` written (or added) at positions of the flattened tensor."""

def quantile(input: Tensor, q: Any, dim: int | Sequence[int] | None=None, keepdim: bool=False, *, interpolation: Any='linear', out: Tensor | None=None) -> Any:
    """The quantiles `q` of all elements or along `dim`; NaN where there is one."""

def rand(*size: Any, generator: Generator | None=None, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Uniform numbers in [0, 1)."""

def rand_like(input: Tensor, *, dtype: dtype | None=None, generator: Generator | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Uniform numbers in [0, 1), in the shape of `input`."""

def randint(high: Any, size: Any, *, generator: Generator | None=None, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Integers from `low` (0 by default) up to but without `high`."""

def randint_like(input: Tensor, high: Any, *, dtype: dtype | None=None, generator: Generator | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Integers from `low` (0 by default) up to but without `high`, in the shape of `input`."""

def randn(*size: Any, generator: Generator | None=None, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Standard normal numbers."""

def randn_like(input: Tensor, *, dtype: dtype | None=None, generator: Generator | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Standard normal numbers, in the shape of `input`."""

def randperm(n: Any, *, generator: Generator | None=None, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A permutation of the numbers below `n`."""

def ravel(input: Tensor) -> Any:
    """All elements as one axis."""

def reciprocal(input: Tensor, *, out: Tensor | None=None) -> Any:
    """`1 / x`."""

def reciprocal_(input: Tensor) -> Any:
    """`1 / x`."""

def registry() -> Any:
    """Every name made from the tables, one dictionary each: `name`, `namespace`, `op`, `aliases`, `signature`,
    `signatures`, `doc`, `forms`, `kind`, `in_place`; for elementwise rows also `node`, `domain`, `tier`, `inputs`,
    `differentiable`."""

def relu(input: Tensor) -> Any:
    """max(x, 0); gradient 0 at 0."""

def relu_(input: Tensor) -> Any:
    """max(x, 0); gradient 0 at 0."""

def remainder(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Remainder with the sign of the divisor, as Python's `%`."""

def repeat_interleave(input: Tensor, repeats: Any, dim: int | Sequence[int] | None=None, *, output_size: Any=None) -> Any:
    """Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor."""

def reshape(input: Tensor, shape: Any) -> Any:
    """The same elements in another shape: a view where possible, else a copy; one size may be -1."""

def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype an operation on the two arguments, tensors or numbers, would compute in."""

def rms_norm(input: Tensor, normalized_shape: Any, weight: Any=None, eps: Any=None) -> Any:
    """`x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized_shape`; `eps` is that of the dtype if not given."""

def roll(input: Tensor, shifts: Any, dims: Any=None) -> Any:
    """Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start."""

def rot90(input: Tensor, k: Any=1, dims: Any=(0, 1)) -> Any:
    """Turned by `k` right angles in the plane of two axes, the first two by default."""

def round(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Round half to even."""

def round_(input: Tensor) -> Any:
    """Round half to even."""

def row_stack(tensors: Any, *, out: Tensor | None=None) -> Any:
    """Tensors below each other; vectors are rows."""

def rsqrt(input: Tensor, *, out: Tensor | None=None) -> Any:
    """`1 / sqrt(x)`."""

def rsqrt_(input: Tensor) -> Any:
    """`1 / sqrt(x)`."""

def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number=1) -> Any:
    """Difference `other - alpha * input`."""

def safetensors_deserialize(data: Any) -> Any:
    """The dictionary of tensors and the dictionary of texts in the bytes of a safetensors file. The tensors have memory of
    their own."""

def safetensors_serialize(tensors: Any, metadata: Any=None) -> Any:
    """A dictionary of tensors, with texts beside them, as the bytes of a safetensors file."""

def scalar_tensor(s: Any, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """A tensor without axes."""

def scatter(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, src: Any, *, reduce: Any=None, out: Tensor | None=None) -> Any:
    """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""

def scatter_add(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, src: Any, *, out: Tensor | None=None) -> Any:
    """Elements of `src` added at the positions along `dim` that `index` gives."""

def scatter_reduce(input: Tensor, dim: int | Sequence[int] | None, index: Tensor, src: Any, reduce: Any, *, include_self: Any=True, out: Tensor | None=None) -> Any:
    """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""

def searchsorted(sorted_sequence: Any, input: Tensor, *, out_int32: Any=False, right: Any=False, side: Any=None, sorter: Any=None, out: Tensor | None=None) -> Any:
    """Where each value would be inserted into the ascending last axis of `sorted_sequence`."""

def seed() -> Any:
    """Seeds the default generator from the operating system and returns the seed."""

def select(input: Tensor, dim: int | Sequence[int] | None, index: Tensor) -> Any:
    """One position of an axis, the axis removed."""

def select_scatter(input: Tensor, src: Any, dim: int | Sequence[int] | None, index: Tensor) -> Any:
    """A copy with one position of `dim` replaced by `src`."""

def selu(input: Tensor) -> Any:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def selu_(input: Tensor) -> Any:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def set_default_dtype(d: Any) -> Any:
    """Sets the dtype of floats from Python: `float32` or `float64`."""

def set_num_threads(int: Any) -> Any:
    """Sets how many threads large operations use. Results do not depend on it."""

def set_rng_state(new_state: Any) -> Any:
    """Loads a state into the default generator."""

def sgd_step(params: Any, grads: Any, buffers: Any, *, lr: Any, momentum: Any, dampening: Any, weight_decay: Any, nesterov: Any, maximize: Any) -> Any:
    """One step of stochastic gradient descent for all parameters. A momentum buffer that is `None` is made and put into
    the list."""

def sgn(input: Tensor, *, out: Tensor | None=None) -> Any:
    """−1, 0 or 1."""

short: dtype

def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def sigmoid_(input: Tensor) -> Any:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def sign(input: Tensor, *, out: Tensor | None=None) -> Any:
    """−1, 0 or 1."""

def signbit(input: Tensor, *, out: Tensor | None=None) -> Any:
    """The sign bit is set, also that of −0 and of NaN."""

def sin(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Sine of radians."""

def sin_(input: Tensor) -> Any:
    """Sine of radians."""

def sinh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Hyperbolic sine."""

def sinh_(input: Tensor) -> Any:
    """Hyperbolic sine."""

def slice_scatter(input: Tensor, src: Any, dim: int | Sequence[int] | None=0, start: Any=None, end: Any=None, step: Any=1) -> Any:
    """A copy with a slice of `dim` replaced by `src`."""

def softmax(input: Tensor, dim: int | Sequence[int] | None, dtype: dtype | None=None, *, out: Tensor | None=None) -> Any:
    """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

def sort(input: Tensor, dim: int | Sequence[int] | None=-1, descending: Any=False, *, out: Tensor | None=None) -> Any:
    """Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order."""

def split(tensor: Any, split_size_or_sections: Any, dim: int | Sequence[int] | None=0) -> Any:
    """Parts of one length (the last may be shorter), or of given lengths."""

def split_with_sizes(input: Tensor, split_sizes: Any, dim: int | Sequence[int] | None=0) -> Any:
    """Parts of given lengths along an axis."""

def sqrt(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Square root; the gradient at 0 is infinite."""

def sqrt_(input: Tensor) -> Any:
    """Square root; the gradient at 0 is infinite."""

def square(input: Tensor, *, out: Tensor | None=None) -> Any:
    """`x * x`."""

def square_(input: Tensor) -> Any:
    """`x * x`."""

def squeeze(input: Tensor) -> Any:
    """Without axes of size 1: all, or those named."""

def stack(tensors: Any, dim: int | Sequence[int] | None=0, *, out: Tensor | None=None) -> Any:
    """Tensors of one shape as the positions of a new axis."""

def std(input: Tensor, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False, out: Tensor | None=None) -> Any:
    """Standard deviation over `dim` (all by default)."""

def std_mean(input: Tensor, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False) -> Any:
    """Standard deviation and mean over `dim`, as a tuple."""

strided: layout

def sub(input: Tensor, other: Tensor | Number, *, alpha: Number=1, out: Tensor | None=None) -> Any:
    """Difference `input - alpha * other`, broadcast and promoted."""

def subtract(input: Tensor, other: Tensor | Number, *, alpha: Number=1, out: Tensor | None=None) -> Any:
    """Difference `input - alpha * other`, broadcast and promoted."""

def sum(input: Tensor, *, dtype: dtype | None=None) -> Any:
    """Sum of all elements, or over `dim`; integers and bool give int64."""

def swapaxes(input: Tensor, axis0: Any, axis1: Any) -> Any:
    """Two axes exchanged."""

def swapdims(input: Tensor, dim0: int, dim1: int) -> Any:
    """Two axes exchanged."""

def t(input: Tensor) -> Any:
    """The transpose of a matrix; vectors as they are."""

def take(input: Tensor, index: Tensor, *, out: Tensor | None=None) -> Any:
    """Elements at positions of the flattened tensor, in the shape of `index`."""

def take_along_dim(input: Tensor, indices: Any, dim: int | Sequence[int] | None=None, *, out: Tensor | None=None) -> Any:
    """As `gather`, with broadcasting; without `dim` of the flattened tensor."""

def tan(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Tangent of radians."""

def tan_(input: Tensor) -> Any:
    """Tangent of radians."""

def tanh(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Hyperbolic tangent."""

def tanh_(input: Tensor) -> Any:
    """Hyperbolic tangent."""

def tensor(data: Any, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False, pin_memory: Any=False) -> Any:
    """A tensor with a copy of `data`: a number, nested lists or tuples of numbers, a NumPy array, another tensor."""

def tensor_split(input: Tensor, indices: Any, dim: int | Sequence[int] | None=0) -> Any:
    """A number of parts of sizes as equal as can be, or the parts between given positions of an axis."""

def tensordot(a: Any, b: Any, dims: Any=2, *, out: Tensor | None=None) -> Any:
    """Sums of products over pairs of axes: the last `dims` axes of `a` and the first of `b`, or the axes of two lists. The other axes of `a`, then those of `b`, remain."""

def threshold(input: Tensor, threshold: Any, value: Any, *, out: Tensor | None=None) -> Any:
    """x where greater than `threshold`, else `value`."""

def threshold_(input: Tensor, threshold: Any, value: Any) -> Any:
    """x where greater than `threshold`, else `value`."""

def tile(input: Tensor, dims: Any) -> Any:
    """The whole tensor several times along each axis; axes that are not mentioned once."""

def topk(input: Tensor, k: Any, dim: int | Sequence[int] | None=-1, largest: Any=True, sorted: Any=True, *, out: Tensor | None=None) -> Any:
    """The `k` greatest (or smallest) elements along `dim`, in order: values and positions."""

def trace(input: Tensor) -> Any:
    """Sum of the diagonal of a matrix."""

def transpose(input: Tensor, dim0: int, dim1: int) -> Any:
    """Two axes exchanged."""

def tril(input: Tensor, diagonal: Any=0, *, out: Tensor | None=None) -> Any:
    """The triangle on and below a diagonal, zeros above."""

def tril_indices(row: Any, col: Any, offset: Any=0, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Row and column numbers of the elements on and below a diagonal of a matrix."""

def triu(input: Tensor, diagonal: Any=0, *, out: Tensor | None=None) -> Any:
    """The triangle on and above a diagonal, zeros below."""

def triu_indices(row: Any, col: Any, offset: Any=0, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Row and column numbers of the elements on and above a diagonal of a matrix."""

def true_divide(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Quotient `input / other`; integers give floats."""

def trunc(input: Tensor, *, out: Tensor | None=None) -> Any:
    """Round towards zero."""

def trunc_(input: Tensor) -> Any:
    """Round towards zero."""

uint8: dtype

def unbind(input: Tensor, dim: int | Sequence[int] | None=0) -> Any:
    """Every position of an axis, as a tuple."""

def unflatten(input: Tensor, dim: int | Sequence[int] | None, sizes: Any) -> Any:
    """One axis as several; one size may be -1."""

def unique(input: Tensor, sorted: Any=True, return_inverse: Any=False, return_counts: Any=False, dim: int | Sequence[int] | None=None) -> Any:
    """The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups."""

def unique_consecutive(input: Tensor, return_inverse: Any=False, return_counts: Any=False, dim: int | Sequence[int] | None=None) -> Any:
    """The elements (or slices along `dim`) without those that equal their predecessor."""

def unravel_index(indices: Any, shape: Any) -> Any:
    """Positions in the flattened form of a tensor of `shape` as one index per axis, a tuple of `int64` in the shape of `indices`."""

def unsqueeze(input: Tensor, dim: int | Sequence[int] | None) -> Any:
    """A new axis of size 1 at `dim`."""

def var(input: Tensor, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False, out: Tensor | None=None) -> Any:
    """Variance over `dim` (all by default); `correction` is subtracted from the number of elements."""

def var_mean(input: Tensor, dim: int | Sequence[int] | None=None, *, correction: Any=1, keepdim: bool=False) -> Any:
    """Variance and mean over `dim`, as a tuple."""

def vdot(input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """Scalar product of two vectors, the first conjugated: for real numbers `dot`."""

def vstack(tensors: Any, *, out: Tensor | None=None) -> Any:
    """Tensors below each other; vectors are rows."""

def where(condition: Any, input: Tensor, other: Tensor | Number, *, out: Tensor | None=None) -> Any:
    """`input` where `condition` is true, `other` elsewhere."""

def zero_(input: Tensor) -> Any:
    """Fills the tensor with zeros."""

def zeros(*size: Any, dtype: dtype | None=None, out: Tensor | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Zeros."""

def zeros_like(input: Tensor, *, dtype: dtype | None=None, device: Any=None, requires_grad: bool=False) -> Any:
    """Zeros in the shape of `input`."""
