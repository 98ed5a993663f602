"""What may be changed between a call and its backward pass, and the script that asks PyTorch.

A node saves what its gradient reads, and an error says so when that was changed in place since. What else a call has
seen may be changed: PyTorch saves copies of some operands and nothing of others, and programs rely on that.

``python tests/oracle/changes.py`` (with PyTorch and arcgrad installed) writes ``changes.json``: for each call of
``test_registry_ops.SAMPLES`` and of ``CALLS`` below the tensors that PyTorch lets change. ``tests/autograd/test_changes.py``
replays them on arcgrad.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

DATA = Path(__file__).with_name("changes.json")
MODIFIED = "modified by an inplace operation"

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import calls as registry  # noqa: E402
from calls import C, T, build, generator  # noqa: E402

SHAPES = [(1,), (3,), (1, 3), (3, 1), (3, 3), (2, 3, 3), (1, 3, 3), (2, 1, 3, 3), (2, 2, 3, 3)]
#: Calls whose shapes decide what is copied.
CALLS = [
    (name, (T(a), T(b), *rest), {})
    for a, b in itertools.product(SHAPES, SHAPES)
    for name, rest, fits in [
        ("matmul", (), a[-1] == b[-2 if len(b) > 1 else -1]),
        ("inner", (), a[-1] == b[-1]),
        ("tensordot", (1,), a[-1] == b[0]),
        ("tensordot", (([0], [0]),), a[0] == b[0]),
    ]
    if fits
] + [("pow", (T((3,)), exponent), {}) for exponent in (0.5, -0.5, 1, 2, 3, -1, 2.5)]


def calls():
    """Every call, as name, arguments and keyword arguments."""
    for name, samples in sorted(registry.SAMPLES.items()):
        if not name.endswith("_"):
            for args, kwargs in samples:
                yield name, args, kwargs
    for name, row in sorted(registry.ROWS.items()):
        if row["differentiable"]:
            yield name, (T((2, 3), *row["domain"]),) * len(row["inputs"]), {}
    yield from CALLS


class Run:
    """A call whose tensor operands are results, made of leaves of which those in ``active`` are to be differentiated."""

    def __init__(self, ag, function, args, kwargs, active):
        self.ag, self.leaves, self.operands, self.constants = ag, [], [], []
        rng = generator(repr(args))

        def prepare(value):
            if isinstance(value, list):
                return [prepare(item) for item in value]
            built = build(value, rng, [])
            if isinstance(value, C):
                self.constants.append(built)
            if isinstance(value, T):
                if active is None or len(self.operands) == active:
                    self.leaves.append(built)
                    built = built * 1
                else:
                    built = built.detach()
                self.operands.append(built)
            return built

        args, kwargs = [prepare(value) for value in args], {key: prepare(value) for key, value in kwargs.items()}
        self.results = [result for result in registry.tensors(function(*args, **kwargs)) if result.requires_grad]

    def gradients(self):
        return self.ag.autograd.grad([result.sum() for result in self.results], self.leaves, allow_unused=True)

    def change(self, kind, at):
        tensor = getattr(self, kind)[at]
        if kind == "results":
            tensor.add_(1e-3)
            return
        with self.ag.no_grad():
            tensor.logical_not_() if tensor.dtype == self.ag.bool else tensor.add_(1)


def outcomes(ag):
    """For each call and each tensor it has seen: ``"may change"``, ``"saved"``, or None where it cannot be written."""
    for name, args, kwargs in calls():
        function = registry.find(name)
        leaves = sum(isinstance(arg, T) for arg in args)
        for active in [None, *range(leaves)] if leaves > 1 else [None]:
            try:
                run = Run(ag, function, args, kwargs, active)
                before = run.gradients()
            except (RuntimeError, TypeError, ValueError, IndexError):
                continue
            for kind in ("operands", "constants", "results"):
                for at in range(len(getattr(run, kind))):
                    run = Run(ag, function, args, kwargs, active)
                    key = f"{name}{args}{kwargs} differentiated by {'all' if active is None else active}: {kind}[{at}]"
                    yield key, outcome(run, kind, at, before)


def outcome(run, kind, at, before):
    try:
        run.change(kind, at)
    except RuntimeError:
        return None
    try:
        after = run.gradients()
    except RuntimeError as error:
        return "saved" if MODIFIED in str(error) else None
    for a, b in zip(before, after):
        if (a is None) != (b is None) or a is not None and not run.ag.allclose(a, b, equal_nan=True):
            return "wrong"
    return "may change"


def main() -> None:
    import torch

    # The same calls on PyTorch: names are looked up in all of its namespaces.
    rows = registry.ROWS
    registry.ag, registry.OPS = torch, {}
    allowed = [key for key, found in outcomes(torch) if found == "may change"]
    assert rows is registry.ROWS
    DATA.write_text(json.dumps({"version": torch.__version__, "may change": allowed}, indent=0) + "\n")


if __name__ == "__main__":
    main()
