"""float16 and bfloat16: computed in float32 and rounded once."""

from __future__ import annotations

import io
import math
import pickle

import arcgrad as ag
import numpy as np
import pytest
from arcgrad import nn
from calls import DTYPES, ROWS, SAMPLES, T, _arguments, find, row_inputs, tensors

pytestmark = pytest.mark.arcgrad_only

HALVES = (ag.float16, ag.bfloat16)
half = pytest.mark.parametrize("dtype", HALVES, ids=str)


def test_facts():
    assert ag.half is ag.float16 and ag.float16.itemsize == ag.bfloat16.itemsize == 2
    assert ag.finfo(ag.float16).max == 65504 and ag.finfo(ag.float16).eps == 2**-10 and ag.finfo(ag.bfloat16).eps == 2**-7
    assert ag.promote_types(ag.float16, ag.bfloat16) is ag.float32
    assert (ag.ones(2, dtype=ag.float16) + 1.5).dtype is ag.float16 and (ag.ones(2, dtype=ag.bfloat16) * 2).dtype is ag.bfloat16
    assert (ag.ones(2, dtype=ag.float16) + ag.ones(2)).dtype is ag.float32
    assert (ag.ones(2, dtype=ag.float16) + ag.ones(2, dtype=ag.int64)).dtype is ag.float16


@half
def test_made_and_converted(dtype):
    x = ag.tensor([1.5, -2.0, 1e5], dtype=dtype)
    assert x.tolist()[:2] == [1.5, -2.0] and x.dtype is dtype and x.is_floating_point()
    assert x[2].item() == (float("inf") if dtype is ag.float16 else 99840.0)
    assert repr(x[:2]) == f"tensor([ 1.5000, -2.0000], dtype={dtype})"
    assert ag.tensor([1.0, 2.0]).to(dtype).float().tolist() == [1, 2] and ag.tensor([3, -1]).to(dtype).int().tolist() == [3, -1]
    assert ag.full((2,), 1.5, dtype=dtype).tolist() == [1.5, 1.5] and ag.arange(3, dtype=dtype).tolist() == [0, 1, 2]
    assert ag.linspace(0, 1, 3, dtype=dtype).tolist() == [0, 0.5, 1] and ag.eye(2, dtype=dtype).sum() == 2
    assert 0 <= ag.rand(100, dtype=dtype).min() and ag.randn(100, dtype=dtype).dtype is dtype
    assert x.half().dtype is ag.float16 and x.bfloat16().dtype is ag.bfloat16


def test_numpy():
    array = np.array([0.5, 2.0], np.float16)
    x = ag.from_numpy(array)
    assert x.dtype is ag.float16 and np.shares_memory(x.numpy(), array)
    with pytest.raises(TypeError, match="Got unsupported ScalarType BFloat16"):
        ag.ones(2, dtype=ag.bfloat16).numpy()


@half
def test_comes_back_from_files(dtype):
    x = ag.tensor([1.5, -2.0], dtype=dtype)
    file = io.BytesIO()
    ag.save([x], file)
    file.seek(0)
    for again in (ag.load(file)[0], pickle.loads(pickle.dumps(x))):
        assert again.dtype is dtype and ag.equal(again, x)


@half
@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if "float64" in DTYPES[row["tier"]]))
def test_rows_are_computed_in_single_precision_and_rounded_once(name, dtype):
    inputs = [ag.from_numpy(array).to(dtype) for array in row_inputs(name, "float32", (4, 33))]
    expected = find(name)(*(x.float() for x in inputs))
    expected = expected if expected.dtype is ag.bool else expected.to(dtype)
    for layout in (lambda x: x, lambda x: x.t().contiguous().t(), lambda x: x.repeat_interleave(2, -1)[..., ::2]):
        found = find(name)(*map(layout, inputs))
        assert found.dtype is expected.dtype
        assert ag.allclose(found.float(), expected.float(), rtol=0, atol=0, equal_nan=True)


#: What rounds between its steps, gives other values each time, or has no half precision.
OTHERWISE = {
    "rand", "randn", "rand_like", "randn_like", "randint", "randint_like", "normal", "bernoulli", "multinomial", "poisson",
    "uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "log_normal_", "geometric_", "randperm",
    "view_as_complex", "complex", "polar", "empty", "empty_like", "new_empty", "empty_strided", "type_as", "frombuffer",
}  # fmt: skip


