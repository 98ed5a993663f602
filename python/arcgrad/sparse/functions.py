"""Functions of the program whose arguments are sparse: composed of operations on values, so that their gradients are."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad._core import _overrides
from arcgrad.overrides import DisableTorchFunctionSubclass
from arcgrad.sparse.coo import _FUNCTIONS, SparseTensor, _made, _product, _times_sparse
from arcgrad.sparse.creation import _sparse_mask
from arcgrad.sparse.nodes import _refuse_device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


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


#: What functions do with a sparse argument behind a dense one.
_WITH_DENSE = dict.fromkeys(("matmul", "mm", "mv"), _times_sparse)

#: Functions that are composed of operations on values, so that their gradients are.
_FUNCTIONS.update({
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
    "linalg.norm": _norm_of_linalg,
    "sparse_mask": _sparse_mask,
})


_names.describe(__name__)
