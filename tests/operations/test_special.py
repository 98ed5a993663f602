"""Special functions: digits, limits, derivatives, dtypes, names.

The references (``oracle/special.json``) were computed with sixty digits (``oracle/special.py``).
"""

from __future__ import annotations

import json
import math

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.autograd import gradcheck, gradgradcheck
from calls import find
from oracle import special

F64 = ag.float64
inf, nan = math.inf, math.nan
TABLE = json.loads(special.DATA.read_text())
#: Sums that may be nearly 0 keep the digits of their greater part.
BY_PARTS = {"logaddexp", "logaddexp2"}


def value_at(name, columns, dtype):
    arguments = [ag.tensor(column, dtype=dtype) for column in columns]
    if name.startswith("polygamma"):
        return ag.polygamma(int(name.split()[1]), *arguments)
    return find(name)(*arguments)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted(TABLE))
def test_values_are_within_four_units_in_the_last_place(name, dtype):
    kind = np.dtype(dtype).type
    # In float32 only where arguments and value are numbers of it.
    tiny = np.finfo(kind).tiny
    with np.errstate(over="ignore"):
        rows = [
            row
            for row in TABLE[name]
            if all(float(kind(x)) == x for x in row[:-1]) and tiny < abs(row[-1]) < np.finfo(kind).max
        ]
    assert len(rows) >= (1 if dtype == "float32" else 15)
    *columns, wanted = (list(column) for column in zip(*rows))
    found = value_at(name, columns, getattr(ag, dtype)).numpy().astype(np.float64)
    wanted = np.array(wanted)
    size = np.maximum(abs(wanted), np.max(np.abs(columns), axis=0)) if name in BY_PARTS else abs(wanted)
    off = abs(found - wanted) / np.spacing(size.astype(kind)).astype(np.float64)
    assert off.max() <= 4, (rows[int(off.argmax())], found[int(off.argmax())])


LIMITS = {
    "logit": ([0.0, 1.0, 0.5, -0.1, 1.1], [-inf, inf, 0.0, nan, nan]),
    "special.entr": ([0.0, -1.0, inf, nan], [0.0, -inf, -inf, nan]),
    "erfinv": ([0.0, 1.0, -1.0, 1.5, nan], [0.0, inf, -inf, nan, nan]),
    "special.erfcx": ([inf, -inf, 0.0], [0.0, inf, 1.0]),
    "special.ndtr": ([inf, -inf, 0.0, nan], [1.0, 0.0, 0.5, nan]),
    "special.log_ndtr": ([inf, -inf, nan], [0.0, -inf, nan]),
    "special.ndtri": ([0.0, 1.0, 0.5, -1.0, nan], [-inf, inf, 0.0, nan, nan]),
    "i0": ([0.0, inf, -inf, nan], [1.0, inf, inf, nan]),
    "special.i0e": ([0.0, inf, -inf, nan], [1.0, 0.0, 0.0, nan]),
    "special.i1": ([0.0, inf, -inf, nan], [0.0, inf, -inf, nan]),
    "special.i1e": ([0.0, inf, -inf, nan], [0.0, 0.0, -0.0, nan]),
    "special.modified_bessel_k0": ([0.0, inf, -1.0, nan], [inf, 0.0, nan, nan]),
    "special.modified_bessel_k1": ([0.0, inf, -1.0, nan], [inf, 0.0, nan, nan]),
    "special.scaled_modified_bessel_k0": ([0.0, inf, -1.0], [inf, 0.0, nan]),
    "special.scaled_modified_bessel_k1": ([0.0, inf, -1.0], [inf, 0.0, nan]),
    "special.bessel_j0": ([0.0, inf, -inf, nan], [1.0, 0.0, 0.0, nan]),
    "special.bessel_j1": ([0.0, inf, -inf, nan], [0.0, 0.0, 0.0, nan]),
    "special.bessel_y0": ([0.0, inf, -1.0, nan], [-inf, 0.0, nan, nan]),
    "special.bessel_y1": ([0.0, inf, -1.0, nan], [-inf, 0.0, nan, nan]),
    "special.spherical_bessel_j0": ([0.0, inf, -inf, nan], [1.0, 0.0, 0.0, nan]),
    "sinc": ([0.0, 1.0, inf, -inf, nan], [1.0, 0.0, 0.0, 0.0, nan]),
}


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_limits_and_poles(name):
    points, wanted = LIMITS[name]
    for dtype in (ag.float32, F64):
        np.testing.assert_array_equal(find(name)(ag.tensor(points, dtype=dtype)).numpy(), np.array(wanted))


