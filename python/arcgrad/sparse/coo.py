"""Sparse tensors by coordinates: where the elements are that are not zero, and what they are.

A sparse tensor is a tensor of the host's own making (decision 027): the core knows its shape, its dtype and its place in the graph,
and the coordinates and values lie here. Two nodes lead from one world to the other: one makes a sparse tensor of values, the other
takes the values out. What is computed is composed of operations on dense values between the two, so that gradients of any order come
by themselves, are sparse where the tensor is, and nothing is made dense but by :meth:`SparseTensor.to_dense`.

Functions of the program come to ``__torch_function__``. What needs no more than its own value (sums, products, copies) goes on to the
core, which records it as of any tensor and asks ``__torch_dispatch__`` for the value; so do the engine's own operations on gradients.
"""

from __future__ import annotations

import copy

import arcgrad
from arcgrad import Size, Tensor, _names, linalg
from arcgrad._core import _autograd as _graph
from arcgrad._core import _overrides
from arcgrad.autograd import _levels
from arcgrad.overrides import DisableTorchFunctionSubclass
from arcgrad.sparse.nodes import _AllElements, _refuse_parts, _Values, _with_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self

__all__ = ["SparseTensor"]

#: Functions that are composed of operations on values: those of ``functions.py``, which knows the class.
_FUNCTIONS: dict[str, Callable[..., Any]] = {}

#: How values of recorded operations are computed, by ``kernels.py``.
_KERNELS: dict[str, Callable[..., Any]] = {}


def _made(indices, values, size, coalesced):
    """A sparse tensor, and a node where its values are in a graph."""
    return _with_values(values, lambda values: SparseTensor(indices, values, size, coalesced))


