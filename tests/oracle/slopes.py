"""Writes slopes.json for test_distributions_gradients.py: how quantiles of gamma and beta distributions move with the shape.

    python tests/oracle/slopes.py      # with mpmath
"""

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 300


def difference(function, at):
    step = mp.mpf(10) ** -60 * at
    return (function(at + step) - function(at - step)) / (2 * step)


def gamma(a, x):
    a, x = mp.mpf(a), mp.mpf(x)
    lower = difference(lambda s: mp.gammainc(s, 0, x, regularized=True), a)
    return -lower / (x ** (a - 1) * mp.exp(-x) / mp.gamma(a))


def beta(x, a, b):
    x, a, b = mp.mpf(x), mp.mpf(a), mp.mpf(b)
    lower = difference(lambda s: mp.betainc(s, b, 0, x, regularized=True), a)
    return -lower / (x ** (a - 1) * (1 - x) ** (b - 1) / mp.beta(a, b)) / (1 - x)


gammas = [
    (a, a * quotient, float(gamma(a, a * quotient)))
    for a in (0.001, 0.25, 1.0, 3.5, 20.0, 150.0)
    for quotient in (0.001, 0.1, 0.75, 1.0, 1.125, 2.0, 6.0)
]
betas = [
    (x, a, b, float(beta(x, a, b)))
    for a in (0.015625, 0.75, 2.0, 25.0)
    for b in (0.03125, 1.0, 3.5, 40.0)
    for x in (0.001, 0.125, 0.5, 0.875, 0.999)
]
(Path(__file__).parent / "slopes.json").write_text(json.dumps({"gamma": gammas, "beta": betas}) + "\n")
