# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
# mypy: disable-error-code="override, misc, overload-cannot-match"

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import EllipsisType
from typing import Any, Literal, NamedTuple, Never, Self, SupportsIndex, TypeAlias, TypeGuard, TypeVar, overload
import numpy as np
from numpy.typing import NDArray
from . import _autograd as _autograd
from . import fft as fft
from . import linalg as linalg
from . import nn as nn
from . import special as special
from ._autograd import Node, RemovableHandle
from arcgrad.autograd.graph import GradientEdge
_device: TypeAlias = device
_dtype: TypeAlias = dtype
_layout: TypeAlias = layout
_memory_format: TypeAlias = memory_format
Number: TypeAlias = builtins.int | builtins.float | builtins.bool | np.number[Any] | np.bool_
Float: TypeAlias = builtins.float | np.number[Any] | Tensor
DType: TypeAlias = _dtype | builtins.type[builtins.bool] | builtins.type[builtins.int] | builtins.type[builtins.float]
Device: TypeAlias = _device | str | builtins.int | None
Index: TypeAlias = SupportsIndex | slice | EllipsisType | Tensor | list[Any] | range | NDArray[Any] | None
Item: TypeAlias = builtins.bool | Any
Gradient: TypeAlias = Tensor | Any
Writer: TypeAlias = Node | Any
Kind = TypeVar('Kind', bound=Tensor)

