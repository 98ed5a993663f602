"""Complex numbers: what they are made of and converted to, values, gradients by both parts, views of the parts, refusals."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import arcgrad as ag
import numpy as np
import pytest
from arcgrad import nn
from arcgrad.autograd import gradcheck, gradgradcheck
from calls import ROWS, SAMPLES, T, Z, _arguments, find, generator, in_parts, of_parts

pytestmark = pytest.mark.arcgrad_only

COMPLEX = (ag.complex64, ag.complex128)
#: Tiers whose rows compute complex numbers.
TIERS = {"ring", "field", "inexact"}


def numbers(*shape, key=0, low=-2.0, high=2.0, dtype=np.complex128):
    rng = generator("complex", key, shape)
    return (rng.uniform(low, high, shape) + 1j * rng.uniform(low, high, shape)).astype(dtype)


# ---- dtypes and conversion -----------------------------------------------------------------------------------------


def test_facts():
    z = ag.tensor([1 + 2j, 3 - 4j])
    assert z.dtype is ag.complex64 and z.dtype is ag.cfloat and ag.cdouble is ag.complex128
    assert z.is_complex() and not z.is_floating_point() and z.is_signed() and ag.is_complex(z)
    assert z.element_size() == 8 and ag.complex128.itemsize == 16
    assert ag.complex64.to_real() is ag.float32 and ag.float64.to_complex() is ag.complex128
    assert ag.finfo(ag.complex64).eps == ag.finfo(ag.float32).eps and ag.finfo(ag.complex128).bits == 64
    assert z.tolist() == [1 + 2j, 3 - 4j] and z[0].item() == 1 + 2j and complex(z[1]) == 3 - 4j and bool(z[0])
    assert not z.is_conj() and z.conj().resolve_conj().tolist() == [1 - 2j, 3 + 4j]


def test_text():
    assert repr(ag.tensor([1 + 2j, 3 - 4.5j])) == "tensor([1.+2.0000j, 3.-4.5000j])"
    assert repr(ag.tensor([1j], dtype=ag.complex128)) == "tensor([0.+1.j], dtype=arcgrad.complex128)"


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (ag.float32, ag.complex64, ag.complex64), (ag.float64, ag.complex64, ag.complex128), (ag.int64, ag.complex64, ag.complex64),
        (ag.bool, ag.complex128, ag.complex128), (ag.float16, ag.complex64, ag.complex64), (ag.complex64, ag.complex128, ag.complex128),
    ],
)  # fmt: skip
def test_promotion(a, b, result):
    assert ag.promote_types(a, b) is result and ag.promote_types(b, a) is result
    assert (ag.ones(2, dtype=a) + ag.ones(2, dtype=b)).dtype is result


def test_a_complex_number_promotes_by_category():
    assert (ag.ones(2) + 1j).dtype is ag.complex64
    assert (ag.ones(2, dtype=ag.float64) * 1j).dtype is ag.complex128
    assert (ag.ones(2, dtype=ag.int64) - 1j).dtype is ag.complex64
    assert (ag.ones(2, dtype=ag.complex64) + 1.0).dtype is ag.complex64


@pytest.mark.parametrize("dtype", COMPLEX)
def test_made_of_anything(dtype):
    expected = np.array([[1 + 2j, -3j], [0.5, 4]])
    for made in (
        ag.tensor(expected.tolist(), dtype=dtype),
        ag.tensor(expected).to(dtype),
        ag.from_numpy(expected).to(dtype),
        ag.as_tensor(expected, dtype=dtype),
        ag.complex(ag.tensor(expected.real), ag.tensor(expected.imag)).to(dtype),
    ):
        assert made.dtype is dtype
        np.testing.assert_array_equal(made.numpy(), expected.astype(made.numpy().dtype))
    assert ag.full((2,), 1j).tolist() == [1j, 1j] and ag.full((1,), 1j).dtype is ag.complex64
    assert ag.eye(2, dtype=dtype).tolist() == [[1, 0], [0, 1]]
    assert ag.zeros(2, dtype=dtype).tolist() == [0, 0] and ag.ones_like(ag.zeros(2, dtype=dtype)).tolist() == [1, 1]
    assert ag.linspace(0, 2j, 3).tolist() == [0, 1j, 2j]
    with pytest.raises(NotImplementedError, match="arange_cpu"):
        ag.arange(3, dtype=dtype)


def test_shares_memory_with_numpy():
    array = numbers(3)
    tensor = ag.from_numpy(array)
    tensor.mul_(1j)
    assert np.shares_memory(tensor.numpy(), array) and tensor.numpy().dtype == np.complex128


def test_random_numbers_have_the_variance_of_real_ones():
    ag.manual_seed(0)
    z = ag.randn(20000, dtype=ag.complex128)
    assert abs((z.abs() ** 2).mean().item() - 1) < 0.03 and abs(z.real.var().item() - 0.5) < 0.03
    u = ag.rand(1000, dtype=ag.complex64)
    assert 0 <= u.real.min() and u.imag.max() < 1 and u.dtype is ag.complex64


@pytest.mark.parametrize("dtype", COMPLEX)
def test_cast_to_real_numbers_drops_the_imaginary_part(dtype):
    z = ag.tensor([1.5 + 2j, -3 + 0j, 0j, 1j], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert z.float().tolist() == [1.5, -3, 0, 0] and z.int().tolist() == [1, -3, 0, 0]
        assert z.half().tolist() == [1.5, -3, 0, 0]
    assert z.bool().tolist() == [True, True, False, True]
    assert ag.tensor([1, 2]).to(dtype).tolist() == [1, 2] and ag.tensor([True]).to(dtype).tolist() == [1]
    assert z.cdouble().cfloat().tolist() == z.tolist()


def test_comes_back_from_files_and_copies():
    z = ag.tensor([[1 + 2j, 3j]], dtype=ag.complex128)
    file = io.BytesIO()
    ag.save({"z": z}, file)
    file.seek(0)
    for again in (ag.load(file)["z"], pickle.loads(pickle.dumps(z)), copy.deepcopy(z)):
        assert again.dtype is z.dtype and ag.equal(again, z)


# ---- values --------------------------------------------------------------------------------------------------------

UNARY = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "sqrt": np.sqrt,
    "square": np.square, "reciprocal": np.reciprocal, "neg": np.negative, "abs": np.abs, "angle": np.angle, "conj": np.conj,
    "sgn": lambda z: z / np.abs(z), "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "rsqrt": lambda z: 1 / np.sqrt(z),
    "isnan": np.isnan, "isfinite": np.isfinite, "isinf": np.isinf, "logical_not": np.logical_not,
}  # fmt: skip
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "eq": np.equal, "ne": np.not_equal}


def close(result, expected, dtype):
    rtol = 2e-5 if dtype is ag.complex64 else 1e-12
    np.testing.assert_allclose(result.numpy(), expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_values_are_those_of_numpy_in_every_layout(name, dtype):
    function = {**UNARY, **BINARY}[name]
    of = np.complex64 if dtype is ag.complex64 else np.complex128
    arrays = [numbers(5, 7, key=(name, at), dtype=of) for at in range(2 if name in BINARY else 1)]
    expected = function(*(array.astype(np.complex128) for array in arrays))
    plain = find(name)(*map(ag.from_numpy, (array.copy() for array in arrays)))
    real = np.dtype(expected.dtype).kind != "c"
    assert plain.dtype is (ag.bool if expected.dtype == bool else dtype.to_real() if real else dtype)
    close(plain, expected, dtype)
    for layout in (
        lambda array: ag.from_numpy(np.ascontiguousarray(array.T)).t(),
        lambda array: ag.from_numpy(np.repeat(array, 2, axis=-1))[..., ::2],
    ):
        np.testing.assert_array_equal(find(name)(*map(layout, arrays)).numpy(), plain.numpy())
    empty = find(name)(*(ag.from_numpy(array[:0].copy()) for array in arrays))
    assert tuple(empty.shape) == (0, 7) and empty.dtype is plain.dtype
    scalar = find(name)(*(ag.tensor(array[0, 0].item(), dtype=dtype) for array in arrays))
    close(scalar, expected[0, 0], dtype)


@pytest.mark.parametrize("dtype", COMPLEX)
def test_reductions_and_products_are_those_of_numpy(dtype):
    of = np.complex64 if dtype is ag.complex64 else np.complex128
    a, b = numbers(4, 6, key=1, dtype=of), numbers(6, 3, key=2, dtype=of)
    x, y = ag.from_numpy(a), ag.from_numpy(b)
    wide, other = a.astype(np.complex128), b.astype(np.complex128)
    for found, expected in [
        (x.sum(), wide.sum()), (x.sum(0), wide.sum(0)), (x.mean(1), wide.mean(1)), (x.prod(1), wide.prod(1)),
        (x.cumsum(0), wide.cumsum(0)), (x.cumprod(1), wide.cumprod(1)), (x.var(), wide.var(ddof=1)),
        (x.std(1), wide.std(1, ddof=1)), (x.norm(), np.linalg.norm(wide)), (x @ y, wide @ other), (x.mv(y[:, 0]), wide @ other[:, 0]),
        (x[0].dot(y[:, 0]), wide[0] @ other[:, 0]), (ag.vdot(x[0], y[:, 0]), np.vdot(wide[0], other[:, 0])),
        (ag.einsum("ij,jk->ki", x, y), (wide @ other).T), (x.t().mm(x.conj()), wide.T @ wide.conj()),
        (ag.addmm(x[:, :3], x, y, beta=2j, alpha=1j), 2j * wide[:, :3] + 1j * (wide @ other)), (x.mH, wide.conj().T),
        (ag.stack([x, x]).bmm(ag.stack([y, 2j * y])), np.stack([wide @ other, 2j * (wide @ other)])),
        (ag.kron(x, y), np.kron(wide, other)), (x.trace(), np.trace(wide)), (ag.outer(x[0], y[0]), np.outer(wide[0], other[0])),
    ]:  # fmt: skip
        close(found, expected, dtype)
    assert x.count_nonzero() == 24 and x.any() and x.all()


def test_moved_and_chosen_elements():
    a = numbers(3, 4)
    x, mask = ag.from_numpy(a.copy()), a.real > 0
    rows = ag.tensor([2, 0])
    np.testing.assert_array_equal(x[rows].numpy(), a[[2, 0]])
    np.testing.assert_array_equal(x[ag.from_numpy(mask)].numpy(), a[mask])
    np.testing.assert_array_equal(ag.where(ag.from_numpy(mask), x, 1j).numpy(), np.where(mask, a, 1j))
    np.testing.assert_array_equal(ag.cat([x, x * 2]).numpy(), np.concatenate([a, a * 2]))
    np.testing.assert_array_equal(x.flip(0).numpy(), a[::-1])
    np.testing.assert_array_equal(x.masked_fill(ag.from_numpy(mask), 1j).numpy(), np.where(mask, 1j, a))
    np.testing.assert_array_equal(x.index_add(0, rows, x[:2]).numpy(), a + np.stack([a[1], 0 * a[1], a[0]]))
    x[1, 1:] = 5j
    x[ag.tensor([0]), ag.tensor([0])] = ag.tensor(7 + 1j, dtype=ag.complex128)
    a[1, 1:], a[0, 0] = 5j, 7 + 1j
    np.testing.assert_array_equal(x.numpy(), a)


def test_in_place_and_out():
    a, b = numbers(3, key=1), numbers(3, key=2)
    x, y = ag.from_numpy(a.copy()), ag.from_numpy(b)
    np.testing.assert_allclose(x.mul_(y).exp_().numpy(), np.exp(a * b))
    out = ag.empty(0, dtype=ag.complex128)
    assert ag.add(y, y, out=out) is out
    np.testing.assert_array_equal(out.numpy(), b + b)
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type Float"):
        ag.ones(2).add_(1j)
    with pytest.raises(RuntimeError, match="In-place abs is not supported for complex tensors"):
        x.abs_()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda z: z < z, NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.floor(), NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.max(), NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.sort(), TypeError, "Sort does not support complex dtypes on CPU"),
        (lambda z: z.softmax(0), NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.erf(), NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.relu(), NotImplementedError, "not implemented for 'ComplexFloat'"),
        (lambda z: z.sign(), NotImplementedError, "torch.sgn|sgn"),
        (lambda z: float(z[0]), RuntimeError, "value cannot be converted to type double without overflow"),
        (lambda z: ag.ones(2).imag, TypeError, "imag is not implemented for tensors with non-complex dtypes"),
        (lambda z: ag.view_as_real(ag.ones(2)), TypeError, "view_as_real is only supported for complex tensors"),
        (lambda z: ag.view_as_complex(ag.zeros(3)), RuntimeError, "Tensor must have a last dimension of size 2"),
        (lambda z: ag.complex(ag.ones(1), ag.ones(1).double()), RuntimeError, "Expected object of scalar type Float but got scalar type Double"),
        (lambda z: ag.tensor(1j, dtype=ag.float32), TypeError, "must be real number, not complex"),
        (lambda z: ag.ones(2).add(ag.ones(2), alpha=1j), RuntimeError, "argument alpha must not be a complex number"),
        (lambda z: z.requires_grad_().sum().backward(), RuntimeError, "grad can be implicitly created only for real scalar outputs"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(ag.tensor([1 + 2j, 3 - 4j]))


# ---- parts ---------------------------------------------------------------------------------------------------------


def test_parts_are_views():
    z = ag.tensor([[1 + 2j, 3 - 4j]], dtype=ag.complex128)
    assert z.real.data_ptr() == z.data_ptr() and z.real.stride() == (4, 2) and z.imag.tolist() == [[2, -4]]
    z.real.zero_()
    z.imag[0, 1] = 7.0
    assert z.tolist() == [[2j, 7j]]
    z.real = ag.tensor([[5.0, 6.0]])
    z.imag = 1.0
    assert z.tolist() == [[5 + 1j, 6 + 1j]]
    x = ag.ones(2)
    assert x.real is x and ag.view_as_complex(ag.view_as_real(z)).data_ptr() == z.data_ptr()
    assert z.isreal().tolist() == [[False, False]] and ag.isreal(x).all()


def test_gradients_pass_through_changed_parts():
    def change(x):
        z = x * 1.0
        z[1:].real.mul_(3.0)
        z.imag[0].add_(z.real[1])
        return z

    x = ag.from_numpy(numbers(3, 2)).requires_grad_()
    gradcheck(change, (x,), check_forward_ad=True)
    gradgradcheck(change, (x,))


# ---- gradients -----------------------------------------------------------------------------------------------------


def both_ways(call, leaves, second=True):
    gradcheck(call, leaves, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True)
    if second:
        gradgradcheck(call, leaves, check_fwd_over_rev=True)


@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if row["tier"] in TIERS and row["differentiable"]))
def test_gradients_of_rows(name):
    low, high = ROWS[name]["domain"]
    inputs = [ag.from_numpy(numbers(2, 3, key=(name, at), low=max(low, -2), high=min(high, 2))) for at in range(len(ROWS[name]["inputs"]))]
    both_ways(find(name), [x.requires_grad_() for x in inputs])


#: Structured operations that compute complex numbers: their samples with complex numbers in place of real ones.
STRUCTURED = sorted(
    """sum mean prod cumsum cumprod var std matmul mm bmm mv dot vdot addmm addmv baddbmm addbmm outer einsum kron trace
    index_select gather take masked_select masked_fill scatter scatter_add index_add index_copy cat stack flip roll diag diagonal
    tril triu view reshape permute transpose expand unfold narrow select unbind split chunk repeat clone where sum_to_size
    add sub mul div pow lerp addcmul addcdiv square neg conv1d conv2d conv_transpose1d linear diff diag_embed rot90
    """.split()
)


@pytest.mark.parametrize("name", STRUCTURED)
def test_gradients_of_structured_operations(name):
    function, found = find(name), 0
    for index, (args, kwargs) in enumerate(SAMPLES.get(name, [])):

        def turned(value):
            if isinstance(value, T):
                return Z(value.shape, value.low, value.high)
            return [turned(item) for item in value] if isinstance(value, list) else value

        args, kwargs = [turned(arg) for arg in args], {key: turned(value) for key, value in kwargs.items()}
        leaves: list = []
        _arguments(args, kwargs, name, index, leaves)
        if not leaves or kwargs.get("rounding_mode"):
            continue  # complex numbers are not rounded

        def call(*given, args=args, kwargs=kwargs, index=index):
            args, kwargs = _arguments(args, kwargs, name, index, [], replace=list(given))
            return in_parts(function(*args, **kwargs))

        both_ways(call, leaves)
        found += 1
    assert found or name not in SAMPLES, f"{name} has no sample with a tensor"


def test_real_inputs_have_real_gradients():
    x = ag.tensor([1.0, 2.0], dtype=ag.float64, requires_grad=True)
    z = ag.tensor([1 + 2j, 3 - 1j], dtype=ag.complex128, requires_grad=True)
    (x * z).abs().sum().backward()
    assert x.grad.dtype is ag.float64 and z.grad.dtype is ag.complex128
    for call in (lambda x, z: x * z, lambda x, z: z / x, lambda x, z: z**x, lambda x, z: x - 2j * z):
        both_ways(call, (x.detach().requires_grad_(), z.detach().requires_grad_()))


def test_gradients_are_conjugate():
    """Of a holomorphic f the gradient of Re f is conj(f')."""
    z = ag.tensor([1 + 2j], dtype=ag.complex128, requires_grad=True)
    (z**2).real.sum().backward()
    assert z.grad.tolist() == [2 - 4j]
    z = ag.tensor([3 + 4j, 0j], dtype=ag.complex128, requires_grad=True)
    z.abs().sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), [0.6 + 0.8j, 0])


