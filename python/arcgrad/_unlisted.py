"""Operations that PyTorch has without a documentation of them, and programs call all the same."""

from __future__ import annotations

from math import inf

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad import Tensor, dtype

__all__ = ["norm_except_dim", "segment_reduce"]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of the parts of a tensor along one axis, which is the only one that keeps its size; with ``dim=-1`` the norm of all.

    >>> import arcgrad as ag
    >>> ag.norm_except_dim(ag.tensor([[3.0, 4.0], [6.0, 8.0]]), 2, 0)
    tensor([[ 5.],
            [10.]])
    """
    if dim == -1:
        return _core.norm(v, pow)
    return _core.norm(v, pow, [axis for axis in range(v.ndim) if axis != dim], keepdim=True) if v.ndim > 1 else v.abs()


def _int_mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices of ``int8``, in ``int32``."""
    for name, matrix in (("self", input), ("mat2", mat2)):
        if matrix.ndim != 2:
            raise RuntimeError(f"Expected {name} to be of dimension 2 but got {matrix.ndim}")
        if matrix.dtype != _core.int8:
            raise RuntimeError(f"Expected {name} dtype to be of type int8 but got {matrix.dtype}")
    return _core.mm(input.to(_core.int32), mat2.to(_core.int32), out=out)


def _addmm_activation(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    use_gelu: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """``addmm``, and ReLU or GELU of it."""
    from arcgrad.nn import functional

    sum = _core.addmm(input, mat1, mat2, beta=beta, alpha=alpha)
    result = functional.gelu(sum) if use_gelu else _core.relu(sum)
    return result if out is None else out.resize_(result.shape).copy_(result)


def _shape_as_tensor(input: Tensor) -> Tensor:
    """The sizes of a tensor, as one of integers."""
    return _core.tensor(list(input.shape), dtype=_core.int64)


def _debug_has_internal_overlap(tensor: Tensor) -> int:
    """Whether several elements lie in one place: 0 where they fill their memory, 1 where an axis has no extent, 2 if it would take
    more than a look."""
    axes = [(stride, size) for size, stride in zip(tensor.shape, tensor.stride()) if size != 1]
    filled = 1
    for stride, size in sorted(axes):
        if stride != filled and tensor.numel():
            return 1 if any(stride == 0 for stride, _ in axes) else 2
        filled *= size
    return 0


#: What the elements of a segment are added to, or multiplied with, unless the program says so.
_STARTS = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "max": -inf, "amax": -inf, "min": inf, "amin": inf}


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """The sums, or other reductions, of parts of an axis that follow one another.

    Args:
        data (Tensor): of floating point.
        reduce (str): ``"sum"``, ``"mean"``, ``"max"``, ``"min"`` or ``"prod"``.
        lengths (Tensor): how long the segments are, along its last axis; the axes before it are those of ``data``.
        indices: PyTorch has them in the signature, and refuses them.
        offsets (Tensor): where the segments begin and the last one ends, instead of lengths.
        axis (int): the axis of the segments, which is the last one of ``lengths``.
        unsafe (bool): do not ask whether the lengths add up.
        initial (float): what each reduction begins with.

    >>> import arcgrad as ag
    >>> ag.segment_reduce(ag.tensor([1.0, 2.0, 5.0]), "sum", lengths=ag.tensor([2, 0, 1]))
    tensor([3., 0., 5.])
    """
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    where = offsets if offsets is not None else lengths
    if where is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if reduce not in _STARTS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not data.is_floating_point():
        raise NotImplementedError(f"segment_reduce(): not implemented for {data.dtype}")
    if where.dtype not in (_core.int32, _core.int64):
        raise NotImplementedError(f"segment_reduce(): lengths and offsets are of int32 or int64, not {where.dtype}")
    axis = axis % data.ndim if data.ndim else axis
    if where.ndim - 1 != axis:
        raise RuntimeError(f"segment_reduce(): Expected axis to be the last dimension of lengths but got {axis}.")
    where = where.long()
    begin = where[..., :1] if offsets is not None else _core.zeros_like(where[..., :1])
    lengths = where.diff(dim=-1) if offsets is not None else where
    if not unsafe and (lengths < 0).any():
        raise RuntimeError("lengths contains negative value!")
    if not unsafe and offsets is None and (lengths.sum(-1) != data.shape[axis]).any():
        raise RuntimeError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe."
        )
    # The number of the segment of each element; what lies before the first and behind the last has one that is cut off.
    ends = begin + lengths.cumsum(-1)
    places = _core.arange(data.shape[axis]).expand(*where.shape[:-1], -1)
    number = _core.searchsorted(ends, places.contiguous(), right=True)
    number = number.masked_fill(places < begin, lengths.shape[-1])
    number = number.reshape(*number.shape, *[1] * (data.ndim - axis - 1)).expand(data.shape)
    start = _STARTS[reduce] if initial is None else initial
    sizes = [*data.shape[:axis], lengths.shape[-1] + 1, *data.shape[axis + 1 :]]
    kind = {"mean": "sum", "max": "amax", "min": "amin"}.get(reduce, reduce)
    reduced = _core.full(sizes, start, dtype=data.dtype).scatter_reduce(axis, number, data, kind, include_self=True)
    reduced = reduced.narrow(axis, 0, lengths.shape[-1])
    if reduce != "mean":
        return reduced
    counts = lengths.reshape(*lengths.shape, *[1] * (data.ndim - axis - 1)).to(data.dtype)
    # An empty segment is what it began with, or the mean of nothing.
    return reduced / (counts if initial is None else counts.clamp(min=1))


def _convert_indices_from_coo_to_csr(input: Tensor, size: int, *, out_int32: bool = False) -> Tensor:
    """Where each of ``size`` rows begins and the last one ends, of the sorted rows of elements."""
    starts = _core.searchsorted(input, _core.arange(size + 1, dtype=input.dtype))
    return starts.int() if out_int32 else starts


def _convert_indices_from_csr_to_coo(
    crow_indices: Tensor, col_indices: Tensor, *, out_int32: bool = False, transpose: bool = False
) -> Tensor:
    """The rows and columns of elements, of where each row begins; with ``transpose`` the columns first."""
    rows = _core.repeat_interleave(_core.arange(len(crow_indices) - 1), crow_indices.diff())
    pair = (col_indices.to(rows.dtype), rows) if transpose else (rows, col_indices.to(rows.dtype))
    stacked = _core.stack(pair)
    return stacked.int() if out_int32 else stacked


def _softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype) -> Tensor:
    """The gradient of a softmax from its result."""
    product = grad_output * output
    return (product - output * product.sum(dim, keepdim=True)).to(input_dtype)


def _log_softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype) -> Tensor:
    """The gradient of the logarithm of a softmax from its result."""
    return (grad_output - output.exp() * grad_output.sum(dim, keepdim=True)).to(input_dtype)


def _cast(name):
    def cast(self, non_blocking=False):
        return self.to(getattr(_core, name))

    cast.__doc__ = f"The tensor as {name}."
    return cast


_cast_Byte, _cast_Char, _cast_Short, _cast_Int, _cast_Long = map(_cast, ("uint8", "int8", "int16", "int32", "int64"))
_cast_Half, _cast_Float, _cast_Double = map(_cast, ("float16", "float32", "float64"))

_names.describe(__name__)
