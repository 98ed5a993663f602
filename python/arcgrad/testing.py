"""Comparing tensors in tests: :func:`assert_close` and its older form :func:`assert_allclose`.

Differences are worked out by NumPy, so that a fault in this library's own arithmetic cannot hide itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import arcgrad as ag
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad import DType, Tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

#: pytest shows the line of the test that failed, and none of this file.
__tracebackhide__ = True

#: (rtol, atol) for each floating dtype, as in PyTorch; integers and booleans are compared exactly.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}

#: The looser defaults of :func:`assert_allclose`.
_ALLCLOSE_TOLERANCES = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}


def make_tensor(
    *shape: int | Sequence[int],
    dtype: DType,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random numbers for a test, evenly distributed.

    Args:
        shape: sizes, or a sequence of them.
        dtype: of the numbers.
        device: where the tensor is.
        low (number): the least. Default: -9; 0 for ``uint8`` and ``bool``.
        high (number): what all are less than. Default: 10 for integers, 9 for others, 2 for ``bool``.
        requires_grad (bool): whether the tensor requires a gradient.
        noncontiguous (bool): whether its elements lie apart, where there are several.
        exclude_zero (bool): replaces zeros by the least positive number (1 for integers).
        memory_format: the order in memory; not with ``noncontiguous``.

    Raises:
        ValueError: the bounds are no numbers or the wrong way round, or an option is of no use for the dtype.

    >>> import arcgrad as ag
    >>> from arcgrad.testing import make_tensor
    >>> x = make_tensor(2, 3, dtype=ag.int64, low=1, high=3)
    >>> tuple(x.shape), sorted(set(x.flatten().tolist()) - {1, 2})
    ((2, 3), [])
    """
    if noncontiguous and memory_format is not None:
        raise ValueError("The parameters `noncontiguous` and `memory_format` are mutually exclusive.")
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if requires_grad and not (dtype.is_floating_point or dtype.is_complex):
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype}")
    if dtype is ag.bool:
        least, most = 0, 2
    elif dtype.is_floating_point or dtype.is_complex:
        least, most = -9, 9
    else:
        least, most = (-9 if dtype.is_signed else 0), 10
    low, high = least if low is None else low, most if high is None else high
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low} and high={high}")
    if low > high or (low == high and not dtype.is_floating_point and not dtype.is_complex):
        raise ValueError(f"make_tensor: `low` must be less than `high`, but got {low} >= {high}")
    if dtype.is_complex:
        part = ag.float64 if dtype is ag.complex128 else ag.float32
        made = ag.complex(*(_uniform(sizes, low, high, part) for _ in range(2))).to(dtype)
    elif dtype.is_floating_point:
        limits = ag.finfo(dtype)
        made = _uniform(sizes, max(low, limits.min), min(high, limits.max), ag.float64 if dtype is ag.float64 else ag.float32).to(dtype)
    else:
        # Bounds between integers are those of the integers between them.
        made = ag.randint(math.ceil(low), math.ceil(high), sizes).to(dtype)
    if exclude_zero:
        made[made == 0] = ag.finfo(dtype).tiny if dtype.is_floating_point or dtype.is_complex else 1
    if noncontiguous and made.numel() > 1:
        made = made.unsqueeze(-1).expand(*made.shape, 2).contiguous()[..., 0]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    return made.to(device).requires_grad_(requires_grad)


