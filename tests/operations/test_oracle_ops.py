"""Replays the calls of ``oracle/ops.py`` and compares with what PyTorch answered (``oracle/ops.npz``).

Tolerances: bool and integer results are equal. Floating-point results may differ by ``rtol`` of the expected value
plus ``rtol`` of the larger of 1 and the largest finite expected value, for sums lose as much as their largest term
has: 1e-12 for float64 (thousands of ulp, for reductions in another order), 1e-6 for float32 (eight ulp). Gradients
get four times that, being products of several such results.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections import defaultdict

import arcgrad as ag
import numpy as np
import pytest
from oracle import ops

RTOL = {"float64": 1e-12, "float32": 1e-6}
GRADIENT_FACTOR = 4
ERRORS = {e.__name__: e for e in (RuntimeError, IndexError, TypeError, ValueError)}
# PyTorch's fastest float32 kernels of these are further off than ours may be: rtol in their place.
LOOSE = {
    "nn.functional.conv2d": 4e-6,
    "nn.functional.batch_norm": 4e-6,
    "nn.functional.layer_norm": 4e-6,
    "cumprod": 4e-6,
    "logspace": 4e-6,
}


@functools.cache
def oracle() -> tuple[dict, dict[str, np.ndarray]]:
    with np.load(ops.DATA) as data:
        index = json.loads(data["index"].tobytes())
        return index, {name: data[name] for name in data.files if name != "index"}


# PyTorch squares a float32 operand before it promotes it to the other's float64: the gradient is as exact as that.
SINGLE_PRECISION_GRADIENT = {"atan2"}


def expected(reference: list) -> np.ndarray:
    dtype, shape, offset = reference
    count = int(np.prod(shape))
    return oracle()[1][dtype][offset : offset + count].reshape(shape)


BY_NAME: dict[str, list[ops.Call]] = defaultdict(list)
for _call in {call.id: call for call in ops.CALLS}.values():
    BY_NAME[_call.name].append(_call)

every_op = pytest.mark.parametrize("name", sorted(BY_NAME))


def entries(name: str):
    """The calls of one op with their answers; those PyTorch has no kernel for, or is wrong about, have none."""
    calls = oracle()[0]["calls"]
    return [(call, calls[call.id]) for call in BY_NAME[name] if call.id in calls and call.id not in ops.WRONG_VALUE]


def difference(actual, reference: list, rtol_factor: float, call: ops.Call, single: bool = False) -> str | None:
    """What is wrong with a tensor, or None; `single` compares in single precision whatever the dtype."""
    wanted = expected(reference)
    if ops.dtype_name(actual.dtype) != wanted.dtype.name:
        return f"dtype {ops.dtype_name(actual.dtype)}, expected {wanted.dtype.name}"
    if tuple(actual.shape) != wanted.shape:
        return f"shape {tuple(actual.shape)}, expected {wanted.shape}"
    got = ops.plain(actual)
    if wanted.dtype.kind != "f":
        return None if np.array_equal(got, wanted) else f"{got.tolist()}, expected {wanted.tolist()}"
    rtol = RTOL["float32" if single else wanted.dtype.name]
    if wanted.dtype.name == "float32":
        rtol = LOOSE.get(call.name, rtol)
    finite = np.abs(wanted[np.isfinite(wanted)]).astype(np.float64)
    scale = max(1.0, finite.max()) if finite.size and finite.max() < 1e10 else 1.0
    tolerance = rtol * rtol_factor
    if np.allclose(
        got.astype(np.float64), wanted.astype(np.float64), rtol=tolerance, atol=tolerance * scale, equal_nan=True
    ):
        return None
    return f"{got.tolist()}, expected {wanted.tolist()}"


def report(name: str, problems: list[str], count: int) -> None:
    shown = "\n".join(f"  {p[:400]}" for p in problems[:12])
    assert not problems, f"{len(problems)} of {count} calls of {name} differ:\n{shown}"


def run(function, call: ops.Call) -> str | None:
    """The result of a check, where an exception is a finding like any other."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem = function()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return f"{call.id}: {problem}" if problem else None


def compare_all(results, references: list, call: ops.Call, factor: float = 1.0) -> str | None:
    if results is None or len(results) != len(references):
        return f"{results if results is None else len(results)} tensors, expected {len(references)}"
    return next((d for r, e in zip(results, references) if (d := difference(r, e, factor, call))), None)