@half
@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - OTHERWISE))
def test_samples_in_half_precision(name, dtype):
    """Values and gradients are those of single precision, up to a few roundings."""
    function = find(name)
    for index, (args, kwargs) in enumerate(SAMPLES[name]):
        if any(not isinstance(arg, T) and type(arg).__name__ in "ZC" and getattr(arg, "dtype", "") not in ("int64", "bool") for arg in args):
            continue
        drawn: list = []
        _arguments(args, kwargs, name, index, drawn)
        if not drawn:
            continue
        results = []
        leaves = [leaf.detach().to(dtype) for leaf in drawn]
        for to in (ag.float32, dtype):
            given = [leaf.to(to).requires_grad_() for leaf in leaves]
            built, named = _arguments(args, kwargs, name, index, [], replace=list(given))
            try:
                outputs = tensors(function(*built, **named))
            except NotImplementedError as error:
                # Decompositions and Fourier transforms, as in PyTorch, and the next number, which rounding in between would hide.
                refusals = ("Low precision dtypes not supported", '"nextafter" not implemented', "Unsupported dtype", "MKL FFT")
                if any(refusal in str(error) for refusal in refusals):
                    pytest.skip(str(error))
                raise
            needing = [output for output in outputs if output.requires_grad]
            grads = ag.autograd.grad([output.sum() for output in needing], given, allow_unused=True) if needing else []
            results.append([*outputs, *(g for g in grads if g is not None)])
        exact, rough = results
        assert len(exact) == len(rough), name
        tolerance = 0.02 if dtype is ag.float16 else 0.12
        if "norm" in name:
            tolerance *= 4  # what cancels is rounded first
        for a, b in zip(exact, rough):
            assert b.dtype is dtype or b.dtype == a.dtype, (name, b.dtype)
            scale = max(1.0, a.detach().abs().max().item()) if a.numel() else 1.0
            assert ag.allclose(b.detach().float(), a.detach().float(), rtol=tolerance, atol=tolerance * scale, equal_nan=True), (name, args, a, b)


@half
def test_sums_and_products_accumulate_in_single_precision(dtype):
    ones = ag.ones(1, 5000, dtype=dtype)
    assert ones.sum().item() == ag.tensor(5000.0, dtype=dtype).item()
    assert (ones @ ones.t()).item() == ag.tensor(5000.0, dtype=dtype).item()
    # The squares have no room in float16, the norm has.
    assert abs(ag.full((4,), 300.0, dtype=dtype).norm().item() - 600) <= 4


@half
def test_modules_are_trained(dtype):
    ag.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 2)).to(dtype)
    assert all(p.dtype is dtype for p in model.parameters())
    x = ag.randn(32, 4, dtype=dtype)
    target = (x[:, 0] > 0).long()
    optimizer = ag.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_random_integers_are_those_that_half_precision_counts_to():
    ag.manual_seed(0)
    for dtype, greatest in ((ag.float16, 2**11), (ag.bfloat16, 2**8)):
        x = ag.empty(2000, dtype=dtype).random_()
        assert 0 <= x.min() < greatest / 10 and greatest * 0.9 < x.max() <= greatest
        x.random_(-greatest, None)
        assert -greatest <= x.min() < -greatest * 0.8 and greatest * 0.8 < x.max() <= greatest


@half
def test_the_next_number_is_that_of_the_type(dtype):
    bits = ag.tensor([0, 1, 2, 0x3FF, 0x400, 0x401, 0x3C00, 0x3BFF, 0x3F80, 0x7F, 0x80, 0x81, 0x5678, 0x7BFE], dtype=ag.int16)
    x = bits.view(dtype)
    above, below = (bits + 1).view(dtype), (bits[1:] - 1).view(dtype)
    assert ag.nextafter(x, ag.full_like(x, float("inf"))).tolist() == above.tolist()
    assert ag.nextafter(-x, ag.full_like(x, -float("inf"))).tolist() == (-above).tolist()
    assert ag.nextafter(x[1:], ag.full_like(x[1:], -1.0)).tolist() == below.tolist()
    most = ag.tensor([ag.finfo(dtype).max], dtype=dtype)
    infinite = ag.full_like(most, float("inf"))
    assert ag.nextafter(most, infinite).tolist() == [float("inf")]
    assert ag.nextafter(infinite, most).tolist() == most.tolist()
    assert ag.nextafter(most, most).tolist() == most.tolist() and ag.nextafter(most, most * float("nan")).isnan().all()
    assert ag.nextafter(0 * most, -most).view(ag.int16).tolist() == [-32767]