# ---- programs ------------------------------------------------------------------------------------------------------


def test_modules_may_have_complex_parameters():
    ag.manual_seed(0)
    layer = nn.Linear(3, 2, dtype=ag.complex64)
    x, target = ag.randn(8, 3, dtype=ag.complex64), ag.randn(8, 2, dtype=ag.complex64)
    optimizer = ag.optim.Adam(layer.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (layer(x) - target).abs().square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0] and layer.weight.dtype is ag.complex64


def test_magnitudes_neither_overflow_nor_vanish():
    z = ag.tensor([3e30 + 4e30j, 3e-30 + 4e-30j])
    np.testing.assert_allclose(z.abs().numpy(), [5e30, 5e-30], rtol=1e-6)
    w = ag.tensor([3e300 + 4e300j], dtype=ag.complex128)
    np.testing.assert_allclose((w / w).numpy(), [1])
    assert of_parts(ag.tensor([[1.0, 2.0]])).tolist() == [1 + 2j]


def test_functions_of_complex_numbers_agree_with_their_definitions():
    rng = np.random.RandomState(7)
    z = rng.standard_normal((4, 5)) + 1j * rng.standard_normal((4, 5))
    w = rng.standard_normal((4, 5)) + 1j * rng.standard_normal((4, 5))
    x, y = ag.from_numpy(z), ag.from_numpy(w)
    pairs = [
        (ag.nn.functional.softsign(x), z / (1 + np.abs(z))),
        (ag.sinc(x), np.sin(np.pi * z) / (np.pi * z)),
        (ag.logaddexp(x, y), np.log(np.exp(z) + np.exp(w))),
        (ag.logsumexp(x, 1), np.log(np.exp(z).sum(1))),
        (ag.ldexp(x, ag.tensor([1, 2, 3, -1, 0])), z * 2.0 ** np.array([1, 2, 3, -1, 0])),
        (ag.float_power(x, 2), z**2),
        (ag.float_power(ag.tensor([2.0], dtype=ag.float32), y), 2.0**w),
        (ag.cov(x), np.cov(z)),
        (ag.corrcoef(x), np.corrcoef(z)),
        (ag.vander(x[0]), np.vander(z[0])),
        (ag.nn.functional.rms_norm(x, (5,), eps=0.1), z / np.sqrt((z * z).mean(-1, keepdims=True) + 0.1)),
    ]
    for result, wanted in pairs:
        assert result.dtype == ag.complex128
        np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-12, atol=1e-12)


