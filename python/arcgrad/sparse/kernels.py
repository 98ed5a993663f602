"""Values of operations, which the graph has recorded: ``func`` runs the operation on other tensors."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.sparse.coo import _KERNELS, SparseTensor


def _check_same(one, other):
    if one.shape != other.shape or one.sparse_dim() != other.sparse_dim():
        raise RuntimeError(f"add: expected sizes of 'self' and 'other' to match, but {tuple(one.shape)} != {tuple(other.shape)}")


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


_KERNELS.update({
    **dict.fromkeys("neg _to_copy conj _conj real imag positive alias".split(), _of_values),
    "add": _sum_of_two,
    "sub": _sum_of_two,
    "mul": _product_of_each,
    "div": _quotient,
    "floor_divide": _rounded_quotient,
    "clone": lambda func, sparse, *_options: sparse._copied(),
    "copy_": _copy_into,
    "sum": _summed,
})


_names.describe(__name__)