def check_value(call: ops.Call, entry: dict) -> str | None:
    args, kwargs, _ = ops.arguments(ag, call, grad=False)
    result = ops.resolve(ag, call.name)(*args, **kwargs)
    if "value" in entry:
        return (
            None
            if type(result) is type(entry["value"]) and result == entry["value"]
            else f"{result!r}, expected {entry['value']!r}"
        )
    if isinstance(result, (tuple, list)) != entry["tuple"]:
        return f"a {type(result).__name__}"
    return compare_all(ops.outputs(ag, result), entry["out"], call)


def check_error(call: ops.Call, entry: dict) -> str | None:
    try:
        args, kwargs, _ = ops.arguments(ag, call, grad=ops.wants_gradient(call))
        result = ops.resolve(ag, call.name)(*args, **kwargs)
    except ERRORS[entry["error"]] as error:
        return None if str(error) else "an error without a text"
    except Exception as error:
        return f"{type(error).__name__} ({error}), expected {entry['error']}"
    return f"{result!r}, expected {entry['error']}"


def check_gradient(call: ops.Call, entry: dict) -> str | None:
    args, kwargs, floats = ops.arguments(ag, call, grad=True)
    result = ops.outputs(ag, ops.resolve(ag, call.name)(*args, **kwargs))
    return compare_gradients(call, entry, result, floats)


def compare_gradients(call: ops.Call, entry: dict, result: list, floats: list) -> str | None:
    found = ops.gradients(ag, call, result, floats)
    if found is None:
        return "the result does not require grad"
    single = call.name in SINGLE_PRECISION_GRADIENT and "f32" in call.id
    for i, (actual, reference) in enumerate(zip(found, entry["grad"])):
        if (actual is None) != (reference is None):
            if reference is None and not actual.count_nonzero().item():
                continue  # zeros for what is unused say the same
            return f"gradient {i} is {actual}, expected {'None' if reference is None else expected(reference).tolist()}"
        if actual is not None and (problem := difference(actual, reference, GRADIENT_FACTOR, call, single)):
            return f"gradient {i}: {problem}"
    return None


def check_method(call: ops.Call, entry: dict) -> str | None:
    args, kwargs, _ = ops.arguments(ag, call, grad=False)
    return compare_all(ops.outputs(ag, getattr(args[0], call.name)(*args[1:], **kwargs)), entry["out"], call)


def check_in_place(call: ops.Call, entry: dict) -> str | None:
    wanted = entry["forms"]["inplace"]
    grad = "grad" in entry
    args, kwargs, floats = ops.arguments(ag, call, grad=grad)
    target = args[0].clone()
    before = ops.plain(target).copy()
    method = getattr(target, call.name + "_")
    if wanted is not True:
        try:
            method(*args[1:], **kwargs)
        except (RuntimeError, TypeError, IndexError):
            return (
                None
                if np.array_equal(before, ops.plain(target), equal_nan=before.dtype.kind == "f")
                else "half changed"
            )
        return "no error, expected one"
    result = method(*args[1:], **kwargs)
    if result is not target:
        return "returned another object"
    if target.dtype != args[0].dtype:
        return f"changed dtype to {target.dtype}"
    # The in-place form has its target's dtype; the value is the plain form's, cast.
    same_dtype = entry["out"][0][0] == ops.dtype_name(target.dtype)
    if same_dtype and (problem := difference(target, entry["out"][0], 1.0, call)):
        return problem
    if not same_dtype and tuple(target.shape) != tuple(entry["out"][0][1]):
        return f"shape {tuple(target.shape)}"
    if grad and same_dtype:
        return compare_gradients(call, entry, [target], floats)
    return None


def check_out(call: ops.Call, entry: dict) -> str | None:
    args, kwargs, _ = ops.arguments(ag, call, grad=False)
    outs = tuple(ag.empty(0, dtype=getattr(ag, dtype)) for dtype, _, _ in entry["out"])
    given = outs if len(outs) > 1 else outs[0]
    result = ops.resolve(ag, call.name)(*args, **kwargs, out=given)
    returned = result if isinstance(result, (tuple, list)) else [result]
    if len(returned) != len(outs) or any(r is not o for r, o in zip(returned, outs)):
        return "returned another object"
    return compare_all(outs, entry["out"], call)


