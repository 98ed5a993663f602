"""Leaves of ``float64`` that require a gradient, as most tests of the graph begin with."""

import arcgrad as ag

F64 = ag.float64


def leaf(*values):
    """A vector."""
    return ag.tensor(list(values), dtype=F64, requires_grad=True)


def scalar(value):
    """A tensor without axes."""
    return ag.tensor(float(value), dtype=F64, requires_grad=True)


def matrix(rows, columns, **kwargs):
    """0, 1, 2 … row by row."""
    return ag.arange(float(rows * columns), dtype=F64).reshape(rows, columns).requires_grad_(**kwargs)