class Tensor:
    """A multi-dimensional array of numbers that can take part in a differentiable graph."""

    def __new__(cls, *args: Any, device: Device=None, dtype: DType | None=None, data: Any=None) -> Self: ...
    @property
    def H(self) -> Tensor:
        """The transpose of a matrix, conjugated."""

    @property
    def T(self) -> Tensor:
        """All axes reversed."""

    @property
    def mH(self) -> Tensor:
        """The last two axes exchanged, conjugated."""

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""

    @property
    def real(self) -> Tensor:
        """The real parts: a view. The tensor itself where it is real."""

    @real.setter
    def real(self, value: Tensor | builtins.complex) -> None: ...
    @property
    def imag(self) -> Tensor:
        """The imaginary parts: a view. Refused where the tensor is real."""

    @imag.setter
    def imag(self, value: Tensor | builtins.complex) -> None: ...
    @property
    def data(self) -> Tensor:
        """The same memory, cut off from the graph and its checks: changes through it are not noticed by backward."""

    @data.setter
    def data(self, value: Tensor) -> None: ...
    @property
    def device(self) -> _device:
        """Where the tensor lies: the CPU, or `meta` if it has no data."""

    @property
    def dtype(self) -> _dtype:
        """The element type."""

    @property
    def layout(self) -> _layout:
        """How the elements are stored: strided."""

    @property
    def grad(self) -> Gradient:
        """The accumulated gradient, or `None`."""

    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @grad.deleter
    def grad(self) -> None: ...
    @property
    def grad_fn(self) -> Writer:
        """The node that made this tensor, ``None`` for a leaf."""

    @property
    def is_cpu(self) -> builtins.bool:
        """Whether it lies on the CPU."""

    @property
    def is_cuda(self) -> builtins.bool:
        """Whether it lies on a CUDA device: never."""

    @property
    def is_leaf(self) -> builtins.bool:
        """Whether no recorded operation made it."""

    @property
    def is_meta(self) -> builtins.bool:
        """Whether it has a shape and no data."""

    @property
    def is_mkldnn(self) -> builtins.bool:
        """Whether it has oneDNN's layout: never."""

    @property
    def is_mps(self) -> builtins.bool:
        """Whether it lies on an Apple GPU: never."""

    @property
    def is_nested(self) -> builtins.bool:
        """Whether it is a nested tensor: never."""

    @property
    def is_quantized(self) -> builtins.bool:
        """Whether it is quantized: never."""

    @property
    def is_sparse(self) -> builtins.bool:
        """Whether it is stored sparsely: never."""

    @property
    def is_sparse_csr(self) -> builtins.bool:
        """Whether it is stored as compressed sparse rows: never."""

    @property
    def is_xpu(self) -> builtins.bool:
        """Whether it lies on an XPU: never."""

    @property
    def itemsize(self) -> builtins.int:
        """Bytes per element."""

    @property
    def nbytes(self) -> builtins.int:
        """Bytes of all elements."""

    @property
    def ndim(self) -> builtins.int:
        """The number of axes."""

    @property
    def output_nr(self) -> builtins.int:
        """Which output of its node it is."""

    @property
    def requires_grad(self) -> builtins.bool:
        """Whether a gradient is computed for it."""

    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    @property
    def retains_grad(self) -> builtins.bool:
        """Whether `retain_grad()` is in force."""

    @property
    def shape(self) -> Size:
        """The sizes of the axes."""

    @property
    def _backward_hooks(self) -> Any:
        """The tensor's hooks by number, or the dictionary that the program has assigned."""

    @_backward_hooks.setter
    def _backward_hooks(self, value: Any) -> None: ...
    @property
    def _base(self) -> Tensor | None:
        """The tensor it is a view of, or `None`."""

    @property
    def _grad_fn(self) -> Node | None:
        """Another name of `grad_fn`, which cannot be changed."""

    @property
    def _grad(self) -> Tensor | None:
        """The accumulated gradient, or `None`."""

    @property
    def _post_accumulate_grad_hooks(self) -> Any:
        """The leaf's post-accumulate hooks by number."""

    @property
    def _version(self) -> builtins.int:
        """In-place operations on its memory so far."""

    def _is_view(self) -> builtins.bool:
        """Whether it is a view."""

    @staticmethod
    def _make_subclass(cls: builtins.type[Any], data: Tensor, require_grad: builtins.bool=False) -> Any:
        """staticmethod(function) -> method"""

    @staticmethod
    def _make_wrapper_subclass(cls: builtins.type[Any], size: Sequence[builtins.int], strides: Any=None, storage_offset: Any=None, memory_format: Any=None, dtype: DType | None=None, layout: Any=None, device: Device=None, pin_memory: builtins.bool=False, requires_grad: builtins.bool=False, dispatch_sizes_strides_policy: str | None=None, dispatch_device: builtins.bool=False, dispatch_layout: builtins.bool=False, storage_size: Any=None) -> Any:
        """staticmethod(function) -> method"""

    @staticmethod
    def _new_legacy(dtype: _dtype, *args: Any) -> Tensor:
        """staticmethod(function) -> method"""

    def __array__(self, dtype: Any=None, copy: builtins.bool | None=None) -> NDArray[Any]: ...
    def __array_wrap__(self, array: NDArray[Any], context: Any=None, return_scalar: builtins.bool=False) -> Any: ...
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any=None, kwargs: Any=None) -> Any: ...
    __torch_dispatch__: Any

    def __bool__(self) -> builtins.bool: ...
    def __complex__(self) -> builtins.complex: ...
    def __contains__(self, element: Any) -> builtins.bool: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Self: ...
    def __dir__(self) -> list[str]: ...
    def __float__(self) -> builtins.float: ...
    def __format__(self, format_spec: str, /) -> str: ...
    def __getitem__(self, index: Index | tuple[Index, ...], /) -> Tensor: ...
    def __hash__(self) -> builtins.int: ...
    def __index__(self) -> builtins.int: ...
    def __int__(self) -> builtins.int: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __len__(self) -> builtins.int: ...
    def __reversed__(self) -> Tensor: ...
    def __setitem__(self, index: Index | tuple[Index, ...], value: Operand, /) -> None: ...
    def apply_(self, callable: Callable[[Any], Any]) -> Self:
        """Replaces each element by `callable(element)`: slow, for experiments."""

    def as_subclass(self, cls: builtins.type[Kind]) -> Kind:
        """The same tensor as an object of the class `cls`."""

    def backward(self, gradient: Tensor | None=None, retain_graph: builtins.bool | None=None, create_graph: builtins.bool=False, inputs: Tensor | GradientEdge | Sequence[Tensor | GradientEdge] | None=None) -> None:
        """Compute the gradients of this tensor and add them into the ``.grad`` of the leaves it depends on."""

    def bfloat16(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `bfloat16`."""

    def cdouble(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `complex128`."""

    def cfloat(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `complex64`."""

    def bool(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `bool`."""

    def byte(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `uint8`."""

    def char(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `int8`."""

    def cpu(self, memory_format: _memory_format | None=None) -> Self:
        """The tensor itself, if it lies on the CPU; what has no data cannot be brought there."""

    def cuda(self, *_args: Any, **_kwargs: Any) -> Tensor:
        """Refused: there is no accelerator."""

    def data_ptr(self) -> builtins.int:
        """The address of the first element."""

    def detach(self) -> Tensor:
        """The same memory and version counter, cut off from the graph."""

    def detach_(self) -> Self:
        """Cuts the tensor itself off from the graph."""

    def dim(self) -> builtins.int:
        """The number of axes."""

    def double(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `float64`."""

    def element_size(self) -> builtins.int:
        """Bytes per element."""

    def float(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `float32`."""

    def get_device(self) -> builtins.int:
        """The number of its device: -1, for none."""

    def half(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `float16`."""

    def int(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `int32`."""

    def is_complex(self) -> builtins.bool:
        """Whether the elements are complex."""

    def is_conj(self) -> builtins.bool:
        """Whether it is stored as a conjugate: never."""

    def is_contiguous(self, memory_format: _memory_format | None=None) -> builtins.bool:
        """Whether the elements lie row-major without gaps, or in the order of another `memory_format`."""

    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are floating-point numbers."""

    def is_inference(self) -> builtins.bool:
        """Whether it was made in inference mode."""

    def is_neg(self) -> builtins.bool:
        """Whether it is stored as a negative: never."""

    def is_pinned(self, device: Device=None) -> builtins.bool:
        """Whether it lies in page-locked memory: never."""

    def is_shared(self) -> builtins.bool:
        """Whether its memory has been moved to where other processes may see it."""

    def is_signed(self) -> builtins.bool:
        """Whether the elements can be negative."""

    def item(self) -> Item:
        """The only element as a Python number."""

    def long(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `int64`."""

    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Self:
        """Replaces each element by `callable(element, element of the other tensor)`: slow, for experiments."""

    def ndimension(self) -> builtins.int:
        """The number of axes."""

    def nelement(self) -> builtins.int:
        """The number of elements."""

    def new(self, *args: Any, size: Sequence[builtins.int] | None=None, device: Device=None) -> Tensor:
        """What the class makes of these arguments, in the dtype of this tensor: `x.new(2, 3)`, `x.new([1, 2])`. Old;
`new_empty` and `new_tensor` are clearer."""

    def new_tensor(self, data: Any, *, dtype: DType | None=None, device: Device=None, requires_grad: builtins.bool=False, layout: _layout | None=None, pin_memory: builtins.bool=False) -> Tensor:
        """A tensor with a copy of `data`, by default in the dtype of this one."""

    def numel(self) -> builtins.int:
        """The number of elements."""

    def numpy(self, *, force: builtins.bool=False) -> NDArray[Any]:
        """The elements as a NumPy array over the same memory. `force=True` also takes tensors that require gradients."""

    def pin_memory(self, device: Device=None) -> Tensor:
        """Refused: page-locked memory serves accelerators."""

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` when the gradient of this tensor is known; it may return another gradient."""

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], None]) -> RemovableHandle:
        """Call ``hook(tensor)`` after a gradient has been added into ``.grad`` of this leaf."""

    def requires_grad_(self, requires_grad: builtins.bool=True) -> Self:
        """Switches gradients on or off; returns the tensor."""

    def resize_(self, *sizes: Any, memory_format: _memory_format | None=None) -> Self:
        """Gives the tensor another shape, row-major; elements beyond the old ones are zero."""

    def resize_as_(self, the_template: Tensor, memory_format: _memory_format | None=None) -> Self:
        """`resize_` to the shape of another tensor."""

    def retain_grad(self) -> None:
        """Keeps `.grad` of a tensor that is no leaf."""

    def set_(self, source: Tensor | UntypedStorage | None=None, storage_offset: builtins.int=0, size: Sequence[builtins.int] | None=None, stride: Sequence[builtins.int] | None=None) -> Self:
        """Shows other memory: that of `source`, a tensor or a storage."""

    def short(self, memory_format: _memory_format | None=None) -> Tensor:
        """As `int16`."""

    @overload
    def size(self, dim: None=None) -> Size:
        """The sizes of the axes, or of one axis."""

    @overload
    def size(self, dim: SupportsIndex) -> builtins.int: ...
    def storage_offset(self) -> builtins.int:
        """The place of the first element in the storage, in elements."""

    @overload
    def stride(self, dim: None=None) -> tuple[builtins.int, ...]:
        """The distances in memory between neighbours along the axes, in elements, or along one axis."""

    @overload
    def stride(self, dim: SupportsIndex) -> builtins.int: ...
    @overload
    def to(self, dtype: DType, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _memory_format | None=None) -> Tensor:
        """The tensor in another dtype (or on a device, of which there is one); itself where nothing changes, unless
`copy=True`."""

    @overload
    def to(self, device: Device=None, dtype: DType | None=None, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _memory_format | None=None) -> Tensor: ...
    @overload
    def to(self, other: Tensor, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _memory_format | None=None) -> Tensor: ...
    def __dlpack__(self, **options: Any) -> Any: ...
    def __dlpack_device__(self) -> tuple[builtins.int, builtins.int]: ...
    def _is_all_true(self) -> Tensor:
        """See ``arcgrad._is_all_true``."""

    def _is_any_true(self) -> Tensor:
        """See ``arcgrad._is_any_true``."""

    def _rev_view_func_unsafe(self, new_view: Tensor, symint_visitor_fn: Any=None, tensor_visitor_fn: Any=None) -> Tensor:
        """See ``arcgrad._rev_view_func_unsafe``."""

    def _view_func(self, new_base: Tensor, symint_visitor_fn: Any=None, tensor_visitor_fn: Any=None) -> Tensor:
        """See ``arcgrad._view_func``."""

    def _view_func_unsafe(self, new_base: Tensor, symint_visitor_fn: Any=None, tensor_visitor_fn: Any=None) -> Tensor:
        """See ``arcgrad._view_func_unsafe``."""

    def as_strided_scatter(self, src: Tensor, size: Any, stride: Any, storage_offset: builtins.int | None=None) -> Tensor:
        """See ``arcgrad.as_strided_scatter``."""

    def dim_order(self, *, ambiguity_check: builtins.bool | list[Any]=False) -> tuple[builtins.int, ...]:
        """See ``arcgrad.dim_order``."""

    def dsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
        """See ``arcgrad.dsplit``."""

    def hsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
        """See ``arcgrad.hsplit``."""

    def index_reduce(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool=True, out: Tensor | None=None) -> Tensor:
        """See ``arcgrad.index_reduce``."""

    def index_reduce_(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
        """See ``arcgrad.index_reduce_``."""

    def is_distributed(self) -> builtins.bool:
        """See ``arcgrad.is_distributed``."""

    def is_nonzero(self) -> builtins.bool:
        """See ``arcgrad.is_nonzero``."""

    def is_same_size(self, other: Tensor) -> builtins.bool:
        """See ``arcgrad.is_same_size``."""

    def is_set_to(self, tensor: Tensor) -> builtins.bool:
        """See ``arcgrad.is_set_to``."""

    def map2_(self, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
        """See ``arcgrad.map2_``."""

    def narrow_copy(self, dim: builtins.int, start: builtins.int, length: builtins.int, *, out: Tensor | None=None) -> Tensor:
        """See ``arcgrad.narrow_copy``."""

    def new_empty_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], dtype: _dtype | None=None, device: Any=None, requires_grad: builtins.bool=False, layout: _layout | None=None, pin_memory: builtins.bool=False) -> Tensor:
        """See ``arcgrad.new_empty_strided``."""

    def nonzero_static(self, *, size: builtins.int, fill_value: builtins.int=-1, out: Tensor | None=None) -> Tensor:
        """See ``arcgrad.nonzero_static``."""

    def vsplit(self, indices_or_sections: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
        """See ``arcgrad.vsplit``."""

    def dist(self, other: Tensor, p: builtins.float=2) -> Tensor:
        """See ``arcgrad.dist``."""

    def eig(*args: Any, **kwargs: Any) -> Never:
        """See ``arcgrad.eig``."""

    def fill_diagonal_(self, fill_value: Number, wrap: builtins.bool=False) -> Tensor:
        """See ``arcgrad.fill_diagonal_``."""

    def histogram(self, bins: Tensor | builtins.int=100, *, range: Sequence[builtins.float] | None=None, weight: Tensor | None=None, density: builtins.bool=False, out: Any=None) -> Any:
        """See ``arcgrad.histogram``."""

    def lstsq(*args: Any, **kwargs: Any) -> Never:
        """See ``arcgrad.lstsq``."""

    def resize(self, *sizes: builtins.int) -> Tensor:
        """See ``arcgrad.resize``."""

    def resize_as(self, tensor: Tensor) -> Tensor:
        """See ``arcgrad.resize_as``."""

    def unsafe_chunk(self, chunks: builtins.int, dim: builtins.int=0) -> tuple[Tensor, ...]:
        """See ``arcgrad.unsafe_chunk``."""

    def unsafe_split(self, split_size: builtins.int, dim: builtins.int=0) -> tuple[Tensor, ...]:
        """See ``arcgrad.unsafe_split``."""

    def unsafe_split_with_sizes(self, split_sizes: Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
        """See ``arcgrad.unsafe_split_with_sizes``."""

    def renorm(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """See ``arcgrad.renorm``."""

    def renorm_(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """See ``arcgrad.renorm_``."""

    def solve(*args: Any, **kwargs: Any) -> Never:
        """See ``arcgrad.solve``."""

    def sparse_mask(self, mask: Any) -> Any:
        """See ``arcgrad.sparse_mask``."""

    def storage(self) -> Any:
        """See ``arcgrad.storage``."""

    def storage_type(self) -> Any:
        """See ``arcgrad.storage_type``."""

    @property
    def volatile(self) -> builtins.bool:
        """False: what was once said so is said by ``no_grad``."""

    def symeig(*args: Any, **kwargs: Any) -> Never:
        """See ``arcgrad.symeig``."""

    def to_dense(self, dtype: _dtype | None=None, *, masked_grad: builtins.bool | None=None) -> Tensor:
        """See ``arcgrad.to_dense``."""

    def to_sparse(self, sparse_dim: builtins.int | None=None, *, layout: Any=None, blocksize: Any=None, dense_dim: builtins.int | None=None) -> Any:
        """See ``arcgrad.to_sparse``."""

    def coalesce(self) -> Any:
        """See ``arcgrad.coalesce``."""

    def indices(self) -> Tensor:
        """See ``arcgrad.indices``."""

    def is_coalesced(self) -> builtins.bool:
        """See ``arcgrad.is_coalesced``."""

    def dense_dim(self) -> builtins.int:
        """See ``arcgrad.dense_dim``."""

    def sparse_dim(self) -> builtins.int:
        """See ``arcgrad.sparse_dim``."""

    def share_memory_(self) -> Self:
        """See ``arcgrad.share_memory_``."""

    def to_sparse_bsc(self, blocksize: Any, dense_dim: builtins.int | None=None) -> Any:
        """See ``arcgrad.to_sparse_bsc``."""

    def to_sparse_bsr(self, blocksize: Any, dense_dim: builtins.int | None=None) -> Any:
        """See ``arcgrad.to_sparse_bsr``."""

    def to_sparse_coo(self) -> Any:
        """See ``arcgrad.to_sparse_coo``."""

    def to_sparse_csc(self, dense_dim: builtins.int | None=None) -> Any:
        """See ``arcgrad.to_sparse_csc``."""

    def to_sparse_csr(self, dense_dim: builtins.int | None=None) -> Any:
        """See ``arcgrad.to_sparse_csr``."""

    def values(self) -> Tensor:
        """See ``arcgrad.values``."""

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""

    @overload
    def type(self, dtype: None=None, non_blocking: builtins.bool=False) -> str:
        """The name of the tensor's class, such as `'arcgrad.FloatTensor'`, or the tensor in another dtype."""

    @overload
    def type(self, dtype: DType | str, non_blocking: builtins.bool=False, **kwargs: Any) -> Tensor: ...
    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype and on the device of `other`."""

    def untyped_storage(self) -> UntypedStorage:
        """The memory block, without dtype and shape."""

    def __lt__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __le__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __eq__(self, other: Any, /) -> Tensor: ...
    def __ne__(self, other: Any, /) -> Tensor: ...
    def __gt__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __ge__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __add__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __radd__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __sub__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rsub__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __mul__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rmul__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __mod__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rmod__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __pow__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rpow__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __pos__(self) -> Tensor: ...
    def __abs__(self) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __lshift__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rlshift__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rshift__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rrshift__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __and__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rand__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __xor__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rxor__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __or__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __ror__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __iadd__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __isub__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __imul__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __imod__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __ipow__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __ilshift__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __irshift__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __iand__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __ixor__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __ior__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __floordiv__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rfloordiv__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __truediv__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rtruediv__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __ifloordiv__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __itruediv__(self, other: Operand | NDArray[Any], /) -> Self: ...
    def __matmul__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def __rmatmul__(self, other: Operand | NDArray[Any], /) -> Tensor: ...
    def abs(self) -> Tensor:
        """Absolute value; gradient 0 at 0."""

    def abs_(self) -> Self:
        """Absolute value; gradient 0 at 0."""

    def absolute(self) -> Tensor:
        """Absolute value; gradient 0 at 0."""

    def absolute_(self) -> Self:
        """Absolute value; gradient 0 at 0."""

    def acos(self) -> Tensor:
        """Inverse cosine, in radians."""

    def acos_(self) -> Self:
        """Inverse cosine, in radians."""

    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""

    def acosh_(self) -> Self:
        """Inverse hyperbolic cosine."""

    def add(self, other: Operand, *, alpha: Operand=1) -> Tensor:
        """Sum `input + alpha * other`, broadcast and promoted."""

    def add_(self, other: Operand, *, alpha: Operand=1) -> Self:
        """Sum `input + alpha * other`, broadcast and promoted."""

    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Tensor:
        """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""

    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Self:
        """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""

    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1) -> Tensor:
        """`input + value * tensor1 / tensor2`."""

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1) -> Self:
        """`input + value * tensor1 / tensor2`."""

    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1) -> Tensor:
        """`input + value * tensor1 * tensor2`."""

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1) -> Self:
        """`input + value * tensor1 * tensor2`."""

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Tensor:
        """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""

    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Self:
        """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""

    def addmv(self, mat: Tensor, vec: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Tensor:
        """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""

    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Self:
        """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""

    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Tensor:
        """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""

    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Self:
        """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""

    def adjoint(self) -> Tensor:
        """The last two axes exchanged, and the numbers conjugated."""

    @overload
    def all(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Whether no element is zero, of all or over `dim`."""

    @overload
    def all(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def all(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    def allclose(self, other: Tensor, rtol: Float=1e-05, atol: Float=1e-08, equal_nan: builtins.bool=False) -> builtins.bool:
        """Whether all pairs of elements are close."""

    @overload
    def amax(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Greatest elements over `dim`; ties share the gradient evenly."""

    @overload
    def amax(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def amax(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def amin(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Least elements over `dim`; ties share the gradient evenly."""

    @overload
    def amin(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def amin(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def aminmax(self, *, dim: SupportsIndex | None=None, keepdim: builtins.bool=False) -> _return_aminmax:
        """The least and the greatest element."""

    @overload
    def aminmax(self, *, axis: SupportsIndex | None, keepdims: builtins.bool=False) -> _return_aminmax: ...
    @overload
    def aminmax(self, *, dim: SupportsIndex | None=None, keepdims: builtins.bool) -> _return_aminmax: ...
    def angle(self) -> Tensor:
        """The angle of a real number as a complex one: π below 0, else 0; NaN of NaN."""

    @overload
    def any(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Whether any element is not zero, of all or over `dim`."""

    @overload
    def any(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def any(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    def arccos(self) -> Tensor:
        """Inverse cosine, in radians."""

    def arccos_(self) -> Self:
        """Inverse cosine, in radians."""

    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""

    def arccosh_(self) -> Self:
        """Inverse hyperbolic cosine."""

    def arcsin(self) -> Tensor:
        """Inverse sine, in radians."""

    def arcsin_(self) -> Self:
        """Inverse sine, in radians."""

    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""

    def arcsinh_(self) -> Self:
        """Inverse hyperbolic sine."""

    def arctan(self) -> Tensor:
        """Inverse tangent, in radians."""

    def arctan2(self, other: Tensor) -> Tensor:
        """Angle of the point (x = `y`, y = `x`), in radians."""

    def arctan2_(self, other: Tensor) -> Self:
        """Angle of the point (x = `y`, y = `x`), in radians."""

    def arctan_(self) -> Self:
        """Inverse tangent, in radians."""

    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""

    def arctanh_(self) -> Self:
        """Inverse hyperbolic tangent."""

    @overload
    def argmax(self, dim: SupportsIndex | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Position of the greatest element, of all or along `dim`."""

    @overload
    def argmax(self, *, axis: SupportsIndex | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def argmax(self, dim: SupportsIndex | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def argmin(self, dim: SupportsIndex | None=None, keepdim: builtins.bool=False) -> Tensor:
        """Position of the least element, of all or along `dim`."""

    @overload
    def argmin(self, *, axis: SupportsIndex | None, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def argmin(self, dim: SupportsIndex | None=None, *, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def argsort(self, dim: SupportsIndex=-1, descending: builtins.bool=False) -> Tensor:
        """The positions that sort along `dim`; equal elements keep their order."""

    @overload
    def argsort(self, *, axis: SupportsIndex, descending: builtins.bool=False) -> Tensor: ...
    @overload
    def argsort(self, *, stable: builtins.bool, dim: SupportsIndex=-1, descending: builtins.bool=False) -> Tensor: ...
    @overload
    def argsort(self, *, stable: builtins.bool, axis: SupportsIndex, descending: builtins.bool=False) -> Tensor: ...
    def argwhere(self) -> Tensor:
        """Positions of the elements that are not zero, one row each."""

    def as_strided(self, size: Sequence[SupportsIndex], stride: Sequence[SupportsIndex], storage_offset: SupportsIndex | None=None) -> Tensor:
        """Any geometry over the tensor's storage, in elements."""

    def as_strided_(self, size: Sequence[SupportsIndex], stride: Sequence[SupportsIndex], storage_offset: SupportsIndex | None=None) -> Self:
        """Any geometry over the tensor's storage, in elements."""

    def asin(self) -> Tensor:
        """Inverse sine, in radians."""

    def asin_(self) -> Self:
        """Inverse sine, in radians."""

    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""

    def asinh_(self) -> Self:
        """Inverse hyperbolic sine."""

    def atan(self) -> Tensor:
        """Inverse tangent, in radians."""

    def atan2(self, other: Tensor) -> Tensor:
        """Angle of the point (x = `y`, y = `x`), in radians."""

    def atan2_(self, other: Tensor) -> Self:
        """Angle of the point (x = `y`, y = `x`), in radians."""

    def atan_(self) -> Self:
        """Inverse tangent, in radians."""

    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""

    def atanh_(self) -> Self:
        """Inverse hyperbolic tangent."""

    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Tensor:
        """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""

    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1) -> Self:
        """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""

    @overload
    def bernoulli(self, *, generator: Generator | None=None) -> Tensor:
        """Ones with the probability that each element is (or with probability `p`), else zeros."""

    @overload
    def bernoulli(self, p: Float, *, generator: Generator | None=None) -> Tensor: ...
    @overload
    def bernoulli_(self, p: Float=0.5, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with ones of probability `p` (a number or a tensor) and zeros."""

    @overload
    def bernoulli_(self, p: Tensor, *, generator: Generator | None=None) -> Self: ...
    def bincount(self, weights: Tensor | None=None, minlength: SupportsIndex=0) -> Tensor:
        """How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences."""

    def bitwise_and(self, other: Operand) -> Tensor:
        """Bitwise and."""

    def bitwise_and_(self, other: Operand) -> Self:
        """Bitwise and."""

    def bitwise_left_shift(self, other: Operand) -> Tensor:
        """Shift left."""

    def bitwise_left_shift_(self, other: Operand) -> Self:
        """Shift left."""

    def bitwise_not(self) -> Tensor:
        """Bitwise complement."""

    def bitwise_not_(self) -> Self:
        """Bitwise complement."""

    def bitwise_or(self, other: Operand) -> Tensor:
        """Bitwise or."""

    def bitwise_or_(self, other: Operand) -> Self:
        """Bitwise or."""

    def bitwise_right_shift(self, other: Operand) -> Tensor:
        """Arithmetic shift right."""

    def bitwise_right_shift_(self, other: Operand) -> Self:
        """Arithmetic shift right."""

    def bitwise_xor(self, other: Operand) -> Tensor:
        """Bitwise exclusive or."""

    def bitwise_xor_(self, other: Operand) -> Self:
        """Bitwise exclusive or."""

    def bmm(self, mat2: Tensor) -> Tensor:
        """Products of the matrices of two batches (b × m × k and b × k × n)."""

    @overload
    def broadcast_to(self, *size: SupportsIndex) -> Tensor:
        """Broadcast without copying."""

    @overload
    def broadcast_to(self, size: Sequence[SupportsIndex]) -> Tensor: ...
    def cauchy_(self, median: Float=0.0, sigma: Float=1.0, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with Cauchy numbers."""

    def ceil(self) -> Tensor:
        """Round up."""

    def ceil_(self) -> Self:
        """Round up."""

    def cholesky(self, upper: builtins.bool=False) -> Tensor:
        """`linalg.cholesky`."""

    def cholesky_inverse(self, upper: builtins.bool=False) -> Tensor:
        """The inverse of a matrix from its Cholesky factor."""

    def cholesky_solve(self, L: Tensor, upper: builtins.bool=False) -> Tensor:
        """The solution X of `A X = input` from the Cholesky factor of A."""

    @overload
    def chunk(self, chunks: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
        """At most `chunks` parts of equal length."""

    @overload
    def chunk(self, chunks: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def clamp(self, min: Tensor | None=None, max: Tensor | None=None) -> Tensor:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

    @overload
    def clamp(self, min: Operand | None=None, max: Operand | None=None) -> Tensor: ...
    @overload
    def clamp_(self, min: Tensor | None=None, max: Tensor | None=None) -> Self:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

    @overload
    def clamp_(self, min: Operand | None=None, max: Operand | None=None) -> Self: ...
    def clamp_max(self, max: Operand) -> Tensor:
        """`x` but not above `max`; the gradient passes at the end."""

    def clamp_max_(self, max: Operand) -> Self:
        """`x` but not above `max`; the gradient passes at the end."""

    def clamp_min(self, min: Operand) -> Tensor:
        """`x` but not below `min`; the gradient passes at the end."""

    def clamp_min_(self, min: Operand) -> Self:
        """`x` but not below `min`; the gradient passes at the end."""

    @overload
    def clip(self, min: Tensor | None=None, max: Tensor | None=None) -> Tensor:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

    @overload
    def clip(self, min: Operand | None=None, max: Operand | None=None) -> Tensor: ...
    @overload
    def clip_(self, min: Tensor | None=None, max: Tensor | None=None) -> Self:
        """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

    @overload
    def clip_(self, min: Operand | None=None, max: Operand | None=None) -> Self: ...
    def clone(self, *, memory_format: _memory_format | None=None) -> Tensor:
        """A copy; the gradient passes."""

    def conj(self) -> Tensor:
        """The complex conjugates, computed at once; of real numbers the tensor itself."""

    def conj_physical(self) -> Tensor:
        """The complex conjugates in memory of their own; of real numbers the tensor itself."""

    def conj_physical_(self) -> Self:
        """The complex conjugates in memory of their own; of real numbers the tensor itself."""

    def contiguous(self, *, memory_format: _memory_format | None=None) -> Tensor:
        """The tensor itself if it is row-major, else a row-major copy."""

    def copy_(self, other: Operand, non_blocking: builtins.bool=False) -> Self:
        """Copies a tensor, broadcast and cast, or a number into the tensor."""

    def copysign(self, other: Operand) -> Tensor:
        """Magnitude of `x` with the sign of `y`."""

    def copysign_(self, other: Operand) -> Self:
        """Magnitude of `x` with the sign of `y`."""

    def corrcoef(self) -> Tensor:
        """The correlations of the rows of a matrix, whose columns are observations."""

    def cos(self) -> Tensor:
        """Cosine of radians."""

    def cos_(self) -> Self:
        """Cosine of radians."""

    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""

    def cosh_(self) -> Self:
        """Hyperbolic cosine."""

    @overload
    def count_nonzero(self, dim: SupportsIndex | None=None) -> Tensor:
        """Number of elements that are not zero, of all or over `dim`."""

    @overload
    def count_nonzero(self, *, axis: SupportsIndex | None) -> Tensor: ...
    @overload
    def count_nonzero(self, *dim: SupportsIndex) -> Tensor: ...
    @overload
    def count_nonzero(self, *, axis: Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def count_nonzero(self, dim: Sequence[SupportsIndex]) -> Tensor: ...
    def cov(self, *, correction: SupportsIndex=1, fweights: Tensor | None=None, aweights: Tensor | None=None) -> Tensor:
        """The covariances of the rows of a matrix, whose columns are observations; the variance of a vector. Each observation counts `fweights` times and has the weight `aweights`; the number of them less `correction` is divided by."""

    @overload
    def cross(self, other: Tensor, dim: SupportsIndex | None=None) -> Tensor:
        """Vector product along `dim`, which has size 3 (the first such axis if it is not given)."""

    @overload
    def cross(self, other: Tensor, *, axis: SupportsIndex | None) -> Tensor: ...
    @overload
    def cummax(self, dim: SupportsIndex) -> _return_cummax:
        """Greatest element so far along `dim`, and where it last was."""

    @overload
    def cummax(self, *, axis: SupportsIndex) -> _return_cummax: ...
    @overload
    def cummin(self, dim: SupportsIndex) -> _return_cummin:
        """Least element so far along `dim`, and where it last was."""

    @overload
    def cummin(self, *, axis: SupportsIndex) -> _return_cummin: ...
    @overload
    def cumprod(self, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
        """Running product along `dim`; integers and bool give int64."""

    @overload
    def cumprod(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...
    @overload
    def cumprod_(self, dim: SupportsIndex, *, dtype: DType | None=None) -> Self:
        """Running product along `dim`; integers and bool give int64."""

    @overload
    def cumprod_(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Self: ...
    @overload
    def cumsum(self, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
        """Running sum along `dim`; integers and bool give int64."""

    @overload
    def cumsum(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...
    @overload
    def cumsum_(self, dim: SupportsIndex, *, dtype: DType | None=None) -> Self:
        """Running sum along `dim`; integers and bool give int64."""

    @overload
    def cumsum_(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Self: ...
    def deg2rad(self) -> Tensor:
        """Degrees in radians."""

    def deg2rad_(self) -> Self:
        """Degrees in radians."""

    def det(self) -> Tensor:
        """`linalg.det`."""

    def diag(self, diagonal: SupportsIndex=0) -> Tensor:
        """A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix."""

    def diag_embed(self, offset: SupportsIndex=0, dim1: SupportsIndex=-2, dim2: SupportsIndex=-1) -> Tensor:
        """Matrices with the last axis of the tensor on a diagonal and zeros elsewhere."""

    def diagflat(self, offset: SupportsIndex=0) -> Tensor:
        """A matrix with the elements of the tensor on a diagonal."""

    def diagonal(self, offset: SupportsIndex=0, dim1: SupportsIndex=0, dim2: SupportsIndex=1) -> Tensor:
        """The diagonal of two axes, as the last axis."""

    def diagonal_scatter(self, src: Tensor, offset: SupportsIndex=0, dim1: SupportsIndex=0, dim2: SupportsIndex=1) -> Tensor:
        """A copy with a diagonal of two axes replaced by `src`."""

    @overload
    def diff(self, n: SupportsIndex=1, dim: SupportsIndex=-1, prepend: Tensor | None=None, append: Tensor | None=None) -> Tensor:
        """Differences of neighbours along `dim`, taken `n` times."""

    @overload
    def diff(self, n: SupportsIndex=1, *, axis: SupportsIndex, prepend: Tensor | None=None, append: Tensor | None=None) -> Tensor: ...
    def digamma(self) -> Tensor:
        """ψ(x), the derivative of ln Γ."""

    def digamma_(self) -> Self:
        """ψ(x), the derivative of ln Γ."""

    def div(self, other: Operand, *, rounding_mode: str | None=None) -> Tensor:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

    def div_(self, other: Operand, *, rounding_mode: str | None=None) -> Self:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

    def divide(self, other: Operand, *, rounding_mode: str | None=None) -> Tensor:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

    def divide_(self, other: Operand, *, rounding_mode: str | None=None) -> Self:
        """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

    def dot(self, tensor: Tensor) -> Tensor:
        """Scalar product of two vectors of one length."""

    def eq(self, other: Operand) -> Tensor:
        """`x == y`."""

    def eq_(self, other: Operand) -> Self:
        """`x == y`."""

    def equal(self, other: Tensor) -> builtins.bool:
        """Whether both have the same shape and equal elements."""

    def erf(self) -> Tensor:
        """Error function."""

    def erf_(self) -> Self:
        """Error function."""

    def erfc(self) -> Tensor:
        """Complementary error function 1 − erf(x), accurate for large x."""

    def erfc_(self) -> Self:
        """Complementary error function 1 − erf(x), accurate for large x."""

    def erfinv(self) -> Tensor:
        """Inverse of the error function; infinite at ±1, NaN beyond."""

    def erfinv_(self) -> Self:
        """Inverse of the error function; infinite at ±1, NaN beyond."""

    def exp(self) -> Tensor:
        """eˣ."""

    def exp2(self) -> Tensor:
        """2ˣ."""

    def exp2_(self) -> Self:
        """2ˣ."""

    def exp_(self) -> Self:
        """eˣ."""

    @overload
    def expand(self, *size: SupportsIndex) -> Tensor:
        """Broadcast without copying; -1 keeps a size."""

    @overload
    def expand(self, size: Sequence[SupportsIndex]) -> Tensor: ...
    def expand_as(self, other: Tensor) -> Tensor:
        """Broadcast to the shape of `other`."""

    def expm1(self) -> Tensor:
        """eˣ − 1, accurate near 0."""

    def expm1_(self) -> Self:
        """eˣ − 1, accurate near 0."""

    def exponential_(self, lambd: Float=1.0, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with exponential numbers of rate `lambd`."""

    def fill_(self, value: Operand) -> Self:
        """Fills the tensor with one value."""

    def fix(self) -> Tensor:
        """Round towards zero."""

    def fix_(self) -> Self:
        """Round towards zero."""

    def flatten(self, start_dim: SupportsIndex=0, end_dim: SupportsIndex=-1) -> Tensor:
        """Axes `start_dim` to `end_dim` as one."""

    @overload
    def flip(self, *dims: SupportsIndex) -> Tensor:
        """A copy with the order along `dims` reversed."""

    @overload
    def flip(self, dims: Sequence[SupportsIndex]) -> Tensor: ...
    def fliplr(self) -> Tensor:
        """A copy with the order of columns reversed."""

    def flipud(self) -> Tensor:
        """A copy with the order of rows reversed."""

    def float_power(self, exponent: Operand) -> Tensor:
        """Power `input ** exponent` in double precision."""

    def float_power_(self, exponent: Operand) -> Self:
        """Power `input ** exponent` in double precision."""

    def floor(self) -> Tensor:
        """Round down."""

    def floor_(self) -> Self:
        """Round down."""

    def floor_divide(self, other: Operand) -> Tensor:
        """Quotient rounded towards minus infinity."""

    def floor_divide_(self, other: Operand) -> Self:
        """Quotient rounded towards minus infinity."""

    def fmax(self, other: Tensor) -> Tensor:
        """The greater of two elements, a number where the other is NaN. Ties share the gradient evenly."""

    def fmin(self, other: Tensor) -> Tensor:
        """The lesser of two elements, a number where the other is NaN. Ties share the gradient evenly."""

    def fmod(self, other: Operand) -> Tensor:
        """Remainder with the sign of the dividend, as C's `fmod`."""

    def fmod_(self, other: Operand) -> Self:
        """Remainder with the sign of the dividend, as C's `fmod`."""

    def frac(self) -> Tensor:
        """Fractional part, with the sign of `x`."""

    def frac_(self) -> Self:
        """Fractional part, with the sign of `x`."""

    def frexp(self) -> _return_frexp:
        """A number from [0.5, 1) in magnitude and the power of two that make up `input` as a product."""

    @overload
    def gather(self, dim: SupportsIndex, index: Tensor, *, sparse_grad: builtins.bool=False) -> Tensor:
        """Elements at the positions along `dim` that `index` gives, in the shape of `index`."""

    @overload
    def gather(self, *, axis: SupportsIndex, index: Tensor, sparse_grad: builtins.bool=False) -> Tensor: ...
    def gcd(self, other: Tensor) -> Tensor:
        """Greatest common divisor."""

    def gcd_(self, other: Tensor) -> Self:
        """Greatest common divisor."""

    def ge(self, other: Operand) -> Tensor:
        """`x >= y`."""

    def ge_(self, other: Operand) -> Self:
        """`x >= y`."""

    def geometric_(self, p: Float, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with numbers of trials up to the first success of probability `p`."""

    def geqrf(self) -> _return_geqrf:
        """`A = Q R` as LAPACK packs it: R on and above the diagonal of `a`, and below it vectors of reflections, whose product is Q, with their factors in `tau`. For `linalg.householder_product` and `ormqr`; there is no derivative."""

    def ger(self, vec2: Tensor) -> Tensor:
        """All products of an element of `input` and an element of `vec2`, as a matrix."""

    def greater(self, other: Operand) -> Tensor:
        """`x > y`."""

    def greater_(self, other: Operand) -> Self:
        """`x > y`."""

    def greater_equal(self, other: Operand) -> Tensor:
        """`x >= y`."""

    def greater_equal_(self, other: Operand) -> Self:
        """`x >= y`."""

    def gt(self, other: Operand) -> Tensor:
        """`x > y`."""

    def gt_(self, other: Operand) -> Self:
        """`x > y`."""

    def hardshrink(self, lambd: Operand=0.5) -> Tensor:
        """x where |x| > lambd, else 0."""

    def heaviside(self, values: Tensor) -> Tensor:
        """0 where `input` is negative, 1 where it is positive, `values` where it is 0."""

    def heaviside_(self, values: Tensor) -> Self:
        """0 where `input` is negative, 1 where it is positive, `values` where it is 0."""

    def histc(self, bins: SupportsIndex=100, min: Float=0.0, max: Float=0.0) -> Tensor:
        """How many elements lie in each of `bins` intervals between `min` and `max`, or, if both are 0, between the least and the greatest element."""

    def hypot(self, other: Tensor) -> Tensor:
        """`sqrt(x² + y²)`, of which nothing overflows or underflows on the way; gradient 0 at the origin."""

    def hypot_(self, other: Tensor) -> Self:
        """`sqrt(x² + y²)`, of which nothing overflows or underflows on the way; gradient 0 at the origin."""

    def i0(self) -> Tensor:
        """Modified Bessel function of the first kind, order 0."""

    def i0_(self) -> Self:
        """Modified Bessel function of the first kind, order 0."""

    def igamma(self, other: Tensor) -> Tensor:
        """Regularised lower incomplete gamma function P(a, x)."""

    def igamma_(self, other: Tensor) -> Self:
        """Regularised lower incomplete gamma function P(a, x)."""

    def igammac(self, other: Tensor) -> Tensor:
        """Regularised upper incomplete gamma function Q(a, x)."""

    def igammac_(self, other: Tensor) -> Self:
        """Regularised upper incomplete gamma function Q(a, x)."""

    @overload
    def index_add(self, dim: SupportsIndex, index: Tensor, source: Tensor, *, alpha: Operand=1) -> Tensor:
        """Slices of `alpha * source` added along `dim` at the positions of `index`."""

    @overload
    def index_add(self, *, axis: SupportsIndex, index: Tensor, source: Tensor, alpha: Operand=1) -> Tensor: ...
    @overload
    def index_add_(self, dim: SupportsIndex, index: Tensor, source: Tensor, *, alpha: Operand=1) -> Self:
        """Slices of `alpha * source` added along `dim` at the positions of `index`."""

    @overload
    def index_add_(self, *, axis: SupportsIndex, index: Tensor, source: Tensor, alpha: Operand=1) -> Self: ...
    @overload
    def index_copy(self, dim: SupportsIndex, index: Tensor, source: Tensor) -> Tensor:
        """Slices along `dim` at the positions of `index` replaced by those of `source`."""

    @overload
    def index_copy(self, *, axis: SupportsIndex, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_copy_(self, dim: SupportsIndex, index: Tensor, source: Tensor) -> Self:
        """Slices along `dim` at the positions of `index` replaced by those of `source`."""

    @overload
    def index_copy_(self, *, axis: SupportsIndex, index: Tensor, source: Tensor) -> Self: ...
    @overload
    def index_fill(self, dim: SupportsIndex, index: Tensor, value: Operand) -> Tensor:
        """Slices along `dim` at the positions of `index` filled with one value."""

    @overload
    def index_fill(self, *, axis: SupportsIndex, index: Tensor, value: Operand) -> Tensor: ...
    @overload
    def index_fill_(self, dim: SupportsIndex, index: Tensor, value: Operand) -> Self:
        """Slices along `dim` at the positions of `index` filled with one value."""

    @overload
    def index_fill_(self, *, axis: SupportsIndex, index: Tensor, value: Operand) -> Self: ...
    def index_put(self, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool=False) -> Tensor:
        """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""

    def index_put_(self, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool=False) -> Self:
        """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""

    @overload
    def index_select(self, dim: SupportsIndex, index: Tensor) -> Tensor:
        """Whole slices along `dim`, in the order `index` gives."""

    @overload
    def index_select(self, *, axis: SupportsIndex, index: Tensor) -> Tensor: ...
    def inner(self, other: Tensor) -> Tensor:
        """Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if one of them has no axes."""

    def inverse(self) -> Tensor:
        """`linalg.inv`."""

    def isclose(self, other: Tensor, rtol: Float=1e-05, atol: Float=1e-08, equal_nan: builtins.bool=False) -> Tensor:
        """Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements."""

    def isfinite(self) -> Tensor:
        """Is neither infinite nor NaN."""

    def isinf(self) -> Tensor:
        """Is +∞ or −∞."""

    def isnan(self) -> Tensor:
        """Is NaN."""

    def isneginf(self) -> Tensor:
        """Is −∞."""

    def isposinf(self) -> Tensor:
        """Is +∞."""

    def isreal(self) -> Tensor:
        """Whether the imaginary part is 0."""

    def istft(self, n_fft: SupportsIndex, hop_length: SupportsIndex | None=None, win_length: SupportsIndex | None=None, window: Tensor | None=None, center: builtins.bool=True, normalized: builtins.bool=False, onesided: builtins.bool | None=None, length: SupportsIndex | None=None, return_complex: builtins.bool=False) -> Tensor:
        """The signal whose `stft` is nearest to the input; parameters as there. Raises `RuntimeError` where the windows of all frames together leave an element out."""

    def kron(self, other: Tensor) -> Tensor:
        """Kronecker product: every element of `input` times all of `other`, as blocks."""

    @overload
    def kthvalue(self, k: SupportsIndex, dim: SupportsIndex=-1, keepdim: builtins.bool=False) -> _return_kthvalue:
        """The `k`-th smallest element along `dim`, from 1: values and positions."""

    @overload
    def kthvalue(self, k: SupportsIndex, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_kthvalue: ...
    @overload
    def kthvalue(self, k: SupportsIndex, dim: SupportsIndex=-1, *, keepdims: builtins.bool) -> _return_kthvalue: ...
    def lcm(self, other: Tensor) -> Tensor:
        """Least common multiple; 0 if either is 0."""

    def lcm_(self, other: Tensor) -> Self:
        """Least common multiple; 0 if either is 0."""

    def ldexp(self, other: Tensor) -> Tensor:
        """`x * 2 ** y`."""

    def ldexp_(self, other: Tensor) -> Self:
        """`x * 2 ** y`."""

    def le(self, other: Operand) -> Tensor:
        """`x <= y`."""

    def le_(self, other: Operand) -> Self:
        """`x <= y`."""

    def lerp(self, end: Tensor, weight: Operand) -> Tensor:
        """`x + weight * (y - x)`, written so that both ends are exact, and with a limit at infinity where there is one."""

    def lerp_(self, end: Tensor, weight: Operand) -> Self:
        """`x + weight * (y - x)`, written so that both ends are exact, and with a limit at infinity where there is one."""

    def less(self, other: Operand) -> Tensor:
        """`x < y`."""

    def less_(self, other: Operand) -> Self:
        """`x < y`."""

    def less_equal(self, other: Operand) -> Tensor:
        """`x <= y`."""

    def less_equal_(self, other: Operand) -> Self:
        """`x <= y`."""

    def lgamma(self) -> Tensor:
        """ln|Γ(x)|."""

    def lgamma_(self) -> Self:
        """ln|Γ(x)|."""

    def log(self) -> Tensor:
        """Natural logarithm."""

    def log10(self) -> Tensor:
        """Logarithm to base 10."""

    def log10_(self) -> Self:
        """Logarithm to base 10."""

    def log1p(self) -> Tensor:
        """ln(1 + x), accurate near 0."""

    def log1p_(self) -> Self:
        """ln(1 + x), accurate near 0."""

    def log2(self) -> Tensor:
        """Logarithm to base 2."""

    def log2_(self) -> Self:
        """Logarithm to base 2."""

    def log_(self) -> Self:
        """Natural logarithm."""

    def log_normal_(self, mean: Float=1.0, std: Float=2.0, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with exponentials of normal numbers."""

    @overload
    def log_softmax(self, dim: SupportsIndex, dtype: DType | None=None) -> Tensor:
        """Logarithm of the softmax along `dim`, more exact than the two in turn."""

    @overload
    def log_softmax(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...
    def logaddexp(self, other: Tensor) -> Tensor:
        """`ln(exp(x) + exp(y))`, without overflow."""

    def logaddexp2(self, other: Tensor) -> Tensor:
        """`log2(2 ** x + 2 ** y)`, without overflow."""

    @overload
    def logcumsumexp(self, dim: SupportsIndex) -> Tensor:
        """Logarithm of the running sum of exponentials along `dim`."""

    @overload
    def logcumsumexp(self, *, axis: SupportsIndex) -> Tensor: ...
    def logdet(self) -> Tensor:
        """The logarithm of the determinant: −inf for singular matrices, NaN where the determinant is negative."""

    def logical_and(self, other: Tensor) -> Tensor:
        """Both are not zero."""

    def logical_and_(self, other: Tensor) -> Self:
        """Both are not zero."""

    def logical_not(self) -> Tensor:
        """Is zero."""

    def logical_not_(self) -> Self:
        """Is zero."""

    def logical_or(self, other: Tensor) -> Tensor:
        """Either is not zero."""

    def logical_or_(self, other: Tensor) -> Self:
        """Either is not zero."""

    def logical_xor(self, other: Tensor) -> Tensor:
        """Exactly one is not zero."""

    def logical_xor_(self, other: Tensor) -> Self:
        """Exactly one is not zero."""

    def logit(self, eps: Float | None=None) -> Tensor:
        """ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1]."""

    def logit_(self, eps: Float | None=None) -> Self:
        """ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1]."""

    @overload
    def logsumexp(self, dim: SupportsIndex | Sequence[SupportsIndex], keepdim: builtins.bool=False) -> Tensor:
        """ln Σ eˣ over `dim`, without overflow."""

    @overload
    def logsumexp(self, *, axis: SupportsIndex | Sequence[SupportsIndex], keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def logsumexp(self, dim: SupportsIndex | Sequence[SupportsIndex], *, keepdims: builtins.bool) -> Tensor: ...
    def lt(self, other: Operand) -> Tensor:
        """`x < y`."""

    def lt_(self, other: Operand) -> Self:
        """`x < y`."""

    def lu(self, pivot: builtins.bool=True, get_infos: builtins.bool=False) -> tuple[Tensor, ...]:
        """`linalg.lu_factor`, with `get_infos` `linalg.lu_factor_ex`."""

    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """`linalg.lu_solve`, the arguments in another order."""

    def masked_fill(self, mask: Tensor, value: Operand) -> Tensor:
        """`value` where `mask` is true, `input` elsewhere."""

    def masked_fill_(self, mask: Tensor, value: Operand) -> Self:
        """`value` where `mask` is true, `input` elsewhere."""

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """The elements where `mask` is true replaced by those of `source`, in order."""

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Self:
        """The elements where `mask` is true replaced by those of `source`, in order."""

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where `mask` is true, as a vector."""

    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""

    def matrix_exp(self) -> Tensor:
        """`linalg.matrix_exp`."""

    def matrix_power(self, n: SupportsIndex) -> Tensor:
        """The `n`-th power of a square matrix, or of each matrix of a batch; below 0 of its inverse."""

    @overload
    def max(self) -> Tensor:
        """Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins."""

    @overload
    def max(self, other: Tensor) -> Tensor: ...
    @overload
    def max(self, dim: SupportsIndex, keepdim: builtins.bool=False) -> _return_max: ...
    @overload
    def max(self, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_max: ...
    @overload
    def max(self, dim: SupportsIndex, *, keepdims: builtins.bool) -> _return_max: ...
    def maximum(self, other: Tensor) -> Tensor:
        """The greater of two elements; NaN if either is. Ties share the gradient evenly."""

    @overload
    def mean(self, *, dtype: DType | None=None) -> Tensor:
        """Mean of all elements, or over `dim`, of floats."""

    @overload
    def mean(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, keepdim: builtins.bool=False, *, dtype: DType | None=None) -> Tensor: ...
    @overload
    def mean(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None) -> Tensor: ...
    @overload
    def mean(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, *, keepdims: builtins.bool, dtype: DType | None=None) -> Tensor: ...
    @overload
    def median(self) -> Tensor:
        """The lower median of all elements, or along `dim`; NaN where there is one."""

    @overload
    def median(self, dim: SupportsIndex, keepdim: builtins.bool=False) -> _return_median: ...
    @overload
    def median(self, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_median: ...
    @overload
    def median(self, dim: SupportsIndex, *, keepdims: builtins.bool) -> _return_median: ...
    @overload
    def min(self) -> Tensor:
        """Least element of all, along `dim` (with its index), or of two tensors. NaN wins."""

    @overload
    def min(self, other: Tensor) -> Tensor: ...
    @overload
    def min(self, dim: SupportsIndex, keepdim: builtins.bool=False) -> _return_min: ...
    @overload
    def min(self, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_min: ...
    @overload
    def min(self, dim: SupportsIndex, *, keepdims: builtins.bool) -> _return_min: ...
    def minimum(self, other: Tensor) -> Tensor:
        """The lesser of two elements; NaN if either is. Ties share the gradient evenly."""

    def mm(self, mat2: Tensor) -> Tensor:
        """Product of two matrices (m × k and k × n); nothing is broadcast."""

    @overload
    def mode(self, dim: SupportsIndex=-1, keepdim: builtins.bool=False) -> _return_mode:
        """The most frequent element along `dim`, the least of several: values and positions."""

    @overload
    def mode(self, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_mode: ...
    @overload
    def mode(self, dim: SupportsIndex=-1, *, keepdims: builtins.bool) -> _return_mode: ...
    @overload
    def moveaxis(self, source: SupportsIndex, destination: SupportsIndex) -> Tensor:
        """Axes moved to other places; the rest keep their order."""

    @overload
    def moveaxis(self, source: Sequence[SupportsIndex], destination: Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def movedim(self, source: SupportsIndex, destination: SupportsIndex) -> Tensor:
        """Axes moved to other places; the rest keep their order."""

    @overload
    def movedim(self, source: Sequence[SupportsIndex], destination: Sequence[SupportsIndex]) -> Tensor: ...
    def msort(self) -> Tensor:
        """Sorted along the first axis."""

    def mul(self, other: Operand) -> Tensor:
        """Product `x * y`. For `bool`, logical and."""

    def mul_(self, other: Operand) -> Self:
        """Product `x * y`. For `bool`, logical and."""

    def multinomial(self, num_samples: SupportsIndex, replacement: builtins.bool=False, *, generator: Generator | None=None) -> Tensor:
        """Positions drawn with the weights of a vector, or of each row of a matrix."""

    def multiply(self, other: Operand) -> Tensor:
        """Product `x * y`. For `bool`, logical and."""

    def multiply_(self, other: Operand) -> Self:
        """Product `x * y`. For `bool`, logical and."""

    def mv(self, vec: Tensor) -> Tensor:
        """Product of a matrix and a vector."""

    def mvlgamma(self, p: SupportsIndex) -> Tensor:
        """Logarithm of the multivariate gamma function of dimension `p`."""

    def mvlgamma_(self, p: SupportsIndex) -> Self:
        """Logarithm of the multivariate gamma function of dimension `p`."""

    def nan_to_num(self, nan: Float | None=0.0, posinf: Float | None=None, neginf: Float | None=None) -> Tensor:
        """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

    def nan_to_num_(self, nan: Float | None=0.0, posinf: Float | None=None, neginf: Float | None=None) -> Self:
        """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

    @overload
    def nanmean(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None) -> Tensor:
        """Mean of the elements that are not NaN, of all or over `dim`."""

    @overload
    def nanmean(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None) -> Tensor: ...
    @overload
    def nanmean(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None) -> Tensor: ...
    @overload
    def nanmedian(self) -> Tensor:
        """The lower median of the elements that are not NaN."""

    @overload
    def nanmedian(self, dim: SupportsIndex, keepdim: builtins.bool=False) -> _return_nanmedian: ...
    @overload
    def nanmedian(self, *, axis: SupportsIndex, keepdims: builtins.bool=False) -> _return_nanmedian: ...
    @overload
    def nanmedian(self, dim: SupportsIndex, *, keepdims: builtins.bool) -> _return_nanmedian: ...
    @overload
    def nanquantile(self, q: Operand, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, interpolation: str='linear') -> Tensor:
        """The quantiles `q` of the elements that are not NaN, of all or along `dim`."""

    @overload
    def nanquantile(self, q: Operand, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, interpolation: str='linear') -> Tensor: ...
    @overload
    def nanquantile(self, q: Operand, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, interpolation: str='linear') -> Tensor: ...
    @overload
    def nansum(self, *, dtype: DType | None=None) -> Tensor:
        """Sum of all elements that are not NaN, or over `dim`."""

    @overload
    def nansum(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None) -> Tensor: ...
    @overload
    def nansum(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None) -> Tensor: ...
    @overload
    def nansum(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None) -> Tensor: ...
    @overload
    def narrow(self, dim: SupportsIndex, start: SupportsIndex, length: SupportsIndex) -> Tensor:
        """`length` elements of an axis from `start`."""

    @overload
    def narrow(self, *, axis: SupportsIndex, start: SupportsIndex, length: SupportsIndex) -> Tensor: ...
    @overload
    def narrow(self, dim: SupportsIndex, start: Tensor, length: SupportsIndex) -> Tensor: ...
    @overload
    def narrow(self, *, axis: SupportsIndex, start: Tensor, length: SupportsIndex) -> Tensor: ...
    def ne(self, other: Operand) -> Tensor:
        """`x != y`."""

    def ne_(self, other: Operand) -> Self:
        """`x != y`."""

    def neg(self) -> Tensor:
        """`-x`."""

    def neg_(self) -> Self:
        """`-x`."""

    def negative(self) -> Tensor:
        """`-x`."""

    def negative_(self) -> Self:
        """`-x`."""

    @overload
    def new_empty(self, *size: SupportsIndex, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
        """A tensor of the same dtype to be filled."""

    @overload
    def new_empty(self, size: Sequence[SupportsIndex], *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...
    def new_full(self, size: Sequence[SupportsIndex], fill_value: Operand, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
        """One value of the tensor's dtype everywhere."""

    @overload
    def new_ones(self, *size: SupportsIndex, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
        """Ones of the tensor's dtype."""

    @overload
    def new_ones(self, size: Sequence[SupportsIndex], *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...
    @overload
    def new_zeros(self, *size: SupportsIndex, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
        """Zeros of the tensor's dtype."""

    @overload
    def new_zeros(self, size: Sequence[SupportsIndex], *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...
    def nextafter(self, other: Tensor) -> Tensor:
        """The number next to `x` on the way to `y`."""

    def nextafter_(self, other: Tensor) -> Self:
        """The number next to `x` on the way to `y`."""

    @overload
    def nonzero(self, *, as_tuple: Literal[False]=False) -> Tensor:
        """Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis."""

    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
    @overload
    def nonzero(self, *, as_tuple: builtins.bool=False) -> Any: ...
    def norm(self, p: Operand | str | Sequence[Any] | None='fro', dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, dtype: DType | None=None) -> Tensor:
        """‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0."""

    def normal_(self, mean: Float=0.0, std: Float=1.0, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with normal numbers."""

    def not_equal(self, other: Operand) -> Tensor:
        """`x != y`."""

    def not_equal_(self, other: Operand) -> Self:
        """`x != y`."""

    def orgqr(self, input2: Tensor) -> Tensor:
        """`linalg.householder_product`."""

    def ormqr(self, input2: Tensor, input3: Tensor, left: builtins.bool=True, transpose: builtins.bool=False) -> Tensor:
        """`Q @ other`, or `other @ Q` without `left`, for the square Q whose reflections `geqrf` gives; of its conjugate transpose with `transpose`."""

    def outer(self, vec2: Tensor) -> Tensor:
        """All products of an element of `input` and an element of `vec2`, as a matrix."""

    @overload
    def permute(self, *dims: SupportsIndex) -> Tensor:
        """Axes in another order."""

    @overload
    def permute(self, dims: Sequence[SupportsIndex]) -> Tensor: ...
    def pinverse(self, rcond: Float=1e-15) -> Tensor:
        """`linalg.pinv`."""

    def polygamma(self, n: SupportsIndex) -> Tensor:
        """`n`-th derivative of the digamma function."""

    def polygamma_(self, n: SupportsIndex) -> Self:
        """`n`-th derivative of the digamma function."""

    def positive(self) -> Tensor:
        """The tensor itself."""

    def pow(self, exponent: Operand) -> Tensor:
        """Power `input ** exponent`."""

    def pow_(self, exponent: Operand) -> Self:
        """Power `input ** exponent`."""

    @overload
    def prod(self, *, dtype: DType | None=None) -> Tensor:
        """Product of all elements, or over `dim`; integers and bool give int64."""

    @overload
    def prod(self, dim: SupportsIndex, keepdim: builtins.bool=False, *, dtype: DType | None=None) -> Tensor: ...
    @overload
    def prod(self, *, axis: SupportsIndex, keepdims: builtins.bool=False, dtype: DType | None=None) -> Tensor: ...
    @overload
    def prod(self, dim: SupportsIndex, *, keepdims: builtins.bool, dtype: DType | None=None) -> Tensor: ...
    def put(self, index: Tensor, source: Tensor, accumulate: builtins.bool=False) -> Tensor:
        """Elements of `source` written (or added) at positions of the flattened tensor."""

    def put_(self, index: Tensor, source: Tensor, accumulate: builtins.bool=False) -> Self:
        """Elements of `source` written (or added) at positions of the flattened tensor."""

    def qr(self, some: builtins.bool=True) -> _return_qr:
        """`linalg.qr`; `some=False` is its 'complete'."""

    @overload
    def quantile(self, q: Operand, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, interpolation: str='linear') -> Tensor:
        """The quantiles `q` of all elements or along `dim`; NaN where there is one."""

    @overload
    def quantile(self, q: Operand, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, interpolation: str='linear') -> Tensor: ...
    @overload
    def quantile(self, q: Operand, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, interpolation: str='linear') -> Tensor: ...
    def rad2deg(self) -> Tensor:
        """Radians in degrees."""

    def rad2deg_(self) -> Self:
        """Radians in degrees."""

    @overload
    def random_(self, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with integers: over the range of its dtype, below `to`, or in [from, to)."""

    @overload
    def random_(self, to: SupportsIndex, *, generator: Generator | None=None) -> Self: ...
    @overload
    def random_(self, from_: SupportsIndex, /, to: SupportsIndex | None=None, *, generator: Generator | None=None) -> Self: ...
    def ravel(self) -> Tensor:
        """All elements as one axis."""

    def reciprocal(self) -> Tensor:
        """`1 / x`."""

    def reciprocal_(self) -> Self:
        """`1 / x`."""

    def relu(self) -> Tensor:
        """max(x, 0); gradient 0 at 0."""

    def relu_(self) -> Self:
        """max(x, 0); gradient 0 at 0."""

    def remainder(self, other: Operand) -> Tensor:
        """Remainder with the sign of the divisor, as Python's `%`."""

    def remainder_(self, other: Operand) -> Self:
        """Remainder with the sign of the divisor, as Python's `%`."""

    @overload
    def repeat(self, *repeats: SupportsIndex) -> Tensor:
        """The whole tensor several times along each axis; new axes come in front."""

    @overload
    def repeat(self, repeats: Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def repeat_interleave(self, repeats: SupportsIndex, dim: SupportsIndex | None=None, *, output_size: SupportsIndex | None=None) -> Tensor:
        """Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor."""

    @overload
    def repeat_interleave(self, repeats: SupportsIndex, *, axis: SupportsIndex | None, output_size: SupportsIndex | None=None) -> Tensor: ...
    @overload
    def repeat_interleave(self, repeats: Tensor, dim: SupportsIndex | None=None, *, output_size: SupportsIndex | None=None) -> Tensor: ...
    @overload
    def repeat_interleave(self, repeats: Tensor, *, axis: SupportsIndex | None, output_size: SupportsIndex | None=None) -> Tensor: ...
    @overload
    def reshape(self, *shape: SupportsIndex) -> Tensor:
        """The same elements in another shape: a view where possible, else a copy; one size may be -1."""

    @overload
    def reshape(self, shape: Sequence[SupportsIndex]) -> Tensor: ...
    def reshape_as(self, other: Tensor) -> Tensor:
        """The same elements in the shape of `other`."""

    def resolve_conj(self) -> Tensor:
        """The tensor itself: conjugates are computed at once."""

    def resolve_neg(self) -> Tensor:
        """The tensor itself: negatives are computed at once."""

    def roll(self, shifts: SupportsIndex | Sequence[SupportsIndex], dims: SupportsIndex | Sequence[SupportsIndex] | None=None) -> Tensor:
        """Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start."""

    def rot90(self, k: SupportsIndex=1, dims: Sequence[SupportsIndex]=(0, 1)) -> Tensor:
        """Turned by `k` right angles in the plane of two axes, the first two by default."""

    @overload
    def round(self) -> Tensor:
        """Round half to even."""

    @overload
    def round(self, *, decimals: SupportsIndex) -> Tensor: ...
    @overload
    def round_(self) -> Self:
        """Round half to even."""

    @overload
    def round_(self, *, decimals: SupportsIndex) -> Self: ...
    def rsqrt(self) -> Tensor:
        """`1 / sqrt(x)`."""

    def rsqrt_(self) -> Self:
        """`1 / sqrt(x)`."""

    @overload
    def scatter(self, dim: SupportsIndex, index: Tensor, src: Tensor, *, reduce: str | None=None) -> Tensor:
        """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""

    @overload
    def scatter(self, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self, dim: SupportsIndex, index: Tensor, value: Operand, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self, *, axis: SupportsIndex, index: Tensor, value: Operand, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_(self, dim: SupportsIndex, index: Tensor, src: Tensor, *, reduce: str | None=None) -> Self:
        """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""

    @overload
    def scatter_(self, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str | None=None) -> Self: ...
    @overload
    def scatter_(self, dim: SupportsIndex, index: Tensor, value: Operand, *, reduce: str | None=None) -> Self: ...
    @overload
    def scatter_(self, *, axis: SupportsIndex, index: Tensor, value: Operand, reduce: str | None=None) -> Self: ...
    @overload
    def scatter_add(self, dim: SupportsIndex, index: Tensor, src: Tensor) -> Tensor:
        """Elements of `src` added at the positions along `dim` that `index` gives."""

    @overload
    def scatter_add(self, *, axis: SupportsIndex, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_add_(self, dim: SupportsIndex, index: Tensor, src: Tensor) -> Self:
        """Elements of `src` added at the positions along `dim` that `index` gives."""

    @overload
    def scatter_add_(self, *, axis: SupportsIndex, index: Tensor, src: Tensor) -> Self: ...
    @overload
    def scatter_reduce(self, dim: SupportsIndex, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
        """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""

    @overload
    def scatter_reduce(self, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str, include_self: builtins.bool=True) -> Tensor: ...
    @overload
    def scatter_reduce_(self, dim: SupportsIndex, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Self:
        """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""

    @overload
    def scatter_reduce_(self, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str, include_self: builtins.bool=True) -> Self: ...
    @overload
    def select(self, dim: SupportsIndex, index: SupportsIndex) -> Tensor:
        """One position of an axis, the axis removed."""

    @overload
    def select(self, *, axis: SupportsIndex, index: SupportsIndex) -> Tensor: ...
    @overload
    def select_scatter(self, src: Tensor, dim: SupportsIndex, index: SupportsIndex) -> Tensor:
        """A copy with one position of `dim` replaced by `src`."""

    @overload
    def select_scatter(self, src: Tensor, *, axis: SupportsIndex, index: SupportsIndex) -> Tensor: ...
    def sgn(self) -> Tensor:
        """−1, 0 or 1."""

    def sgn_(self) -> Self:
        """−1, 0 or 1."""

    def sigmoid(self) -> Tensor:
        """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

    def sigmoid_(self) -> Self:
        """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

    def sign(self) -> Tensor:
        """−1, 0 or 1."""

    def sign_(self) -> Self:
        """−1, 0 or 1."""

    def signbit(self) -> Tensor:
        """The sign bit is set, also that of −0 and of NaN."""

    def sin(self) -> Tensor:
        """Sine of radians."""

    def sin_(self) -> Self:
        """Sine of radians."""

    def sinc(self) -> Tensor:
        """`sin(πx) / (πx)`, 1 at 0."""

    def sinc_(self) -> Self:
        """`sin(πx) / (πx)`, 1 at 0."""

    def sinh(self) -> Tensor:
        """Hyperbolic sine."""

    def sinh_(self) -> Self:
        """Hyperbolic sine."""

    @overload
    def slice_scatter(self, src: Tensor, dim: SupportsIndex=0, start: SupportsIndex | None=None, end: SupportsIndex | None=None, step: SupportsIndex=1) -> Tensor:
        """A copy with a slice of `dim` replaced by `src`."""

    @overload
    def slice_scatter(self, src: Tensor, *, axis: SupportsIndex, start: SupportsIndex | None=None, end: SupportsIndex | None=None, step: SupportsIndex=1) -> Tensor: ...
    def slogdet(self) -> _return_slogdet:
        """`linalg.slogdet`."""

    @overload
    def softmax(self, dim: SupportsIndex, dtype: DType | None=None) -> Tensor:
        """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

    @overload
    def softmax(self, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...
    @overload
    def sort(self, dim: SupportsIndex=-1, descending: builtins.bool=False) -> _return_sort:
        """Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order."""

    @overload
    def sort(self, *, axis: SupportsIndex, descending: builtins.bool=False) -> _return_sort: ...
    @overload
    def sort(self, *, stable: builtins.bool | None=None, dim: SupportsIndex=-1, descending: builtins.bool=False) -> _return_sort: ...
    @overload
    def sort(self, *, stable: builtins.bool | None=None, axis: SupportsIndex, descending: builtins.bool=False) -> _return_sort: ...
    @overload
    def split(self, split_size: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
        """Parts of one length (the last may be shorter), or of given lengths."""

    @overload
    def split(self, split_size: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def split_with_sizes(self, split_sizes: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]:
        """Parts of given lengths along an axis."""

    @overload
    def split_with_sizes(self, split_sizes: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    def sqrt(self) -> Tensor:
        """Square root; the gradient at 0 is infinite."""

    def sqrt_(self) -> Self:
        """Square root; the gradient at 0 is infinite."""

    def square(self) -> Tensor:
        """`x * x`."""

    def square_(self) -> Self:
        """`x * x`."""

    @overload
    def squeeze(self) -> Tensor:
        """Without axes of size 1: all, or those named."""

    @overload
    def squeeze(self, *dim: SupportsIndex) -> Tensor: ...
    @overload
    def squeeze(self, *, axis: SupportsIndex | Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def squeeze(self, dim: SupportsIndex | Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def squeeze_(self) -> Self:
        """Without axes of size 1: all, or those named."""

    @overload
    def squeeze_(self, *dim: SupportsIndex) -> Self: ...
    @overload
    def squeeze_(self, *, axis: SupportsIndex | Sequence[SupportsIndex]) -> Self: ...
    @overload
    def squeeze_(self, dim: SupportsIndex | Sequence[SupportsIndex]) -> Self: ...
    @overload
    def std(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False) -> Tensor:
        """Standard deviation over `dim` (all by default)."""

    @overload
    def std(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def std(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def std(self, unbiased: builtins.bool) -> Tensor: ...
    @overload
    def std(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False) -> Tensor: ...
    @overload
    def std(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def std(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool) -> Tensor: ...
    def stft(self, n_fft: SupportsIndex, hop_length: SupportsIndex | None=None, win_length: SupportsIndex | None=None, window: Tensor | None=None, center: builtins.bool=True, pad_mode: str='reflect', normalized: builtins.bool=False, onesided: builtins.bool | None=None, return_complex: builtins.bool | None=None, align_to_window: builtins.bool | None=None) -> Tensor:
        """The Fourier transforms of short frames of a signal, or of a batch of signals."""

    def sub(self, other: Operand, *, alpha: Operand=1) -> Tensor:
        """Difference `input - alpha * other`, broadcast and promoted."""

    def sub_(self, other: Operand, *, alpha: Operand=1) -> Self:
        """Difference `input - alpha * other`, broadcast and promoted."""

    def subtract(self, other: Operand, *, alpha: Operand=1) -> Tensor:
        """Difference `input - alpha * other`, broadcast and promoted."""

    def subtract_(self, other: Operand, *, alpha: Operand=1) -> Self:
        """Difference `input - alpha * other`, broadcast and promoted."""

    @overload
    def sum(self, *, dtype: DType | None=None) -> Tensor:
        """Sum of all elements, or over `dim`; integers and bool give int64."""

    @overload
    def sum(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, keepdim: builtins.bool=False, *, dtype: DType | None=None) -> Tensor: ...
    @overload
    def sum(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None) -> Tensor: ...
    @overload
    def sum(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, *, keepdims: builtins.bool, dtype: DType | None=None) -> Tensor: ...
    @overload
    def sum_to_size(self, *size: SupportsIndex) -> Tensor:
        """Sum over the axes along which `size` would be broadcast to the shape of the tensor."""

    @overload
    def sum_to_size(self, size: Sequence[SupportsIndex]) -> Tensor: ...
    def svd(self, some: builtins.bool=True, compute_uv: builtins.bool=True) -> _return_svd:
        """`linalg.svd`, which gives V and not its conjugate transpose; `some=False` asks for square U and V, and without `compute_uv` they are zeros."""

    def swapaxes(self, axis0: SupportsIndex, axis1: SupportsIndex) -> Tensor:
        """Two axes exchanged."""

    def swapaxes_(self, axis0: SupportsIndex, axis1: SupportsIndex) -> Self:
        """Two axes exchanged."""

    def swapdims(self, dim0: SupportsIndex, dim1: SupportsIndex) -> Tensor:
        """Two axes exchanged."""

    def swapdims_(self, dim0: SupportsIndex, dim1: SupportsIndex) -> Self:
        """Two axes exchanged."""

    def t(self) -> Tensor:
        """The transpose of a matrix; vectors as they are."""

    def t_(self) -> Self:
        """The transpose of a matrix; vectors as they are."""

    def take(self, index: Tensor) -> Tensor:
        """Elements at positions of the flattened tensor, in the shape of `index`."""

    @overload
    def take_along_dim(self, indices: Tensor, dim: SupportsIndex | None=None) -> Tensor:
        """As `gather`, with broadcasting; without `dim` of the flattened tensor."""

    @overload
    def take_along_dim(self, indices: Tensor, *, axis: SupportsIndex | None) -> Tensor: ...
    def tan(self) -> Tensor:
        """Tangent of radians."""

    def tan_(self) -> Self:
        """Tangent of radians."""

    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""

    def tanh_(self) -> Self:
        """Hyperbolic tangent."""

    @overload
    def tensor_split(self, indices: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]:
        """A number of parts of sizes as equal as can be, or the parts between given positions of an axis."""

    @overload
    def tensor_split(self, indices: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, tensor_indices_or_sections: Tensor, dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, tensor_indices_or_sections: Tensor, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, sections: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, sections: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def tile(self, *dims: SupportsIndex) -> Tensor:
        """The whole tensor several times along each axis; axes that are not mentioned once."""

    @overload
    def tile(self, dims: Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def topk(self, k: SupportsIndex, dim: SupportsIndex=-1, largest: builtins.bool=True, sorted: builtins.bool=True) -> _return_topk:
        """The `k` greatest (or smallest) elements along `dim`, in order: values and positions."""

    @overload
    def topk(self, k: SupportsIndex, *, axis: SupportsIndex, largest: builtins.bool=True, sorted: builtins.bool=True) -> _return_topk: ...
    def trace(self) -> Tensor:
        """Sum of the diagonal of a matrix."""

    def transpose(self, dim0: SupportsIndex, dim1: SupportsIndex) -> Tensor:
        """Two axes exchanged."""

    def transpose_(self, dim0: SupportsIndex, dim1: SupportsIndex) -> Self:
        """Two axes exchanged."""

    def triangular_solve(self, A: Tensor, upper: builtins.bool=True, transpose: builtins.bool=False, unitriangular: builtins.bool=False) -> _return_triangular_solve:
        """`linalg.solve_triangular`, the arguments in another order, and a copy of the triangle."""

    def tril(self, diagonal: SupportsIndex=0) -> Tensor:
        """The triangle on and below a diagonal, zeros above."""

    def tril_(self, diagonal: SupportsIndex=0) -> Self:
        """The triangle on and below a diagonal, zeros above."""

    def triu(self, diagonal: SupportsIndex=0) -> Tensor:
        """The triangle on and above a diagonal, zeros below."""

    def triu_(self, diagonal: SupportsIndex=0) -> Self:
        """The triangle on and above a diagonal, zeros below."""

    def true_divide(self, other: Operand) -> Tensor:
        """Quotient `input / other`; integers give floats."""

    def true_divide_(self, other: Operand) -> Self:
        """Quotient `input / other`; integers give floats."""

    def trunc(self) -> Tensor:
        """Round towards zero."""

    def trunc_(self) -> Self:
        """Round towards zero."""

    @overload
    def unbind(self, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
        """Every position of an axis, as a tuple."""

    @overload
    def unbind(self, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...
    @overload
    def unflatten(self, dim: SupportsIndex, sizes: Sequence[SupportsIndex]) -> Tensor:
        """One axis as several; one size may be -1."""

    @overload
    def unflatten(self, *, axis: SupportsIndex, sizes: Sequence[SupportsIndex]) -> Tensor: ...
    def unfold(self, dimension: SupportsIndex, size: SupportsIndex, step: SupportsIndex) -> Tensor:
        """Windows of `size` elements every `step` along an axis, as a new last axis."""

    def uniform_(self, from_: Float=0.0, /, to: Float=1.0, *, generator: Generator | None=None) -> Self:
        """Overwrites the tensor with uniform numbers in [from, to)."""

    @overload
    def unique(self, sorted: builtins.bool=True, return_inverse: Literal[False]=False, return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> Tensor:
        """The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups."""

    @overload
    def unique(self, sorted: builtins.bool=True, *, return_inverse: Literal[True], return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...
    @overload
    def unique(self, sorted: builtins.bool=True, return_inverse: Literal[False]=False, *, return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...
    @overload
    def unique(self, sorted: builtins.bool=True, *, return_inverse: Literal[True], return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor, Tensor]: ...
    @overload
    def unique(self, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: SupportsIndex | None=None) -> Any: ...
    @overload
    def unique_consecutive(self, return_inverse: Literal[False]=False, return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> Tensor:
        """The elements (or slices along `dim`) without those that equal their predecessor."""

    @overload
    def unique_consecutive(self, *, return_inverse: Literal[True], return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...
    @overload
    def unique_consecutive(self, return_inverse: Literal[False]=False, *, return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...
    @overload
    def unique_consecutive(self, *, return_inverse: Literal[True], return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor, Tensor]: ...
    @overload
    def unique_consecutive(self, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: SupportsIndex | None=None) -> Any: ...
    @overload
    def unsqueeze(self, dim: SupportsIndex) -> Tensor:
        """A new axis of size 1 at `dim`."""

    @overload
    def unsqueeze(self, *, axis: SupportsIndex) -> Tensor: ...
    @overload
    def unsqueeze_(self, dim: SupportsIndex) -> Self:
        """A new axis of size 1 at `dim`."""

    @overload
    def unsqueeze_(self, *, axis: SupportsIndex) -> Self: ...
    @overload
    def var(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False) -> Tensor:
        """Variance over `dim` (all by default); `correction` is subtracted from the number of elements."""

    @overload
    def var(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def var(self, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool) -> Tensor: ...
    @overload
    def var(self, unbiased: builtins.bool) -> Tensor: ...
    @overload
    def var(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False) -> Tensor: ...
    @overload
    def var(self, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False) -> Tensor: ...
    @overload
    def var(self, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool) -> Tensor: ...
    def vdot(self, other: Tensor) -> Tensor:
        """Scalar product of two vectors, the first conjugated: for real numbers `dot`."""

    @overload
    def view(self, *size: SupportsIndex) -> Tensor:
        """The same elements in another shape, without copying; one size may be -1. Of a dtype: the same bits as elements of it; where these are of another size, the last axis is scaled. No gradient passes then."""

    @overload
    def view(self, size: Sequence[SupportsIndex]) -> Tensor: ...
    @overload
    def view(self, dtype: DType) -> Tensor: ...
    def view_as(self, other: Tensor) -> Tensor:
        """The same elements in the shape of `other`, without copying."""

    def where(self, condition: Tensor, other: Operand) -> Tensor:
        """The tensor where `condition` is true, `other` elsewhere."""

    def xlogy(self, other: Operand) -> Tensor:
        """`x * ln(y)`, 0 where `x` is 0 and `y` not NaN."""

    def xlogy_(self, other: Operand) -> Self:
        """`x * ln(y)`, 0 where `x` is 0 and `y` not NaN."""

    def zero_(self) -> Self:
        """Fills the tensor with zeros."""

class Size(tuple[builtins.int, ...]):
    """The shape of a tensor: a tuple of the sizes of its axes."""

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> builtins.int: ...
    @overload
    def __getitem__(self, index: slice, /) -> Size: ...
    def __add__(self, other: tuple[builtins.int, ...], /) -> Size: ...
    def __radd__(self, other: tuple[builtins.int, ...], /) -> Size: ...
    def __mul__(self, other: SupportsIndex, /) -> Size: ...
    def __rmul__(self, other: SupportsIndex, /) -> Size: ...
    def __repr__(self) -> str: ...
    def numel(self) -> builtins.int:
        """The product of the sizes: the number of elements."""

class Generator:
    """A source of random numbers: PyTorch's CPU generator."""

    def __new__(cls, device: Device=None) -> Self: ...
    def clone_state(self) -> Generator:
        """A generator of its own with the same state."""

    @property
    def device(self) -> _device:
        """Where it draws: always the CPU."""

    def get_state(self) -> Tensor:
        """The state, as a `uint8` tensor."""

    def initial_seed(self) -> builtins.int:
        """The seed it started from."""

    def manual_seed(self, seed: SupportsIndex) -> Self:
        """Starts again from `seed`; returns the generator."""

    def seed(self) -> builtins.int:
        """Starts again from a seed of the operating system's; returns it."""

    def set_state(self, new_state: Tensor) -> Self:
        """Loads a state that `get_state` gave; returns the generator."""

    def __setstate__(self, state: Tensor) -> None: ...

class UntypedStorage:
    """The memory block that tensors are views of."""
    is_cuda: builtins.bool
    is_sparse: builtins.bool
    is_sparse_csr: builtins.bool

    def __new__(cls, *args: SupportsIndex | Sequence[builtins.int] | UntypedStorage, device: Device=None) -> Self: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> builtins.int: ...
    @overload
    def __getitem__(self, index: slice[Any, Any, Any], /) -> UntypedStorage: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __copy__(self) -> UntypedStorage: ...
    def clone(self) -> UntypedStorage: ...
    def copy_(self, source: Any, non_blocking: builtins.bool | None=None) -> UntypedStorage: ...
    def cpu(self) -> UntypedStorage: ...
    def fill_(self, value: builtins.int) -> UntypedStorage: ...
    def new(self) -> UntypedStorage: ...
    def tolist(self) -> list[builtins.int]: ...
    def type(self, dtype: Any=None, non_blocking: builtins.bool=False) -> Any: ...
    def untyped(self) -> UntypedStorage: ...
    def _move_to(self, buffer: Any, copy: builtins.bool) -> None:
        """Moves the bytes into a writable buffer, for all tensors that show them; with `copy` what is here is copied there."""

    @staticmethod
    def from_file(filename: str, shared: builtins.bool=False, nbytes: builtins.int=0) -> UntypedStorage:
        """The memory of a file, which is read when it is looked at: ``nbytes`` of it, or all; see ``arcgrad.from_file``."""

    def share_memory_(self) -> UntypedStorage:
        """Moves the memory to where processes started later see it; see ``Tensor.share_memory_``."""

    def bfloat16(self) -> Any: ...
    def bool(self) -> Any: ...
    def byte(self) -> Any: ...
    def char(self) -> Any: ...
    def complex_double(self) -> Any: ...
    def complex_float(self) -> Any: ...
    def double(self) -> Any: ...
    def float(self) -> Any: ...
    def half(self) -> Any: ...
    def int(self) -> Any: ...
    def long(self) -> Any: ...
    def resize_(self, size: builtins.int) -> UntypedStorage: ...
    def short(self) -> Any: ...
    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Self: ...
    def __len__(self) -> builtins.int: ...
    def __hash__(self) -> builtins.int: ...
    def __repr__(self) -> str: ...
    def __eq__(self, other: object, /) -> builtins.bool: ...
    def __ne__(self, other: object, /) -> builtins.bool: ...
    @property
    def _cdata(self) -> builtins.int:
        """A number that identifies the block."""

    def data_ptr(self) -> builtins.int:
        """The address of the first byte."""

    @property
    def device(self) -> _device:
        """Where it lies: the CPU, or `meta` if there is no memory."""

    def element_size(self) -> builtins.int:
        """Bytes per element: one."""

    def is_shared(self) -> builtins.bool:
        """Whether it has been moved into memory that other processes may see."""

    def nbytes(self) -> builtins.int:
        """Size in bytes."""

    def size(self) -> builtins.int:
        """Size in bytes."""

class _Memory:
    """Memory lent to NumPy through its array interface; NumPy keeps this object as long as it needs the memory."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...

class device:
    """A kind of device, perhaps with a number. Tensors lie on the CPU, or on `meta`, where they have a shape and no data; programs
name others in the branches that they do not take."""

    def __new__(cls, type: str | builtins.int | _device, index: builtins.int | None=None) -> Self: ...
    @property
    def type(self) -> str:
        """The kind of device: `'cpu'` or `'meta'` for that of a tensor."""

    @property
    def index(self) -> builtins.int | None:
        """The device's number, if one was given."""

    def __hash__(self) -> builtins.int: ...
    def __repr__(self) -> str: ...
    def __str__(self) -> str: ...
    def __eq__(self, other: object, /) -> builtins.bool: ...
    def __ne__(self, other: object, /) -> builtins.bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

class dtype:
    """An element type. There is one object of each: compare with `is` or `==`."""

    def __repr__(self) -> str: ...
    @property
    def is_complex(self) -> builtins.bool:
        """Whether the elements are complex numbers."""

    @property
    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are floating-point numbers."""

    @property
    def is_signed(self) -> builtins.bool:
        """Whether the elements can be negative."""

    @property
    def itemsize(self) -> builtins.int:
        """Bytes per element."""

    def to_complex(self) -> _dtype:
        """The complex dtype with the same precision."""

    def to_real(self) -> _dtype:
        """The real dtype with the same precision."""

class layout:
    """How the elements of a tensor are stored: strided, but for those of `arcgrad.sparse` and `arcgrad.nested`."""

    def __repr__(self) -> str: ...

class memory_format:
    """The order of a tensor's elements in memory."""

    def __repr__(self) -> str: ...
Operand: TypeAlias = Tensor | Number
__version__: str
bcomplex32: _dtype
bfloat16: _dtype
bit: _dtype
bits16: _dtype
bits1x8: _dtype
bits2x4: _dtype
bits4x2: _dtype
bits8: _dtype
bool: _dtype
cdouble: _dtype
cfloat: _dtype
chalf: _dtype
channels_last: _memory_format
channels_last_3d: _memory_format
complex128: _dtype
complex32: _dtype
complex64: _dtype
contiguous_format: _memory_format
default_generator: Generator
double: _dtype
float16: _dtype
float32: _dtype
float4_e2m1fn_x2: _dtype
float64: _dtype
float8_e4m3fn: _dtype
float8_e4m3fnuz: _dtype
float8_e5m2: _dtype
float8_e5m2fnuz: _dtype
float8_e8m0fnu: _dtype
float: _dtype
half: _dtype
int16: _dtype
int1: _dtype
int2: _dtype
int32: _dtype
int3: _dtype
int4: _dtype
int5: _dtype
int64: _dtype
int6: _dtype
int7: _dtype
int8: _dtype
int: _dtype
long: _dtype
preserve_format: _memory_format
qint32: _dtype
qint8: _dtype
quint2x4: _dtype
quint4x2: _dtype
quint8: _dtype
short: _dtype
sparse_bsc: _layout
jagged: _layout
sparse_bsr: _layout
sparse_coo: _layout
sparse_csc: _layout
sparse_csr: _layout
strided: _layout
uint16: _dtype
uint1: _dtype
uint2: _dtype
uint32: _dtype
uint3: _dtype
uint4: _dtype
uint5: _dtype
uint64: _dtype
uint6: _dtype
uint7: _dtype
uint8: _dtype

def _instruction_sets() -> str:
    """The instruction sets in use, for `python -m arcgrad`."""

def _limits(dtype: _dtype) -> dict[str, Any]:
    """The least and greatest value, and for floats the precision, of a dtype; see `arcgrad.finfo` and `arcgrad.iinfo`."""

def _print_options() -> dict[str, Any]:
    """The print options: precision, threshold, edgeitems, linewidth, sci_mode."""

def _default_device() -> _device:
    """The device of new tensors on this thread."""

def _set_default_device(device: _device | None) -> None:
    """Sets the device of new tensors on this thread; `None` for what it was at first."""

def _rebuild_meta_tensor(class_: Any, dtype: _dtype, shape: Any, strides: Any, requires_grad: builtins.bool, attributes: Any) -> Tensor:
    """What a pickled tensor without data calls."""

def _rebuild_tensor(class_: Any, dtype: _dtype, shape: Any, bytes: bytes, requires_grad: builtins.bool, attributes: Any) -> Tensor:
    """What a pickled tensor calls."""

def _set_print_options(precision: Any, threshold: Any, edgeitems: Any, linewidth: Any, profile: Any, sci_mode: Any) -> None:
    """Changes the print options; see `arcgrad.set_printoptions`."""

def adam_step(params: list[Tensor], grads: list[Tensor], exp_avgs: list[Tensor], exp_avg_sqs: list[Tensor], max_exp_avg_sqs: list[Tensor], steps: list[Tensor], *, lr: builtins.float, beta1: builtins.float, beta2: builtins.float, eps: builtins.float, weight_decay: builtins.float, amsgrad: builtins.bool, decoupled: builtins.bool, maximize: builtins.bool) -> None:
    """One step of Adam (AdamW with `decoupled`) for all parameters."""

def as_tensor(data: Any, dtype: DType | None=None, device: Device=None) -> Tensor:
    """`data` as a tensor; shares the memory of tensors and NumPy arrays where the dtype allows it."""

def asarray(obj: Any, *, dtype: DType | None=None, device: Device=None, copy: builtins.bool | None=None, requires_grad: builtins.bool | None=None) -> Tensor:
    """`obj` as a tensor: shares the memory of tensors, NumPy arrays and, as a vector, of buffers, unless `copy=True`; `copy=False` refuses to copy."""

def broadcast_shapes(*shapes: builtins.int | Sequence[builtins.int]) -> Size:
    """The shape that shapes (sequences of sizes, or single sizes) broadcast to."""

def can_cast(from_: _dtype, to: _dtype) -> builtins.bool:
    """Whether a result of dtype `from_` may be stored in a tensor of dtype `to`."""

def _let_empty_glare(on: builtins.bool) -> None:
    """Whether memory to be filled shows that it was never written, instead of holding zeros; see `utils.deterministic`."""

def empty_cache() -> None:
    """Gives the memory kept for reuse back to the operating system."""

def from_numpy(array: NDArray[Any]) -> Tensor:
    """A tensor over the memory of a NumPy array: changes of one are seen in the other."""

def frombuffer(buffer: Any, *, dtype: _dtype, count: builtins.int=..., offset: builtins.int=0, requires_grad: builtins.bool=False) -> Tensor:
    """A vector over the memory of an object with the buffer protocol: `count` elements (all by default) from byte
`offset` on."""

def get_default_dtype() -> _dtype:
    """The dtype of floats from Python."""

def get_num_threads() -> builtins.int:
    """How many threads large operations use."""

def get_rng_state() -> Tensor:
    """The state of the default generator."""

def initial_seed() -> builtins.int:
    """The seed of the default generator."""

def is_complex(input: Tensor) -> builtins.bool:
    """Whether the elements of a tensor are complex."""

def is_floating_point(input: Tensor) -> builtins.bool:
    """Whether the elements of a tensor are floating-point numbers."""

def with_gradients(params: Iterable[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Those of the parameters that have a gradient, and the gradients: two lists of one length."""

def is_fusible(params: list[Tensor], grads: list[Tensor]) -> builtins.bool:
    """Whether the loops know the parameters, which are real numbers in single or double precision, and their gradients, which are
dense."""

def is_inference(input: Tensor) -> builtins.bool:
    """Whether a tensor was made in inference mode."""

def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether a one-element tensor is not zero."""

def is_same_size(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether two tensors have the same shape."""

def is_storage(obj: object) -> builtins.bool:
    """Whether `obj` is a storage."""

def is_tensor(obj: object) -> TypeGuard[Tensor]:
    """Whether `obj` is a tensor, or passes for one as tensors of kept dtypes do."""

def manual_seed(seed: SupportsIndex) -> Generator:
    """Seeds the default generator and returns it."""

def memory_stats() -> dict[str, builtins.int]:
    """Bytes of the memory pool: in tensors that are alive, the most so far, and kept for reuse. Tensors of at most 64
bytes are not counted."""

def numel(input: Tensor) -> builtins.int:
    """The number of elements of a tensor."""

def promote_types(type1: _dtype, type2: _dtype) -> _dtype:
    """The smallest dtype that holds the values of both."""

def registry() -> list[dict[str, Any]]:
    """Every name made from the tables, one dictionary each: `name`, `namespace`, `op`, `aliases`, `signature`,
`signatures`, `overloads`, `doc`, `forms`, `kind`, `in_place`; for elementwise rows also `node`, `domain`, `tier`, `inputs`,
`differentiable`."""

def result_type(tensor1: Operand, tensor2: Operand) -> _dtype:
    """The dtype an operation on the two arguments, tensors or numbers, would compute in."""

def safetensors_deserialize(data: Any) -> Any:
    """The dictionary of tensors and the dictionary of texts in the bytes of a safetensors file. The tensors have memory of
their own."""

def safetensors_serialize(tensors: Any, metadata: Mapping[str, str] | None=None) -> bytes:
    """A dictionary of tensors, with texts beside them, as the bytes of a safetensors file."""

def seed() -> builtins.int:
    """Seeds the default generator from the operating system and returns the seed."""

def set_default_dtype(d: DType) -> None:
    """Sets the dtype of floats from Python: `float32` or `float64`."""

def set_num_threads(int: builtins.int) -> None:
    """Sets how many threads large operations use. Results do not depend on it."""

def set_rng_state(new_state: Tensor) -> None:
    """Loads a state into the default generator."""

def sgd_step(params: list[Tensor], grads: list[Tensor], buffers: list[Any], *, lr: builtins.float, momentum: builtins.float, dampening: builtins.float, weight_decay: builtins.float, nesterov: builtins.bool, maximize: builtins.bool) -> None:
    """One step of stochastic gradient descent for all parameters. A momentum buffer that is `None` is made and put into
the list."""

def tensor(data: Any, *, dtype: DType | None=None, device: Device=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A tensor with a copy of `data`: a number, nested lists or tuples of numbers, a NumPy array, another tensor."""

class _return_aminmax(NamedTuple):
    min: Tensor
    max: Tensor

class _return_cholesky_ex(NamedTuple):
    L: Tensor
    info: Tensor

class _return_cummax(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_cummin(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_eig(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor

class _return_eigh(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor

class _return_frexp(NamedTuple):
    mantissa: Tensor
    exponent: Tensor

class _return_geqrf(NamedTuple):
    a: Tensor
    tau: Tensor

class _return_inv_ex(NamedTuple):
    inverse: Tensor
    info: Tensor

class _return_kthvalue(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_ldl_factor(NamedTuple):
    LD: Tensor
    pivots: Tensor

class _return_ldl_factor_ex(NamedTuple):
    LD: Tensor
    pivots: Tensor
    info: Tensor

class _return_lstsq(NamedTuple):
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

class _return_lu(NamedTuple):
    P: Tensor
    L: Tensor
    U: Tensor

class _return_lu_factor(NamedTuple):
    LU: Tensor
    pivots: Tensor

class _return_lu_factor_ex(NamedTuple):
    LU: Tensor
    pivots: Tensor
    info: Tensor

class _return_lu_unpack(NamedTuple):
    P: Tensor
    L: Tensor
    U: Tensor

class _return_max(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_median(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_min(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_mode(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_nanmedian(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_qr(NamedTuple):
    Q: Tensor
    R: Tensor

class _return_slogdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor

class _return_solve_ex(NamedTuple):
    result: Tensor
    info: Tensor

class _return_sort(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_svd(NamedTuple):
    U: Tensor
    S: Tensor
    Vh: Tensor

class _return_topk(NamedTuple):
    values: Tensor
    indices: Tensor

class _return_triangular_solve(NamedTuple):
    solution: Tensor
    cloned_coefficient: Tensor

def _dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """The derivative of Dirichlet components `x` in their shapes `alpha`, over 1 - x."""

def _sample_dirichlet(input: Tensor, generator: Generator | None=None) -> Tensor:
    """A Dirichlet vector along the last axis for each vector of shapes, with a gradient in the shapes."""

def _standard_gamma(input: Tensor, generator: Generator | None=None) -> Tensor:
    """A gamma number of scale 1 for each shape, with a gradient in the shape."""

def _standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """The derivative of gamma numbers `output` in the shapes they were drawn with."""

def abs(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Absolute value; gradient 0 at 0."""

def abs_(input: Tensor) -> Tensor:
    """Absolute value; gradient 0 at 0."""

def absolute(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Absolute value; gradient 0 at 0."""

def absolute_(input: Tensor) -> Tensor:
    """Absolute value; gradient 0 at 0."""

def acos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse cosine, in radians."""

def acos_(input: Tensor) -> Tensor:
    """Inverse cosine, in radians."""

def acosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic cosine."""

def acosh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine."""

def adaptive_avg_pool1d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool2d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def adaptive_avg_pool3d(input: Tensor, output_size: SupportsIndex | Sequence[SupportsIndex]) -> Tensor:
    """Means of windows that are chosen so that `output_size` of them cover the input evenly."""

def add(input: Operand, other: Operand, *, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """Sum `input + alpha * other`, broadcast and promoted."""

def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."""

def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1, out: Tensor | None=None) -> Tensor:
    """`input + value * tensor1 / tensor2`."""

def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand=1, out: Tensor | None=None) -> Tensor:
    """`input + value * tensor1 * tensor2`."""

def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Operand=1, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."""

def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Operand=1, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."""

def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Operand=1, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."""

def adjoint(input: Tensor) -> Tensor:
    """The last two axes exchanged, and the numbers conjugated."""

@overload
def all(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Whether no element is zero, of all or over `dim`."""

@overload
def all(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def all(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

def allclose(input: Tensor, other: Tensor, rtol: Float=1e-05, atol: Float=1e-08, equal_nan: builtins.bool=False) -> builtins.bool:
    """Whether all pairs of elements are close."""

@overload
def amax(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Greatest elements over `dim`; ties share the gradient evenly."""

@overload
def amax(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def amax(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def amin(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Least elements over `dim`; ties share the gradient evenly."""

@overload
def amin(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def amin(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def aminmax(input: Tensor, *, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_aminmax:
    """The least and the greatest element."""

@overload
def aminmax(input: Tensor, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_aminmax: ...

@overload
def aminmax(input: Tensor, *, dim: SupportsIndex | None=None, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_aminmax: ...

def angle(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle of a real number as a complex one: π below 0, else 0; NaN of NaN."""

@overload
def any(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Whether any element is not zero, of all or over `dim`."""

@overload
def any(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def any(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def arange(end: Operand, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Numbers from `start` up to but without `end`, in steps."""

@overload
def arange(start: Operand, end: Operand, step: Operand=1, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def arccos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse cosine, in radians."""

def arccos_(input: Tensor) -> Tensor:
    """Inverse cosine, in radians."""

def arccosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic cosine."""

def arccosh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine."""

def arcsin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse sine, in radians."""

def arcsin_(input: Tensor) -> Tensor:
    """Inverse sine, in radians."""

def arcsinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic sine."""

def arcsinh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""

def arctan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse tangent, in radians."""

def arctan2(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Angle of the point (x = `y`, y = `x`), in radians."""

def arctan_(input: Tensor) -> Tensor:
    """Inverse tangent, in radians."""

def arctanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic tangent."""

def arctanh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent."""

@overload
def argmax(input: Tensor, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Position of the greatest element, of all or along `dim`."""

@overload
def argmax(input: Tensor, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def argmax(input: Tensor, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def argmin(input: Tensor, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Position of the least element, of all or along `dim`."""

@overload
def argmin(input: Tensor, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def argmin(input: Tensor, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def argsort(input: Tensor, dim: SupportsIndex=-1, descending: builtins.bool=False) -> Tensor:
    """The positions that sort along `dim`; equal elements keep their order."""

@overload
def argsort(input: Tensor, *, axis: SupportsIndex, descending: builtins.bool=False) -> Tensor: ...

@overload
def argsort(input: Tensor, *, stable: builtins.bool, dim: SupportsIndex=-1, descending: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def argsort(input: Tensor, *, stable: builtins.bool, axis: SupportsIndex, descending: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

def argwhere(input: Tensor) -> Tensor:
    """Positions of the elements that are not zero, one row each."""

def as_strided(input: Tensor, size: Sequence[SupportsIndex], stride: Sequence[SupportsIndex], storage_offset: SupportsIndex | None=None) -> Tensor:
    """Any geometry over the tensor's storage, in elements."""

def asin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse sine, in radians."""

def asin_(input: Tensor) -> Tensor:
    """Inverse sine, in radians."""

def asinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic sine."""

def asinh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""

def atan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse tangent, in radians."""

def atan2(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Angle of the point (x = `y`, y = `x`), in radians."""

def atan_(input: Tensor) -> Tensor:
    """Inverse tangent, in radians."""

def atanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse hyperbolic tangent."""

def atanh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent."""

@overload
def atleast_1d(input: Tensor) -> Tensor:
    """The tensor with at least one axis; several tensors give a tuple."""

@overload
def atleast_1d(*tensors: Tensor) -> tuple[Tensor, ...]: ...

@overload
def atleast_1d(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...

@overload
def atleast_2d(input: Tensor) -> Tensor:
    """The tensor with at least two axes; several tensors give a tuple."""

@overload
def atleast_2d(*tensors: Tensor) -> tuple[Tensor, ...]: ...

@overload
def atleast_2d(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...

@overload
def atleast_3d(input: Tensor) -> Tensor:
    """The tensor with at least three axes; several tensors give a tuple."""

@overload
def atleast_3d(*tensors: Tensor) -> tuple[Tensor, ...]: ...

@overload
def atleast_3d(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...

def avg_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: SupportsIndex | None=None) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def avg_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: SupportsIndex | None=None) -> Tensor:
    """Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at all with `count_include_pad=False`."""

def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Operand=1, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."""

@overload
def bernoulli(input: Tensor, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
    """Ones with the probability that each element is (or with probability `p`), else zeros."""

@overload
def bernoulli(input: Tensor, p: Float, *, generator: Generator | None=None) -> Tensor: ...

def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """`y[k] = input1ᵀ weight[k] input2 + bias[k]` over the last axes; `weight` is out × in1 × in2."""

def bincount(input: Tensor, weights: Tensor | None=None, minlength: SupportsIndex=0) -> Tensor:
    """How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences."""

def binomial(count: Tensor, prob: Tensor, generator: Generator | None=None) -> Tensor:
    """The number of successes among each `count` of trials of probability `prob`."""

def bitwise_and(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Bitwise and."""

def bitwise_left_shift(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Shift left."""

def bitwise_not(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Bitwise complement."""

def bitwise_or(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Bitwise or."""

def bitwise_right_shift(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Arithmetic shift right."""

def bitwise_xor(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Bitwise exclusive or."""

@overload
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal and zeros elsewhere."""

@overload
def block_diag(tensors: Sequence[Tensor]) -> Tensor: ...

def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Products of the matrices of two batches (b × m × k and b × k × n)."""

@overload
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""

@overload
def broadcast_tensors(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...

def broadcast_to(input: Tensor, size: Sequence[SupportsIndex]) -> Tensor:
    """Broadcast without copying."""

def bucketize(input: Operand, boundaries: Tensor, *, out_int32: builtins.bool=False, right: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The bucket of each value among ascending boundaries."""

@overload
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations with one element of each vector, one row each."""

@overload
def cartesian_prod(tensors: Sequence[Tensor]) -> Tensor: ...

@overload
def cat(tensors: Sequence[Tensor], dim: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """Tensors behind each other along an axis; dtypes are promoted."""

@overload
def cat(tensors: Sequence[Tensor], *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def cdist(x1: Tensor, x2: Tensor, p: Float=2.0, compute_mode: Operand | str | Sequence[Any] | None=None) -> Tensor:
    """Distances by the p-norm of every row of `x1` from every row of `x2`; axes before the last two broadcast. `compute_mode` is accepted: there is one way to compute it."""

def ceil(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round up."""

def ceil_(input: Tensor) -> Tensor:
    """Round up."""

def celu(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

def celu_(input: Tensor, alpha: Operand=1.0) -> Tensor:
    """x where positive, else `alpha · (e^(x/alpha) − 1)`."""

@overload
def chain_matmul(*matrices: Tensor) -> Tensor:
    """Product of several matrices in the order that takes the fewest multiplications."""

@overload
def chain_matmul(matrices: Sequence[Tensor]) -> Tensor: ...

def cholesky(input: Tensor, upper: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """`linalg.cholesky`."""

def cholesky_inverse(input: Tensor, upper: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """The inverse of a matrix from its Cholesky factor."""

def cholesky_solve(input: Tensor, L: Tensor, upper: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """The solution X of `A X = input` from the Cholesky factor of A."""

@overload
def chunk(input: Tensor, chunks: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal length."""

@overload
def chunk(input: Tensor, chunks: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def clamp(input: Tensor, min: Tensor | None=None, max: Tensor | None=None, *, out: Tensor | None=None) -> Tensor:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

@overload
def clamp(input: Tensor, min: Operand | None=None, max: Operand | None=None, *, out: Tensor | None=None) -> Tensor: ...

@overload
def clamp_(input: Tensor, min: Tensor | None=None, max: Tensor | None=None) -> Tensor:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

@overload
def clamp_(input: Tensor, min: Operand | None=None, max: Operand | None=None) -> Tensor: ...

def clamp_max(input: Tensor, max: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x` but not above `max`; the gradient passes at the end."""

def clamp_min(input: Tensor, min: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x` but not below `min`; the gradient passes at the end."""

@overload
def clip(input: Tensor, min: Tensor | None=None, max: Tensor | None=None, *, out: Tensor | None=None) -> Tensor:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

@overload
def clip(input: Tensor, min: Operand | None=None, max: Operand | None=None, *, out: Tensor | None=None) -> Tensor: ...

@overload
def clip_(input: Tensor, min: Tensor | None=None, max: Tensor | None=None) -> Tensor:
    """`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends."""

@overload
def clip_(input: Tensor, min: Operand | None=None, max: Operand | None=None) -> Tensor: ...

def clone(input: Tensor, *, memory_format: _memory_format | None=None) -> Tensor:
    """A copy; the gradient passes."""

def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Tensors beside each other; numbers and vectors are columns."""

def combinations(input: Tensor, r: SupportsIndex=2, with_replacement: builtins.bool=False) -> Tensor:
    """All choices of `r` elements of a vector, one row each."""

def complex(real: Tensor, imag: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Complex numbers of their real and imaginary parts."""

@overload
def concat(tensors: Sequence[Tensor], dim: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """Tensors behind each other along an axis; dtypes are promoted."""

@overload
def concat(tensors: Sequence[Tensor], *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def concatenate(tensors: Sequence[Tensor], dim: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """Tensors behind each other along an axis; dtypes are promoted."""

@overload
def concatenate(tensors: Sequence[Tensor], *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def conj(input: Tensor) -> Tensor:
    """The complex conjugates, computed at once; of real numbers the tensor itself."""

def conj_physical(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The complex conjugates in memory of their own; of real numbers the tensor itself."""

def constant_pad_nd(input: Tensor, pad: Sequence[SupportsIndex], value: Operand=0) -> Tensor:
    """One value around a tensor: elements before and behind the last axis, then the one before it, and so on."""

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

def copysign(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Magnitude of `x` with the sign of `y`."""

def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows of a matrix, whose columns are observations."""

def cos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Cosine of radians."""

def cos_(input: Tensor) -> Tensor:
    """Cosine of radians."""

def cosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Hyperbolic cosine."""

def cosh_(input: Tensor) -> Tensor:
    """Hyperbolic cosine."""

@overload
def cosine_similarity(x1: Tensor, x2: Tensor, dim: SupportsIndex=1, eps: Float=1e-08) -> Tensor:
    """Cosine of the angle between vectors along `dim`; each norm counts as `eps` at least."""

@overload
def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: SupportsIndex, eps: Float=1e-08) -> Tensor: ...

@overload
def count_nonzero(input: Tensor, dim: SupportsIndex | None=None) -> Tensor:
    """Number of elements that are not zero, of all or over `dim`."""

@overload
def count_nonzero(input: Tensor, *, axis: SupportsIndex | None) -> Tensor: ...

@overload
def count_nonzero(input: Tensor, dim: Sequence[SupportsIndex]) -> Tensor: ...

@overload
def count_nonzero(input: Tensor, *, axis: Sequence[SupportsIndex]) -> Tensor: ...

def cov(input: Tensor, *, correction: SupportsIndex=1, fweights: Tensor | None=None, aweights: Tensor | None=None) -> Tensor:
    """The covariances of the rows of a matrix, whose columns are observations; the variance of a vector. Each observation counts `fweights` times and has the weight `aweights`; the number of them less `correction` is divided by."""

@overload
def cross(input: Tensor, other: Tensor, dim: SupportsIndex | None=None, *, out: Tensor | None=None) -> Tensor:
    """Vector product along `dim`, which has size 3 (the first such axis if it is not given)."""

@overload
def cross(input: Tensor, other: Tensor, *, axis: SupportsIndex | None, out: Tensor | None=None) -> Tensor: ...

@overload
def cummax(input: Tensor, dim: SupportsIndex, *, out: tuple[Tensor, ...] | None=None) -> _return_cummax:
    """Greatest element so far along `dim`, and where it last was."""

@overload
def cummax(input: Tensor, *, axis: SupportsIndex, out: tuple[Tensor, ...] | None=None) -> _return_cummax: ...

@overload
def cummin(input: Tensor, dim: SupportsIndex, *, out: tuple[Tensor, ...] | None=None) -> _return_cummin:
    """Least element so far along `dim`, and where it last was."""

@overload
def cummin(input: Tensor, *, axis: SupportsIndex, out: tuple[Tensor, ...] | None=None) -> _return_cummin: ...

@overload
def cumprod(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """Running product along `dim`; integers and bool give int64."""

@overload
def cumprod(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def cumsum(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """Running sum along `dim`; integers and bool give int64."""

@overload
def cumsum(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def cumulative_trapezoid(y: Tensor, *, dx: Operand=1, dim: SupportsIndex=-1) -> Tensor:
    """The integrals of `y` along `dim` from the first sample to each of the others."""

@overload
def cumulative_trapezoid(y: Tensor, *, dx: Operand=1, axis: SupportsIndex) -> Tensor: ...

@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, dim: SupportsIndex=-1) -> Tensor: ...

@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, axis: SupportsIndex) -> Tensor: ...

def deg2rad(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Degrees in radians."""

def deg2rad_(input: Tensor) -> Tensor:
    """Degrees in radians."""

def det(input: Tensor) -> Tensor:
    """`linalg.det`."""

def diag(input: Tensor, diagonal: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix."""

def diag_embed(input: Tensor, offset: SupportsIndex=0, dim1: SupportsIndex=-2, dim2: SupportsIndex=-1) -> Tensor:
    """Matrices with the last axis of the tensor on a diagonal and zeros elsewhere."""

def diagflat(input: Tensor, offset: SupportsIndex=0) -> Tensor:
    """A matrix with the elements of the tensor on a diagonal."""

def diagonal(input: Tensor, offset: SupportsIndex=0, dim1: SupportsIndex=0, dim2: SupportsIndex=1) -> Tensor:
    """The diagonal of two axes, as the last axis."""

def diagonal_scatter(input: Tensor, src: Tensor, offset: SupportsIndex=0, dim1: SupportsIndex=0, dim2: SupportsIndex=1) -> Tensor:
    """A copy with a diagonal of two axes replaced by `src`."""

@overload
def diff(input: Tensor, n: SupportsIndex=1, dim: SupportsIndex=-1, prepend: Tensor | None=None, append: Tensor | None=None, *, out: Tensor | None=None) -> Tensor:
    """Differences of neighbours along `dim`, taken `n` times."""

@overload
def diff(input: Tensor, n: SupportsIndex=1, *, axis: SupportsIndex, prepend: Tensor | None=None, append: Tensor | None=None, out: Tensor | None=None) -> Tensor: ...

def digamma(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ψ(x), the derivative of ln Γ."""

def div(input: Operand, other: Operand, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

def divide(input: Operand, other: Operand, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`."""

def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Scalar product of two vectors of one length."""

def dropout(input: Tensor, p: Float, train: builtins.bool) -> Tensor:
    """Zeros elements with probability `p` and scales the rest by 1 / (1 - p), if `train`."""

def dstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Tensors behind each other along the third axis."""

@overload
def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Sum of products by Einstein's notation: one letter per axis, operands separated by commas, the output behind `->` (without it: the letters that occur once, in alphabetical order); letters the output lacks are summed over, `...` stands for further axes, which broadcast."""

@overload
def einsum(equation: str, operands: Sequence[Tensor]) -> Tensor: ...

@overload
def empty(*size: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """A tensor to be filled; holds zeros."""

@overload
def empty(size: Sequence[SupportsIndex], *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor: ...

def empty_like(input: Tensor, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """A tensor to be filled, in the shape of `input`."""

def empty_strided(size: Sequence[SupportsIndex], stride: Sequence[SupportsIndex], *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A tensor to be filled, in memory of the given strides."""

def eq(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x == y`."""

def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether both have the same shape and equal elements."""

def erf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Error function."""

def erf_(input: Tensor) -> Tensor:
    """Error function."""

def erfc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Complementary error function 1 − erf(x), accurate for large x."""

def erfc_(input: Tensor) -> Tensor:
    """Complementary error function 1 − erf(x), accurate for large x."""

def erfinv(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse of the error function; infinite at ±1, NaN beyond."""

def exp(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """eˣ."""

def exp2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """2ˣ."""

def exp2_(input: Tensor) -> Tensor:
    """2ˣ."""

def exp_(input: Tensor) -> Tensor:
    """eˣ."""

def expm1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """eˣ − 1, accurate near 0."""

def expm1_(input: Tensor) -> Tensor:
    """eˣ − 1, accurate near 0."""

def eye(n: SupportsIndex, m: SupportsIndex | None=None, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere."""

def feature_dropout(input: Tensor, p: Float, train: builtins.bool) -> Tensor:
    """Zeros whole channels with probability `p`."""

def fill_(input: Tensor, value: Operand) -> Tensor:
    """Fills the tensor with one value."""

def fix(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round towards zero."""

def fix_(input: Tensor) -> Tensor:
    """Round towards zero."""

def flatten(input: Tensor, start_dim: SupportsIndex=0, end_dim: SupportsIndex=-1) -> Tensor:
    """Axes `start_dim` to `end_dim` as one."""

def flip(input: Tensor, dims: Sequence[SupportsIndex]) -> Tensor:
    """A copy with the order along `dims` reversed."""

def fliplr(input: Tensor) -> Tensor:
    """A copy with the order of columns reversed."""

def flipud(input: Tensor) -> Tensor:
    """A copy with the order of rows reversed."""

def float_power(input: Operand, exponent: Operand, *, out: Tensor | None=None) -> Tensor:
    """Power `input ** exponent` in double precision."""

def floor(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round down."""

def floor_(input: Tensor) -> Tensor:
    """Round down."""

def floor_divide(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Quotient rounded towards minus infinity."""

def fmax(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The greater of two elements, a number where the other is NaN. Ties share the gradient evenly."""

def fmin(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The lesser of two elements, a number where the other is NaN. Ties share the gradient evenly."""

def fmod(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Remainder with the sign of the dividend, as C's `fmod`."""

def frac(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Fractional part, with the sign of `x`."""

def frac_(input: Tensor) -> Tensor:
    """Fractional part, with the sign of `x`."""

def frexp(input: Tensor, *, out: tuple[Tensor, ...] | None=None) -> _return_frexp:
    """A number from [0.5, 1) in magnitude and the power of two that make up `input` as a product."""

def full(size: Sequence[SupportsIndex], fill_value: Operand, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """One value everywhere."""

def full_like(input: Tensor, fill_value: Operand, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """One value everywhere, in the shape of `input`."""

@overload
def gather(input: Tensor, dim: SupportsIndex, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """Elements at the positions along `dim` that `index` gives, in the shape of `index`."""

@overload
def gather(input: Tensor, *, axis: SupportsIndex, index: Tensor, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

def gcd(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Greatest common divisor."""

def gcd_(input: Tensor, other: Tensor) -> Tensor:
    """Greatest common divisor."""

def ge(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x >= y`."""

def geqrf(input: Tensor, *, out: tuple[Tensor, ...] | None=None) -> _return_geqrf:
    """`A = Q R` as LAPACK packs it: R on and above the diagonal of `a`, and below it vectors of reflections, whose product is Q, with their factors in `tau`. For `linalg.householder_product` and `ormqr`; there is no derivative."""

def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """All products of an element of `input` and an element of `vec2`, as a matrix."""

def greater(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x > y`."""

def greater_equal(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x >= y`."""

def group_norm(input: Tensor, num_groups: SupportsIndex, weight: Tensor | None=None, bias: Tensor | None=None, eps: Float=1e-05) -> Tensor:
    """Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel."""

def gt(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x > y`."""

def hardshrink(input: Tensor, lambd: Operand=0.5, *, out: Tensor | None=None) -> Tensor:
    """x where |x| > lambd, else 0."""

def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None=None) -> Tensor:
    """0 where `input` is negative, 1 where it is positive, `values` where it is 0."""

def histc(input: Tensor, bins: SupportsIndex=100, min: Float=0.0, max: Float=0.0, *, out: Tensor | None=None) -> Tensor:
    """How many elements lie in each of `bins` intervals between `min` and `max`, or, if both are 0, between the least and the greatest element."""

def hstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Tensors behind each other along the second axis; vectors along their only one."""

def hypot(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`sqrt(x² + y²)`, of which nothing overflows or underflows on the way; gradient 0 at the origin."""

def i0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""

def i0_(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""

def igamma(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Regularised lower incomplete gamma function P(a, x)."""

def igammac(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Regularised upper incomplete gamma function Q(a, x)."""

def imag(input: Tensor) -> Tensor:
    """The imaginary parts of complex numbers: a view."""

@overload
def index_add(input: Tensor, dim: SupportsIndex, index: Tensor, source: Tensor, *, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """Slices of `alpha * source` added along `dim` at the positions of `index`."""

@overload
def index_add(input: Tensor, *, axis: SupportsIndex, index: Tensor, source: Tensor, alpha: Operand=1, out: Tensor | None=None) -> Tensor: ...

@overload
def index_copy(input: Tensor, dim: SupportsIndex, index: Tensor, source: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Slices along `dim` at the positions of `index` replaced by those of `source`."""

@overload
def index_copy(input: Tensor, *, axis: SupportsIndex, index: Tensor, source: Tensor, out: Tensor | None=None) -> Tensor: ...

@overload
def index_fill(input: Tensor, dim: SupportsIndex, index: Tensor, value: Operand, *, out: Tensor | None=None) -> Tensor:
    """Slices along `dim` at the positions of `index` filled with one value."""

@overload
def index_fill(input: Tensor, *, axis: SupportsIndex, index: Tensor, value: Operand, out: Tensor | None=None) -> Tensor: ...

def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."""

@overload
def index_select(input: Tensor, dim: SupportsIndex, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Whole slices along `dim`, in the order `index` gives."""

@overload
def index_select(input: Tensor, *, axis: SupportsIndex, index: Tensor, out: Tensor | None=None) -> Tensor: ...

def inner(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if one of them has no axes."""

def inverse(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`linalg.inv`."""

def isclose(input: Tensor, other: Tensor, rtol: Float=1e-05, atol: Float=1e-08, equal_nan: builtins.bool=False) -> Tensor:
    """Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements."""

def isfinite(input: Tensor) -> Tensor:
    """Is neither infinite nor NaN."""

def isin(elements: Operand, test_elements: Operand, *, assume_unique: builtins.bool=False, invert: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """Whether each element is among `test_elements`."""

def isinf(input: Tensor) -> Tensor:
    """Is +∞ or −∞."""

def isnan(input: Tensor) -> Tensor:
    """Is NaN."""

def isneginf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is −∞."""

def isposinf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is +∞."""

def isreal(input: Tensor) -> Tensor:
    """Whether the imaginary part is 0."""

def istft(input: Tensor, n_fft: SupportsIndex, hop_length: SupportsIndex | None=None, win_length: SupportsIndex | None=None, window: Tensor | None=None, center: builtins.bool=True, normalized: builtins.bool=False, onesided: builtins.bool | None=None, length: SupportsIndex | None=None, return_complex: builtins.bool=False) -> Tensor:
    """The signal whose `stft` is nearest to the input; parameters as there. Raises `RuntimeError` where the windows of all frames together leave an element out."""

def kron(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Kronecker product: every element of `input` times all of `other`, as blocks."""

@overload
def kthvalue(input: Tensor, k: SupportsIndex, dim: SupportsIndex=-1, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_kthvalue:
    """The `k`-th smallest element along `dim`, from 1: values and positions."""

@overload
def kthvalue(input: Tensor, k: SupportsIndex, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_kthvalue: ...

@overload
def kthvalue(input: Tensor, k: SupportsIndex, dim: SupportsIndex=-1, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_kthvalue: ...

def layer_norm(input: Tensor, normalized_shape: Sequence[SupportsIndex], weight: Tensor | None=None, bias: Tensor | None=None, eps: Float=1e-05) -> Tensor:
    """`(x - mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized_shape`."""

def lcm(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Least common multiple; 0 if either is 0."""

def lcm_(input: Tensor, other: Tensor) -> Tensor:
    """Least common multiple; 0 if either is 0."""

def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`x * 2 ** y`."""

def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """`x * 2 ** y`."""

def le(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x <= y`."""

def lerp(input: Tensor, end: Tensor, weight: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x + weight * (y - x)`, written so that both ends are exact, and with a limit at infinity where there is one."""

def less(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x < y`."""

def less_equal(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x <= y`."""

def lgamma(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln|Γ(x)|."""

def linspace(start: Operand, end: Operand, steps: SupportsIndex, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """`steps` numbers from `start` to `end`, both included."""

def log(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Natural logarithm."""

def log10(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logarithm to base 10."""

def log10_(input: Tensor) -> Tensor:
    """Logarithm to base 10."""

def log1p(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln(1 + x), accurate near 0."""

def log1p_(input: Tensor) -> Tensor:
    """ln(1 + x), accurate near 0."""

def log2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logarithm to base 2."""

def log2_(input: Tensor) -> Tensor:
    """Logarithm to base 2."""

def log_(input: Tensor) -> Tensor:
    """Natural logarithm."""

@overload
def log_softmax(input: Tensor, dim: SupportsIndex, dtype: DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """Logarithm of the softmax along `dim`, more exact than the two in turn."""

@overload
def log_softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`ln(exp(x) + exp(y))`, without overflow."""

def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`log2(2 ** x + 2 ** y)`, without overflow."""

@overload
def logcumsumexp(input: Tensor, dim: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """Logarithm of the running sum of exponentials along `dim`."""

@overload
def logcumsumexp(input: Tensor, *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: −inf for singular matrices, NaN where the determinant is negative."""

def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Both are not zero."""

def logical_not(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is zero."""

def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Either is not zero."""

def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Exactly one is not zero."""

def logit(input: Tensor, eps: Float | None=None, *, out: Tensor | None=None) -> Tensor:
    """ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1]."""

def logit_(input: Tensor, eps: Float | None=None) -> Tensor:
    """ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1]."""

def logspace(start: Operand, end: Operand, steps: SupportsIndex, base: Float=10.0, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """`base` to the powers of `linspace`."""

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """ln Σ eˣ over `dim`, without overflow."""

@overload
def logsumexp(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex], keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

def lt(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x < y`."""

def lu(A: Tensor, pivot: builtins.bool=True, get_infos: builtins.bool=False) -> tuple[Tensor, ...]:
    """`linalg.lu_factor`, with `get_infos` `linalg.lu_factor_ex`."""

def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`linalg.lu_solve`, the arguments in another order."""

def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: builtins.bool=True, unpack_pivots: builtins.bool=True, *, out: tuple[Tensor, ...] | None=None) -> _return_lu_unpack:
    """P, L and U from what `linalg.lu_factor` gives."""

def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """`value` where `mask` is true, `input` elsewhere."""

def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The elements where `mask` is true replaced by those of `source`, in order."""

def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The elements where `mask` is true, as a vector."""

def matmul(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""

def matrix_exp(input: Tensor) -> Tensor:
    """`linalg.matrix_exp`."""

def matrix_power(input: Tensor, n: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """The `n`-th power of a square matrix, or of each matrix of a batch; below 0 of its inverse."""

@overload
def max(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins."""

@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...

@overload
def max(input: Tensor, dim: SupportsIndex, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_max: ...

@overload
def max(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_max: ...

@overload
def max(input: Tensor, dim: SupportsIndex, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_max: ...

def max_pool1d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False) -> Tensor:
    """Greatest element of each window."""

def max_pool2d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False) -> Tensor:
    """Greatest element of each window."""

def max_pool3d(input: Tensor, kernel_size: SupportsIndex | Sequence[SupportsIndex], stride: SupportsIndex | Sequence[SupportsIndex] | None=None, padding: SupportsIndex | Sequence[SupportsIndex]=0, dilation: SupportsIndex | Sequence[SupportsIndex]=1, ceil_mode: builtins.bool=False) -> Tensor:
    """Greatest element of each window."""

def maximum(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The greater of two elements; NaN if either is. Ties share the gradient evenly."""

@overload
def mean(input: Tensor, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """Mean of all elements, or over `dim`, of floats."""

@overload
def mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def mean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def median(input: Tensor) -> Tensor:
    """The lower median of all elements, or along `dim`; NaN where there is one."""

@overload
def median(input: Tensor, dim: SupportsIndex, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_median: ...

@overload
def median(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_median: ...

@overload
def median(input: Tensor, dim: SupportsIndex, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_median: ...

@overload
def meshgrid(*tensors: Tensor, indexing: str | None=None) -> tuple[Tensor, ...]:
    """The coordinates of the grid that vectors span; `indexing` is 'ij' (matrix) or 'xy' (Cartesian)."""

@overload
def meshgrid(tensors: Sequence[Tensor], *, indexing: str | None=None) -> tuple[Tensor, ...]: ...

@overload
def min(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Least element of all, along `dim` (with its index), or of two tensors. NaN wins."""

@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...

@overload
def min(input: Tensor, dim: SupportsIndex, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_min: ...

@overload
def min(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_min: ...

@overload
def min(input: Tensor, dim: SupportsIndex, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_min: ...

def minimum(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The lesser of two elements; NaN if either is. Ties share the gradient evenly."""

def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Product of two matrices (m × k and k × n); nothing is broadcast."""

@overload
def mode(input: Tensor, dim: SupportsIndex=-1, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_mode:
    """The most frequent element along `dim`, the least of several: values and positions."""

@overload
def mode(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_mode: ...

@overload
def mode(input: Tensor, dim: SupportsIndex=-1, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_mode: ...

@overload
def moveaxis(input: Tensor, source: SupportsIndex, destination: SupportsIndex) -> Tensor:
    """Axes moved to other places; the rest keep their order."""

@overload
def moveaxis(input: Tensor, source: Sequence[SupportsIndex], destination: Sequence[SupportsIndex]) -> Tensor: ...

@overload
def movedim(input: Tensor, source: SupportsIndex, destination: SupportsIndex) -> Tensor:
    """Axes moved to other places; the rest keep their order."""

@overload
def movedim(input: Tensor, source: Sequence[SupportsIndex], destination: Sequence[SupportsIndex]) -> Tensor: ...

def msort(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Sorted along the first axis."""

def mul(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Product `x * y`. For `bool`, logical and."""

def multinomial(input: Tensor, num_samples: SupportsIndex, replacement: builtins.bool=False, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
    """Positions drawn with the weights of a vector, or of each row of a matrix."""

def multiply(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Product `x * y`. For `bool`, logical and."""

def mv(input: Tensor, vec: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Product of a matrix and a vector."""

def mvlgamma(input: Tensor, p: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""

def nan_to_num(input: Tensor, nan: Float | None=0.0, posinf: Float | None=None, neginf: Float | None=None, *, out: Tensor | None=None) -> Tensor:
    """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

def nan_to_num_(input: Tensor, nan: Float | None=0.0, posinf: Float | None=None, neginf: Float | None=None) -> Tensor:
    """NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced."""

@overload
def nanmean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """Mean of the elements that are not NaN, of all or over `dim`."""

@overload
def nanmean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def nanmean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def nanmedian(input: Tensor) -> Tensor:
    """The lower median of the elements that are not NaN."""

@overload
def nanmedian(input: Tensor, dim: SupportsIndex, keepdim: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_nanmedian: ...

@overload
def nanmedian(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_nanmedian: ...

@overload
def nanmedian(input: Tensor, dim: SupportsIndex, *, keepdims: builtins.bool, out: tuple[Tensor, ...] | None=None) -> _return_nanmedian: ...

@overload
def nanquantile(input: Tensor, q: Operand, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, interpolation: str='linear', out: Tensor | None=None) -> Tensor:
    """The quantiles `q` of the elements that are not NaN, of all or along `dim`."""

@overload
def nanquantile(input: Tensor, q: Operand, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, interpolation: str='linear', out: Tensor | None=None) -> Tensor: ...

@overload
def nanquantile(input: Tensor, q: Operand, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, interpolation: str='linear', out: Tensor | None=None) -> Tensor: ...

@overload
def nansum(input: Tensor, *, dtype: DType | None=None) -> Tensor:
    """Sum of all elements that are not NaN, or over `dim`."""

@overload
def nansum(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def nansum(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def nansum(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def narrow(input: Tensor, dim: SupportsIndex, start: SupportsIndex, length: SupportsIndex) -> Tensor:
    """`length` elements of an axis from `start`."""

@overload
def narrow(input: Tensor, *, axis: SupportsIndex, start: SupportsIndex, length: SupportsIndex) -> Tensor: ...

@overload
def narrow(input: Tensor, dim: SupportsIndex, start: Tensor, length: SupportsIndex) -> Tensor: ...

@overload
def narrow(input: Tensor, *, axis: SupportsIndex, start: Tensor, length: SupportsIndex) -> Tensor: ...

def ne(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x != y`."""

def neg(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`-x`."""

def neg_(input: Tensor) -> Tensor:
    """`-x`."""

def negative(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`-x`."""

def negative_(input: Tensor) -> Tensor:
    """`-x`."""

def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The number next to `x` on the way to `y`."""

@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False]=False, out: Tensor | None=None) -> Tensor:
    """Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis."""

@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True], out: Tensor | None=None) -> tuple[Tensor, ...]: ...

@overload
def nonzero(input: Tensor, *, as_tuple: builtins.bool=False, out: Tensor | None=None) -> Any: ...

def norm(input: Tensor, p: Operand | str | Sequence[Any] | None='fro', dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, dtype: DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0."""

@overload
def normal(mean: Tensor, std: Float=1.0, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
    """Normal numbers of given mean and standard deviation: numbers (with a `size`) or tensors."""

@overload
def normal(mean: Tensor, std: Tensor, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def normal(mean: Float, std: Tensor, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def normal(mean: Float, std: Float, size: Sequence[SupportsIndex], *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def not_equal(input: Tensor, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x != y`."""

@overload
def ones(*size: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Ones."""

@overload
def ones(size: Sequence[SupportsIndex], *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def ones_like(input: Tensor, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """Ones in the shape of `input`."""

def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`linalg.householder_product`."""

def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: builtins.bool=True, transpose: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """`Q @ other`, or `other @ Q` without `left`, for the square Q whose reflections `geqrf` gives; of its conjugate transpose with `transpose`."""

def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """All products of an element of `input` and an element of `vec2`, as a matrix."""

@overload
def pairwise_distance(x1: Tensor, x2: Tensor, p: Float=2.0, eps: Float=1e-06, keepdim: builtins.bool=False) -> Tensor:
    """p-norm of `x1 - x2 + eps` along the last axis."""

@overload
def pairwise_distance(x1: Tensor, x2: Tensor, p: Float=2.0, eps: Float=1e-06, *, keepdims: builtins.bool) -> Tensor: ...

def permute(input: Tensor, dims: Sequence[SupportsIndex]) -> Tensor:
    """Axes in another order."""

def pinverse(input: Tensor, rcond: Float=1e-15) -> Tensor:
    """`linalg.pinv`."""

def poisson(input: Tensor, generator: Generator | None=None) -> Tensor:
    """A Poisson number for each rate."""

def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Complex numbers of their absolute values and angles."""

def polygamma(n: SupportsIndex, input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`n`-th derivative of the digamma function."""

def positive(input: Tensor) -> Tensor:
    """The tensor itself."""

def pow(input: Operand, exponent: Operand, *, out: Tensor | None=None) -> Tensor:
    """Power `input ** exponent`."""

@overload
def prod(input: Tensor, *, dtype: DType | None=None) -> Tensor:
    """Product of all elements, or over `dim`; integers and bool give int64."""

@overload
def prod(input: Tensor, dim: SupportsIndex, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def prod(input: Tensor, *, axis: SupportsIndex, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def prod(input: Tensor, dim: SupportsIndex, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

def put(input: Tensor, index: Tensor, source: Tensor, accumulate: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Elements of `source` written (or added) at positions of the flattened tensor."""

def qr(input: Tensor, some: builtins.bool=True, *, out: tuple[Tensor, ...] | None=None) -> _return_qr:
    """`linalg.qr`; `some=False` is its 'complete'."""

@overload
def quantile(input: Tensor, q: Operand, dim: SupportsIndex | None=None, keepdim: builtins.bool=False, *, interpolation: str='linear', out: Tensor | None=None) -> Tensor:
    """The quantiles `q` of all elements or along `dim`; NaN where there is one."""

@overload
def quantile(input: Tensor, q: Operand, *, axis: SupportsIndex | None, keepdims: builtins.bool=False, interpolation: str='linear', out: Tensor | None=None) -> Tensor: ...

@overload
def quantile(input: Tensor, q: Operand, dim: SupportsIndex | None=None, *, keepdims: builtins.bool, interpolation: str='linear', out: Tensor | None=None) -> Tensor: ...

def rad2deg(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Radians in degrees."""

def rad2deg_(input: Tensor) -> Tensor:
    """Radians in degrees."""

@overload
def rand(*size: SupportsIndex, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Uniform numbers in [0, 1)."""

@overload
def rand(size: Sequence[SupportsIndex], *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def rand_like(input: Tensor, *, dtype: DType | None=None, generator: Generator | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """Uniform numbers in [0, 1), in the shape of `input`."""

@overload
def randint(high: SupportsIndex, size: Sequence[SupportsIndex], *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Integers from `low` (0 by default) up to but without `high`."""

@overload
def randint(low: SupportsIndex, high: SupportsIndex, size: Sequence[SupportsIndex], *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

@overload
def randint_like(input: Tensor, high: SupportsIndex, *, dtype: DType | None=None, generator: Generator | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """Integers from `low` (0 by default) up to but without `high`, in the shape of `input`."""

@overload
def randint_like(input: Tensor, low: SupportsIndex, high: SupportsIndex, *, dtype: DType | None=None, generator: Generator | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor: ...

@overload
def randn(*size: SupportsIndex, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Standard normal numbers."""

@overload
def randn(size: Sequence[SupportsIndex], *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def randn_like(input: Tensor, *, dtype: DType | None=None, generator: Generator | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """Standard normal numbers, in the shape of `input`."""

def randperm(n: SupportsIndex, *, generator: Generator | None=None, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A permutation of the numbers below `n`."""

def ravel(input: Tensor) -> Tensor:
    """All elements as one axis."""

def real(input: Tensor) -> Tensor:
    """The real parts: a view. Of real numbers the tensor itself."""

def reciprocal(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`1 / x`."""

def reciprocal_(input: Tensor) -> Tensor:
    """`1 / x`."""

def relu(input: Tensor) -> Tensor:
    """max(x, 0); gradient 0 at 0."""

def relu_(input: Tensor) -> Tensor:
    """max(x, 0); gradient 0 at 0."""

def remainder(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Remainder with the sign of the divisor, as Python's `%`."""

@overload
def repeat_interleave(input: Tensor, repeats: SupportsIndex, dim: SupportsIndex | None=None, *, output_size: SupportsIndex | None=None) -> Tensor:
    """Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor."""

@overload
def repeat_interleave(input: Tensor, repeats: SupportsIndex, *, axis: SupportsIndex | None, output_size: SupportsIndex | None=None) -> Tensor: ...

@overload
def repeat_interleave(input: Tensor, repeats: Tensor, dim: SupportsIndex | None=None, *, output_size: SupportsIndex | None=None) -> Tensor: ...

@overload
def repeat_interleave(input: Tensor, repeats: Tensor, *, axis: SupportsIndex | None, output_size: SupportsIndex | None=None) -> Tensor: ...

@overload
def repeat_interleave(repeats: Tensor, *, output_size: SupportsIndex | None=None) -> Tensor: ...

def reshape(input: Tensor, shape: Sequence[SupportsIndex]) -> Tensor:
    """The same elements in another shape: a view where possible, else a copy; one size may be -1."""

def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are computed at once."""

def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negatives are computed at once."""

def rms_norm(input: Tensor, normalized_shape: Sequence[SupportsIndex], weight: Tensor | None=None, eps: Float | None=None) -> Tensor:
    """`x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized_shape`; `eps` is that of the dtype if not given."""

def roll(input: Tensor, shifts: SupportsIndex | Sequence[SupportsIndex], dims: SupportsIndex | Sequence[SupportsIndex] | None=None) -> Tensor:
    """Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start."""

def rot90(input: Tensor, k: SupportsIndex=1, dims: Sequence[SupportsIndex]=(0, 1)) -> Tensor:
    """Turned by `k` right angles in the plane of two axes, the first two by default."""

@overload
def round(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round half to even."""

@overload
def round(input: Tensor, *, decimals: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def round_(input: Tensor) -> Tensor:
    """Round half to even."""

@overload
def round_(input: Tensor, *, decimals: SupportsIndex) -> Tensor: ...

def row_stack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Tensors below each other; vectors are rows."""

def rsqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`1 / sqrt(x)`."""

def rsqrt_(input: Tensor) -> Tensor:
    """`1 / sqrt(x)`."""

def rsub(input: Tensor, other: Operand, *, alpha: Operand=1) -> Tensor:
    """Difference `other - alpha * input`."""

def scalar_tensor(s: Operand, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A tensor without axes."""

@overload
def scatter(input: Tensor, dim: SupportsIndex, index: Tensor, src: Tensor, *, reduce: str | None=None, out: Tensor | None=None) -> Tensor:
    """Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."""

@overload
def scatter(input: Tensor, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def scatter(input: Tensor, dim: SupportsIndex, index: Tensor, value: Operand, *, reduce: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def scatter(input: Tensor, *, axis: SupportsIndex, index: Tensor, value: Operand, reduce: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def scatter_add(input: Tensor, dim: SupportsIndex, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Elements of `src` added at the positions along `dim` that `index` gives."""

@overload
def scatter_add(input: Tensor, *, axis: SupportsIndex, index: Tensor, src: Tensor, out: Tensor | None=None) -> Tensor: ...

@overload
def scatter_reduce(input: Tensor, dim: SupportsIndex, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True, out: Tensor | None=None) -> Tensor:
    """Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."""

@overload
def scatter_reduce(input: Tensor, *, axis: SupportsIndex, index: Tensor, src: Tensor, reduce: str, include_self: builtins.bool=True, out: Tensor | None=None) -> Tensor: ...

def searchsorted(sorted_sequence: Tensor, input: Operand, *, out_int32: builtins.bool=False, right: builtins.bool=False, side: str | None=None, sorter: Tensor | None=None, out: Tensor | None=None) -> Tensor:
    """Where each value would be inserted into the ascending last axis of `sorted_sequence`."""

@overload
def select(input: Tensor, dim: SupportsIndex, index: SupportsIndex) -> Tensor:
    """One position of an axis, the axis removed."""

@overload
def select(input: Tensor, *, axis: SupportsIndex, index: SupportsIndex) -> Tensor: ...

@overload
def select_scatter(input: Tensor, src: Tensor, dim: SupportsIndex, index: SupportsIndex) -> Tensor:
    """A copy with one position of `dim` replaced by `src`."""

@overload
def select_scatter(input: Tensor, src: Tensor, *, axis: SupportsIndex, index: SupportsIndex) -> Tensor: ...

def selu(input: Tensor) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def selu_(input: Tensor) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

def sgn(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """−1, 0 or 1."""

def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def sigmoid_(input: Tensor) -> Tensor:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def sign(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """−1, 0 or 1."""

def signbit(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The sign bit is set, also that of −0 and of NaN."""

def sin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Sine of radians."""

def sin_(input: Tensor) -> Tensor:
    """Sine of radians."""

def sinc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`sin(πx) / (πx)`, 1 at 0."""

def sinc_(input: Tensor) -> Tensor:
    """`sin(πx) / (πx)`, 1 at 0."""

def sinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Hyperbolic sine."""

def sinh_(input: Tensor) -> Tensor:
    """Hyperbolic sine."""

@overload
def slice_scatter(input: Tensor, src: Tensor, dim: SupportsIndex=0, start: SupportsIndex | None=None, end: SupportsIndex | None=None, step: SupportsIndex=1) -> Tensor:
    """A copy with a slice of `dim` replaced by `src`."""

@overload
def slice_scatter(input: Tensor, src: Tensor, *, axis: SupportsIndex, start: SupportsIndex | None=None, end: SupportsIndex | None=None, step: SupportsIndex=1) -> Tensor: ...

def slogdet(input: Tensor, *, out: tuple[Tensor, ...] | None=None) -> _return_slogdet:
    """`linalg.slogdet`."""

@overload
def softmax(input: Tensor, dim: SupportsIndex, dtype: DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

@overload
def softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def sort(input: Tensor, dim: SupportsIndex=-1, descending: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_sort:
    """Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order."""

@overload
def sort(input: Tensor, *, axis: SupportsIndex, descending: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_sort: ...

@overload
def sort(input: Tensor, *, stable: builtins.bool | None=None, dim: SupportsIndex=-1, descending: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_sort: ...

@overload
def sort(input: Tensor, *, stable: builtins.bool | None=None, axis: SupportsIndex, descending: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_sort: ...

@overload
def split(tensor: Tensor, split_size_or_sections: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
    """Parts of one length (the last may be shorter), or of given lengths."""

@overload
def split(tensor: Tensor, split_size_or_sections: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def split(tensor: Tensor, split_size_or_sections: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...

@overload
def split(tensor: Tensor, split_size_or_sections: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def split_with_sizes(input: Tensor, split_sizes: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]:
    """Parts of given lengths along an axis."""

@overload
def split_with_sizes(input: Tensor, split_sizes: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

def sqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Square root; the gradient at 0 is infinite."""

def sqrt_(input: Tensor) -> Tensor:
    """Square root; the gradient at 0 is infinite."""

def square(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`x * x`."""

def square_(input: Tensor) -> Tensor:
    """`x * x`."""

@overload
def squeeze(input: Tensor) -> Tensor:
    """Without axes of size 1: all, or those named."""

@overload
def squeeze(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex]) -> Tensor: ...

@overload
def squeeze(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex]) -> Tensor: ...

@overload
def stack(tensors: Sequence[Tensor], dim: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """Tensors of one shape as the positions of a new axis."""

@overload
def stack(tensors: Sequence[Tensor], *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def std(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """Standard deviation over `dim` (all by default)."""

@overload
def std(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def std(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def std(input: Tensor, unbiased: builtins.bool) -> Tensor: ...

@overload
def std(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...

@overload
def std(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def std(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def std_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean over `dim`, as a tuple."""

@overload
def std_mean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def std_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool) -> tuple[Tensor, Tensor]: ...

@overload
def std_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...

@overload
def std_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def std_mean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def std_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool) -> tuple[Tensor, Tensor]: ...

def stft(input: Tensor, n_fft: SupportsIndex, hop_length: SupportsIndex | None=None, win_length: SupportsIndex | None=None, window: Tensor | None=None, center: builtins.bool=True, pad_mode: str='reflect', normalized: builtins.bool=False, onesided: builtins.bool | None=None, return_complex: builtins.bool | None=None, align_to_window: builtins.bool | None=None) -> Tensor:
    """The Fourier transforms of short frames of a signal, or of a batch of signals."""

def sub(input: Operand, other: Operand, *, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """Difference `input - alpha * other`, broadcast and promoted."""

def subtract(input: Operand, other: Operand, *, alpha: Operand=1, out: Tensor | None=None) -> Tensor:
    """Difference `input - alpha * other`, broadcast and promoted."""

@overload
def sum(input: Tensor, *, dtype: DType | None=None) -> Tensor:
    """Sum of all elements, or over `dim`; integers and bool give int64."""

@overload
def sum(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def sum(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def sum(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

def svd(input: Tensor, some: builtins.bool=True, compute_uv: builtins.bool=True, *, out: tuple[Tensor, ...] | None=None) -> _return_svd:
    """`linalg.svd`, which gives V and not its conjugate transpose; `some=False` asks for square U and V, and without `compute_uv` they are zeros."""

def swapaxes(input: Tensor, axis0: SupportsIndex, axis1: SupportsIndex) -> Tensor:
    """Two axes exchanged."""

def swapdims(input: Tensor, dim0: SupportsIndex, dim1: SupportsIndex) -> Tensor:
    """Two axes exchanged."""

def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors as they are."""

def take(input: Tensor, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Elements at positions of the flattened tensor, in the shape of `index`."""

@overload
def take_along_dim(input: Tensor, indices: Tensor, dim: SupportsIndex | None=None, *, out: Tensor | None=None) -> Tensor:
    """As `gather`, with broadcasting; without `dim` of the flattened tensor."""

@overload
def take_along_dim(input: Tensor, indices: Tensor, *, axis: SupportsIndex | None, out: Tensor | None=None) -> Tensor: ...

def tan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Tangent of radians."""

def tan_(input: Tensor) -> Tensor:
    """Tangent of radians."""

def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Hyperbolic tangent."""

def tanh_(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""

@overload
def tensor_split(input: Tensor, indices: Sequence[SupportsIndex], dim: SupportsIndex=0) -> tuple[Tensor, ...]:
    """A number of parts of sizes as equal as can be, or the parts between given positions of an axis."""

@overload
def tensor_split(input: Tensor, indices: Sequence[SupportsIndex], *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def tensor_split(input: Tensor, tensor_indices_or_sections: Tensor, dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...

@overload
def tensor_split(input: Tensor, tensor_indices_or_sections: Tensor, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def tensor_split(input: Tensor, sections: SupportsIndex, dim: SupportsIndex=0) -> tuple[Tensor, ...]: ...

@overload
def tensor_split(input: Tensor, sections: SupportsIndex, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

def tensordot(a: Tensor, b: Tensor, dims: Operand | str | Sequence[Any]=2, *, out: Tensor | None=None) -> Tensor:
    """Sums of products over pairs of axes: the last `dims` axes of `a` and the first of `b`, or the axes of two lists. The other axes of `a`, then those of `b`, remain."""

def threshold(input: Tensor, threshold: Operand, value: Operand, *, out: Tensor | None=None) -> Tensor:
    """x where greater than `threshold`, else `value`."""

def threshold_(input: Tensor, threshold: Operand, value: Operand) -> Tensor:
    """x where greater than `threshold`, else `value`."""

def tile(input: Tensor, dims: Sequence[SupportsIndex]) -> Tensor:
    """The whole tensor several times along each axis; axes that are not mentioned once."""

@overload
def topk(input: Tensor, k: SupportsIndex, dim: SupportsIndex=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: tuple[Tensor, ...] | None=None) -> _return_topk:
    """The `k` greatest (or smallest) elements along `dim`, in order: values and positions."""

@overload
def topk(input: Tensor, k: SupportsIndex, *, axis: SupportsIndex, largest: builtins.bool=True, sorted: builtins.bool=True, out: tuple[Tensor, ...] | None=None) -> _return_topk: ...

def trace(input: Tensor) -> Tensor:
    """Sum of the diagonal of a matrix."""

def transpose(input: Tensor, dim0: SupportsIndex, dim1: SupportsIndex) -> Tensor:
    """Two axes exchanged."""

@overload
def trapezoid(y: Tensor, *, dx: Operand=1, dim: SupportsIndex=-1) -> Tensor:
    """The integral of `y` along `dim` by the trapezoidal rule; samples are at `x`, or `dx` apart."""

@overload
def trapezoid(y: Tensor, *, dx: Operand=1, axis: SupportsIndex) -> Tensor: ...

@overload
def trapezoid(y: Tensor, x: Tensor, *, dim: SupportsIndex=-1) -> Tensor: ...

@overload
def trapezoid(y: Tensor, x: Tensor, *, axis: SupportsIndex) -> Tensor: ...

@overload
def trapz(y: Tensor, *, dx: Operand=1, dim: SupportsIndex=-1) -> Tensor:
    """The integral of `y` along `dim` by the trapezoidal rule; samples are at `x`, or `dx` apart."""

@overload
def trapz(y: Tensor, *, dx: Operand=1, axis: SupportsIndex) -> Tensor: ...

@overload
def trapz(y: Tensor, x: Tensor, *, dim: SupportsIndex=-1) -> Tensor: ...

@overload
def trapz(y: Tensor, x: Tensor, *, axis: SupportsIndex) -> Tensor: ...

def triangular_solve(b: Tensor, A: Tensor, upper: builtins.bool=True, transpose: builtins.bool=False, unitriangular: builtins.bool=False, *, out: tuple[Tensor, ...] | None=None) -> _return_triangular_solve:
    """`linalg.solve_triangular`, the arguments in another order, and a copy of the triangle."""

def tril(input: Tensor, diagonal: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """The triangle on and below a diagonal, zeros above."""

def tril_indices(row: SupportsIndex, col: SupportsIndex, offset: SupportsIndex=0, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Row and column numbers of the elements on and below a diagonal of a matrix."""

def triu(input: Tensor, diagonal: SupportsIndex=0, *, out: Tensor | None=None) -> Tensor:
    """The triangle on and above a diagonal, zeros below."""

def triu_indices(row: SupportsIndex, col: SupportsIndex, offset: SupportsIndex=0, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Row and column numbers of the elements on and above a diagonal of a matrix."""

def true_divide(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Quotient `input / other`; integers give floats."""

def trunc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round towards zero."""

def trunc_(input: Tensor) -> Tensor:
    """Round towards zero."""

@overload
def unbind(input: Tensor, dim: SupportsIndex=0) -> tuple[Tensor, ...]:
    """Every position of an axis, as a tuple."""

@overload
def unbind(input: Tensor, *, axis: SupportsIndex) -> tuple[Tensor, ...]: ...

@overload
def unflatten(input: Tensor, dim: SupportsIndex, sizes: Sequence[SupportsIndex]) -> Tensor:
    """One axis as several; one size may be -1."""

@overload
def unflatten(input: Tensor, *, axis: SupportsIndex, sizes: Sequence[SupportsIndex]) -> Tensor: ...

@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: Literal[False]=False, return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> Tensor:
    """The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups."""

@overload
def unique(input: Tensor, sorted: builtins.bool=True, *, return_inverse: Literal[True], return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...

@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: Literal[False]=False, *, return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...

@overload
def unique(input: Tensor, sorted: builtins.bool=True, *, return_inverse: Literal[True], return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor, Tensor]: ...

@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: SupportsIndex | None=None) -> Any: ...

@overload
def unique_consecutive(input: Tensor, return_inverse: Literal[False]=False, return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> Tensor:
    """The elements (or slices along `dim`) without those that equal their predecessor."""

@overload
def unique_consecutive(input: Tensor, *, return_inverse: Literal[True], return_counts: Literal[False]=False, dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...

@overload
def unique_consecutive(input: Tensor, return_inverse: Literal[False]=False, *, return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor]: ...

@overload
def unique_consecutive(input: Tensor, *, return_inverse: Literal[True], return_counts: Literal[True], dim: SupportsIndex | None=None) -> tuple[Tensor, Tensor, Tensor]: ...

@overload
def unique_consecutive(input: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: SupportsIndex | None=None) -> Any: ...

def unravel_index(indices: Tensor, shape: SupportsIndex | Sequence[SupportsIndex]) -> tuple[Tensor, ...]:
    """Positions in the flattened form of a tensor of `shape` as one index per axis, a tuple of `int64` in the shape of `indices`."""

@overload
def unsqueeze(input: Tensor, dim: SupportsIndex) -> Tensor:
    """A new axis of size 1 at `dim`."""

@overload
def unsqueeze(input: Tensor, *, axis: SupportsIndex) -> Tensor: ...

def vander(x: Tensor, N: SupportsIndex | None=None, increasing: builtins.bool=False) -> Tensor:
    """`linalg.vander` of a vector, the highest power first unless `increasing`."""

@overload
def var(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """Variance over `dim` (all by default); `correction` is subtracted from the number of elements."""

@overload
def var(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def var(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def var(input: Tensor, unbiased: builtins.bool) -> Tensor: ...

@overload
def var(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...

@overload
def var(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def var(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def var_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdim: builtins.bool=False) -> tuple[Tensor, Tensor]:
    """Variance and mean over `dim`, as a tuple."""

@overload
def var_mean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, correction: Operand | None=1, keepdims: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def var_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, correction: Operand | None=1, keepdims: builtins.bool) -> tuple[Tensor, Tensor]: ...

@overload
def var_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...

@overload
def var_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdim: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def var_mean(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, keepdims: builtins.bool=False) -> tuple[Tensor, Tensor]: ...

@overload
def var_mean(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None, unbiased: builtins.bool=True, *, keepdims: builtins.bool) -> tuple[Tensor, Tensor]: ...

def vdot(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Scalar product of two vectors, the first conjugated: for real numbers `dot`."""

def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real numbers along the last axis as complex ones: a view."""

def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones along a new last axis: a view."""

def vstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Tensors below each other; vectors are rows."""

@overload
def where(condition: Tensor, input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`input` where `condition` is true, `other` elsewhere."""

@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...

def xlogy(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x * ln(y)`, 0 where `x` is 0 and `y` not NaN."""

def xlogy_(input: Operand, other: Operand) -> Tensor:
    """`x * ln(y)`, 0 where `x` is 0 and `y` not NaN."""

def zero_(input: Tensor) -> Tensor:
    """Fills the tensor with zeros."""

@overload
def zeros(*size: SupportsIndex, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """Zeros."""

@overload
def zeros(size: Sequence[SupportsIndex], *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def zeros_like(input: Tensor, *, dtype: DType | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: _memory_format | None=None) -> Tensor:
    """Zeros in the shape of `input`."""