PAIRS = {
    "xlogy": [(0.0, 0.0, 0.0), (0.0, inf, 0.0), (0.0, nan, nan), (2.0, 0.0, -inf), (0.0, -1.0, 0.0)],
    "special.xlog1py": [(0.0, -1.0, 0.0), (0.0, nan, nan), (1.0, -1.0, -inf)],
    "special.zeta": [(1.0, 2.0, inf), (0.5, 1.0, nan), (2.0, 0.0, inf), (2.0, -3.0, inf), (2.5, -0.5, nan), (2.0, inf, 0.0)],
    "igamma": [(1.0, 0.0, 0.0), (1.0, inf, 1.0), (0.0, 1.0, 1.0), (0.0, 0.0, nan), (-1.0, 1.0, nan), (inf, 2.0, 0.0)],
    "igammac": [(1.0, 0.0, 1.0), (1.0, inf, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, nan), (1.0, -1.0, nan), (inf, 2.0, 1.0)],
    "hypot": [(inf, nan, inf), (-inf, 1.0, inf), (0.0, -0.0, 0.0), (nan, 1.0, nan), (-3.0, 4.0, 5.0)],
    "logaddexp": [(inf, inf, inf), (-inf, -inf, -inf), (inf, -inf, inf), (-inf, 2.0, 2.0), (nan, 1.0, nan), (1000.0, 0.0, 1000.0)],
    "logaddexp2": [(-inf, -inf, -inf), (3.0, 3.0, 4.0), (inf, 1.0, inf)],
    "nextafter": [(1.0, 2.0, 1.0 + 2**-52), (0.0, -1.0, -5e-324), (1.0, 1.0, 1.0), (nan, 1.0, nan), (inf, 0.0, 1.7976931348623157e308)],
    "ldexp": [(3.0, 2.0, 12.0), (1e-300, 1100.0, 1.3582985290493859e31), (0.0, 5000.0, 0.0), (1.0, -1074.0, 5e-324)],
    "heaviside": [(-1.0, 5.0, 0.0), (0.0, 5.0, 5.0), (2.0, 5.0, 1.0), (nan, 5.0, 0.0)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_limits_and_poles_of_two(name):
    first, second, wanted = (np.array(column) for column in zip(*PAIRS[name]))
    found = find(name)(ag.from_numpy(first), ag.from_numpy(second)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-15, atol=0)


#: At points where a derivative has a limit that the formula alone would make NaN: function, point, first, second derivative.
EDGES = [
    ("sinc", 0.0, 0.0, -math.pi**2 / 3),
    ("sinc", inf, 0.0, 0.0),
    ("special.i1", 0.0, 0.5, 0.0),
    ("special.bessel_j1", 0.0, 0.5, 0.0),
    ("special.spherical_bessel_j0", 0.0, 0.0, -1 / 3),
    ("special.erfcx", 1e8, -1 / math.sqrt(math.pi) * 1e-16, 2 / math.sqrt(math.pi) * 1e-24),
    ("special.log_ndtr", -30.0, 30.03325967, -0.998896),
    ("special.log_ndtr", 50.0, 0.0, 0.0),
    ("erfinv", 0.0, math.sqrt(math.pi) / 2, 0.0),
    ("special.ndtri", 0.5, math.sqrt(2 * math.pi), 0.0),
]


@pytest.mark.parametrize("name, point, first, second", EDGES)
def test_derivatives_at_the_edge(name, point, first, second):
    x = ag.tensor(point, dtype=F64, requires_grad=True)
    (slope,) = ag.autograd.grad(find(name)(x), x, create_graph=True)
    (curvature,) = ag.autograd.grad(slope, x)
    assert slope.item() == pytest.approx(first, rel=1e-8, abs=1e-290)
    assert curvature.item() == pytest.approx(second, rel=1e-4, abs=1e-290)


def gradients(function, *points):
    leaves = [ag.tensor(point, dtype=F64, requires_grad=True) for point in points]
    return [gradient.item() for gradient in ag.autograd.grad(function(*leaves), leaves)]


def test_gradients_of_two_at_the_edge():
    assert gradients(ag.hypot, 0.0, 0.0) == [0.0, 0.0]
    assert gradients(ag.hypot, 3e200, 4e200) == pytest.approx([0.6, 0.8])
    assert gradients(ag.logaddexp, -inf, -inf) == [0.5, 0.5]
    assert gradients(ag.logaddexp, inf, inf) == [0.5, 0.5]
    assert gradients(ag.logaddexp, -inf, 1.0) == [0.0, 1.0]
    assert gradients(ag.xlogy, 0.0, 0.0) == [0.0, 0.0]
    assert gradients(ag.special.xlog1py, 0.0, -1.0) == [0.0, 0.0]


def test_third_derivatives_of_what_is_a_series_near_zero():
    for function, third in ((ag.special.i1, 3 / 8), (ag.special.bessel_j1, -3 / 8)):
        x = ag.tensor(0.0, dtype=F64, requires_grad=True)
        derivative = function(x)
        for _ in range(3):
            (derivative,) = ag.autograd.grad(derivative, x, create_graph=True)
        assert derivative.item() == pytest.approx(third)


@pytest.mark.parametrize(
    "name, argument",
    [("special.zeta", "x"), ("igamma", "input"), ("igammac", "input"), ("heaviside", "input"), ("heaviside", "values")],
)
def test_what_has_no_derivative_says_so(name, argument):
    a, b = (ag.tensor([1.5], dtype=F64, requires_grad=True) for _ in range(2))
    first = argument != "values"
    result = find(name)(a if first else a.detach(), b.detach() if first else b)
    assert result.requires_grad
    with pytest.raises(NotImplementedError, match=f"the derivative for '{name.split('.')[-1]}: {argument}'"):
        result.sum().backward()


def test_integers_are_promoted_or_refused():
    x = ag.tensor([1, 2, 3])
    for name in ("special.entr", "i0", "special.ndtr", "sinc", "deg2rad", "special.bessel_j0"):
        assert find(name)(x).dtype is ag.float32
    assert ag.polygamma(1, x).dtype is ag.float32
    assert ag.xlogy(x, x).dtype is ag.float32
    assert ag.ldexp(x, x).tolist() == [2.0, 8.0, 24.0]
    for name in ("logaddexp", "hypot", "nextafter"):
        with pytest.raises(RuntimeError, match="not implemented for"):
            find(name)(x, x)
    with pytest.raises(RuntimeError, match="only supports floating-point"):
        ag.frexp(x)
    with pytest.raises(RuntimeError, match="different dtypes"):
        ag.heaviside(x, ag.ones(3))


def test_divisors_and_multiples():
    a, b = ag.tensor([12, -12, 0, 7, 0]), ag.tensor([18, 18, 5, 0, 0])
    assert ag.gcd(a, b).tolist() == [6, 6, 5, 7, 0]
    assert ag.lcm(a, b).tolist() == [36, 36, 0, 0, 0]
    small = ag.tensor([100, 6], dtype=ag.uint8)
    assert ag.gcd(small, ag.tensor([75, 4], dtype=ag.uint8)).tolist() == [25, 2]
    assert small.lcm_(ag.tensor([10, 4], dtype=ag.uint8)).tolist() == [100, 12]
    with pytest.raises(RuntimeError, match="not implemented for"):
        ag.gcd(ag.ones(2), ag.ones(2))


def test_mantissa_and_exponent():
    points = [0.0, 1.0, -3.0, 0.5, 1e-310, 5e-324, 1.7e308, inf, nan, 1 - 2**-53]
    mantissa, exponent = ag.frexp(ag.tensor(points, dtype=F64))
    wanted = np.frexp(np.array(points))
    np.testing.assert_array_equal(mantissa.numpy(), wanted[0])
    finite = np.isfinite(points)
    np.testing.assert_array_equal(exponent.numpy()[finite], wanted[1][finite])
    assert exponent.dtype is ag.int32
    x = ag.tensor([3.0], requires_grad=True)
    result = ag.frexp(x)
    result.mantissa.backward()
    assert x.grad.item() == 0.25 and not result.exponent.requires_grad


def test_powers_in_double_precision():
    x = ag.tensor([2, 3])
    assert ag.float_power(x, 2).dtype is F64 and ag.float_power(x, 2).tolist() == [4.0, 9.0]
    assert ag.float_power(2, x.float()).dtype is F64
    assert ag.tensor([2.0], dtype=F64).float_power_(0.5).item() == math.sqrt(2)
    with pytest.raises(RuntimeError, match="requires dtype Double"):
        ag.ones(2).float_power_(2)


def test_sums_and_means_of_numbers():
    x = ag.tensor([[1.0, nan], [nan, nan]], requires_grad=True)
    assert ag.nansum(x).item() == 1.0 and ag.nanmean(x).item() == 1.0
    assert ag.nansum(x, 1).tolist() == [1.0, 0.0]
    means = ag.nanmean(x, 1, keepdim=True)
    assert means[0].item() == 1.0 and math.isnan(means[1].item()) and means.shape == (2, 1)
    assert ag.autograd.grad(ag.nansum(x), x)[0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert ag.nansum(ag.tensor([1, 2])).item() == 3
    with pytest.raises(RuntimeError, match="nanmean"):
        ag.nanmean(ag.tensor([1, 2]))


def test_the_logit_is_limited_by_eps():
    x = ag.tensor([-1.0, 0.05, 0.5, 2.0], dtype=F64, requires_grad=True)
    y = ag.logit(x, eps=0.1)
    edge = math.log(0.1 / 0.9)
    np.testing.assert_allclose(y.detach().numpy(), [edge, edge, 0.0, -edge], rtol=1e-15)
    assert ag.autograd.grad(y.sum(), x)[0].tolist() == [0.0, 0.0, 4.0, 0.0]


def test_polygamma_of_either_spelling():
    x = ag.tensor([0.3, 2.0], dtype=F64)
    assert ag.polygamma(1, x).tolist() == x.polygamma(1).tolist() == ag.special.polygamma(1, x).tolist()
    assert ag.polygamma(0, x).tolist() == ag.digamma(x).tolist()
    assert x.clone().polygamma_(2).tolist() == ag.polygamma(2, x).tolist()
    with pytest.raises(RuntimeError, match="does not support negative n"):
        ag.polygamma(-1, x)


def test_other_names_are_the_same_functions():
    x = ag.tensor([0.3, 2.0], dtype=F64)
    for name, same in (("expit", ag.sigmoid), ("gammaln", ag.lgamma), ("psi", ag.digamma), ("modified_bessel_i0", ag.i0)):
        assert getattr(ag.special, name)(x).tolist() == same(x).tolist()
    assert ag.special.gammainc(x, x).tolist() == ag.igamma(x, x).tolist() == x.igamma(x).tolist()
    assert ag.special.multigammaln(x + 2, 2).tolist() == ag.mvlgamma(x + 2, 2).tolist()


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_incomplete_gamma_functions_are_differentiated_by_the_argument(name):
    a = ag.tensor([0.5, 3.0, 420.0], dtype=F64)
    x = ag.tensor([0.7, 2.0, 400.0], dtype=F64, requires_grad=True)
    gradcheck(lambda x: find(name)(a, x), (x,), eps=1e-5)
    gradgradcheck(lambda x: find(name)(a, x), (x,), eps=1e-5)


@pytest.mark.parametrize(
    ("x", "wanted"),
    [(-2.4570247382208006, 5.619192358950097e-17), (-2.7476826467274127, 1.733509244024501e-16), (-2.4570247382218007, -1.515681994122336e-12)],
)
def test_lgamma_keeps_its_digits_beside_its_zeros(x, wanted):
    assert ag.lgamma(ag.tensor(x, dtype=F64)).item() == pytest.approx(wanted, rel=1e-15)


def test_digamma_keeps_its_digits_beside_its_poles():
    assert ag.digamma(ag.tensor(-55.00232658924427, dtype=F64)).item() == pytest.approx(433.8225137260475, rel=1e-15)


@pytest.mark.parametrize(
    ("x", "wanted"), [(-37.450854447723884, -1.0893200403632286e-305), (-32.21746435498942, -1.6190290809707442e-226), (-34.004692162912214, -3.228757546539735e-252)]
)
def test_gelu_keeps_its_digits_in_the_tail(x, wanted):
    assert ag.nn.functional.gelu(ag.tensor(x, dtype=F64)).item() == pytest.approx(wanted, rel=1e-15)
    single = np.float32(x / 3)
    exact = np.float64(single) * math.erfc(-np.float64(single) / math.sqrt(2)) / 2
    assert ag.nn.functional.gelu(ag.tensor(float(single))).item() == pytest.approx(exact, rel=5e-7)


def test_bounds_of_logit_that_change_sides():
    assert ag.logit(ag.tensor([0.7, 0.3], dtype=F64), 0.6).tolist() == pytest.approx([math.log(0.4 / 0.6), math.log(0.6 / 0.4)])
