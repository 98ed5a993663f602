"""Sparse tensors by coordinates: where the elements are that are not zero, and what they are.

A sparse tensor is a pair of dense ones, and what is computed with it is composed of operations on these. So gradients reach
the values, of any order, and the whole is never made dense unless :meth:`SparseTensor.to_dense` is called.
"""

from __future__ import annotations

import arcgrad
from arcgrad import Size, Tensor, _names
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

__all__ = ["SparseTensor", "sparse_coo_tensor", "to_sparse"]


class SparseTensor:
    """A tensor of layout ``sparse_coo``, which :func:`arcgrad.sparse_coo_tensor` makes.

    It passes for a :class:`arcgrad.Tensor` where programs ask with ``isinstance``; functions that do not say so take none.

    Attributes:
        shape (Size): the sizes of all axes, the sparse ones first.
        dtype, device: of the values.
        layout: ``arcgrad.sparse_coo``.
        requires_grad (bool): whether gradients reach the values.
        grad (SparseTensor): the gradient of the values, at the same coordinates, or None.
    """

    is_sparse = True
    is_sparse_csr = False
    is_cuda = False
    is_quantized = False

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return Tensor

    def __init__(self, indices: Tensor, values: Tensor, size: Sequence[int], coalesced: bool) -> None:
        self._coordinates = indices
        self._elements = values
        self.shape = Size(size)
        self._coalesced = coalesced

    # ---- what it is ----

    @property
    def dtype(self) -> arcgrad.dtype:
        return self._elements.dtype

    @property
    def device(self) -> arcgrad.device:
        return self._elements.device

    @property
    def layout(self) -> arcgrad.layout:
        return arcgrad.sparse_coo

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def dim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        """The sizes of all axes, or of one."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """The number of elements, zeros included."""
        return self.shape.numel()

    def sparse_dim(self) -> int:
        """The number of axes that the coordinates are of."""
        return self._coordinates.shape[0]

    def dense_dim(self) -> int:
        """The number of axes of a value."""
        return self._elements.ndim - 1

    def _nnz(self) -> int:
        return self._coordinates.shape[1]

    def _indices(self) -> Tensor:
        return self._coordinates

    def _values(self) -> Tensor:
        return self._elements

    def is_coalesced(self) -> bool:
        """Whether the coordinates are in order, each there once."""
        return self._coalesced

    def is_floating_point(self) -> bool:
        """Whether the values are floating-point numbers."""
        return self._elements.is_floating_point()

    def is_complex(self) -> bool:
        """Whether the values are complex."""
        return self._elements.is_complex()

    def indices(self) -> Tensor:
        """The coordinates, one in each column.

        Raises:
            RuntimeError: they are not coalesced; see :meth:`coalesce`.
        """
        self._require_coalesced("indices")
        return self._coordinates

    def values(self) -> Tensor:
        """The values, one at each coordinate.

        Raises:
            RuntimeError: they are not coalesced; see :meth:`coalesce`.
        """
        self._require_coalesced("values")
        return self._elements

    def _require_coalesced(self, what):
        if not self._coalesced:
            raise RuntimeError(f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first")

    # ---- the graph ----

    @property
    def requires_grad(self) -> bool:
        return self._elements.requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self._elements.requires_grad_(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets whether gradients reach the values."""
        self._elements.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        return self._elements.is_leaf

    @property
    def grad_fn(self) -> Any:
        return self._elements.grad_fn

    @property
    def grad(self) -> SparseTensor | None:
        gradient = self._elements.grad
        if gradient is None or self._coalesced:
            return gradient if gradient is None else self._with(gradient)
        # Values of one coordinate have one gradient, that of their sum.
        merged = self.detach().coalesce()
        place = arcgrad.searchsorted(merged._flat(), self._flat())
        return merged._with(arcgrad.zeros_like(merged._elements).index_copy(0, place, gradient))

    @grad.setter
    def grad(self, grad: None) -> None:
        if grad is not None:
            raise TypeError("the gradient of a sparse tensor can only be set to None")
        self._elements.grad = None

    def detach(self) -> SparseTensor:
        """The same elements, apart from the graph."""
        return self._with(self._elements.detach())

    def detach_(self) -> SparseTensor:
        """Cuts the values off from the graph, and returns the tensor."""
        self._elements = self._elements.detach()
        return self

    def clone(self, *, memory_format: Any = None) -> SparseTensor:
        """A copy."""
        return SparseTensor(self._coordinates.clone(), self._elements.clone(), self.shape, self._coalesced)

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """The gradients of the values; ``gradient`` is theirs, at the same coordinates or dense."""
        if isinstance(gradient, Tensor):
            gradient = gradient._at(self._coordinates) if gradient.is_sparse else self.picked_from(gradient)
        self._elements.backward(gradient, retain_graph, create_graph)

    # ---- forms ----

    def _with(self, values):
        """Other values at the same coordinates."""
        return SparseTensor(self._coordinates, values, self.shape, self._coalesced)

    def _flat(self):
        """A number for each coordinate, in their order."""
        number = arcgrad.zeros(self._nnz(), dtype=arcgrad.int64)
        for axis, length in zip(self._coordinates, self.shape):
            number = number * length + axis
        return number

    def coalesce(self) -> SparseTensor:
        """The coordinates in order, with the sum of the values of each; itself if they are so."""
        if self._coalesced:
            return self
        flat, place = arcgrad.unique(self._flat(), return_inverse=True)
        summed = arcgrad.zeros((len(flat), *self._elements.shape[1:]), dtype=self.dtype).index_add(0, place, self._elements)
        indices = []
        for length in reversed(self.shape[: self.sparse_dim()]):
            indices.append(flat % length)
            flat = flat // length
        return SparseTensor(_rows(indices[::-1], summed.shape[0]), summed, self.shape, True)

    def to_dense(self, dtype: arcgrad.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
        """All elements as a dense tensor."""
        flat = arcgrad.zeros((self.shape[: self.sparse_dim()].numel(), *self._elements.shape[1:]), dtype=self.dtype)
        dense = flat.index_add(0, self._flat(), self._elements).reshape(self.shape)
        return dense if dtype is None else dense.to(dtype)

    def to_sparse(self, *_arguments: Any) -> SparseTensor:
        """The tensor itself."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> SparseTensor:
        """The values in another dtype; see ``Tensor.to``."""
        values = self._elements.to(*args, **kwargs)
        return self if values is self._elements else self._with(values)

    def float(self) -> SparseTensor:
        """The values in float32."""
        return self.to(arcgrad.float32)

    def double(self) -> SparseTensor:
        """The values in float64."""
        return self.to(arcgrad.float64)

    def cpu(self) -> SparseTensor:
        """The tensor itself."""
        return self

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two axes exchanged, both sparse."""
        order = list(range(self.ndim))
        dim0, dim1 = range(self.ndim)[dim0], range(self.ndim)[dim1]
        order[dim0], order[dim1] = dim1, dim0
        if max(dim0, dim1) >= self.sparse_dim() and dim0 != dim1:
            raise RuntimeError("transpose: only the axes of the coordinates can be exchanged")
        indices = self._coordinates[arcgrad.tensor(order[: self.sparse_dim()])]
        return SparseTensor(indices, self._elements, [self.shape[axis] for axis in order], False)

    def t(self) -> SparseTensor:
        """The transposed matrix; what has fewer axes stays as it is."""
        if self.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
        return self.transpose(0, 1) if self.ndim == 2 else self

    @property
    def T(self) -> SparseTensor:
        return self.t()

    def share_memory_(self) -> Self:
        """Moves coordinates and values to where other processes see them."""
        self._coordinates.share_memory_()
        self._elements.share_memory_()
        return self

    # ---- in place ----

    def zero_(self) -> Self:
        """No elements any more."""
        self._coordinates = self._coordinates[:, :0]
        self._elements = self._elements.detach()[:0]
        self._coalesced = True
        return self

    def mul_(self, other: Any) -> Self:
        """Multiplies the values with a number."""
        self._elements = self._elements * other
        return self

    def div_(self, other: Any) -> Self:
        """Divides the values by a number."""
        self._elements = self._elements / other
        return self

    def add_(self, other: SparseTensor, *, alpha: Any = 1) -> Self:
        """Adds another sparse tensor, times ``alpha``."""
        whole = self._beside(other if alpha == 1 else other * alpha).coalesce()
        self._coordinates, self._elements, self._coalesced = whole._coordinates, whole._elements, whole._coalesced
        return self

    def copy_(self, source: SparseTensor) -> Self:
        """Takes over the elements of another sparse tensor of the same size."""
        if not source.is_sparse or source.shape != self.shape:
            raise RuntimeError(f"copy_: expected a sparse tensor of size {tuple(self.shape)}, got {tuple(source.shape)}")
        self._coordinates, self._elements = source._coordinates, source._elements.to(self.dtype)
        self._coalesced = source._coalesced
        return self

    def add_to_(self, dense: Tensor, factor: Any = 1) -> Tensor:
        """Adds the elements times ``factor`` to a dense tensor of this size, in place; the others are not touched."""
        values = self._elements * factor
        if dense.is_contiguous():
            rows = dense.view(self.shape[: self.sparse_dim()].numel(), *self._elements.shape[1:])
            rows.index_add_(0, self._flat(), values.to(dense.dtype))
        else:
            dense.index_put_(tuple(self._coordinates), values.to(dense.dtype), accumulate=True)
        return dense

    def picked_from(self, dense: Tensor) -> Tensor:
        """The elements of a dense tensor of this size at the coordinates."""
        return dense[tuple(self._coordinates)]

    def _beside(self, other):
        """The sum, in which both keep their coordinates."""
        _check_same(self, other)
        dtype = arcgrad.promote_types(self.dtype, other.dtype)
        indices = arcgrad.cat([self._coordinates, other._coordinates], 1)
        values = arcgrad.cat([self._elements.to(dtype), other._elements.to(dtype)])
        return SparseTensor(indices, values, self.shape, False)

    # ---- parts ----

    def unsqueeze(self, dim: int) -> SparseTensor:
        """A new axis of size 1 before axis ``dim``, among those of the coordinates."""
        axis = dim + self.ndim + 1 if dim < 0 else dim
        if not 0 <= axis <= self.sparse_dim():
            raise IndexError(f"unsqueeze: the new axis must be among the {self.sparse_dim()} of the coordinates, but got {dim}")
        new = arcgrad.zeros((1, self._nnz()), dtype=arcgrad.int64)
        indices = arcgrad.cat([self._coordinates[:axis], new, self._coordinates[axis:]])
        return SparseTensor(indices, self._elements, [*self.shape[:axis], 1, *self.shape[axis:]], self._coalesced)

    def index_select(self, dim: int, index: Tensor) -> SparseTensor:
        """The slices along an axis of the coordinates that ``index`` names, in its order."""
        axis = self._sparse_axis("index_select", dim)
        entry, place = (self._coordinates[axis].unsqueeze(1) == index.to(arcgrad.int64)).nonzero(as_tuple=True)
        indices = self._coordinates[:, entry]
        indices[axis] = place
        size = [*self.shape[:axis], index.numel(), *self.shape[axis + 1 :]]
        return SparseTensor(indices, self._elements[entry], size, False)

    def select(self, dim: int, index: int) -> Any:
        """One slice along an axis of the coordinates; of the last of these it is dense."""
        axis = self._sparse_axis("select", dim)
        if not -self.shape[axis] <= index < self.shape[axis]:
            raise IndexError(f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}")
        here = self._coordinates[axis] == index % self.shape[axis]
        others = arcgrad.tensor([other for other in range(self.sparse_dim()) if other != axis], dtype=arcgrad.int64)
        size = [length for other, length in enumerate(self.shape) if other != axis]
        values = self._elements[here]
        if not len(others):
            return values.sum(0)
        return SparseTensor(self._coordinates[others][:, here], values, size, self._coalesced)

    def __getitem__(self, index: Any) -> Any:
        found: Any = self
        for each in index if isinstance(index, tuple) else (index,):
            if not isinstance(each, int):
                raise TypeError(f"a sparse tensor is indexed with integers, not {type(each).__name__}: use index_select or to_dense()")
            found = found.select(0, each) if isinstance(found, SparseTensor) else found[each]
        return found

    def _sparse_axis(self, function, dim):
        axis = range(self.ndim)[dim]
        if axis >= self.sparse_dim():
            raise NotImplementedError(f"{function}: axis {dim} is not one of the coordinates")
        return axis

    # ---- arithmetic ----

    def __neg__(self) -> SparseTensor:
        return self._with(-self._elements)

    def neg(self) -> SparseTensor:
        """The negative."""
        return -self

    def __add__(self, other: Any) -> Any:
        if isinstance(other, SparseTensor):
            return self._beside(other).coalesce()
        if isinstance(other, Tensor):
            return self.to_dense() + other
        return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, (SparseTensor, Tensor)) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other if isinstance(other, Tensor) else NotImplemented

    def add(self, other: Any, *, alpha: Any = 1) -> Any:
        """The sum with ``other`` times ``alpha``: sparse if both are."""
        return self + (other if alpha == 1 else other * alpha)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, SparseTensor):
            mine = self.coalesce()
            return mine._with(mine.values() * other._at(mine._coordinates)) if other.shape == self.shape else NotImplemented
        if isinstance(other, Tensor) and other.ndim:
            whole = other.expand(self.shape)
            return self._with(self._elements * whole[tuple(self._coordinates)])
        return self._with(self._elements * other)

    __rmul__ = __mul__

    def mul(self, other: Any) -> SparseTensor:
        """The product with a number, or element by element."""
        return self * other  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> SparseTensor:
        if isinstance(other, SparseTensor) or isinstance(other, Tensor) and other.ndim:
            raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
        return self._with(self._elements / other)

    div = __truediv__

    def _at(self, coordinates):
        """The values at some coordinates, zero where there is none."""
        mine, wanted = self.coalesce(), SparseTensor(coordinates, arcgrad.empty(coordinates.shape[1]), self.shape, True)._flat()
        have = mine._flat()
        if not len(have):
            return arcgrad.zeros((len(wanted), *self._elements.shape[1:]), dtype=self.dtype)
        place = arcgrad.searchsorted(have, wanted).clamp_(max=len(have) - 1)
        found = (have[place] == wanted).reshape(-1, *[1] * self.dense_dim())
        return arcgrad.where(found, mine._elements[place], 0)

    def __matmul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        # (A B)ᵀ = Bᵀ Aᵀ
        return _product(self.t(), other.t()).t() if other.ndim == 2 else _product(self.t(), other)

    def mm(self, mat2: Any) -> Any:
        """The product with a matrix."""
        return _product(self, mat2)

    smm = mm

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: arcgrad.dtype | None = None) -> Tensor:
        """The norm of all elements."""
        if dim is not None:
            raise NotImplementedError("norm: of a sparse tensor there is that of all elements only")
        return self.coalesce()._elements.norm(p, dtype=dtype)

    def pow(self, exponent: float) -> SparseTensor:
        """The elements to a positive power."""
        if not exponent > 0:
            raise RuntimeError(f"pow: of a sparse tensor only positive powers are sparse, not {exponent}")
        return self._each("pow", exponent)

    __pow__ = pow

    def _each(self, function, *args):
        """A function that makes 0 of 0, of each element."""
        whole = self.coalesce()
        return whole._with(getattr(whole._elements, function)(*args))

    def sum(self, dim: Any = None, dtype: arcgrad.dtype | None = None) -> Any:
        """The sum of all elements, or over axes; see :func:`arcgrad.sparse.sum`."""
        from arcgrad.sparse import sum

        return sum(self, dim, dtype)

    def matmul(self, other: Any) -> Any:
        """The product with a matrix or a vector."""
        return _product(self, other)

    def mv(self, vec: Tensor) -> Tensor:
        """The product with a vector."""
        if vec.ndim != 1:
            raise RuntimeError(f"mv: expected a vector, got {vec.ndim} axes")
        return _product(self, vec)  # type: ignore[no-any-return]

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of a batch of matrices with dense ones."""
        if self.ndim != 3 or self.dense_dim() or mat2.ndim != 3 or self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
            raise RuntimeError(f"bmm: sizes {tuple(self.shape)} and {tuple(mat2.shape)} do not fit")
        batch, rows, columns = self._coordinates
        whole = arcgrad.zeros((self.shape[0] * self.shape[1], mat2.shape[2]), dtype=self.dtype)
        products = self._elements.unsqueeze(1) * mat2[batch, columns]
        return whole.index_add(0, batch * self.shape[1] + rows, products).view(*self.shape[:2], mat2.shape[2])

    def sub(self, other: Any, *, alpha: Any = 1) -> Any:
        """The difference to ``other`` times ``alpha``: sparse if both are."""
        return self - (other if alpha == 1 else other * alpha)

    # ---- the rest ----

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a function of dense tensors is of these; NotImplemented for what there is not."""
        name = getattr(func, "__name__", "")
        if name in ("__get__", "__set__", "__delete__"):
            # An attribute of a dense tensor, such as the gradient that this one is given as.
            with arcgrad.overrides.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {}))
        name = name[2:-2] if name.startswith("__") else name
        return _FUNCTIONS[name](*args, **(kwargs or {})) if name in _FUNCTIONS else NotImplemented

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        return bool(self.to_dense())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return SparseTensor, (self._coordinates, self._elements, tuple(self.shape), self._coalesced)

    def __repr__(self) -> str:
        flag = ", requires_grad=True" if self.requires_grad and self.is_leaf else ""
        size = f"size={tuple(self.shape)}, nnz={self._nnz()}, layout=arcgrad.sparse_coo{flag}"
        return f"tensor(indices={self._coordinates!r},\n       values={self._elements.detach()!r},\n       {size})"


