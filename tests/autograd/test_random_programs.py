"""Random programs: first and second derivatives are those of central differences, however the program is run.

More of them, and other ones: ``python tests/random_programs --count 10000 --seed 1000``.
"""

from __future__ import annotations

import arcgrad as ag
import pytest
from random_programs import command, draw, program, reference, shrink
from random_programs.check import Check

pytestmark = pytest.mark.arcgrad_only

LIBRARY = program.Library(ag)
PROGRAMS, PARTS = 400, 8


@pytest.mark.parametrize("part", range(PARTS))
def test_derivatives_are_those_of_differences(part):
    tally = command.Tally()
    for seed in range(part, PROGRAMS, PARTS):
        tally.add(command.one(LIBRARY, seed))
    if tally.failures:
        failure = command.minimised(LIBRARY, tally.failures[0])
        pytest.fail(f"{len(tally.failures)} programs; seed {failure.seed}: {failure.text}\n\n{failure.program.script()}")
    # Most programs have to get as far as a comparison.
    assert tally.counts["compared"] > 0.9 * tally.counts["programs"]


def faulty(*sources: str, kind: str = program.PLAIN) -> program.Program:
    """A program with statements that are of no use to the fault, and some that are one."""
    leaf = program.Leaf("x0", ag.tensor([0.5, -1.5], dtype=ag.float64).numpy())
    before = [program.Step("t1 = x0 * 3.0"), program.Step("t2 = t1.sin()"), program.Step("t3 = t2 * t1")]
    return program.Program(1, (leaf,), (*before, *(program.Step(s, kind) for s in sources)), ("t2", "t3"))


@pytest.mark.parametrize(
    ("sources", "kind", "expected"),
    [
        ([], program.PLAIN, None),
        (["t2.register_hook(lambda g: g * 1.001)"], program.WATCH, "first"),
        (["t3.register_hook(lambda g: g.detach() * t3 / t3.detach())"], program.WATCH, "second"),
        (["t1.data.mul_(1.001)"], program.WATCH, "value"),
        (["raise SystemError('internal')"], program.PLAIN, "error"),
    ],
)
def test_a_fault_is_found_and_made_short(sources, kind, expected):
    found = command.checked(LIBRARY, faulty(*sources, kind=kind))
    assert getattr(found, "kind", None) == expected
    if expected:
        small = command.minimised(LIBRARY, found).program
        assert len(small.text().splitlines()) < len(found.program.text().splitlines())
        assert sources[0] in small.script()


def test_a_number_is_always_the_same_program():
    texts = [draw.draw(LIBRARY, 7).text() for _ in range(2)]
    assert texts[0] == texts[1]


def test_a_script_runs_by_itself(run_python):
    made = draw.draw(LIBRARY, 7)
    assert run_python(made.script()).count("d loss / d x") == len(made.inputs)


def test_what_passes_no_gradient_on_is_held_at_its_value():
    """``x * x.detach()`` has the derivative ``x``."""
    leaf = program.Leaf("x0", ag.tensor(0.5, dtype=ag.float64).numpy())
    steps = (program.Step("t1 = x0.detach()", program.CONSTANT), program.Step("t2 = x0 * t1"))
    trace = reference.Trace(LIBRARY, made := program.Program(0, (leaf,), steps, ("t2",)))
    weight = trace.loss() / 0.25
    assert trace.loss({"x0": leaf.values + 0.5}) == pytest.approx(weight * 0.5)
    # Along a direction of the leaf, and of the result.
    assert Check(LIBRARY, made).run().compared == 2
    assert shrink.without(made, 0) is None
