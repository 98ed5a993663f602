"""Writes complex_functions.txt: elementary functions of complex numbers as PyTorch computes them in complex128.

One line per function and place: name, real and imaginary part of the place, real and imaginary part of the value. The
places are ordinary ones, both sides of the branch cuts (a zero has a sign), and some far out and near 0. Read by the tests
of rust/core/src/ops/elementwise. Run with a Python that has PyTorch: python complex_functions.py
"""

from pathlib import Path

import torch

FUNCTIONS = (
    "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt rsqrt reciprocal "
    "sigmoid square neg"
).split()
PLACES = [
    complex(0.3, -0.7),
    complex(-1.5, 0.4),
    complex(2.5, 3.0),
    complex(-0.4, -1.2),
    complex(1e-9, 2e-9),
    complex(25.0, 1.0),
    complex(-30.0, -2.0),
    complex(3.0, 0.0),
    complex(3.0, -0.0),
    complex(-3.0, 0.0),
    complex(-3.0, -0.0),
    complex(0.0, 3.0),
    complex(-0.0, -3.0),
    complex(0.5, 0.0),
    complex(0.6, 0.8),
]


def main() -> None:
    """Writes the file beside this one."""
    places = torch.tensor(PLACES, dtype=torch.complex128)
    lines = []
    for name in FUNCTIONS:
        values = getattr(torch, name)(places).tolist()
        for place, value in zip(PLACES, values, strict=True):
            numbers = (place.real, place.imag, value.real, value.imag)
            lines.append(" ".join([name, *map(repr, numbers)]))
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