def _elementwise(name):
    def function(self: SparseTensor) -> SparseTensor:
        return self._each(name)

    function.__name__, function.__qualname__ = name, f"SparseTensor.{name}"
    function.__doc__ = f"``{name}`` of each element, which makes 0 of 0."
    return function


#: Functions of one number that make 0 of 0.
_OF_EACH = (
    "abs arcsin arcsinh arctan arctanh asin asinh atan atanh ceil deg2rad erf erfinv expm1 floor log1p rad2deg relu round sgn sign sin "
    "sinh sqrt square tan tanh trunc"
).split()
for _name in _OF_EACH:
    setattr(SparseTensor, _name, _elementwise(_name))


def cat(tensors: Sequence[SparseTensor], dim: int = 0) -> SparseTensor:
    """Sparse tensors one after the other along an axis of their coordinates."""
    first = tensors[0]
    axis = first._sparse_axis("cat", dim)
    indices, start = [], 0
    for tensor in tensors:
        sizes = [(*each.shape[:axis], *each.shape[axis + 1 :]) for each in (first, tensor)]
        if sizes[0] != sizes[1] or tensor.sparse_dim() != first.sparse_dim():
            raise RuntimeError(f"cat: sizes {tuple(first.shape)} and {tuple(tensor.shape)} differ elsewhere than along axis {dim}")
        shifted = tensor._coordinates.clone()
        shifted[axis] += start
        indices.append(shifted)
        start += tensor.shape[axis]
    values = arcgrad.cat([tensor._elements for tensor in tensors])
    return SparseTensor(arcgrad.cat(indices, 1), values, [*first.shape[:axis], start, *first.shape[axis + 1 :]], False)


