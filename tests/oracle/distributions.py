"""Writes distributions.json: what PyTorch's distributions say about the cases of tests/distribution_cases.py.

    python tests/oracle/distributions.py      # with PyTorch 2.15
"""

import json
import math
import sys
import warnings
from pathlib import Path

import torch
from torch import distributions

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from distribution_cases import CASES, DIVERGENT, FACTS, SHAPES, TRANSFORMS  # noqa: E402

warnings.simplefilter("ignore")


def t(data, **options):
    return torch.tensor(data, dtype=torch.float64, **options)


def f(data, **options):
    return torch.tensor(data, dtype=torch.float32, **options)


NAMES = {**vars(distributions), "t": t, "f": f}


def plain(tensor):
    """Shape and numbers; what JSON has no numbers for as text."""
    numbers = tensor.detach().double().reshape(-1).tolist()
    digits = 9 if tensor.dtype == torch.float32 else 17
    return [list(tensor.shape), [float(f"{x:.{digits}g}") if math.isfinite(x) else str(x) for x in numbers]]


def attempt(function):
    try:
        value = function()
    except (NotImplementedError, AttributeError, RuntimeError, ValueError):
        return None
    return plain(value)


def gradients(expression, values):
    """Of the sum of the log-probabilities in every tensor of the expression, in the order in which they are made."""
    made = []

    def leaf(make):
        def leaf(data):
            made.append(make(data, requires_grad=True))
            return made[-1]

        return leaf

    distribution = eval(expression, {**NAMES, "t": leaf(t), "f": leaf(f)})
    total = distribution.log_prob(eval(values, NAMES)).sum()
    return [None if g is None else plain(g) for g in torch.autograd.grad(total, made, allow_unused=True)] if made else []


def facts(expression, values):
    distribution = eval(expression, NAMES)
    value = eval(values, NAMES)
    found = {name: attempt(lambda: getattr(distribution, name)) for name in FACTS}
    found["entropy"] = attempt(distribution.entropy)
    found["log_prob"] = plain(distribution.log_prob(value))
    found["cdf"] = attempt(lambda: distribution.cdf(value))
    found["icdf"] = attempt(lambda: distribution.icdf(torch.full_like(value, 0.3)))
    found["batch_shape"], found["event_shape"] = list(distribution.batch_shape), list(distribution.event_shape)
    found["enumerate_support"] = attempt(distribution.enumerate_support)
    found["has_rsample"] = distribution.has_rsample
    fresh = eval(expression, NAMES)
    found["repr"], found["support"] = repr(fresh), repr(fresh.support)
    found["gradients"] = gradients(expression, values)
    for which in ("sample", "rsample") if distribution.has_rsample else ("sample",):
        torch.manual_seed(7)
        found[which] = [plain(getattr(distribution, which)(shape)) for shape in SHAPES]
        found[which].append(plain(torch.rand(1)))
    return found


def divergence(p, q):
    try:
        return plain(distributions.kl_divergence(eval(p, NAMES), eval(q, NAMES)))
    except (NotImplementedError, ValueError, RuntimeError):
        return None


def transformed(expression, values):
    transform, x = eval(expression, NAMES), eval(values, NAMES)
    y = transform(x)
    return {
        "value": plain(y),
        "inverse": plain(transform.inv(y)),
        "log_abs_det_jacobian": attempt(lambda: transform.log_abs_det_jacobian(x, y)),
        "facts": [
            transform.bijective,
            transform.domain.event_dim,
            transform.codomain.event_dim,
            repr(transform),
            list(transform.forward_shape(x.shape)),
            list(transform.inverse_shape(y.shape)),
        ],
    }


result = {
    "cases": {expression: facts(expression, values) for expression, values in CASES.items()},
    "divergences": {
        p: {q: found for q in DIVERGENT if (found := divergence(p, q)) is not None} for p in DIVERGENT
    },
    "rules": sorted([p.__name__, q.__name__] for p, q in distributions.kl._KL_REGISTRY),
    "transforms": {expression: transformed(expression, values) for expression, values in TRANSFORMS.items()},
}
(HERE / "distributions.json").write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")