def test_sinc_near_zero_has_all_its_derivatives():
    z = ag.zeros(2, dtype=ag.complex128)
    z = (z + ag.tensor([0.0, 1e-9])).requires_grad_()
    (first,) = ag.autograd.grad(ag.sinc(z).real.sum(), z, create_graph=True)
    (second,) = ag.autograd.grad(first.real.sum(), z)
    np.testing.assert_allclose(first.detach().numpy(), [0, -(np.pi**2) / 3 * 1e-9], atol=1e-20)
    np.testing.assert_allclose(second.numpy(), [-(np.pi**2) / 3] * 2, rtol=1e-12)


def test_a_sum_of_exponentials_overflows_only_where_it_is_infinite():
    z = ag.tensor([[1000 + 1j, 1000 - 1j], [-1e4 + 0j, -1e4 + 0j], [-float("inf") + 0j, 0j]], dtype=ag.complex128)
    wanted = [1000 + np.log(2 * np.cos(1)), -1e4 + np.log(2), 0]
    np.testing.assert_allclose(ag.logsumexp(z, 1).numpy(), wanted, rtol=1e-12)


def test_one_complex_operand_makes_a_function_complex():
    z = ag.tensor([1 + 2j, 0.5 - 1j])
    for x in (ag.tensor([1.0, 2.0]), ag.tensor([1, 2])):
        assert ag.logaddexp(x, z).allclose(ag.logaddexp(z, x)) and ag.logaddexp(x, z).allclose((x.exp() + z.exp()).log())
        assert ag.ldexp(x, z).allclose(x * ag.pow(2.0, z))