@half
def test_functions_of_matrices_that_need_no_decomposition(dtype):
    a = ag.tensor([[0.5, -1.0], [0.25, 2.0]], dtype=dtype)
    assert ag.equal(ag.matrix_exp(a), ag.matrix_exp(a.float()).to(dtype))
    for order in ("fro", 1, -1, float("inf")):
        assert ag.linalg.matrix_norm(a, order).dtype is dtype
    with pytest.raises(RuntimeError, match="Low precision"):
        ag.linalg.matrix_norm(a, 2)
    for part in ag.lu_unpack(a, ag.tensor([2, 2], dtype=ag.int32)):
        assert part.dtype is dtype
    assert nn.functional.rms_norm(ag.tensor([20.0, 400.0], dtype=dtype), (2,)).dtype is dtype


@pytest.mark.parametrize("dtype", [ag.float16, ag.bfloat16])
def test_a_number_is_compared_with_and_added_as_one_of_the_dtype(dtype):
    x = ag.full((3,), 0.3, dtype=dtype)
    for value in (x, x.reshape(3, 1).expand(3, 2), x.clone().requires_grad_()):
        assert (value == 0.3).all() and (value >= 0.3).all() and not (value != 0.3).any() and not (value > 0.3).any()
        assert (value - 0.3 == 0).all() and (0.3 - value == 0).all() and (value % 0.3 == 0).all() and (value + -0.3 == 0).all()
    assert (x.clone().sub_(0.3) == 0).all() and (ag.eq(x, 0.3, out=ag.empty(3, dtype=ag.bool))).all()
    assert (ag.nn.functional.hardshrink(x, 0.3) == 0).all() and (ag.nn.functional.softshrink(x, 0.3) == 0).all()
    # A factor is taken as it is.
    assert ag.equal(x * 0.3, (x.double() * 0.3).to(dtype))


@pytest.mark.parametrize("dtype", [ag.float16, ag.bfloat16, ag.float32, ag.float64])
def test_infinities_become_the_greatest_numbers_of_the_dtype(dtype):
    x = ag.tensor([math.inf, -math.inf, math.nan, 1.0], dtype=dtype)
    greatest = ag.finfo(dtype).max
    assert ag.nan_to_num(x).tolist() == [greatest, -greatest, 0.0, 1.0]
    assert ag.nan_to_num(x, 2.0, 3.0, 4.0).tolist() == [3.0, 4.0, 2.0, 1.0]


@half
def test_masked_scatter_writes_into_memory_with_gaps(dtype):
    memory, mask = ag.zeros(2, 6, dtype=dtype), ag.tensor([[True, False, True], [False, True, True]])
    memory[:, ::2].masked_scatter_(mask, ag.tensor([1.0, 2.0, 3.0, 4.0], dtype=dtype))
    assert memory.tolist() == [[1, 0, 0, 0, 2, 0], [0, 0, 3, 0, 4, 0]]


@half
@pytest.mark.parametrize("bounds", [(0, 1), (-2, 3), (100, 101)])
def test_a_uniform_number_is_less_than_the_upper_bound(dtype, bounds):
    """What is rounded up to it is the lower bound, as in PyTorch: a logarithm of 1 - rand() is finite."""
    ag.manual_seed(3)
    drawn = ag.empty(50_000, dtype=dtype).uniform_(*bounds)
    assert drawn.min() >= bounds[0] and drawn.max() < bounds[1]


@half
def test_normal_numbers_of_lengths_that_are_no_blocks_are_those_of_pytorch(dtype):
    """The first and the last of ``torch.manual_seed(3); torch.randn(17, dtype=dtype)``, and ``torch.rand(1)`` after it."""
    ag.manual_seed(3)
    drawn = ag.randn(17, dtype=dtype).float()
    wanted = [-0.07666, 0.26155, -0.14661]
    assert drawn[[0, 1, 16]].tolist() == pytest.approx(wanted, abs=1e-3) and ag.rand(1).item() == 0.13936209678649902


@pytest.mark.parametrize("dtype", (ag.float16, ag.bfloat16), ids=str)
def test_a_number_beside_powers_and_logarithms_is_one_of_the_dtype(dtype):
    x = ag.tensor([0.3, 1.7, 2.9], dtype=dtype)
    for number in (0.1, 2.3, 3):
        stored = ag.tensor(number, dtype=dtype).item()
        for function in (ag.pow, ag.xlogy, ag.special.xlog1py):
            for args in ((x, number), (number, x)):
                expected = function(*(ag.tensor(stored) if arg is number else arg.float() for arg in args)).to(dtype)
                assert ag.equal(function(*args), expected)