def _stack(tensors, dim=0):
    return cat([tensor.unsqueeze(dim) for tensor in tensors], dim if dim >= 0 else dim + tensors[0].ndim + 1)


def _addmm(input, mat1, mat2, *, beta=1, alpha=1):
    return beta * input + alpha * (mat1 @ mat2)


def _method(name):
    def function(input, *args, **kwargs):
        if isinstance(input, SparseTensor) or not hasattr(Tensor, name):
            return getattr(input, name)(*args, **kwargs)
        # A dense tensor first, and a sparse one behind it.
        return _WITH_DENSE[name](input, *args, **kwargs)

    return function


def _add_into(dense, other, *, alpha=1):
    return other.add_to_(dense, alpha)


#: What methods of dense tensors do with a sparse argument.
_WITH_DENSE = {
    "add": lambda dense, other, *, alpha=1: dense + (other if alpha == 1 else other * alpha).to_dense(),
    "sub": lambda dense, other, *, alpha=1: dense - (other if alpha == 1 else other * alpha).to_dense(),
    "add_": _add_into,
    "sub_": lambda dense, other, *, alpha=1: _add_into(dense, other, alpha=-alpha),
    "mul": lambda dense, other: other * dense,
    **dict.fromkeys(("matmul", "mm", "mv"), lambda dense, other: other.__rmatmul__(dense)),
}

