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
from arcgrad._C import _is_batchedtensor
from arcgrad._core import _autograd as _graph
from arcgrad._core import _overrides
from arcgrad.autograd import _levels
from arcgrad.autograd.function import Function
from arcgrad.overrides import DisableTorchFunctionSubclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self

__all__ = ["SparseTensor", "sparse_coo_tensor", "to_sparse"]


class _Made(Function):
    """A sparse tensor of values: what it is made by knows the coordinates."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, make: Callable[[Tensor], SparseTensor]) -> SparseTensor:
        made = make(values)
        # Coordinates and shape alone: the node does not keep the values.
        ctx.coordinates, ctx.make = made._coordinates, make
        return made

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        if isinstance(grad, SparseTensor):
            return grad._at(ctx.coordinates), None
        return grad[tuple(ctx.coordinates)], None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> SparseTensor:
        return _with_values(tangent, ctx.make)  # type: ignore[no-any-return]


class _Values(Function):
    """The values of a sparse tensor."""

    @staticmethod
    def forward(ctx: Any, sparse: SparseTensor) -> Tensor:
        # What becomes of the tensor in place is not the node's business.
        ctx.sparse = sparse._with(sparse._raw)
        return sparse._raw.detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> SparseTensor:
        return ctx.sparse._gradient(grad)  # type: ignore[no-any-return]

    @staticmethod
    def jvp(ctx: Any, tangent: SparseTensor) -> Tensor:
        # Values of one coordinate have a tangent together, which is that of their sum: each has a share.
        ones = arcgrad.ones(len(ctx.sparse._raw), dtype=ctx.sparse.dtype)
        share = ones if ctx.sparse._has_each_once() else ctx.sparse._share().to(ctx.sparse.dtype)
        return tangent._at(ctx.sparse._coordinates) * share.reshape(-1, *[1] * ctx.sparse.dense_dim())


def _made(indices, values, size, coalesced):
    """A sparse tensor, and a node where its values are in a graph."""
    return _with_values(values, lambda values: SparseTensor(indices, values, size, coalesced))


def _with_values(values, make):
    if _levels.thread.levels or values.requires_grad and arcgrad.is_grad_enabled():
        _refuse_batches(values)
        return _Made.apply(values, make)
    return make(values)


def _refuse_batches(values):
    if _is_batchedtensor(values):
        raise RuntimeError(
            "vmap: a sparse tensor has no batches of values; compute it outside of the transformation, or with dense tensors"
        )


def _refuse_device(device):
    """Refuses a device that an argument names."""
    if device is not None:
        _refuse_elsewhere(arcgrad.empty(0, device=device))


def _refuse_elsewhere(part):
    if part.device.type != "cpu":
        raise NotImplementedError(f"sparse tensors are on the CPU only, not on {part.device}")


def _refuse_parts(values, *indices):
    """Refuses what no sparse tensor is made of."""
    for part in (values, *indices):
        _refuse_batches(part)
        _refuse_elsewhere(part)
    if isinstance(values, SparseTensor):
        layout = "Sparse" if values.is_sparse else values.layout
        raise RuntimeError(f"expected values to be a dense tensor, but got values of layout {layout}")


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
        return self._as_mine(_all_elements(self.detach().to_dense(), self.sparse_dim()))

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

    @property
    def mT(self) -> SparseTensor:
        if self.ndim < 2:
            raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
        return self.transpose(-2, -1)

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
        function = _norm_of_linalg if func is linalg.norm else known
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


class _AllElements(Function):
    """All elements, with a gradient of all of them."""

    @staticmethod
    def forward(ctx: Any, sparse: SparseTensor) -> Tensor:
        ctx.sparse_dim, ctx.as_mine = sparse.sparse_dim(), sparse._as_mine
        return sparse.to_dense()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return ctx.as_mine(_all_elements(grad, ctx.sparse_dim))  # type: ignore[no-any-return]


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
    first = next(tensor for tensor in tensors if isinstance(tensor, SparseTensor))
    axis = first._sparse_axis("cat", dim)
    indices, start = [], 0
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, SparseTensor):
            raise RuntimeError(f"Concatenating sparse tensors, but a dense tensor was found at position {position}.")
        sizes = [(*each.shape[:axis], *each.shape[axis + 1 :]) for each in (first, tensor)]
        if sizes[0] != sizes[1] or tensor.sparse_dim() != first.sparse_dim():
            raise RuntimeError(f"cat: sizes {tuple(first.shape)} and {tuple(tensor.shape)} differ elsewhere than along axis {dim}")
        shifted = tensor._coordinates.clone()
        shifted[axis] += start
        indices.append(shifted)
        start += tensor.shape[axis]
    values = arcgrad.cat([tensor._elements for tensor in tensors])
    return _made(arcgrad.cat(indices, 1), values, [*first.shape[:axis], start, *first.shape[axis + 1 :]], False)


def _stack(tensors, dim=0):
    dim = dim if dim >= 0 else dim + tensors[0].ndim + 1
    return cat([tensor.unsqueeze(dim) for tensor in tensors], dim)


def _addmm(input, mat1, mat2, *, beta=1, alpha=1):
    return beta * input + alpha * (mat1 @ mat2)


def _divided(divide, in_place):
    def function(input, other, *, rounding_mode=None, **options):
        if rounding_mode is not None and isinstance(input, SparseTensor) and not input._has_each_once():
            # The quotient of a sum is rounded, not those of its parts.
            whole = input.coalesce()
            input = input.copy_(whole) if in_place else whole
        _overrides.note_hosted()
        with DisableTorchFunctionSubclass():
            return divide(input, other, rounding_mode=rounding_mode, **options)

    return function


def _zeros_like(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None):
    _refuse_device(device)
    if layout is arcgrad.strided:
        return arcgrad.zeros(input.shape, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad)
    made = input._without_elements()
    made = made if layout is None else made.to_sparse(layout=layout)
    made = made if dtype is None else made.to(dtype)
    return made.requires_grad_(requires_grad)


def _method(name):
    def function(input, *args, **kwargs):
        if isinstance(input, SparseTensor):
            return getattr(input, name)(*args, **kwargs)
        # A dense tensor first, and a sparse one behind it.
        with_dense = _WITH_DENSE.get(name)
        if with_dense is None:
            raise NotImplementedError(f"{name}: a sparse tensor can only be the first argument; to_dense() gives one that it takes")
        return with_dense(input, *args, **kwargs)

    return function


def _norm_of_linalg(A, ord=None, dim=None, keepdim=False, *, dtype=None, out=None):
    of_all = ord is None or ord == "fro" and A.ndim == 2 or A.ndim == 1
    if not (of_all and isinstance(A, SparseTensor)) or dim is not None or keepdim or out is not None:
        raise NotImplementedError(
            "linalg.norm: of a sparse tensor there is that of all elements only; to_dense() gives a tensor that it takes"
        )
    return A.norm(2 if ord is None or ord == "fro" else ord, dtype=dtype)


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
    return _made(arcgrad.stack([rows[left], right[partner]]), values, (one.shape[0], other.shape[1]), False).coalesce()


def _times_sparse(dense, sparse):
    """The product of a dense matrix or vector with a sparse matrix, by (A B)ᵀ = Bᵀ Aᵀ."""
    return _product(sparse.t(), dense.t()).t() if dense.ndim == 2 else _product(sparse.t(), dense)


#: What functions do with a sparse argument behind a dense one.
_WITH_DENSE = dict.fromkeys(("matmul", "mm", "mv"), _times_sparse)

#: Functions that are composed of operations on values, so that their gradients are.
_FUNCTIONS = {
    **{
        name: _method(name)
        for name in (*_OF_EACH, *"bmm coalesce index_select matmul mm mv norm pow select sum t to_dense transpose unsqueeze".split())
    },
    "rmatmul": lambda input, other: _times_sparse(other, input),
    "addmm": _addmm,
    "cat": cat,
    **dict.fromkeys(("div", "divide"), _divided(arcgrad.div, False)),
    **dict.fromkeys(("div_", "divide_"), _divided(Tensor.div_, True)),
    "stack": _stack,
    "smm": _product,
    "spmm": _product,
    "zeros_like": _zeros_like,
    "empty_like": _zeros_like,
}


# ---- values of operations, which the graph has recorded: func runs the operation on other tensors ----


def _of_values(func, sparse, *others):
    """An operation that is linear in the values."""
    return sparse._with(func(sparse._raw, *others))


def _sum_of_two(func, one, other):
    """A linear operation on two tensors, with all its factors: of both at their own coordinates."""
    if not (isinstance(one, SparseTensor) and isinstance(other, SparseTensor)):
        if not (isinstance(one, Tensor) and isinstance(other, Tensor)):
            raise RuntimeError("add(sparse, number) is not supported: the sum is not sparse. Use to_dense()")
        return func(one.to_dense(), other.to_dense())
    _check_same(one, other)
    as_mine = one._as_mine
    one, other = one.to_sparse(), other.to_sparse()
    left = func(one._raw, arcgrad.zeros_like(one._raw, dtype=other.dtype))
    right = func(arcgrad.zeros_like(other._raw, dtype=one.dtype), other._raw)
    indices = arcgrad.cat([one._coordinates, other._coordinates], 1)
    return as_mine(SparseTensor(indices, arcgrad.cat([left, right]), one.shape, False))


def _product_of_each(func, one, other):
    """The product element by element, with what is sparse or dense, or with a number."""
    if not isinstance(one, SparseTensor):
        return _product_of_each(lambda values, others: func(others, values), other, one)
    if isinstance(other, SparseTensor):
        if other.shape != one.shape:
            raise RuntimeError(
                f"mul operands have incompatible sizes: sparse tensors are not broadcast, but got {tuple(one.shape)} and {tuple(other.shape)}"
            )
        one = one._with_each_once()
        return one._with(func(one._raw, other._at(one._coordinates)))
    if isinstance(other, Tensor) and other.ndim:
        other = other.expand(one.shape)[tuple(one._coordinates)]
    return one._with(func(one._raw, other))


def _quotient(func, one, other):
    if isinstance(other, SparseTensor) or isinstance(other, Tensor) and other.ndim:
        raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
    return one._with(func(one._raw, other))


def _rounded_quotient(func, one, other):
    return _quotient(func, one._with_each_once() if isinstance(one, SparseTensor) else one, other)


def _copy_into(func, target, source, *_options):
    if isinstance(target, SparseTensor):
        target._become(source)
    else:
        target.copy_(source.to_dense())
    return target


def _summed(func, sparse, *others):
    """Sums over axes that another operand does not have."""
    return func(sparse.to_dense(), *others)


_KERNELS = {
    **dict.fromkeys("neg _to_copy conj _conj real imag positive alias".split(), _of_values),
    "add": _sum_of_two,
    "sub": _sum_of_two,
    "mul": _product_of_each,
    "div": _quotient,
    "floor_divide": _rounded_quotient,
    "clone": lambda func, sparse, *_options: sparse._copied(),
    "copy_": _copy_into,
    "sum": _summed,
}

def _rows(rows, count):
    """One tensor of coordinates; none of an axis is a row of its own."""
    return arcgrad.stack(rows) if rows else arcgrad.zeros((0, count), dtype=arcgrad.int64)


def _check_same(one, other):
    if one.shape != other.shape or one.sparse_dim() != other.sparse_dim():
        raise RuntimeError(f"add: expected sizes of 'self' and 'other' to match, but {tuple(one.shape)} != {tuple(other.shape)}")


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
    _refuse_device(device)
    if values is None or isinstance(values, (tuple, Size)) and size is None and not isinstance(indices, Tensor):
        # Of a size alone: nothing but zeros.
        size = (indices if values is None else values) if size is None else size
        if size is None:
            raise TypeError("sparse_coo_tensor: neither indices and values nor a size are given")
        indices, values = arcgrad.zeros((len(size), 0), dtype=arcgrad.int64), arcgrad.zeros(0, dtype=dtype)
    indices, values = arcgrad.as_tensor(indices), arcgrad.as_tensor(values, dtype=dtype)
    _refuse_parts(values, indices)
    indices = indices.detach().to(arcgrad.int64).clone()
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
    made = _made(indices, values, size, bool(is_coalesced) or indices.shape[1] < 2)
    return made.requires_grad_() if requires_grad else made  # type: ignore[no-any-return]


def to_sparse(
    self: Tensor, sparse_dim: int | None = None, *, layout: Any = None, blocksize: Any = None, dense_dim: int | None = None
) -> Any:
    """The elements of a dense tensor that are not zero, as a sparse one.

    Args:
        sparse_dim (int): of how many axes there are coordinates. Default: all.
        layout: ``arcgrad.sparse_coo``, or one of the compressed layouts of matrices.
        blocksize (pair of ints): of layouts by blocks.
        dense_dim (int): of how many axes each value is. Default: none.

    >>> import arcgrad as ag
    >>> ag.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse().indices()
    tensor([[0],
            [1]])
    """
    axes = self.ndim - (dense_dim or 0) if sparse_dim is None else sparse_dim
    if not 0 < axes <= self.ndim and self.ndim:
        raise RuntimeError(f"sparse_dim must be in [1, {self.ndim}], but got {axes}")
    present = self.detach() != 0
    if axes < self.ndim:
        present = present.flatten(axes).any(-1)
    indices = present.nonzero().t()
    values = self[tuple(indices)] if self.ndim else self.reshape(1)[: indices.shape[1]]
    return _made(indices, values, self.shape, True).to_sparse(layout=layout, blocksize=blocksize)


def _to_sparse_csr(self: Tensor, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_csr`."""
    return to_sparse(self).to_sparse_csr(dense_dim)


def _to_sparse_csc(self: Tensor, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_csc`."""
    return to_sparse(self).to_sparse_csc(dense_dim)


def _to_sparse_bsr(self: Tensor, blocksize: Any, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_bsr`."""
    return to_sparse(self).to_sparse_bsr(blocksize, dense_dim)


def _to_sparse_bsc(self: Tensor, blocksize: Any, dense_dim: int | None = None) -> Any:
    """See :meth:`SparseTensor.to_sparse_bsc`."""
    return to_sparse(self).to_sparse_bsc(blocksize, dense_dim)


def _to_sparse_coo(self: Tensor) -> Any:
    """See :meth:`SparseTensor.to_sparse_coo`."""
    return to_sparse(self)


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
    return mask._with(self._at(mask._coordinates) if isinstance(self, SparseTensor) else self[tuple(mask._coordinates)])


def _to_dense(self: Tensor, dtype: arcgrad.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor, which is dense."""
    return self if dtype is None else self.to(dtype)


_FUNCTIONS["sparse_mask"] = _sparse_mask

_names.describe(__name__)