def test_running_sums_of_exponentials_are_logarithms_of_running_sums():
    x = ag.from_numpy(numbers(3, 11, low=-1.0, high=1.0))
    for axis in (0, 1):
        assert ag.allclose(ag.logcumsumexp(x, axis), x.exp().cumsum(axis).log())
    assert ag.allclose(ag.logcumsumexp(x + 1000, 1).real, ag.logcumsumexp(x, 1).real + 1000)
    assert ag.logcumsumexp(x[0, 0], 0) == x[0, 0]


def test_powers_of_a_complex_range():
    for base in (10.0, -2.0):
        wanted = np.power(complex(base), np.linspace(1j, 2.0, 4))
        np.testing.assert_allclose(ag.logspace(1j, 2.0, 4, base, dtype=ag.complex128).numpy(), wanted, atol=1e-14)
    assert ag.logspace(0, 1j, 3).dtype is ag.complex64


def test_abs_is_an_operator_of_complex_numbers():
    z = ag.tensor([3.0 + 4.0j], requires_grad=True)
    abs(z).sum().backward()
    assert abs(z).tolist() == [5.0] and ag.allclose(z.grad, ag.tensor([0.6 + 0.8j]))


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_parts_that_are_no_numbers_are_replaced(dtype):
    most = ag.finfo(dtype).max
    z = ag.tensor([complex(np.nan, 1), complex(np.inf, -np.inf), complex(2, np.nan)], dtype=dtype, requires_grad=True)
    assert ag.nan_to_num(z).tolist() == [1j, complex(most, -most), 2 + 0j]
    assert z.detach().clone().nan_to_num_(nan=1.0, posinf=2.0, neginf=3.0).tolist() == [1 + 1j, 2 + 3j, 2 + 1j]
    ag.nan_to_num(z).backward(ag.full((3,), 1 + 1j, dtype=dtype))
    assert z.grad.tolist() == [1j, 0, 1]


def test_what_has_no_order_says_so_as_in_pytorch():
    z = ag.tensor([1 + 2j, 3 - 1j])
    for call in (
        lambda: ag.max(z, 0), lambda: z.min(0), lambda: ag.max(z, z), lambda: ag.maximum(z, z), lambda: ag.fmin(z, z),
        lambda: z.argmax(), lambda: z.argmin(), lambda: z.aminmax(), lambda: z.sort(), lambda: z.argsort(), lambda: z.topk(1),
        lambda: ag.isposinf(z), lambda: ag.isneginf(z),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="complex|Complex"):
            call()
    for call in (lambda: z.max(), lambda: z.amin(), lambda: z < z, lambda: ag.nanmean(z)):
        with pytest.raises(NotImplementedError):
            call()


def test_a_number_is_copied_with_all_its_digits():
    assert ag.zeros(1, dtype=ag.float64).copy_(0.1).item() == 0.1
    assert ag.zeros(1, dtype=ag.complex128).copy_(0.1 + 0.2j).item() == 0.1 + 0.2j
