"""Derives the polynomial coefficients of rust/kernels/src/math/coefficients.rs.

Each polynomial interpolates its function at Chebyshev nodes in 60-digit arithmetic (within a factor of about two of the
minimax polynomial), or is nearly the minimax one where WEIGHTED says so, and is then rounded to the type it is used in. Leading terms that are exact (the 1 + r of exp,
the x of sin) are taken out first, so rounding of the coefficients never costs accuracy at the top.

    python scripts/coefficients.py > rust/kernels/src/math/coefficients.rs      # needs mpmath and numpy
"""

from fractions import Fraction

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def fit(f, a, b, degree):
    """Monomial coefficients, lowest first, of the interpolant of f on [a, b], and its largest absolute error."""
    a, b = mp.mpf(a), mp.mpf(b)
    n = degree + 1
    xs = [mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    ys = [f((a + b) / 2 + (b - a) / 2 * x) for x in xs]
    cheb = [mp.mpf(2) / n * sum(y * mp.cos(k * mp.pi * (2 * i + 1) / (2 * n)) for i, y in enumerate(ys)) for k in range(n)]
    cheb[0] /= 2
    # Chebyshev to monomials in u in [-1, 1], then u = (x - mid) / half.
    t_prev, t_cur = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    mono = [mp.mpf(0)] * n
    mono[0] = cheb[0]
    for k in range(1, n):
        for i, c in enumerate(t_cur):
            mono[i] += cheb[k] * c
        t_next = [mp.mpf(0)] + [2 * c for c in t_cur]
        for i, c in enumerate(t_prev):
            t_next[i] -= c
        t_prev, t_cur = t_cur, t_next
    mid, half = (a + b) / 2, (b - a) / 2
    out = [mp.mpf(0)] * n
    power = [mp.mpf(1)]
    for k in range(n):
        for i, c in enumerate(power):
            out[i] += mono[k] * c
        power = [(-mid * (power[i] if i < len(power) else 0) + (power[i - 1] if i else 0)) / half
                 for i in range(len(power) + 1)]
    error = max(abs(mp.polyval(out[::-1], x) - f(x)) for x in [a + (b - a) * mp.mpf(i) / 197 for i in range(198)])
    return out, error


def lawson(sample, rounds=800):
    """What `sample` gives, coefficients and errors at each point, for those weights of the points (Lawson's) with which least
    squares come near the least greatest error."""
    count = 2000
    weights = np.ones(count) / count
    best = None
    for _ in range(rounds):
        coefficients, errors = sample(np.sqrt(weights))
        if best is None or errors.max() < best[1]:
            best = coefficients, errors.max()
        weights *= errors + 1e-30
        weights /= weights.sum()
    return best


def nodes(count=2000):
    """Points of [-1, 1], closer together near its ends."""
    return np.cos(np.pi * (np.arange(count) + 0.5) / count)


def minimax(f, weight, a, b, degree):
    """As `fit`, but so that the greatest error times `weight` is nearly the least there is."""
    u = nodes()
    x = (a + b) / 2 + (b - a) / 2 * u
    values, scale = (np.array([float(g(mp.mpf(float(t)))) for t in x]) for g in (f, weight))
    basis = np.polynomial.chebyshev.chebvander(u, degree)

    def sample(root):
        c = np.linalg.lstsq(basis * (root * scale)[:, None], values * root * scale, rcond=None)[0]
        return c, np.abs((basis @ c - values) * scale)

    c, error = lawson(sample)
    return np.polynomial.chebyshev.Chebyshev(c, domain=[a, b]).convert(kind=np.polynomial.Polynomial).coef, error


def minimax_quotient(f, b, above, below):
    """Coefficients of P and Q with f = P / Q on [0, b] nearly with the least relative error, Q(0) being 1, and that error."""
    near = (1 + nodes()) / 2
    # Where the function changes there are more points.
    x = b * near / (1 + b / 3 * (1 - near))
    values = np.array([float(f(mp.mpf(float(t)))) for t in x])
    # In units of 3, and divided by what grows as fast.
    powers = [(x / 3) ** k / (1 + x / 3) ** max(above, below) for k in range(max(above, below) + 1)]
    upper, lower = np.stack(powers[:above + 1], 1), np.stack(powers[:below + 1], 1)
    denominator = np.ones_like(x)

    def sample(root):
        nonlocal denominator
        root = root / np.abs(denominator)
        system = np.concatenate([upper / values[:, None], -lower[:, 1:]], 1) * root[:, None]
        c = np.linalg.lstsq(system, lower[:, 0] * root, rcond=1e-16)[0]
        denominator = lower @ np.concatenate([[1], c[above + 1:]])
        return c, np.abs(upper @ c[:above + 1] / denominator / values - 1)

    c, error = lawson(sample, 2000)
    p, q = c[:above + 1], np.concatenate([[1], c[above + 1:]])
    return p / 3.0 ** np.arange(above + 1), q / 3.0 ** np.arange(below + 1), error


def quotient(f, power, even=False, origin=0):
    """g with f(x) = sum of the terms below `power` + x**power * g(x), as a function of x (of x*x when even)."""
    terms = mp.taylor(f, origin, 40)
    def g(z):
        x = mp.sqrt(z) if even else z
        if abs(x) < mp.mpf(1) / 50:
            return sum(c * x ** (i - power) for i, c in enumerate(terms) if i >= power)
        return (f(origin + x) - sum(c * x ** i for i, c in enumerate(terms[:power]))) / x ** power
    return g


def scaled_erfc_log(x):
    """ln((1 + 2x) exp(x²) erfc(x)): tends to ln(2/√π)."""
    return mp.log((1 + 2 * x) * mp.erfc(x)) + x * x


def scaled_cdf(x):
    """Φ(−x) exp(x²/2)."""
    return mp.erfc(x / mp.sqrt(2)) / 2 * mp.exp(x * x / 2)


L = mp.log(2) / 2 * mp.mpf("1.0001")
S2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.0001")
Q = (mp.pi / 4) ** 2 * mp.mpf("1.001")


def atanh_tail(power):
    """2 atanh(s) = 2s + 2s³/3 + …; the series from s**(2 power + 1) on, divided by it, in z = s²."""
    def g(z):
        return sum(2 * z ** i / (2 * (i + power) + 1) for i in range(60))
    return g


ROOT = mp.findroot(mp.digamma, 1.4616)


def digamma_slope(x):
    x = x + 2
    d = x - ROOT
    if abs(d) < mp.mpf(10) ** -15:
        return mp.polygamma(1, ROOT)
    return mp.digamma(x) / d


def lgamma_slope(n):
    """lgamma(n + t) / t for n = 1, 2."""
    return lambda t: mp.loggamma(n + t) / t if abs(t) > mp.mpf(10) ** -20 else mp.digamma(n)


def scaled_bessel_k(order):
    """√(2x/π) eˣ K(x) at x = (1 + t) / (1 − t): tends to 1."""
    def f(t):
        x = (1 + t) / (1 - t)
        return mp.sqrt(2 * x / mp.pi) * mp.exp(x) * mp.besselk(order, x)
    return f


def zeros(function, count):
    """The first positive zeros, with an index from 1 on."""
    return [function(i) for i in range(1, count + 1)]


# Constants as unevaluated sums of three numbers of the type, so that products with small integers lose nothing.
CONSTANTS = [
    ("LN2", "ln 2", mp.log(2)),
    ("LOG2_E", "log2 e", 1 / mp.log(2)),
    ("LOG10_E", "log10 e", 1 / mp.log(10)),
    ("LOG10_2", "log10 2", mp.log(2) / mp.log(10)),
    ("PI_2", "π/2", mp.pi / 2),
    ("DIGAMMA_ROOT", "the positive zero of ψ", ROOT),
]

# name, what it is, function, interval, degree in f32, degree in f64 (None: not used in that type);
# an interval bound that differs between the types is a pair.
TABLE = [
    ("EXP", "exp(r) = 1 + r + r² P(r), |r| <= ln(2)/2", quotient(mp.exp, 2), -L, L, 4, 10),
    ("EXP2", "2^r = 1 + r P(r), |r| <= 1/2", quotient(lambda x: mp.power(2, x), 1), -0.5001, 0.5001, 5, 11),
    ("LOG", "ln(1 + f) = 2s + s z P(z), s = f / (2 + f), z = s²", atanh_tail(1), 0, S2, 2, 7),
    ("LOG_TAIL", "ln(1 + f) = 2s + 2/3 s z + s z² P(z)", atanh_tail(2), 0, S2, None, 8),
    ("SIN", "sin(r) = r + r³ P(r²), |r| <= pi/4", quotient(mp.sin, 3, True), 0, Q, 2, 6),
    ("COS", "cos(r) = 1 - r²/2 + r⁴ P(r²), |r| <= pi/4", quotient(mp.cos, 4, True), 0, Q, 2, 5),
    ("ASIN", "asin(x) = x + x³ P(x²), |x| <= 1/2", quotient(mp.asin, 3, True), 0, 0.2501, 4, 12),
    ("ATAN", "atan(x) = x + x³ P(x²), |x| <= 1", quotient(mp.atan, 3, True), 0, 1, 8, 20),
    ("SINH", "sinh(x) = x + x³ P(x²), |x| <= 1", quotient(mp.sinh, 3, True), 0, 1, 3, 6),
    ("TANH", "tanh(x) = x + x³ P(x²), |x| <= 5/8", quotient(mp.tanh, 3, True), 0, mp.mpf(25) / 64, 4, 11),
    ("ERF", "erf(x) = x + x P(x²), |x| <= 1", lambda z: quotient(mp.erf, 1, True)(z) - 1, 0, 1, 6, 11),
    ("ERFC", "ln((1 + 2x) exp(x²) erfc(x)) = P((x - 2) / (x + 2)), 1/2 <= x <= 28 (10.2 in f32)",
     lambda t: scaled_erfc_log(2 * (1 + t) / (1 - t)), -0.6, (mp.mpf(82) / 122, mp.mpf(26) / 30), 9, 22),
    ("ERFC_LOG", "ln(erfc(x)) = P(x - 2.5), 1 <= x <= 4", lambda x: mp.log(mp.erfc(x + 2.5)), -1.51, 1.51, 8, None),
    ("CDF_TAIL", "erfc(x/√2)/2 exp(x²/2) = P((x - 3.5) / (x + 3.5)), 1.4 <= x <= 14.5",
     lambda t: scaled_cdf(3.5 * (1 + t) / (1 - t)), -mp.mpf(21) / 49, mp.mpf(11) / 18, 7, None),
    ("LGAMMA_1", "lgamma(1 + t) = t P(t), |t| <= 1/2", lgamma_slope(1), -0.5, 0.5, None, 28),
    ("LGAMMA_2", "lgamma(2 + t) = t P(t), |t| <= 1/2", lgamma_slope(2), -0.5, 0.5, None, 18),
    ("BESSEL_K0", "sqrt(2x/pi) exp(x) K0(x) = P((x - 1) / (x + 1)), x >= 1", scaled_bessel_k(0), 0, mp.mpf("0.9999"), None, 22),
    ("BESSEL_K1", "sqrt(2x/pi) exp(x) K1(x) = P((x - 1) / (x + 1)), x >= 1", scaled_bessel_k(1), 0, mp.mpf("0.9999"), None, 22),
    ("DIGAMMA", "psi(x) = (x - root) P(x - 2), 1 <= x <= 3", digamma_slope, -1, 1, None, 28),
]

# The same for f32 alone, with the weight of the error (that of the result is relative).
WEIGHTED = [
    ("LOG_DIRECT", "ln(1 + f) = f + f² P(f), -1/4 <= f <= 1/2", quotient(mp.log1p, 2),
     lambda f: f * f / abs(mp.log1p(f)) if f else mp.mpf(0), -0.25, 0.5, 7),
    ("EXP_HALF", "exp(-r/2) = 1 - r/2 + r² P(r), |r| <= ln 2", quotient(lambda r: mp.exp(-r / 2), 2),
     lambda r: r * r / mp.exp(-r / 2), -0.6939, 0.6939, 4),
]


def temme(terms):
    """The coefficients c of Temme's expansion (DLMF 8.12.9, 8.12.10) as power series in eta, so many terms of each."""
    size = max(terms) + 2 * len(terms) + 4
    # mu = eta + … with mu' mu = eta (1 + mu), from mu - ln(1 + mu) = eta²/2.
    mu = [Fraction(0), Fraction(1)]
    for n in range(2, size):
        known = sum(k * mu[k] * mu[n + 1 - k] for k in range(2, n))
        mu.append((mu[n - 1] - known) / (n + 1))
    # 1/mu = (1 + …)/eta.
    inverse = [Fraction(1)]
    for n in range(1, size - 1):
        inverse.append(-sum(mu[k + 1] * inverse[n - k] for k in range(1, n + 1)))
    # Γ*(z) = Σ g z^(-k), the exponential of Stirling's series.
    log = [Fraction(0)] * (len(terms) + 1)
    for k in range(1, len(terms) + 1, 2):
        log[k] = Fraction(*mp.bernfrac(k + 1)) / (k * (k + 1))
    g = [Fraction(1)]
    for n in range(1, len(terms) + 1):
        g.append(sum(k * log[k] * g[n - k] for k in range(1, n + 1)) / n)
    series, out = inverse[1:], []
    for k, count in enumerate(terms):
        if k:
            slope = [n * series[n] for n in range(1, len(series))]
            sign = (-1) ** k * g[k]
            assert slope[0] + sign * inverse[0] == 0
            series = [a + sign * b for a, b in zip(slope[1:], inverse[1:])]
        out.append(series[:count])
    return out


def far_zeros(order, count):
    """The zeros of J and Y lie at beta + Σ c beta^-(2j+1) (McMahon), c from the phase θ: θ' is 1 / Σ …, in 1/x² (DLMF 10.18.17)."""
    mu = 4 * order * order
    # The modulus squared times πx/2, and the phase's derivative, its inverse.
    modulus = [Fraction(1)]
    for k in range(1, count + 1):
        odd = 2 * k - 1
        modulus.append(modulus[-1] * odd * (mu - odd * odd) / (2 * k) / 4)
    slope = [Fraction(1)]
    for n in range(1, count + 1):
        slope.append(-sum(modulus[k] * slope[n - k] for k in range(1, n + 1)))
    # θ = x + Σ phase x^-(2j+1) up to a constant; at a zero it is beta.
    phase = [slope[j + 1] / -(2 * j + 1) for j in range(count)]

    def product(a, b):
        return [sum(a[k] * b[n - k] for k in range(n + 1)) for n in range(count + 1)]

    # x = beta (1 + Σ u beta^-2j), one coefficient more with every step of x = beta − Σ phase x^-(2j+1).
    u = [Fraction(1)] + [Fraction(0)] * count
    for _ in range(count):
        inverse = [Fraction(1)]
        for n in range(1, count + 1):
            inverse.append(-sum(u[k] * inverse[n - k] for k in range(1, n + 1)))
        power, square = inverse, product(inverse, inverse)
        new = [Fraction(1)] + [Fraction(0)] * count
        for j in range(count):
            for n in range(count - j):
                new[n + j + 1] -= phase[j] * power[n]
            power = product(power, square)
        u = new
    return [mp.mpf(c.numerator) / c.denominator for c in u[1:]]


# name, what it is, numbers: each as an unevaluated sum of two, in f64.
PAIRS = [
    (f"BESSEL_{kind.upper()}{order}_ZEROS", f"the first positive zeros of {kind.upper()}{order}, as sums",
     zeros(lambda i, kind=kind, order=order: getattr(mp, f"bessel{kind}zero")(order, i), 10))
    for kind in "jy" for order in (0, 1)
] + [
    (f"BESSEL_{order}_FAR_ZEROS", f"where the far zeros of order {order} lie: beta + sum of c / beta^(2j + 1), as sums", far_zeros(order, 14))
    for order in (0, 1)
]


def digits32(value):
    return str(np.float32(float(value)))


def show(name, about, coefficients, error, kind):
    shown = [digits32(c) if kind == "f32" else repr(float(c)) for c in coefficients]
    shown = [s if any(ch in s for ch in ".e") else s + ".0" for s in shown]
    print(f"    /// {about}; fitted to {mp.nstr(error, 2)}.")
    print(f"    pub const {name}: [{kind}; {len(shown)}] = [")
    for s in shown:
        print(f"        {s},")
    print("    ];")


if __name__ == "__main__":
    print("//! Polynomial coefficients, lowest degree first. Written by `scripts/coefficients.py`, which says how they are found.")
    print("#![allow(clippy::excessive_precision, clippy::approx_constant, reason = \"digits as generated\")]")
    for kind, column in (("f32", 5), ("f64", 6)):
        print(f"\n/// For `{kind}`.\npub mod {'single' if kind == 'f32' else 'double'} {{")
        for row in TABLE:
            if row[column] is not None:
                end = row[4][column - 5] if isinstance(row[4], tuple) else row[4]
                c, e = fit(row[2], row[3], end, row[column])
                show(row[0], row[1], c, e, kind)
        for name, about, function, weight, low, high, degree in WEIGHTED if kind == "f32" else []:
            show(name, about, *minimax(function, weight, low, high, degree), kind)
        if kind == "f32":
            p, q, error = minimax_quotient(scaled_cdf, 14.65, 4, 5)
            show("SCALED_CDF", "erfc(x/√2)/2 exp(x²/2) = P(x) / Q(x), 0 <= x <= 14.65: P", p, error, kind)
            show("SCALED_CDF_UNDER", "the Q of it", q, error, kind)
        for name, about, value in CONSTANTS:
            parts, rest = [], value
            for _ in range(3):
                parts.append(mp.mpf(float(np.float32(float(rest)))) if kind == "f32" else mp.mpf(float(rest)))
                rest -= parts[-1]
            shown = [digits32(p) if kind == "f32" else repr(float(p)) for p in parts]
            print(f"    /// {about} as a sum.")
            print(f"    pub const {name}: [{kind}; 3] = [{', '.join(shown)}];")
        for name, about, values in PAIRS if kind == "f64" else []:
            print(f"    /// {about}.")
            print(f"    pub const {name}: [[f64; 2]; {len(values)}] = [")
            for value in values:
                print(f"        [{float(value)!r}, {float(value - mp.mpf(float(value)))!r}],")
            print("    ];")
        if kind == "f64":
            print("    /// The coefficients of Temme's expansion of the incomplete gamma functions, each a series in η.")
            print("    pub const TEMME: [&[f64]; 6] = [")
            for terms in temme([17, 14, 11, 9, 6, 4]):
                print(f"        &[{', '.join(repr(float(term)) for term in terms)}],")
            print("    ];")
        print("}")