class SparseTensor(Tensor):
    """A tensor of layout ``sparse_coo``, which :func:`arcgrad.sparse_coo_tensor` makes.

    Attributes:
        shape (Size): the sizes of all axes, the sparse ones first.
        layout: ``arcgrad.sparse_coo``.
    """

    is_sparse = True
    is_sparse_csr = False

    _coordinates: Tensor
    _raw: Tensor
    _coalesced: bool
    _size: Size

    def __new__(cls, indices: Tensor, values: Tensor, size: Sequence[int], coalesced: bool) -> Self:
        _refuse_parts(values, indices)
        self = Tensor._make_wrapper_subclass(cls, tuple(size), dtype=values.dtype)
        self._coordinates, self._raw, self._coalesced, self._size = indices, values.detach(), coalesced, Size(size)
        return self

    # ---- what it is ----

    # What is asked for at every turn is known without a call of the core that would have to be taken over first.

    @property
    def shape(self) -> Size:
        return self._size

    @property
    def dtype(self) -> arcgrad.dtype:
        return self._raw.dtype

    @property
    def ndim(self) -> int:
        return len(self._size)

    @property
    def layout(self) -> arcgrad.layout:
        return arcgrad.sparse_coo

    @property
    def _elements(self) -> Tensor:
        """The values, at their place in the graph."""
        if _levels.thread.levels or arcgrad.is_grad_enabled() and self.requires_grad:
            return _Values.apply(self)  # type: ignore[no-any-return]
        return self._raw

    def sparse_dim(self) -> int:
        """The number of axes that the coordinates are of."""
        return self._coordinates.shape[0]

    def dense_dim(self) -> int:
        """The number of axes of a value."""
        return self._raw.ndim - 1

    def _nnz(self) -> int:
        return self._coordinates.shape[1]

    def _indices(self) -> Tensor:
        return self._coordinates

    def _values(self) -> Tensor:
        return self._raw

    def is_coalesced(self) -> bool:
        """Whether the coordinates are in order, each there once."""
        return self._coalesced

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """False: there is no memory of all elements."""
        return False

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

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of the class of such tensors, or the tensor with values of another dtype."""
        found = self._raw.type() if dtype is None else self._raw.detach()[:0].type(dtype)
        if dtype is None:
            return found.replace(".", ".sparse.", 1)
        return self.to(found.dtype)

    # ---- the graph ----

    def _gradient(self, values):
        """The gradient that is made of those of the values: at the same coordinates."""
        if self._has_each_once():
            return self._with(values)
        # The values of one coordinate have one gradient, that of their sum.
        with arcgrad.no_grad():
            merged = self.coalesce()
            place = arcgrad.searchsorted(merged._flat(), self._flat())
        each = values * self._share().reshape(-1, *[1] * self.dense_dim())
        summed = arcgrad.zeros_like(merged._raw).index_add(0, place, each.to(self.dtype))
        return merged._with(summed)

    def _share(self):
        """For each value, one over how many there are of its coordinate."""
        with arcgrad.no_grad():
            _, place, counts = arcgrad.unique(self._flat(), return_inverse=True, return_counts=True)
            return (1 / counts.to(self.dtype.to_real()))[place]

    def _take_data(self, other):
        """What ``.data = other`` does beside what the core does: the parts of the other."""
        vars(self).update(vars(other.detach()))

    def _has_each_once(self):
        return self._coalesced

    def _with_each_once(self):
        return self if self._has_each_once() else self.coalesce()

    def __deepcopy__(self, memo: Any) -> SparseTensor:
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
            )
        copied = memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
        if self.grad is not None:
            copied.grad = copy.deepcopy(self.grad, memo)
        return copied  # type: ignore[no-any-return]

    # ---- forms ----

    def _with(self, values):
        """Other values at the same coordinates."""
        return _made(self._coordinates, values, self.shape, self._coalesced)

    def _as_mine(self, sparse):
        """A tensor by coordinates in the layout that this one has."""
        return sparse

    def _with_all_elements(self):
        """A constant with the same elements, of which each has a value, zeros included."""
        return self._all_elements_of(self.detach().to_dense())

    def _all_elements_of(self, dense):
        """A dense tensor in this layout, with a value for each of its elements."""
        return self._as_mine(_all_elements(dense, self.sparse_dim()))

    def _without_elements(self):
        """A constant of this size and layout that is zero everywhere."""
        return self._as_mine(SparseTensor(self._coordinates[:, :0], self._raw[:0], self.shape, True))

    def _copied(self):
        return SparseTensor(self._coordinates.clone(), self._raw.clone(), self.shape, self._coalesced)

    def _flat(self):
        """A number for each coordinate, in their order."""
        return _numbers(self._coordinates, self.shape)

    def coalesce(self) -> SparseTensor:
        """The coordinates in order, with the sum of the values of each; itself if they are so."""
        if self._coalesced:
            return self
        flat, place = arcgrad.unique(self._flat(), return_inverse=True)
        summed = arcgrad.zeros((len(flat), *self._raw.shape[1:]), dtype=self.dtype).index_add(0, place, self._elements)
        indices = []
        for length in reversed(self.shape[: self.sparse_dim()]):
            indices.append(flat % length)
            flat = flat // length
        return _made(_rows(indices[::-1], summed.shape[0]), summed, self.shape, True)

    def to_dense(self, dtype: arcgrad.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
        """All elements as a dense tensor.

        Args:
            dtype: of the result.
            masked_grad (bool): False for a gradient of all elements, those included that have no value here.
        """
        if masked_grad is False and self.requires_grad and arcgrad.is_grad_enabled():
            dense = _AllElements.apply(self)
        else:
            flat = arcgrad.zeros((self.shape[: self.sparse_dim()].numel(), *self._raw.shape[1:]), dtype=self.dtype)
            dense = flat.index_add(0, self._flat(), self._elements).reshape(self.shape)
        return dense if dtype is None else dense.to(dtype)

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None, blocksize: Any = None, dense_dim: Any = None) -> Any:
        """The elements in another layout: by coordinates where none is named."""
        if layout is None or layout is arcgrad.sparse_coo:
            return self
        from arcgrad.sparse.compressed import compress

        return compress(self, layout, blocksize)

    def _by_coordinates(self):
        return _made(self._coordinates, self._elements, self.shape, self._coalesced)

    def to_sparse_coo(self) -> SparseTensor:
        """The elements by coordinates."""
        return self.to_sparse()  # type: ignore[no-any-return]

    def to_sparse_csr(self, dense_dim: Any = None) -> Any:
        """The matrix by rows."""
        return self.to_sparse(layout=arcgrad.sparse_csr)

    def to_sparse_csc(self, dense_dim: Any = None) -> Any:
        """The matrix by columns."""
        return self.to_sparse(layout=arcgrad.sparse_csc)

    def to_sparse_bsr(self, blocksize: Any, dense_dim: Any = None) -> Any:
        """The matrix by rows of blocks."""
        return self.to_sparse(layout=arcgrad.sparse_bsr, blocksize=blocksize)

    def to_sparse_bsc(self, blocksize: Any, dense_dim: Any = None) -> Any:
        """The matrix by columns of blocks."""
        return self.to_sparse(layout=arcgrad.sparse_bsc, blocksize=blocksize)

    def to(self, *args: Any, **kwargs: Any) -> SparseTensor:
        """The values in another dtype; see ``Tensor.to``."""
        values = self._elements
        converted = values.to(*args, **kwargs)
        return self if converted is values else self._with(converted)

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
        return _made(indices, self._elements, [self.shape[axis] for axis in order], False)

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
        self._raw.share_memory_()
        return self

    def view_as(self, other: Tensor) -> SparseTensor:
        """The same elements once more; there is no other shape that they could be seen in."""
        if other.shape != self.shape:
            raise RuntimeError(f"view_as: a sparse tensor of size {tuple(self.shape)} has no view of size {tuple(other.shape)}")
        return self._with(self._elements)  # type: ignore[no-any-return]

    # ---- in place ----

    def zero_(self) -> Self:
        """No elements any more."""
        # By way of the core, which counts versions, knows leaves and records that nothing before has a gradient.
        return self.copy_(self._without_elements())

    def _become(self, source):
        """Takes over the elements of another sparse tensor of the same size."""
        if not isinstance(source, SparseTensor) or source.shape != self.shape:
            raise RuntimeError(f"copy_: expected a sparse tensor of size {tuple(self.shape)}, got {tuple(source.shape)}")
        vars(self).update(vars(self._as_mine(source.to_sparse().to(self.dtype))))

    def add_to_(self, dense: Tensor, factor: Any = 1) -> Tensor:
        """Adds the elements times ``factor`` to a dense tensor of this size, in place; the others are not touched."""
        values = self._elements * factor
        if dense.is_contiguous():
            rows = dense.view(self.shape[: self.sparse_dim()].numel(), *self._raw.shape[1:])
            rows.index_add_(0, self._flat(), values.to(dense.dtype))
        else:
            dense.index_put_(tuple(self._coordinates), values.to(dense.dtype), accumulate=True)
        return dense

    def picked_from(self, dense: Tensor) -> Tensor:
        """The elements of a dense tensor of this size at the coordinates."""
        return dense[tuple(self._coordinates)]

    # ---- parts ----

    def unsqueeze(self, dim: int) -> SparseTensor:
        """A new axis of size 1 before axis ``dim``, among those of the coordinates."""
        axis = dim + self.ndim + 1 if dim < 0 else dim
        if not 0 <= axis <= self.sparse_dim():
            raise IndexError(f"unsqueeze: the new axis must be among the {self.sparse_dim()} of the coordinates, but got {dim}")
        new = arcgrad.zeros((1, self._nnz()), dtype=arcgrad.int64)
        indices = arcgrad.cat([self._coordinates[:axis], new, self._coordinates[axis:]])
        return _made(indices, self._elements, [*self.shape[:axis], 1, *self.shape[axis:]], self._coalesced)

    def index_select(self, dim: int, index: Tensor) -> SparseTensor:
        """The slices along an axis of the coordinates that ``index`` names, in its order."""
        axis = self._sparse_axis("index_select", dim)
        index, length = index.to(arcgrad.int64), self.shape[axis]
        outside = index[(index < -length) | (index >= length)]
        if len(outside):
            raise IndexError(
                f"index_select(): index contains {int(outside[0])} that is out of range for tensor of size {list(self.shape)} "
                f"at dimension {dim}"
            )
        wanted = arcgrad.where(index < 0, index + length, index)
        entry, place = (self._coordinates[axis].unsqueeze(1) == wanted).nonzero(as_tuple=True)
        indices = self._coordinates[:, entry]
        indices[axis] = place
        size = [*self.shape[:axis], index.numel(), *self.shape[axis + 1 :]]
        return _made(indices, self._elements[entry], size, False)

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
        return _made(self._coordinates[others][:, here], values, size, self._coalesced)

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

    def _at(self, coordinates):
        """The values at some coordinates, zero where there is none."""
        if coordinates.shape[0] != self.sparse_dim():
            return self.to_dense()[tuple(coordinates)]
        mine, wanted = self.coalesce(), _numbers(coordinates, self.shape)
        have = mine._flat()
        if not len(have):
            return arcgrad.zeros((len(wanted), *self._raw.shape[1:]), dtype=self.dtype)
        place = arcgrad.searchsorted(have, wanted).clamp_(max=len(have) - 1)
        found = (have[place] == wanted).reshape(-1, *[1] * self.dense_dim())
        return arcgrad.where(found, mine._elements[place], 0)

    def __rmatmul__(self, other: Any) -> Any:
        return _times_sparse(other, self)

    def mm(self, mat2: Any) -> Any:
        """The product with a matrix."""
        return _product(self, mat2)

    smm = mm

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: arcgrad.dtype | None = None) -> Tensor:
        """The norm of all elements."""
        axes = () if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        if axes and sorted(axis % self.dim() for axis in axes) != list(range(self.dim())):
            raise RuntimeError(
                "norm_sparse currently only supports full reductions, so 'dim' must either be empty or contain all dimensions "
                "of the input"
            )
        if keepdim:
            raise RuntimeError("norm_sparse currently does not support keepdim=True")
        return self.coalesce()._elements.norm(p, dtype=dtype)

    def pow(self, exponent: float) -> SparseTensor:
        """The elements to a positive power."""
        if not exponent > 0:
            raise RuntimeError(f"pow: of a sparse tensor only positive powers are sparse, not {exponent}")
        return self._each("pow", exponent)

    __pow__ = pow

    def _each(self, function, *args):
        """A function that makes 0 of 0, of each element."""
        whole = self._with_each_once()
        return whole._with(getattr(whole._elements, function)(*args))

    def sum(self, dim: Any = None, dtype: arcgrad.dtype | None = None) -> Any:
        """The sum of all elements, or over axes; see :func:`arcgrad.sparse.sum`."""
        from arcgrad.sparse import sum

        return sum(self, dim, dtype)

    def matmul(self, other: Any) -> Any:
        """The product with a matrix or a vector."""
        return _product(self, other)

    __matmul__ = matmul

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

    # ---- the rest ----

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What has a gradient of its own here, by its parts; the rest as of any tensor."""
        name = getattr(func, "__name__", "")
        # The functions of linalg have the names of others, and this one means something else.
        known = _FUNCTIONS.get(name[2:-2] if name.startswith("__") else name)
        function = _FUNCTIONS["linalg.norm"] if func is linalg.norm else known
        if function is not None:
            return function(*args, **(kwargs or {}))
        _overrides.note_hosted()
        with DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The value of an operation, apart from the graph."""
        name = func.__name__.partition(".")[0]
        kernel = _KERNELS.get(name)
        if kernel is None and _graph.current_pass() != -1:
            # A gradient that arrives at what dense tensors were computed by goes on as a dense one.
            return func(*(each.to_dense() if isinstance(each, SparseTensor) else each for each in args), **(kwargs or {}))
        if kernel is None:
            raise NotImplementedError(
                f"Could not run 'aten::{name}' with arguments from the 'SparseCPU' backend: it is not there for sparse tensors. "
                "to_dense() gives a tensor that it takes"
            )
        return kernel(func, *args, **(kwargs or {}))

    def __bool__(self) -> bool:
        return bool(self.to_dense())

    def _refuse_memory(self, *_arguments: Any) -> Any:
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage: it is sparse, see _values()")

    data_ptr = tolist = _refuse_memory

    def storage(self) -> Any:
        """Raises: there is no memory of all elements."""
        raise NotImplementedError("Cannot access storage of SparseTensorImpl: _indices() and _values() have one each")

    untyped_storage = storage

    def numpy(self, *, force: bool = False) -> Any:
        """Raises: NumPy has no such arrays."""
        raise TypeError(f"can't convert {str(self.layout).partition('.')[2]} layout tensor to numpy. Use Tensor.to_dense() first.")

    def item(self) -> Any:
        """The only element."""
        return self.to_dense().item()

    def _parts(self):
        """The arguments that make the same tensor again."""
        return self._coordinates, self._raw, tuple(self.shape), self._coalesced

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError("a sparse tensor that was computed is not saved with its graph: detach() it first")
        return _again, (type(self), self._parts(), self.requires_grad)

    def _in_file(self):
        """What PyTorch's files hold of such a tensor."""
        return self.layout, (self._coordinates, self._raw, self.shape, self._coalesced)

    def _known_as_coalesced(self):
        """The same, coalesced if its coordinates are in order, each there once."""
        flat = self._flat()
        if len(flat) < 2 or bool((flat[1:] > flat[:-1]).all()):
            self._coalesced = True
        return self

    def _described(self):
        return f"indices={self._coordinates!r},\n       values={self._raw!r}"

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        if self.is_leaf:
            graph = ", requires_grad=True" if self.requires_grad else ""
        else:
            graph = f", grad_fn=<{self.grad_fn.name()}>"
        dtype = "" if self.dtype in (arcgrad.get_default_dtype(), arcgrad.int64, arcgrad.bool) else f", dtype={self.dtype}"
        size = f"size={tuple(self.shape)}, nnz={self._nnz()}{dtype}, layout={self.layout}{graph}"
        return f"tensor({self._described()},\n       {size})"


