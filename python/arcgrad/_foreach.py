"""``_foreach_add`` and its relatives: an operation over all tensors of a list, which optimizers outside PyTorch are written with.

Each is the operation of that name for one tensor after the other; those that end in an underscore change the tensors of the list and
return it. A second operand is a list, too, or one number or tensor for all.
"""

from __future__ import annotations

from arcgrad import _core, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Tensors = Sequence[_core.Tensor]

#: Operations of one tensor each.
_UNARY = (
    "abs acos asin atan ceil clone cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round rsqrt sigmoid "
    "sign sin sinh sqrt tan tanh trunc zero"
).split()

#: Operations with one more operand a tensor.
_BINARY = "add clamp_max clamp_min copy div lerp maximum minimum mm mul pow sub".split()

#: Operations with two more operands a tensor, and a factor.
_TERNARY = ("addcdiv", "addcmul")

#: The method that does it where it has not the operation's name.
_METHODS = {
    **{"maximum": "clamp_min", "maximum_": "clamp_min_", "minimum": "clamp_max", "minimum_": "clamp_max_"},
    **dict.fromkeys(("clone_", "copy", "mm_", "zero")),
}


def _lists(name: str, first: Tensors, *others: Any) -> int:
    """How many tensors there are in all of the lists. What is no list stands for every one of them."""
    if not first:
        raise RuntimeError(f"_foreach_{name}: Tensor list must have at least one tensor.")
    for other in others:
        if isinstance(other, (list, tuple)) and len(other) != len(first):
            raise RuntimeError(
                f"_foreach_{name}: Tensor lists must have the same number of tensors, got {len(first)} and {len(other)}"
            )
    return len(first)


def _spread(operand: Any, count: int) -> Sequence[Any]:
    return operand if isinstance(operand, (list, tuple)) else [operand] * count


def _unary(name: str, method: str) -> Callable[..., Any]:
    def function(self: Tensors) -> Any:
        _lists(name, self)
        return _given(self, [getattr(tensor, method)() for tensor in self], name)

    return function


def _binary(name: str, method: str) -> Callable[..., Any]:
    def function(self: Any, other: Any, *rest: Any, **options: Any) -> Any:
        if not isinstance(self, (list, tuple)):  # a number to the power of each tensor
            return tuple(getattr(_core, method)(self, tensor) for tensor in other)
        others = [_spread(operand, _lists(name, self, other, *rest)) for operand in (other, *rest)]
        return _given(self, [getattr(tensor, method)(*each, **options) for tensor, *each in zip(self, *others)], name)

    return function


def _ternary(name: str, method: str) -> Callable[..., Any]:
    def function(self: Tensors, tensor1: Tensors, tensor2: Tensors, value: Any = 1, *, scalars: Any = None) -> Any:
        factors = value if scalars is None else scalars
        if isinstance(factors, _core.Tensor):
            factors = factors.tolist()
        count = _lists(name, self, tensor1, tensor2, factors)
        operands = zip(self, tensor1, tensor2, _spread(factors, count))
        return _given(self, [getattr(tensor, method)(a, b, value=factor) for tensor, a, b, factor in operands], name)

    return function


def _given(lists: Tensors, results: list[_core.Tensor], name: str) -> Any:
    return lists if name.endswith("_") else tuple(results)


def _foreach_norm(self: Tensors, ord: Any = 2, dtype: Any = None) -> tuple[_core.Tensor, ...]:
    _lists("norm", self)
    from arcgrad.linalg import vector_norm

    return tuple(vector_norm(tensor, ord, dtype=dtype) for tensor in self)


def _foreach_max(self: Tensors) -> tuple[_core.Tensor, ...]:
    _lists("max", self)
    return tuple(tensor.max() for tensor in self)


def _install() -> None:
    for family, make in ((_UNARY, _unary), (_BINARY, _binary), (_TERNARY, _ternary)):
        for operation in family:
            for name in (operation, f"{operation}_"):
                method = _METHODS.get(name, name)
                if method is not None:
                    function = make(name, method)
                    function.__name__ = function.__qualname__ = f"_foreach_{name}"
                    globals()[function.__name__] = function


_install()
_names.describe(__name__)
