"""Values of special functions, and the script that computes them.

``python tests/oracle/special.py`` (with mpmath installed) writes ``special.json``: for every function a list of points, each its
arguments and the value, computed with sixty digits and more and rounded once to ``float64``. Half of the arguments are numbers
of ``float32``. ``tests/operations/test_special.py`` compares the library with them.
"""

from __future__ import annotations

import json
import math
import random
import struct
from pathlib import Path

DATA = Path(__file__).with_name("special.json")


def single(x: float) -> float:
    """The number of ``float32`` next to ``x``, if it has one that is not subnormal."""
    return struct.unpack("f", struct.pack("f", x))[0] if 1e-37 < abs(x) < 3e38 else x


def main() -> None:
    """Writes the file beside this one."""
    import mpmath as mp

    mp.mp.dps = 60
    rng = random.Random(7)

    def uniform(low, high, count=24):
        return [(rng.uniform(low, high),) for _ in range(count)]

    def magnitudes(low, high, count=16, signs=(1,)):
        exponents = (math.log10(low), math.log10(high))
        return [(rng.choice(signs) * 10 ** rng.uniform(*exponents),) for _ in range(count)]

    def near(zero, count=12):
        """Beside the zeros of an oscillating function, where its digits are those of a difference."""
        zeros = [float(zero(k)) for k in (1, 2, 3, 5, 9, 12, 40, 700)]
        return [(rng.choice(zeros) + rng.choice([1e-4, -3e-3, 0.04, -0.2, 0.29, -0.31]),) for _ in range(count)]

    def gamma_points():
        points = []
        for _ in range(12):
            (a,), = magnitudes(1e-3, 300.0, 1)
            points.append((a, a * 10 ** rng.uniform(-2, 1)))
            points.append((10 ** rng.uniform(-12, 0), 10 ** rng.uniform(-10, 2.7)))
            (a,), = magnitudes(400.0, 1e4, 1)
            points.append((a, a * (1 + rng.uniform(-6, 6) / math.sqrt(a))))
        return points

    def phi(x):
        return mp.erfc(-x / mp.sqrt(2)) / 2

    def ndtri(p):
        y = -mp.sqrt(-2 * mp.log(min(p, 1 - p))) if min(p, 1 - p) < 0.1 else (min(p, 1 - p) - mp.mpf(0.5)) * 2.5
        for _ in range(60):
            y -= (mp.log(phi(y)) - mp.log(min(p, 1 - p))) * phi(y) * mp.sqrt(2 * mp.pi) * mp.exp(y * y / 2)
        return y if p < 0.5 else -y

    def sum_of_exponentials(x, y):
        return mp.log(mp.exp(x) + mp.exp(y))

    pairs = [(rng.uniform(-3, 4), rng.uniform(0.1, 5)) for _ in range(20)]
    i, k, j, y = ((lambda n, f=f: lambda x: f(n, x)) for f in (mp.besseli, mp.besselk, mp.besselj, mp.bessely))
    functions = {
        "logit": (lambda x: mp.log(x / (1 - x)), uniform(0, 1) + magnitudes(1e-300, 0.5) + [(1 - 1e-9,), (0.5 + 1e-7,)]),
        "xlogy": (lambda x, y: x * mp.log(y), pairs),
        "special.xlog1py": (lambda x, y: x * mp.log1p(y), pairs),
        "special.entr": (lambda x: -x * mp.log(x), magnitudes(1e-300, 1e10)),
        "special.erfcx": (
            lambda x: mp.exp(x * x) * mp.erfc(x),
            uniform(-26.5, 31, 40) + magnitudes(1e-20, 1e20) + magnitudes(1e-8, 26, 16, (-1,)),
        ),
        "special.ndtr": (phi, uniform(-38, 9, 40) + uniform(-1, 1)),
        "special.log_ndtr": (lambda x: mp.log(phi(x)) if x < 4 else mp.log1p(-phi(-x)), uniform(-40, 37, 40) + uniform(-1.5, 0)),
        "erfinv": (mp.erfinv, uniform(-1, 1, 40) + magnitudes(1e-300, 0.5) + [(1 - 1e-12,), (2**-53 - 1,)]),
        "special.ndtri": (ndtri, uniform(0, 1) + magnitudes(1e-300, 0.5) + [(1 - 1e-12,), (0.5 + 1e-9,)]),
        "i0": (i(0), uniform(-30, 30) + magnitudes(1e-8, 700)),
        "special.i1": (i(1), uniform(-30, 30) + magnitudes(1e-300, 700)),
        "special.i0e": (lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), uniform(-30, 30) + magnitudes(1e-8, 1e6)),
        "special.i1e": (lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), uniform(-30, 30) + magnitudes(1e-300, 1e6)),
        "special.modified_bessel_k0": (k(0), uniform(0, 30) + magnitudes(1e-300, 700)),
        "special.modified_bessel_k1": (k(1), uniform(0, 30) + magnitudes(1e-300, 700)),
        "special.scaled_modified_bessel_k0": (lambda x: mp.besselk(0, x) * mp.exp(x), magnitudes(1e-300, 1e6, 30)),
        "special.scaled_modified_bessel_k1": (lambda x: mp.besselk(1, x) * mp.exp(x), magnitudes(1e-300, 1e6, 30)),
        "special.bessel_j0": (j(0), uniform(-30, 30) + magnitudes(1e-8, 1e7) + near(lambda k: mp.besseljzero(0, k))),
        "special.bessel_j1": (j(1), uniform(-30, 30) + magnitudes(1e-300, 1e7) + near(lambda k: mp.besseljzero(1, k))),
        "special.bessel_y0": (y(0), uniform(0, 30) + magnitudes(1e-300, 1e7) + near(lambda k: mp.besselyzero(0, k))),
        "special.bessel_y1": (y(1), uniform(0, 30) + magnitudes(1e-300, 1e7) + near(lambda k: mp.besselyzero(1, k))),
        "special.spherical_bessel_j0": (lambda x: mp.sin(x) / x, uniform(-30, 30)),
        "special.zeta": (
            mp.zeta,
            [(rng.uniform(1.001, 30), rng.uniform(0, 30)) for _ in range(30)]
            + [(rng.choice([2.0, 4.0]), -rng.uniform(0, 20)) for _ in range(8)]
            + [(rng.uniform(50, 300), rng.uniform(0.5, 20)) for _ in range(8)],
        ),
        "special.gammainc": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), gamma_points()),
        "special.gammaincc": (lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), gamma_points()),
        "sinc": (lambda x: mp.sincpi(x), uniform(-4, 4) + magnitudes(1e-300, 1e10)),
        "logaddexp": (sum_of_exponentials, [(rng.uniform(-5, 50), rng.uniform(-50, 50)) for _ in range(20)]),
        "logaddexp2": (
            lambda x, y: mp.log(mp.mpf(2) ** x + mp.mpf(2) ** y, 2),
            [(rng.uniform(-5, 50), rng.uniform(-50, 50)) for _ in range(20)],
        ),
        "hypot": (mp.hypot, pairs + [(3e200, 4e200), (3e-200, 4e-200), (3e30, 4e30), (1e-30, 1e-32), (5e-324, 0.0)]),
        "deg2rad": (lambda x: x * mp.pi / 180, uniform(-720, 720)),
        "rad2deg": (lambda x: x * 180 / mp.pi, uniform(-7, 7)),
    }
    for order in (1, 2, 3, 7):
        points = uniform(0, 30, 12) + magnitudes(1e-5, 1e8, 8) + (uniform(-9, 0, 6) if order % 2 else [])
        functions[f"polygamma {order}"] = (lambda x, order=order: mp.polygamma(order, x), points)

    data = {}
    for name, (function, points) in functions.items():
        rows = []
        for index, point in enumerate(points):
            point = [single(x) if index % 2 else x for x in point]
            value = float(mp.re(function(*map(mp.mpf, point))))
            if math.isfinite(value) and (abs(value) > 1e-307 or value == 0):
                rows.append([*point, value])
        data[name] = rows
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in data.items())
    DATA.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
