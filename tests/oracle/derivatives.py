"""Values and derivatives of smooth functions at special and extreme points, and the script that computes them.

``python tests/oracle/derivatives.py`` (with SymPy and mpmath installed) writes ``derivatives.npz``: for every function of
``FUNCTIONS`` its value and its first three derivatives at ``POINTS``, computed with a thousand digits and rounded once to
``float64``; NaN where there is none. ``tests/autograd/test_derivatives_at_points.py`` compares the library with them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

DATA = Path(__file__).with_name("derivatives.npz")
DIGITS = 1000
ORDERS = 4

_MAGNITUDES = [
    *(5e-324, 1e-310, 1e-300, 1e-150, 1.4e-45, 1e-40, 1e-30, 1e-20, 1e-10, 1e-6, 1e-3),
    *(0.125, 0.25, 0.5, 0.625, 0.75, 0.96875, 1 - 2**-24, 1 - 2**-53, 1.0, 1 + 2**-52, 1 + 2**-23, 1.03125, 1.28125),
    *(1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.5, 9.5, 11.0, 13.0, 15.0, 17.0, 19.0, 20.0, 21.0, 25.0, 27.0, 30.0, 36.0),
    *(38.5, 39.0, 40.0, 41.0, 44.0, 50.0, 60.0, 80.0, 87.0, 88.0, 89.0, 100.0, 103.0, 104.0, 150.0, 300.0, 370.0, 500.0),
    *(700.0, 709.0, 710.0, 745.0, 1e3, 1e5, 1e8, 1e10, 1e12, 1e15, 1e18, 1e20, 1e25, 1e30, 3e38, 1e100, 1e150, 1e200, 1e300),
]
# Those that float32 has room for are numbers of float32, but for two next to 1.
_MAGNITUDES = [
    float(np.float32(x)) if 1e-45 < x < 3.4e38 and x not in (1 - 2**-53, 1 + 2**-52) else x for x in _MAGNITUDES
]
POINTS = np.array([*(-x for x in reversed(_MAGNITUDES)), -0.0, 0.0, *_MAGNITUDES])

# Formulas in SymPy's language.
FUNCTIONS = {
    "exp": "exp(x)",
    "exp2": "exp(x*log(2))",
    "expm1": "exp(x) - 1",
    "log": "log(x)",
    "log2": "log(x)/log(2)",
    "log10": "log(x)/log(10)",
    "log1p": "log(1 + x)",
    "sin": "sin(x)",
    "cos": "cos(x)",
    "tan": "tan(x)",
    "asin": "asin(x)",
    "acos": "acos(x)",
    "atan": "atan(x)",
    "sinh": "sinh(x)",
    "cosh": "cosh(x)",
    "tanh": "tanh(x)",
    "asinh": "asinh(x)",
    "acosh": "acosh(x)",
    "atanh": "atanh(x)",
    "erf": "erf(x)",
    "erfc": "erfc(x)",
    "lgamma": "loggamma(x)",
    "digamma": "polygamma(0, x)",
    "sigmoid": "1/(1 + exp(-x))",
    "logsigmoid": "-log(1 + exp(-x))",
    "silu": "x/(1 + exp(-x))",
    "gelu": "x*(1 + erf(x/sqrt(2)))/2",
    "gelu_tanh": "x*(1 + tanh(sqrt(2/pi)*(x + 44715*x**3/10**6)))/2",
    "mish": "x*(1 - 2/((1 + exp(x))**2 + 1))",
    "softplus": "log(1 + exp(x))",
    "elu": "exp(x) - 1",
    "sqrt": "sqrt(x)",
    "rsqrt": "1/sqrt(x)",
    "reciprocal": "1/x",
    "square": "x**2",
    "cube": "x**3",
    "power": "x**Rational(3, 2)",
    "inverse_square": "x**(-2)",
    "entropy_no": "log(1 + exp(x))",
    "entropy_yes": "-log(1/(1 + exp(-x)))",
    "entropy_between": "log(1 + exp(x)) - x/4",
}

# Where the formula is that of the function, or can be computed: the series of the gamma function have as many terms as the
# argument is negative, `softplus` is linear from its threshold on, `elu` from 0 on.
BETWEEN = {"lgamma": (0.0, np.inf), "digamma": (0.0, np.inf), "softplus": (-np.inf, 20.0), "elu": (-np.inf, -5e-324)}


def main() -> None:
    import mpmath
    import sympy

    mpmath.mp.dps = DIGITS
    x = sympy.Symbol("x", real=True)
    tables = {}
    for name, text in FUNCTIONS.items():
        formula = sympy.sympify(text, locals={"x": x})
        low, high = BETWEEN.get(name, (-np.inf, np.inf))
        table = np.full((ORDERS, len(POINTS)), np.nan)
        for order in range(ORDERS):
            evaluate = sympy.lambdify(x, formula, "mpmath")
            for at, point in enumerate(POINTS):
                if not low <= point <= high or (order and np.isnan(table[0, at])):
                    continue
                try:
                    value = mpmath.mpmathify(evaluate(mpmath.mpf(float(point))))
                except (ZeroDivisionError, ValueError, OverflowError):
                    continue
                if not (isinstance(value, mpmath.mpc) and value.imag != 0) and mpmath.isfinite(value):
                    table[order, at] = float(mpmath.re(value))
            formula = sympy.diff(formula, x)
        tables[name] = table
    np.savez_compressed(DATA, **tables)


if __name__ == "__main__":
    main()