def _uniform(sizes, low, high, dtype):
    # Halves, so that the difference of the bounds fits where they do.
    made = ag.rand(sizes, dtype=dtype)
    return (made * high + (1 - made) * low).clamp_(low, high) if high - low == math.inf else made * (high - low) + low


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Asserts that ``actual`` and ``expected`` are equal within a tolerance.

    Elements are close if ``|actual - expected| <= atol + rtol * |expected|``. Tensors, NumPy arrays, numbers, booleans and
    None are compared with their like; sequences item by item and mappings key by key, to any depth.

    Args:
        rtol, atol: both or neither. By default they follow from the dtype: float16 1e-3/1e-5, bfloat16 1.6e-2/1e-5,
            float32 1.3e-6/1e-5, float64 1e-7/1e-7, everything else exact; for two dtypes the larger ones.
        equal_nan: counts two NaN as equal.
        allow_subclasses: if False, both have to be of the very same type.
        check_dtype, check_stride: whether these have to agree too. Strides only count on request.
        check_device, check_layout: accepted; every tensor here is dense and on the CPU.
        msg: replaces the message of the error, or is called with it.

    Raises:
        AssertionError: the two differ; it says in how many elements, by how much, and where most.
        TypeError: the two cannot be compared, or only one of them is a sequence or a mapping.
        ValueError: only one of ``rtol`` and ``atol`` is given, or one is negative.

    >>> ag.testing.assert_close(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 2.0 + 1e-6]))
    >>> ag.testing.assert_close([1, 2], [1, 3])
    Traceback (most recent call last):
    AssertionError: Scalars are not equal!
    <BLANKLINE>
    Expected 3 but got 2.
    Absolute difference: 1
    Relative difference: 0.3333333333333333
    <BLANKLINE>
    The failure occurred for item [1]
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance is not None and not tolerance >= 0:
            raise ValueError(f"assert_close: {name} must be at least 0, got {tolerance}")
    # Structures are matched before any value is, so a missing key is reported rather than a difference elsewhere.
    for left, right, path in _leaf_pairs(actual, expected, allow_subclasses, msg):
        error = _compare(left, right, rtol, atol, equal_nan, check_dtype, check_stride)
        if error is not None:
            raise AssertionError(_message(error, path, msg))


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """The older form of :func:`assert_close`: numbers count as tensors, dtypes need not agree, two NaN are equal, and the
    default tolerances are looser (float32: ``rtol=1e-4, atol=1e-5``)."""
    if not isinstance(actual, ag.Tensor):
        actual = ag.tensor(actual)
    if not isinstance(expected, ag.Tensor):
        expected = ag.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = _default_tolerances(actual, expected, _ALLCLOSE_TOLERANCES)
    assert_close(
        actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, check_stride=False, msg=msg or None
    )


def _message(text, path, msg):
    if path:
        text = f"{text}\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in path)}"
    if msg is None:
        return text
    return msg(text) if callable(msg) else msg


def _leaf_pairs(actual, expected, allow_subclasses, msg):
    """The pairs of leaves of two structures, each with its path of keys; raises where the structures differ."""
    pairs, pending = [], [(actual, expected, ())]
    while pending:
        left, right, path = pending.pop()
        if _is_sequence(left) and _is_sequence(right):
            if len(left) != len(right):
                text = f"The length of the sequences mismatch: {len(left)} != {len(right)}"
                raise AssertionError(_message(text, path, msg))
            pending.extend((left[i], right[i], (*path, i)) for i in reversed(range(len(left))))
        elif isinstance(left, Mapping) and isinstance(right, Mapping):
            missing = [key for key in right if key not in left]
            additional = [key for key in left if key not in right]
            if missing or additional:
                text = (
                    "The keys of the mappings do not match:\n"
                    f"Missing keys in the actual mapping: {missing}\n"
                    f"Additional keys in the actual mapping: {additional}"
                )
                raise AssertionError(_message(text, path, msg))
            pending.extend((left[key], right[key], (*path, key)) for key in reversed(list(left)))
        elif _comparable(left, right, allow_subclasses):
            pairs.append((left, right, path))
        else:
            text = f"No comparison pair was able to handle inputs of type {type(left)} and {type(right)}."
            raise TypeError(_message(text, path, None))
    return pairs


def _is_sequence(value):
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_array(value):
    return isinstance(value, ag.Tensor) or type(value).__module__ == "numpy" and hasattr(value, "__array__")


def _comparable(left, right, allow_subclasses):
    if left is None or right is None:
        return True
    if isinstance(left, (bool, int, float, complex)) and isinstance(right, (bool, int, float, complex)):
        return allow_subclasses or type(left) is type(right)
    if not (_is_array(left) and _is_array(right)):
        return False
    if not allow_subclasses:
        return type(left) is type(right)
    return isinstance(left, type(right)) or isinstance(right, type(left))


def _default_tolerances(left, right, table):
    rows = [table.get(str(x.dtype).rsplit(".", 1)[-1], (0.0, 0.0)) for x in (left, right)]
    return max(row[0] for row in rows), max(row[1] for row in rows)


