"""What the derivatives of a program should be, without its graph.

The program is run once as it stands, and what every variable holds after every statement is written down (`Trace`).
Then it is run beside its leaves, in a second memory. There a value that passes no gradient on (detached, or made under
`no_grad`) is the one that was written down, and what was changed behind the back of the graph is changed by the same
amount: so the loss of that run is a function of the leaves whose derivatives are what `backward` promises. Nothing of
this run is recorded, unless a statement asks for a gradient itself.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .program import CONSTANT, PLAIN, RESHAPE, SCALE, WATCH, Library, Program

#: Several results, not each of which depends on each argument; and what `func` differentiates, which is no part of a graph that
#: leads to no leaf. A gradient that is missing is found by the differences.
SEPARATE = ("Rounded", "meshgrid", "broadcast_tensors", "ag.func.")


class Mismatch(Exception):
    """What a program does and should do differ: the kind of difference, and where."""

    def __init__(self, kind: str, text: str):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def shared(t) -> int:
    """Tells memories apart."""
    return t.untyped_storage().data_ptr()


def numbers(t) -> np.ndarray:
    """The elements, with the order of the axes in memory."""
    return t.detach().numpy().copy(order="K")


def laid_out(values: np.ndarray, strides) -> np.ndarray:
    """The numbers with so many elements of memory from one to the next along each axis, as they lay before."""
    reach = sum((size - 1) * stride for size, stride in zip(values.shape, strides)) if values.size else 0
    memory = np.zeros(1 + reach, values.dtype)
    shown = np.lib.stride_tricks.as_strided(memory, values.shape, [stride * values.itemsize for stride in strides])
    shown[...] = values
    return shown


def overlaps(t) -> bool:
    """Whether several elements are one place in memory."""
    places = sum(i * stride for i, stride in zip(np.indices(tuple(t.shape)), t.stride())) if t.dim() else np.zeros(1)
    return len(np.unique(places)) < t.numel()


def write(ag, t, values) -> None:
    """Other numbers, behind the back of the graph."""
    t.data.copy_(ag.from_numpy(np.array(values)))


@dataclass
class Record:
    """After one statement: what all variables hold, which of them changed, and what the second memory has to be told."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    #: How that lies which is held at its value, where no two of its elements are one place.
    strides: dict[str, tuple[int, ...]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    #: Those whose place in the graph a write gave anew.
    written: set[str] = field(default_factory=set)
    corrections: dict[str, Any] = field(default_factory=dict)


class Trace:
    """What the variables hold after every statement; checks versions and flags on the way."""

    def __init__(self, library: Library, program: Program):
        self.library, self.program = library, program
        self.records: list[Record] = []
        variables = library.start(program)
        before = self._state(variables)
        self.start = before
        for step in program.steps:
            library.run_step(step, variables)
            after = self._state(variables)
            changed = {n for n, (values, *_) in after.items() if n in before and not equal(values, before[n][0])}
            self._check_flags(step, before, after, changed, variables)
            tensors = library.tensors(variables)
            held = [n for n in step.made if n in tensors] if step.kind == CONSTANT else []
            strides = {n: tensors[n].stride() for n in held if not overlaps(tensors[n])}
            self.records.append(Record({n: values for n, (values, *_) in after.items()}, strides, changed))
            before = after
        self._run_beside(learn=True)

    def _state(self, variables):
        return {n: (numbers(t), t.requires_grad, t._version) for n, t in self.library.tensors(variables).items()}

    def _check_flags(self, step, before, after, changed, variables) -> None:
        """Results of what is recorded require a gradient, and writing counts versions, of all that share the memory."""
        recorded = step.kind == PLAIN and any(before[n][1] for n in step.read if n in before)
        if recorded:
            lost = [n for n in (step.target, *step.made) if n in self.library.floats(variables) and not after[n][1]]
            if lost and not any(word in step.source for word in SEPARATE):
                raise Mismatch("lost history", f"{lost[0]} does not require a gradient after `{step.source}`")
        target = step.target and variables[step.target]
        for n in before:
            here = target is not None and _views(variables, n, step.target)
            grown = after[n][2] - before[n][2]
            if grown < 0 or (grown > 0 and not here and step.kind != CONSTANT):
                raise Mismatch("version", f"that of {n} changed by {grown} in `{step.source}`")
            if here and grown == 0 and n in changed and ".data" not in step.source:
                raise Mismatch("version", f"that of {n} did not change in `{step.source}`")

    def loss(self, point: dict[str, np.ndarray] | None = None, push: tuple[str, np.ndarray] | None = None) -> float:
        """That of other leaves; ``push`` adds to a variable after it was last changed."""
        return self._run_beside(point, push)

    def _run_beside(self, point=None, push=None, learn=False) -> float:
        """All statements in the second memory; the first time to ``learn`` the corrections."""
        library, ag = self.library, self.library.ag
        needs_graph = any(step.needs_graph for step in self.program.steps)
        variables = library.start(self.program)
        if point:
            for name, values in point.items():
                write(ag, variables[name], values)
        last = self._last_change(push[0]) if push else None
        with contextlib.nullcontext() if needs_graph else ag.no_grad():
            for index, (step, record) in enumerate(zip(self.program.steps, self.records)):
                self._step_beside(step, record, index, variables, learn)
                if last == index:
                    write(ag, variables[push[0]], numbers(variables[push[0]]) + push[1])
            library.run_loss(self.program, variables)
        return float(variables["loss"].item())

    def _last_change(self, name: str) -> int:
        made = [i for i, s in enumerate(self.program.steps) if name in s.made]
        return max([*made, *(i for i, r in enumerate(self.records) if name in r.written)], default=-1)

    def _step_beside(self, step, record, index, variables, learn) -> None:
        library, ag = self.library, self.library.ag
        earlier = self.records[index - 1].values if index else {n: v for n, (v, *_) in self.start.items()}
        if step.kind == WATCH:
            pass
        elif step.kind == SCALE:
            name = re.match(r"\w+", step.source).group()
            held = ag.from_numpy(earlier[name].copy())
            variables[name] = (variables[name] - held) * step.factor + held
        elif step.kind == CONSTANT:
            for n in (n for n in step.made if n in record.values):
                values, strides = record.values[n], record.strides.get(n)
                variables[n] = ag.from_numpy(values.copy(order="K") if strides is None else laid_out(values, strides))
        else:
            library.run_step(step, variables)
        if learn:
            self._learn(step, record, variables)
        elif record.corrections:
            self._correct(record, variables, {n: numbers(variables[n]) for n in record.corrections})

    def _learn(self, step, record, variables) -> None:
        """What the second memory lacks after a statement: what was written behind the back of the graph."""
        wrong = {}
        unchanged = step.target is None and step.kind == PLAIN and not record.changed
        for n, t in self.library.tensors(variables).items():
            if unchanged and n not in step.made:
                continue
            same = step.target and shared(t) == shared(variables[step.target])
            if same and (step.kind == PLAIN or step.kind == RESHAPE and n == step.target):
                record.written.add(n)
            values = numbers(t)
            if values.shape != record.values[n].shape:
                raise Mismatch("value", f"{n} has the shape {record.values[n].shape} and should have {values.shape} after `{step.source}`")
            if not equal(values, record.values[n]):
                wrong[n] = values
        for n, values in wrong.items():
            close = np.allclose(values, record.values[n], rtol=1e-12, atol=1e-13)
            behind = step.kind == CONSTANT or (step.target and shared(variables[n]) != shared(variables[step.target]))
            if not close and not (behind and n in record.changed):
                raise Mismatch("value", f"{n} is {record.values[n].tolist()} and should be {values.tolist()} after `{step.source}`")
            # What shows an element twice shows what is written to the memory that it looks at.
            if record.values[n].dtype == np.float64 and not close and not overlaps(variables[n]):
                record.corrections[n] = record.values[n] - values
        self._correct(record, variables, wrong)

    def _correct(self, record, variables, values) -> None:
        """Writes what the second memory lacks, so that what has been saved for a gradient is not taken for unchanged."""
        ag = self.library.ag
        for n, delta in record.corrections.items():
            corrected = ag.from_numpy(np.asarray(values[n] + delta))
            if variables[n].requires_grad:
                with ag.no_grad():
                    variables[n].copy_(corrected)
            elif ag.is_grad_enabled():
                variables[n] = corrected
            else:
                variables[n].copy_(corrected)


def equal(a: np.ndarray, b: np.ndarray) -> bool:
    """The same bits."""
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def _views(variables, a: str, b: str) -> bool:
    return shared(variables[a]) == shared(variables[b])
