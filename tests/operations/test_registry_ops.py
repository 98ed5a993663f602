"""What holds for every operation of the op table, without a test written for it.

Elementwise rows say how many inputs they have, from where to draw them and in which dtypes they compute, so they are
tested as the table describes them: every layout gives the same values, in-place and ``out=`` forms the plain value,
first and second derivatives are those of finite differences. Everything else has at least one call in ``SAMPLES``. The
last tests say that nothing is left out: operations, samples, stubs and documentation are the same set.
"""

from __future__ import annotations

import ast
from pathlib import Path

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.autograd import gradcheck, gradgradcheck
from calls import (
    backwards_stored, contiguous, differentiable_calls, every_row, every_sample, only_here, sliced, transposed,
    DTYPES, NO_GRADIENT, OPS, REFERENCE, REGISTRY, ROWS, SAMPLES, SHAPE, calls, find,
    has_in_place, in_place, row_inputs, tensors,
)  # fmt: skip

# ---- elementwise rows ----------------------------------------------------------------------------------------------

@only_here
@every_row
def test_values_are_the_same_in_every_layout(name):
    function = find(name)
    for dtype in DTYPES[ROWS[name]["tier"]]:
        arrays = row_inputs(name, dtype)
        plain = function(*map(contiguous, arrays))
        expected = plain.numpy()
        assert expected.shape == SHAPE
        for layout in (transposed, sliced, backwards_stored):
            result = function(*map(layout, arrays))
            assert result.dtype == plain.dtype
            np.testing.assert_array_equal(result.numpy(), expected, err_msg=f"{dtype}, {layout.__name__}")
        mixed = [transposed(arrays[0]), *map(sliced, arrays[1:])]
        np.testing.assert_array_equal(function(*mixed).numpy(), expected, err_msg=f"{dtype}, mixed")

        rows = [ag.from_numpy(array[:1].copy()).expand(SHAPE) for array in arrays]
        np.testing.assert_array_equal(
            function(*rows).numpy(), np.broadcast_to(expected[:1], SHAPE), err_msg=f"{dtype}, stride 0"
        )
        scalars = [ag.from_numpy(array[0, :1].copy()).reshape(()) for array in arrays]
        result = function(*scalars)
        assert tuple(result.shape) == ()
        np.testing.assert_array_equal(result.numpy(), expected[0, 0], err_msg=f"{dtype}, without axes")
        empty = function(*(ag.from_numpy(array[:0].copy()) for array in arrays))
        assert tuple(empty.shape) == (0, SHAPE[1]) and empty.dtype == plain.dtype


@only_here
@every_row
def test_in_place_and_out_forms_give_the_plain_value(name):
    row, function = ROWS[name], find(name)
    for dtype in DTYPES[row["tier"]]:
        arrays = row_inputs(name, dtype)
        plain = function(*map(contiguous, arrays))
        expected = plain.numpy()
        if has_in_place(row):
            target, *rest = map(contiguous, arrays)
            result = in_place(name)(target, *rest)
            assert result is target and target._version == 1
            np.testing.assert_array_equal(target.numpy(), expected.astype(dtype), err_msg=dtype)
        if "out" in row["forms"]:
            for shape in (SHAPE, (0,)):
                out = ag.empty(shape, dtype=plain.dtype)
                assert function(*map(contiguous, arrays), out=out) is out
                np.testing.assert_array_equal(out.numpy(), expected, err_msg=dtype)


def differentiable_inputs(name: str):
    arrays = row_inputs(name, "float64", (2, 3))
    return tuple(ag.from_numpy(array).requires_grad_() for array in arrays)


def differentiable(condition=lambda row: True):
    """The names of the rows that have a gradient and meet a condition."""
    names = sorted(name for name, row in ROWS.items() if row["differentiable"] and condition(row))
    return pytest.mark.parametrize("name", names)


differentiable_rows = differentiable()


@only_here
@differentiable_rows
def test_gradients_are_those_of_finite_differences(name):
    gradcheck(find(name), differentiable_inputs(name))


@only_here
@differentiable_rows
def test_second_gradients_are_those_of_finite_differences(name):
    gradgradcheck(find(name), differentiable_inputs(name))


# Their input is overwritten in place, and the gradient is that of the result, by another formula.
FROM_RESULT_IN_PLACE = {"sigmoid", "tanh", "expm1"}


@only_here
@differentiable(lambda row: has_in_place(row))
def test_gradients_of_the_in_place_form_are_those_of_the_plain_form(name):
    function, method = find(name), in_place(name)
    inputs = differentiable_inputs(name)
    plain = ag.autograd.grad(function(*inputs).sum(), inputs)
    changed = ag.autograd.grad(method(inputs[0].clone(), *inputs[1:]).sum(), inputs)
    for a, b in zip(plain, changed):
        if name in FROM_RESULT_IN_PLACE:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-13)
        else:
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@only_here
@differentiable(lambda row: len(row["inputs"]) > 1)
def test_gradients_broadcast(name):
    arrays = row_inputs(name, "float64", (2, 3))
    arrays[0], arrays[1] = arrays[0][:1], arrays[1][:, :1]
    inputs = tuple(ag.from_numpy(array.copy()).requires_grad_() for array in arrays)
    gradcheck(find(name), inputs)


SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -2.5, 1e30, -1e30, 1e-300, 709.0, -745.0]
#: What NumPy calls the rows that mean the same there, at special values too.
NUMPY = {name: name for name in (
    "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh sqrt square reciprocal floor ceil trunc isnan isinf"
    " isfinite isposinf isneginf signbit fmax fmin maximum minimum copysign logical_and logical_or logical_xor logical_not"
).split()} | {
    "neg": "negative", "abs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2", "mul": "multiply", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip


@only_here
@pytest.mark.parametrize("name", sorted(NUMPY))
def test_special_values_are_those_of_numpy(name):
    values = np.array(SPECIAL)
    ufunc = getattr(np, NUMPY[name])
    grid = np.meshgrid(values, values, indexing="ij") if getattr(ufunc, "nin", 1) == 2 else [values]
    with np.errstate(all="ignore"):
        expected = ufunc(*grid)
    result = find(name)(*(ag.from_numpy(np.ascontiguousarray(g)) for g in grid)).numpy()
    assert result.dtype == expected.dtype
    # Sines of 1e30 are as exact as the reduction of the argument; all else is within a few ulp.
    np.testing.assert_allclose(result, expected, rtol=1e-14, equal_nan=True)
    if expected.dtype.kind == "f":
        known = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(result[known]), np.signbit(expected[known]))





@every_sample
def test_gradients_of_samples(name):
    for call, leaves, sample in differentiable_calls(name):
        try:
            gradcheck(call, leaves)
        except Exception as error:
            raise AssertionError(f"{name}{sample}: {error}") from error


@every_sample
def test_second_gradients_of_samples(name):
    if REFERENCE and name == "scaled_dot_product_attention":
        pytest.skip("PyTorch's fused kernel has no second derivative")
    for call, leaves, sample in differentiable_calls(name):
        try:
            gradgradcheck(call, leaves)
        except Exception as error:
            raise AssertionError(f"{name}{sample}: {error}") from error


@every_sample
def test_saved_values_may_lie_otherwise(name):
    def spread(saved):
        """The same values with a gap after each: what an unpack hook gives may lie as it likes."""
        return ag.stack([saved, saved], -1)[..., 0]

    for call, leaves, sample in differentiable_calls(name):
        gradients = []
        for unpack in (lambda saved: saved, spread):
            with ag.autograd.graph.saved_tensors_hooks(lambda saved: saved, unpack):
                results = [result for result in tensors(call(*leaves)) if result.requires_grad]
            gradients.append(ag.autograd.grad([result.sum() for result in results], leaves, allow_unused=True))
        for plain, other in zip(*gradients):
            assert (plain is None) == (other is None), f"{name}{sample}"
            assert plain is None or ag.allclose(plain, other, rtol=1e-12, atol=1e-14, equal_nan=True), f"{name}{sample}"


#: What looks at the layout itself.
SEES_THE_LAYOUT = {"view", "view_as", "as_strided"}


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - SEES_THE_LAYOUT))
def test_samples_do_not_depend_on_the_layout(name):
    if REFERENCE and name == "kron":
        pytest.skip("PyTorch's wants contiguous operands")
    if name == "view_as_complex":
        return  # shows pairs that lie side by side, and refuses others
    for call, leaves, sample in calls(name):
        if not leaves:
            continue  # creation, random numbers, integers
        plain = [result.detach().numpy() for result in tensors(call(*leaves))]
        moved = [leaf.detach() for leaf in leaves]
        moved = [leaf.t().contiguous().t() if leaf.dim() == 2 else leaf.unsqueeze(-1).repeat_interleave(2, -1)[..., 0] for leaf in moved]
        for a, b in zip(plain, tensors(call(*moved)), strict=True):
            # Sums over another order of the memory may round differently.
            np.testing.assert_allclose(a, b.numpy(), rtol=1e-13, atol=1e-13, err_msg=f"{name}{sample}")


# ---- nothing is left out -------------------------------------------------------------------------------------------


def listed(names) -> str:
    return ", ".join(sorted(names)) or "nothing"


@only_here
def test_every_operation_is_sampled():
    sampled = {name.rpartition(".")[2] for name in SAMPLES}
    # Vectors of no phase have no gradient by themselves: see test_linalg_complex.
    missing, unknown = OPS.keys() - ROWS.keys() - sampled - {"eig"}, sampled - OPS.keys()
    assert not missing and not unknown, f"without a sample: {listed(missing)}; not in the op table: {listed(unknown)}"


@only_here
def test_every_operation_is_documented():
    missing = {f"{row['namespace']}.{row['name']}" for row in REGISTRY if not row["doc"].strip()}
    assert not missing, f"without documentation: {listed(missing)}"


@only_here
def test_every_name_is_where_the_table_says():
    places = {"": ag, "Tensor": ag.Tensor, "nn.functional": ag.nn.functional, "special": ag.special, "linalg": ag.linalg, "fft": ag.fft, "_core.nn": ag._core.nn}
    missing = {f"{row['namespace']}.{row['name']}" for row in REGISTRY if not hasattr(places[row["namespace"]], row["name"])}
    assert not missing, f"not to be reached: {listed(missing)}"
    undocumented = {
        f"{row['namespace']}.{row['name']}"
        for row in REGISTRY
        if not (getattr(places[row["namespace"]], row["name"]).__doc__ or "").strip()
    }
    assert not undocumented, f"help() has nothing to say on {listed(undocumented)}"


@only_here
def test_every_name_has_a_stub():
    tree = ast.parse((Path(ag.__file__).parent / "_core" / "__init__.pyi").read_text())
    stubs: dict[str, set[str]] = {"": set(), "Tensor": set()}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            stubs[""].add(node.name)
        elif isinstance(node, ast.ClassDef) and "Tensor" in node.name:
            stubs["Tensor"] |= {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
    missing = {
        f"{row['namespace']}.{row['name']}"
        for row in REGISTRY
        if row["namespace"] in stubs and row["name"] not in stubs[row["namespace"]]
    }
    assert not missing, f"without a stub: {listed(missing)}"