def _compare(left, right, rtol, atol, equal_nan, check_dtype, check_stride):
    """What is wrong with a pair of leaves, or None."""
    if left is None or right is None:
        return None if left is right else f"None mismatch: {left} is not {right}"
    if isinstance(left, bool) and isinstance(right, bool):
        return None if left == right else f"Booleans mismatch: {left} is not {right}"
    if not _is_array(left):
        return _compare_numbers(left, right, rtol, atol, equal_nan, check_dtype)
    return _compare_arrays(left, right, rtol, atol, equal_nan, check_dtype, check_stride)


def _compare_numbers(left, right, rtol, atol, equal_nan, check_dtype):
    if check_dtype and type(left) is not type(right):
        return f"The (d)types do not match: {type(left)} != {type(right)}."
    if rtol is None:
        exact = isinstance(left, int) and isinstance(right, int)
        rtol, atol = (0.0, 0.0) if exact else _TOLERANCES["float64"]
    if left == right or (equal_nan and left != left and right != right):
        return None
    # Infinities are close only to themselves, which == has settled; NaN fails the comparison.
    difference = abs(left - right)
    if difference <= atol + rtol * abs(right) and abs(right) != float("inf"):
        return None
    relative = difference / abs(right) if right != 0 else float("inf")
    exact = rtol == 0 and atol == 0
    return "\n".join(
        [
            f"Scalars are not {'equal' if exact else 'close'}!",
            "",
            f"Expected {right} but got {left}.",
            f"Absolute difference: {difference}" + ("" if exact else f" (up to {atol} allowed)"),
            f"Relative difference: {relative}" + ("" if exact else f" (up to {rtol} allowed)"),
        ]
    )


def _compare_arrays(left, right, rtol, atol, equal_nan, check_dtype, check_stride):
    import numpy as np

    # From here on both are tensors, so that shapes and dtypes print alike whatever was given.
    left, right = (x if isinstance(x, ag.Tensor) else ag.as_tensor(x) for x in (left, right))
    if left.shape != right.shape:
        return f"The values for attribute 'shape' do not match: {left.shape} != {right.shape}."
    if check_dtype and left.dtype != right.dtype:
        return f"The values for attribute 'dtype' do not match: {left.dtype} != {right.dtype}."
    if check_stride and left.stride() != right.stride():
        return f"The values for attribute 'stride()' do not match: {left.stride()} != {right.stride()}."
    if rtol is None:
        rtol, atol = _default_tolerances(left, right, _TOLERANCES)
    a, b = _numpy(left), _numpy(right)
    common = np.result_type(a, b)
    a, b = a.astype(common, copy=False), b.astype(common, copy=False)
    exact = rtol == 0 and atol == 0
    with np.errstate(all="ignore"):
        close = a == b
        if equal_nan:
            close |= np.isnan(a) & np.isnan(b)
        difference = np.abs(a - b)
        size = np.abs(b)
        if not exact:  # else the difference of two far integers, which may wrap around, is never judged
            close |= (difference <= atol + rtol * size) & np.isfinite(size)
        if close.all():
            return None
        relative = difference / size
    # An element that counts as equal must not be reported as the worst one: inf - inf is NaN, and so is 0 / 0.
    difference, relative = np.where(close, 0, difference), np.where(close, 0, relative)
    if left.ndim == 0:
        return _compare_numbers(a.item(), b.item(), rtol, atol, equal_nan, check_dtype=False)
    mismatches = int((~close).sum())

    def greatest(kind, values, allowed):
        index = np.unravel_index(np.argmax(values), values.shape)
        place = tuple(int(i) for i in index)
        limit = "" if exact else f" (up to {allowed} allowed)"
        return f"Greatest {kind} difference: {values[index].item()} at index {place}{limit}"

    return "\n".join(
        [
            f"Tensor-likes are not {'equal' if exact else 'close'}!",
            "",
            f"Mismatched elements: {mismatches} / {close.size} ({mismatches / close.size:.1%})",
            greatest("absolute", difference, atol),
            greatest("relative", relative, rtol),
        ]
    )


def _numpy(tensor):
    """The values in a NumPy dtype whose differences are right: half types in float32, booleans and integers in int64."""
    tensor = tensor.detach()
    if str(tensor.dtype).endswith("float16"):  # bfloat16 too
        return tensor.to(ag.float32).numpy()
    if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
        return tensor.numpy()
    return tensor.to(ag.int64).numpy()


_names.describe(__name__)
