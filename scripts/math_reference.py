"""Writes rust/kernels/src/math/reference.txt: arguments and correctly rounded results of the `f64` functions.

One line per value: function, bits of the argument, bits of the result, in hexadecimal. Needs mpmath.
"""

import random
import struct
import sys

import mpmath as mp

mp.mp.prec = 400


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def number(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def correctly_rounded(value):
    """To nearest, subnormal results included (mpmath's own conversion rounds twice there)."""
    if value == 0 or mp.isinf(value):
        return float(value)
    exponent = max(mp.frexp(value)[1] - 53, -1074)
    scaled = mp.nint(mp.ldexp(value, -exponent))
    return float("inf") * float(mp.sign(value)) if exponent > 971 else float(mp.ldexp(scaled, exponent))


def digamma(x):
    return mp.digamma(x)


def lgamma(x):
    return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))


ANY = (-1, 1, -1074, 1023)
# function, its value, (sign choices as two numbers, exponents from, to) of the random arguments, fixed arguments
FUNCTIONS = [
    ("exp", mp.exp, (-1, 1, -40, 9), [709.7, -708.5, -740.0, -745.0, 1.0]),
    ("exp2", lambda x: mp.power(2, x), (-1, 1, -40, 9), [1023.9, -1022.5, -1070.3, 0.5]),
    ("expm1", mp.expm1, (-1, 1, -60, 9), [709.7, -0.288, 0.347, -37.0, 0.6931]),
    ("log", mp.log, (1, 1, -1074, 1023), [0.7071, 1.4143, 0.9999999, 1.0000001]),
    ("log2", lambda x: mp.log(x, 2), (1, 1, -1074, 1023), [0.7071, 1.4143, 0.9999999, 1.0000001, 8.0]),
    ("log10", lambda x: mp.log10(x), (1, 1, -1074, 1023), [0.7071, 1.4143, 0.9999999, 1.0000001, 1000.0]),
    ("log1p", mp.log1p, (1, 1, -60, 1023), [-0.9999999, -0.5, -0.293, 0.4142, -1e-9]),
    ("sin", mp.sin, (-1, 1, -60, 40), [3.141592653589793, 6.283185307179586, 1e9, 1e22, 1e300]),
    ("cos", mp.cos, (-1, 1, -60, 40), [1.5707963267948966, 4.71238898038469, 1e9, 1e22, 1e300]),
    ("tan", mp.tan, (-1, 1, -60, 40), [1.5707963267948966, 3.141592653589793, 0.7853981633974483, 1e22]),
    ("asin", mp.asin, (-1, 1, -60, -1), [0.5, 0.5000001, 0.9999999, 1.0, -0.75]),
    ("acos", mp.acos, (-1, 1, -60, -1), [0.5, 0.5000001, 0.9999999, -0.9999999, -0.75]),
    ("atan", mp.atan, ANY, [1.0, 1.0000001, 0.9999999, 2.414]),
    ("sinh", mp.sinh, (-1, 1, -60, 9), [1.0, 1.0000001, 710.2, 22.0]),
    ("cosh", mp.cosh, (-1, 1, -60, 9), [1.0, 710.2, 20.0, 22.0]),
    ("tanh", mp.tanh, (-1, 1, -60, 6), [0.18, 0.55, 19.0, 21.0]),
    ("asinh", mp.asinh, ANY, [1.0, 1e12, 1.1e12, 1e-9]),
    ("acosh", mp.acosh, (1, 1, 1, 1023), [1.0000001, 1.5, 1e12, 1.1e12]),
    ("atanh", mp.atanh, (-1, 1, -60, -1), [0.9999999, -0.5, 0.1666, 1e-300]),
    ("erf", mp.erf, (-1, 1, -60, 3), [0.9999999, 1.0000001, 0.5, 5.5]),
    ("erfc", mp.erfc, (-1, 1, -20, 5), [0.4999999, 0.5000001, 26.5, 27.0, 1.0]),
    ("lgamma", lgamma, (1, 1, -1000, 1000), [0.4999999, 1.4999999, 2.5000001, 7.9999999, 8.0, 1.0000001, 1.9999999]),
    ("digamma", digamma, (1, 1, -1000, 1000), [0.9999999, 1.4616, 1.4617, 2.9999999, 3.0000001, 6.9999999, 7.0]),
    ("sigmoid", lambda x: 1 / (1 + mp.exp(-x)), (-1, 1, -60, 9), [-708.5, -740.0, -745.0, 36.0, 37.5, 41.0]),
]

if __name__ == "__main__":
    random.seed(20)
    for name, f, (low, high, e0, e1), fixed in FUNCTIONS:
        near = [random.uniform(low, high) for _ in range(10)]
        arguments = fixed + [x for x in near if low < 0] + [
            random.choice((low, high)) * random.uniform(1, 2) * 2.0 ** random.randint(max(e0, -1070), e1 - 1)
            for _ in range(40)
        ]
        if name in ("sin", "cos", "tan"):
            mp.mp.prec = 1400
        for x in arguments:
            result = f(mp.mpf(x))
            sys.stdout.write(f"{name} {bits(x):016x} {bits(correctly_rounded(mp.re(result))):016x}\n")