#: Functions of dense tensors that take sparse ones.
_FUNCTIONS = {
    **{
        name: _method(name)
        for name in _OF_EACH
        + (
            "add add_ bmm clone coalesce detach div index_select is_complex is_floating_point matmul mm mul mv neg norm numel pow "
            "select sub sub_ sum t to_dense transpose unsqueeze"
        ).split()
    },
    "addmm": _addmm,
    "cat": cat,
    "stack": _stack,
    "smm": lambda input, mat2: _product(input, mat2),
    "spmm": lambda input, mat2: _product(input, mat2),
    "zeros_like": lambda input, **_options: input.detach().clone().zero_(),
}


def _rows(rows, count):
    """One tensor of coordinates; none of an axis is a row of its own."""
    return arcgrad.stack(rows) if rows else arcgrad.zeros((0, count), dtype=arcgrad.int64)


def _check_same(one, other):
    if one.shape != other.shape or one.sparse_dim() != other.sparse_dim():
        raise RuntimeError(f"add: expected sizes of 'self' and 'other' to match, but {tuple(one.shape)} != {tuple(other.shape)}")


def _product(one, other):
    """The product of a sparse matrix with a dense matrix or vector, or with a sparse matrix."""
    if one.ndim != 2 or one.dense_dim():
        raise RuntimeError(f"mm: expected a sparse matrix, got sizes {tuple(one.shape)}")
    if other.ndim not in (1, 2) or one.shape[1] != other.shape[0]:
        raise RuntimeError(f"mm: mat1 and mat2 shapes cannot be multiplied ({tuple(one.shape)} and {tuple(other.shape)})")
    if one.dtype is not other.dtype:
        raise RuntimeError(f"mm: expected both of one dtype, but they are {one.dtype} and {other.dtype}")
    rows, columns = one._coordinates
    if isinstance(other, SparseTensor):
        return _sparse_product(one, other)
    scaled = one._elements.reshape(-1, *[1] * (other.ndim - 1)) * other[columns]
    return arcgrad.zeros((one.shape[0], *other.shape[1:]), dtype=one.dtype).index_add(0, rows, scaled)