def _again(cls, parts, requires_grad):
    return cls(*parts).requires_grad_(requires_grad)


def _all_elements(dense, sparse_dim):
    """A sparse tensor that has a value for each element of a dense one."""
    everywhere = arcgrad.ones(dense.shape[:sparse_dim]).nonzero().t()
    return _made(everywhere, dense.reshape(-1, *dense.shape[sparse_dim:]), dense.shape, True)


def _numbers(coordinates, shape):
    """A number for each coordinate, in their order."""
    number = arcgrad.zeros(coordinates.shape[1], dtype=arcgrad.int64)
    for axis, length in zip(coordinates, shape):
        number = number * length + axis
    return number


def _rows(rows, count):
    """One tensor of coordinates; none of an axis is a row of its own."""
    return arcgrad.stack(rows) if rows else arcgrad.zeros((0, count), dtype=arcgrad.int64)


def _product(one, other):
    """The product of a sparse matrix with a dense matrix or vector, or with a sparse matrix."""
    if one.ndim != 2 or one.dense_dim():
        raise RuntimeError(f"mm: expected a sparse matrix, got sizes {tuple(one.shape)}")
    if other.ndim not in (1, 2) or one.shape[1] != other.shape[0]:
        raise RuntimeError(f"mm: mat1 and mat2 shapes cannot be multiplied ({tuple(one.shape)} and {tuple(other.shape)})")
    if one.dtype is not other.dtype:
        raise RuntimeError(f"mm: expected both of one dtype, but they are {one.dtype} and {other.dtype}")
    rows, columns = one._coordinates
    if other.layout is not arcgrad.strided:
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
    return _made(arcgrad.stack([rows[left], right[partner]]), values, (one.shape[0], other.shape[1]), False).coalesce()


def _times_sparse(dense, sparse):
    """The product of a dense matrix or vector with a sparse matrix, by (A B)ᵀ = Bᵀ Aᵀ."""
    return _product(sparse.t(), dense.t()).t() if dense.ndim == 2 else _product(sparse.t(), dense)


_names.describe(__name__)
