"""Makes a failing program short: drops what can go while the failure stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from .program import NAME, PLAIN, Program, Step


def shrunk(program: Program, fails: Callable[[Program], bool], attempts: int = 400) -> Program:
    """A program none of whose parts can be left out, or what is left when the attempts are used up."""
    again = True
    while again:
        again = False
        for smaller in candidates(program):
            attempts -= 1
            if attempts < 0:
                return program
            if fails(smaller):
                program, again = smaller, True
                break
    return program


def candidates(program: Program) -> Iterator[Program]:
    """Smaller programs, those that lose most first."""
    if len(program.terms) > 1:
        for term in program.terms:
            yield replace(program, terms=(term,))
        for term in program.terms:
            yield replace(program, terms=tuple(t for t in program.terms if t != term))
    for index in reversed(range(len(program.steps))):
        if smaller := without(program, index):
            yield smaller
    used = set(NAME.findall("\n".join([*(s.source for s in program.steps), program.loss_source()])))
    for leaf in program.leaves:
        if leaf.name not in used:
            yield replace(program, leaves=tuple(other for other in program.leaves if other is not leaf))
    for index, step in enumerate(program.steps):
        for source in simpler(step):
            steps = [*program.steps]
            steps[index] = replace(step, source=source)
            yield program.with_steps(steps)
    for leaf in program.leaves:
        plain = replace(leaf, layout="dense", values=np.round(leaf.values, 1))
        if leaf.source() != plain.source():
            yield replace(program, leaves=tuple(plain if other is leaf else other for other in program.leaves))


def without(program: Program, index: int) -> Program | None:
    """The program without a statement and all that need what it makes."""
    gone: set[str] = set()
    kept = []
    for i, step in enumerate(program.steps):
        if i == index or gone & (step.read | {step.target}):
            gone |= set(step.made)
        else:
            kept.append(step)
    terms = tuple(t for t in program.terms if t not in gone)
    return replace(program, steps=tuple(kept), terms=terms) if terms else None


def simpler(step: Step) -> Iterator[str]:
    """A copy, or a piece of the same expression, in place of a result."""
    if step.kind == PLAIN and len(step.made) == 1 and step.target is None:
        for name in sorted(step.read):
            if step.source != (source := f"{step.made[0]} = {name} * 1.0"):
                yield source