def _sparse_product(one, other):
    """Each element of the one meets those of the other in the row that its column names."""
    other = other.coalesce()
    (rows, columns), (starts_of, right) = one._coordinates, other._coordinates
    counts = arcgrad.bincount(starts_of, minlength=other.shape[0])
    begins = counts.cumsum(0) - counts
    met = counts[columns]
    left = arcgrad.repeat_interleave(arcgrad.arange(len(columns)), met)
    within = arcgrad.arange(len(left)) - arcgrad.repeat_interleave(met.cumsum(0) - met, met)
    partner = begins[columns[left]] + within
    values = one._elements[left] * other._elements[partner]
    return SparseTensor(arcgrad.stack([rows[left], right[partner]]), values, (one.shape[0], other.shape[1]), False).coalesce()


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Sequence[int] | None = None,
    *,
    dtype: arcgrad.dtype | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse tensor with these values at these coordinates, and zero elsewhere. Values of one coordinate add up.

    Args:
        indices (Tensor or lists): the coordinates, one in each column.
        values (Tensor or list): what is there; with more than one axis, each value is a tensor.
        size (sequence of ints): of the whole. Default: the least in which all coordinates are.
        dtype: of the values. Default: theirs.
        requires_grad (bool): whether gradients are wanted of the values.
        is_coalesced (bool): says that the coordinates are in order, each there once.
        device, pin_memory, check_invariants: the CPU; coordinates are always checked.

    Raises:
        RuntimeError: for coordinates outside of ``size`` or below zero, or as many values as there are no coordinates.

    >>> import arcgrad as ag
    >>> ag.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """
    if device is not None:
        arcgrad.empty(0, device=device)
    if values is None or isinstance(values, (tuple, Size)) and size is None and not isinstance(indices, Tensor):
        # Of a size alone: nothing but zeros.
        size = (indices if values is None else values) if size is None else size
        if size is None:
            raise TypeError("sparse_coo_tensor: neither indices and values nor a size are given")
        indices, values = arcgrad.zeros((len(size), 0), dtype=arcgrad.int64), arcgrad.zeros(0, dtype=dtype)
    indices = arcgrad.as_tensor(indices)
    if indices.is_floating_point() or indices.dtype is arcgrad.bool:
        raise TypeError(f"sparse_coo_tensor: indices must be integers, not {indices.dtype}")
    indices = indices.detach().to(arcgrad.int64).clone()
    values = arcgrad.as_tensor(values, dtype=dtype)
    if requires_grad:
        values = values.detach().clone().requires_grad_()
    if indices.ndim == 1 and not len(indices):
        indices = indices.reshape(0 if size is None else len(size) - max(values.ndim - 1, 0), 0)
    if indices.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(indices.shape)}")
    if values.ndim == 0:
        values = values.expand(indices.shape[1])
    if values.shape[0] != indices.shape[1]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {indices.shape[1]}, nnz from values: {values.shape[0]}"
        )
    if indices.numel() and int(indices.min()) < 0:
        raise RuntimeError(f"found negative index {int(indices.min())} in sparse indices")
    if size is None:
        if not indices.shape[1]:
            raise RuntimeError("sparse_coo_tensor: the size cannot be told from no indices")
        size = [*(indices.max(1).values + 1).tolist(), *values.shape[1:]]
    size = tuple(size)
    if len(size) != indices.shape[0] + values.ndim - 1:
        raise RuntimeError(
            f"number of dimensions must be sparse_dim ({indices.shape[0]}) + dense_dim ({values.ndim - 1}), but got {len(size)}"
        )
    for axis, length in enumerate(size[: indices.shape[0]]):
        if indices.shape[1] and int(indices[axis].max()) >= length:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {axis}, size is {length} but found index {int(indices[axis].max())}"
            )
    if size[indices.shape[0] :] != tuple(values.shape[1:]):
        raise RuntimeError(f"values has incorrect size, expected {list(size[indices.shape[0] :])}, got {list(values.shape[1:])}")
    return SparseTensor(indices, values, size, bool(is_coalesced) or indices.shape[1] < 2)


def to_sparse(self: Tensor, sparse_dim: int | None = None, *, layout: Any = None) -> Any:
    """The elements of a dense tensor that are not zero, as a sparse one.

    Args:
        sparse_dim (int): of how many axes there are coordinates. Default: all.
        layout: ``arcgrad.sparse_coo`` or ``arcgrad.sparse_csr``.

    >>> import arcgrad as ag
    >>> ag.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse().indices()
    tensor([[0],
            [1]])
    """
    if layout is not None and layout is arcgrad.sparse_csr:
        from arcgrad.sparse.csr import to_sparse_csr

        return to_sparse_csr(self)
    if layout is not None and layout is not arcgrad.sparse_coo:
        raise NotImplementedError(f"to_sparse: {layout} is not implemented")
    axes = self.ndim if sparse_dim is None else sparse_dim
    if not 0 < axes <= self.ndim and self.ndim:
        raise RuntimeError(f"sparse_dim must be in [1, {self.ndim}], but got {axes}")
    present = self.detach() != 0
    if axes < self.ndim:
        present = present.flatten(axes).any(-1)
    indices = present.nonzero().t()
    values = self[tuple(indices)] if self.ndim else self.reshape(1)[: indices.shape[1]]
    return SparseTensor(indices, values, self.shape, True)


def _needs_layout(name, layout):
    def method(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected sparse {layout}tensor layout but got Strided")

    method.__doc__ = "Raises RuntimeError: the tensor is dense."
    return method


_coalesce = _needs_layout("coalesce", "coordinate ")
_indices = _needs_layout("indices", "coordinate ")
_is_coalesced = _needs_layout("is_coalesced", "coordinate ")
_dense_values = _needs_layout("values", "")


def _sparse_mask(self: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements of a dense tensor at the coordinates of a sparse one."""
    mask = mask.coalesce()
    return mask._with(self[tuple(mask._coordinates)])


def _to_dense(self: Tensor, dtype: arcgrad.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor, which is dense."""
    return self if dtype is None else self.to(dtype)


_FUNCTIONS["sparse_mask"] = _sparse_mask

# Operations of the table ask their arguments from now on whether one of them is sparse.
_overrides.watch()

_names.describe(__name__)