def check(name: str, function, wanted) -> None:
    chosen = [(call, entry) for call, entry in entries(name) if wanted(entry)]
    if not chosen:
        pytest.skip("no such calls")
    problems = [p for call, entry in chosen if (p := run(functools.partial(function, call, entry), call))]
    report(name, problems, len(chosen))


# ---- the tests -----------------------------------------------------------------------------------------------------


def names_with(wanted):
    return pytest.mark.parametrize("name", [n for n in sorted(BY_NAME) if any(wanted(e) for _, e in entries(n))])


def has(key):
    return lambda entry: key in entry


def has_form(key):
    return lambda entry: key in entry.get("forms", {})


def test_table_and_data_belong_together():
    """After a change of the table: python tests/oracle/ops.py, with PyTorch installed."""
    known = {call.id for calls in BY_NAME.values() for call in calls}
    index = oracle()[0]
    assert set(index["calls"]) <= known, "the data holds calls that the table does not"
    without = len(known) - len(index["calls"])
    assert without <= 0.1 * len(known), f"{without} calls of the table have no data"
    assert index["version"].startswith("PyTorch 2.")


@names_with(lambda entry: "error" not in entry)
def test_value(name):
    check(name, check_value, lambda entry: "error" not in entry)


@names_with(has("grad"))
def test_gradient(name):
    check(name, check_gradient, has("grad"))


@names_with(has("error"))
def test_error(name):
    check(name, check_error, has("error"))


@names_with(has_form("method"))
def test_method(name):
    check(name, check_method, has_form("method"))


@names_with(has_form("inplace"))
def test_in_place(name):
    check(name, check_in_place, has_form("inplace"))


@names_with(has_form("out"))
def test_out(name):
    check(name, check_out, has_form("out"))


# ---- where PyTorch is wrong ----------------------------------------------------------------------------------------


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("name", ["var", "std"])
def test_moments_over_an_empty_list_of_axes_are_over_all(name):
    x = ag.arange(6.0, dtype=ag.float64).reshape(2, 3).requires_grad_()
    moment = getattr(ag, name)
    over_all, over_empty = moment(x), moment(x, dim=())
    assert over_empty.item() == over_all.item()
    (wanted,), (found,) = ag.autograd.grad(over_all, x), ag.autograd.grad(over_empty, x)
    assert found.tolist() == wanted.tolist()


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gelu_of_infinity_is_infinity_in_every_dtype(dtype):
    infinity = float("inf")
    values = ag.nn.functional.gelu(ag.tensor([infinity, 1e30, -1e30, 0.0] * 20, dtype=getattr(ag, dtype)))
    assert values[:4].tolist()[::2] == [infinity, 0.0] and values[1].item() == pytest.approx(1e30)
    assert ag.nn.functional.gelu(ag.tensor(infinity, dtype=getattr(ag, dtype))).item() == infinity


@pytest.mark.arcgrad_only
def test_a_power_at_infinity_that_is_flat_has_no_gradient_by_its_exponent():
    base = ag.tensor([float("inf"), float("-inf"), 0.5, -0.5], dtype=ag.float64)
    exponent = ag.tensor([-0.7, -0.7, float("inf"), float("inf")], dtype=ag.float64, requires_grad=True)
    assert ag.autograd.grad(base.pow(exponent).sum(), exponent)[0].tolist() == [0.0] * 4


@pytest.mark.arcgrad_only
def test_powers_have_gradients_of_the_branch_of_their_value():
    base = ag.tensor([0.0, float("-inf")], dtype=ag.float64, requires_grad=True)
    (power,) = ag.autograd.grad((base**1.5).sum(), base)
    assert (base**1.5).tolist() == power.tolist() == [0.0, float("inf")]
    root = base**-0.5
    assert root.tolist()[0] == float("inf") and ag.autograd.grad(root[0], base)[0].tolist()[0] == float("-inf")


@pytest.mark.arcgrad_only
def test_a_product_with_an_unknown_factor_has_unknown_gradients():
    nan = float("nan")
    for values in ([0.0, 0.0, nan], [0.0, 2.0, nan], [1.0, 2.0, nan]):
        x = ag.tensor(values, dtype=ag.float64, requires_grad=True)
        (found,) = ag.autograd.grad(x.prod(), x)
        assert found[:2].isnan().all()
    x = ag.tensor([0.0, 1.0, float("inf")], dtype=ag.float64, requires_grad=True)
    (found,) = ag.autograd.grad(x.cumprod(0)[2], x)
    assert found[1].isnan().item() and found[2].item() == 0.0
