"""Runs a program in several ways and compares what comes out with the reference."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np

from .differences import STEP, along
from .program import RESHAPE, Library, Program
from .reference import Mismatch, Trace, equal, numbers

#: What counts as different, relative to the size of what was added up.
FIRST, SECOND = 1e-7, 1e-6
#: So many single elements are looked at when there is a kink in the way of all of them together.
COORDINATES = 10
#: So many sums of directions are tried before a difference is taken for a fault: one may happen to add up.
SUMS = 12

#: What a program may be refused for, nearly all of it by PyTorch too, with these words.
REFUSALS = (
    "modified by an inplace operation",
    "a leaf Variable that requires grad is being used in an in-place operation",
    "a view of a leaf Variable that requires grad is being used in an in-place operation",
    "is a view and is being modified inplace",
    "is a view and its base or another view of its base has been modified inplace",
    "was created in no_grad mode",
    "view size is not compatible",
    "your Function cannot return more than one Tensor",
    "more than one element of the written-to tensor refers to a single memory location",
    "refer to a single memory location",
    # Here PyTorch gives a wrong number.
    "was made in forward",
)
#: Those that have nothing to do with the graph.
UNRECORDED_REFUSALS = tuple(phrase for phrase in REFUSALS if phrase.endswith("memory location") or "view size" in phrase)


def refusal(error: BaseException, recorded: bool = True) -> str | None:
    """The key phrase of an error that is an answer, too."""
    if not isinstance(error, RuntimeError):
        return None
    return next((phrase for phrase in (REFUSALS if recorded else UNRECORDED_REFUSALS) if phrase in str(error)), None)


def has_history(t) -> bool:
    """Whether a tensor requires a gradient; a view of several may have lost its place to a write to its base."""
    try:
        return t.requires_grad and (t.is_leaf or t.grad_fn is not None)
    except RuntimeError as error:
        if refusal(error) is None:
            raise
        return False


@dataclass
class Outcome:
    """``refused`` names the phrase; ``undecided`` counts comparisons that a kink made impossible."""

    refused: str | None = None
    refused_second: str | None = None
    compared: int = 0
    undecided: int = 0


class Check:
    """One program: `run` raises `Mismatch`, or says how it went."""

    def __init__(self, library: Library, program: Program):
        self.library, self.program, self.ag = library, program, library.ag
        self.random = np.random.RandomState(program.seed & 0xFFFFFFFF)
        self.outcome = Outcome()

    def run(self) -> Outcome:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._compare()
            except Mismatch:
                raise
            except Exception as error:
                self.outcome.refused = refusal(error) if self.program.has_blind_views else None
                if self.outcome.refused:
                    # On the way to a view from where nothing leads back, where only some passes go.
                    return self.outcome
                raise Mismatch("error", f"{type(error).__name__}: {error}") from error
        return self.outcome

    def _compare(self) -> None:
        try:
            first, products, directions = self._recorded()
        except RuntimeError as error:
            self.outcome.refused = refusal(error)
            if self.outcome.refused is None:
                raise
            return
        try:
            trace = Trace(self.library, self.program)
        except RuntimeError as error:
            # What is held at its value lies in memory of its own: what was a copy to the same place may be refused there.
            self.outcome.refused = refusal(error, recorded=False)
            if self.outcome.refused is None:
                raise
            return
        self._against_differences(trace, first, products, directions)
        if not first:
            return
        self._inner_gradients(trace)
        self._plain_passes(first)
        self._graph_of_gradients(first)
        self._asked_for_some(first)
        self._other_runs(first)

    # ---- the ways to run it ----------------------------------------------------------------------------------------

    def _recorded(self):
        """First derivatives, and the products of the second ones with two directions."""
        ag, variables = self.ag, self.library.run(self.program)
        leaves = [variables[n] for n in self.program.inputs]
        directions = [self._direction(), self._direction()]
        first = ag.autograd.grad(variables["loss"], leaves, create_graph=True, allow_unused=True)
        products = []
        shaped = [self._shaped(d) for d in directions]
        for direction in shaped:
            terms = [(g * direction[n]).sum() for n, g in zip(self.program.inputs, first) if g is not None and g.requires_grad]
            if not terms:
                products.append({})
                continue
            try:
                found = ag.autograd.grad(sum(terms[1:], terms[0]), leaves, retain_graph=True, allow_unused=True)
            except RuntimeError as error:
                self.outcome.refused_second = refusal(error)
                if self.outcome.refused_second is None:
                    raise
                products = None
                break
            products.append(self._named(found))
        return self._named(first), products, list(zip(directions, shaped))

    def _named(self, gradients) -> dict[str, np.ndarray]:
        return {n: numbers(g) for n, g in zip(self.program.inputs, gradients) if g is not None}

    def _direction(self) -> dict[str, np.ndarray]:
        return {l.name: self.random.uniform(-1, 1, l.values.shape) for l in self.program.leaves if l.requires_grad}

    def _shaped(self, direction) -> dict:
        """A direction in the shapes that the leaves have in the end."""
        tensors = {n: self.ag.from_numpy(np.asarray(u).copy()) for n, u in direction.items()}
        for step in self.program.steps:
            if step.kind == RESHAPE and step.target in tensors:
                self.library.run_step(step, scope := {**self.library.names, step.target: tensors[step.target]})
                tensors[step.target] = scope[step.target]
        return tensors

    # ---- numbers ---------------------------------------------------------------------------------------------------

    def _against_differences(self, trace, first, products, directions) -> None:
        (u, shaped_u), (_, shaped_v) = directions
        if self._along(trace, u, shaped_u, first, products and products[0]):
            self.outcome.compared += 1
        else:
            self.outcome.undecided += 1
            self._coordinates(trace, first)
        if products:
            one, other = self._inner(products[0], shaped_v), self._inner(products[1], shaped_u)
            if not abs(one[0] - other[0]) <= 1e-9 * (one[1] + other[1]) + 1e-12:
                raise Mismatch("second", f"second derivatives are not symmetric: {one[0]} and {other[0]}")

    def _along(self, trace, direction, shaped, first, product) -> bool:
        """Compares along a direction, if there is no kink; ``product`` is that of the second derivatives with it."""
        values = {leaf.name: leaf.values for leaf in self.program.leaves}

        def loss(t):
            return trace.loss({n: values[n] + t * u for n, u in direction.items()})

        # A kink may hide from one set of points, not from two.
        for step in (STEP, 0.3 * STEP):
            line = along(loss, step)
            if line.kink:
                return False
            try:
                self._close("first", first, shaped, line.slope, FIRST, line.slope_error)
                if product is not None:
                    self._close("second", product, shaped, line.curve, SECOND, line.curve_error)
                return True
            except Mismatch as found:
                mismatch = found
        if not self._has_derivative(lambda d: trace.loss({n: values[n] + u for n, u in d.items()}), direction):
            return False
        raise mismatch

    def _has_derivative(self, loss, direction) -> bool:
        """Whether the slope along the sum of two directions is that of the one and that of the other. It is not where elements are
        tied of which one is chosen (a median of zeros): a kink that hides from every line."""
        return all(self._is_additive(loss, direction) for _ in range(SUMS))

    def _is_additive(self, loss, direction) -> bool:
        other = {n: self.random.uniform(-1, 1, u.shape) for n, u in direction.items()}
        both = {n: u + other[n] for n, u in direction.items()}
        one, two, sum_of_both = (along(lambda t: loss({n: t * u for n, u in d.items()})) for d in (direction, other, both))
        size = abs(one.slope) + abs(two.slope) + abs(sum_of_both.slope)
        errors = one.slope_error + two.slope_error + sum_of_both.slope_error
        return abs(sum_of_both.slope - one.slope - two.slope) <= FIRST * size + 10 * errors

    def _coordinates(self, trace, first) -> None:
        """First derivatives by single elements, away from a kink that not all of them see."""
        shapes = {leaf.name: leaf.values.shape for leaf in self.program.leaves if leaf.requires_grad}
        places = [(n, i) for n, shape in shapes.items() for i in np.ndindex(shape)]
        random.Random(self.program.seed).shuffle(places)
        for name, place in places[:COORDINATES]:
            direction = {n: np.zeros(shape) for n, shape in shapes.items()}
            direction[name][place] = 1.0
            self.outcome.compared += self._along(trace, direction, self._shaped(direction), first, None)

    @staticmethod
    def _inner(gradients, direction) -> tuple[float, float]:
        """Sum of products, and of their sizes."""
        parts = [g * numbers(direction[n]) for n, g in gradients.items()]
        return sum(float(p.sum()) for p in parts), sum(float(np.abs(p).sum()) for p in parts)

    def _close(self, kind, gradients, direction, expected, tolerance, error) -> None:
        for n, g in gradients.items():
            if g.shape != tuple(direction[n].shape):
                raise Mismatch("shape", f"the {kind} gradient of {n} has the shape {g.shape}")
        found, size = self._inner(gradients, direction)
        if not abs(found - expected) <= tolerance * (size + abs(expected)) + 3 * error + 1e-12:
            raise Mismatch(kind, f"along a direction: {found}, by differences {expected} ± {error:.1g}")

    def _inner_gradients(self, trace) -> None:
        """What arrives at variables on the way: the same for hooks, `retain_grad` and `grad`, and as differences say."""
        variables = self.library.run(self.program)
        self._forget(variables)
        scaled = {id(variables[n]) for n in self.program.scaled}
        tracked = {n: t for n, t in self.library.floats(variables).items() if has_history(t) and id(t) not in scaled}
        if not tracked:
            return
        arrived: dict[str, list] = {n: [] for n in tracked}
        for n, t in tracked.items():
            t.register_hook(lambda g, n=n: arrived[n].append(numbers(g)) if g is not None else None)
        variables["loss"].backward()
        retained = self._grads(variables, [n for n in self.program.retained if n in tracked])
        if more := [n for n, gradients in arrived.items() if len(gradients) > 1]:
            raise Mismatch("hook", f"that of {more[0]} was called {len(arrived[more[0]])} times")
        arrived = {n: gradients[0] for n, gradients in arrived.items() if gradients}
        self._same("retained", {n: arrived[n] for n in arrived if n in self.program.retained}, retained, "retain_grad")

        variables = self.library.run(self.program)
        asked = [variables[n] for n in tracked]
        found = dict(zip(tracked, self.ag.autograd.grad(variables["loss"], asked, allow_unused=True)))
        self._same("hook", {n: numbers(g) for n, g in found.items() if g is not None}, arrived, "hook")
        if any(step.needs_graph for step in self.program.steps):
            return  # what the reference saved for a gradient is not to be pushed
        several = Counter(map(id, tracked.values()))
        whole = [n for n, t in tracked.items() if n.startswith("t") and not t._is_view() and several[id(t)] == 1]
        for name in random.Random(self.program.seed).sample(whole, min(2, len(whole))):
            u = self.random.uniform(-1, 1, tuple(tracked[name].shape))
            line = along(lambda k: trace.loss(push=(name, k * u)))
            if not line.kink:
                gradient = {name: arrived[name]} if name in arrived else {}
                try:
                    self._close("intermediate", gradient, {name: self.ag.from_numpy(u)}, line.slope, FIRST, line.slope_error)
                except Mismatch:
                    if self._has_derivative(lambda d: trace.loss(push=(name, d[name])), {name: u}):
                        raise
                    continue
                self.outcome.compared += 1

    # ---- the same in other ways ------------------------------------------------------------------------------------

    def _same(self, kind, expected: dict, found: dict, what: str) -> None:
        if expected.keys() != found.keys():
            raise Mismatch(kind, f"{what}: gradients of {sorted(found)} instead of {sorted(expected)}")
        for n, g in expected.items():
            if g.shape != found[n].shape or not (np.abs(g - found[n]) <= 1e-9 * np.abs(g) + 1e-11).all():
                raise Mismatch(kind, f"{what}: the gradient of {n} is {found[n].tolist()} instead of {g.tolist()}")

    def _grads(self, variables, names) -> dict[str, np.ndarray]:
        return {n: numbers(variables[n].grad) for n in names if variables[n].grad is not None}

    def _forget(self, variables) -> None:
        """Gradients that statements of the program left."""
        for n, t in self.library.floats(variables).items():
            if t.is_leaf or n in self.program.retained:
                t.grad = None

    def _owned(self, gradients: dict, variables, what: str) -> None:
        """Each can be written to, and that changes no other tensor."""
        bystanders = {f"{what} of {n}": t for n, t in gradients.items()} | self.library.tensors(variables)
        bystanders |= {f"{n}.grad": t.grad for n, t in self.library.floats(variables).items() if (t.is_leaf or n in self.program.retained) and t.grad is not None}
        unique = {}
        for name, t in bystanders.items():
            if not any(t is other for other in unique.values()):
                unique[name] = t
        before = {name: numbers(t) for name, t in unique.items()}
        with self.ag.no_grad():
            for n, t in gradients.items():
                if any(t is v for v in self.library.tensors(variables).values()):
                    continue
                try:
                    t.mul_(3).add_(1)
                except RuntimeError as error:
                    raise Mismatch("owner", f"{what} of {n} cannot be written to: {error}") from error
                for name, other in unique.items():
                    if other is not t and not equal(numbers(other), before[name]):
                        raise Mismatch("owner", f"{name} changes with {what} of {n}")
                t.sub_(1).div_(3)
                before |= {name: numbers(other) for name, other in unique.items() if other is t}

    def _plain_passes(self, first) -> None:
        """`grad` twice and `backward`, over one retained graph."""
        ag, program = self.ag, self.program
        variables = self.library.run(program)
        self._forget(variables)
        names = [n for n in dict.fromkeys([*program.inputs, *program.retained]) if variables[n].requires_grad]
        asked = [variables[n] for n in names]
        results = []
        for _ in range(2):
            found = ag.autograd.grad(variables["loss"], asked, retain_graph=True, allow_unused=True)
            given = {n: g for n, g in zip(names, found) if g is not None}
            results.append({n: numbers(g) for n, g in given.items()})
            self._owned(given, variables, "the gradient")
        self._forget(variables)
        self._same("grad", first, {n: g for n, g in results[0].items() if n in first or n in program.inputs}, "without create_graph")
        self._same("grad", results[0], results[1], "the second time")
        variables["loss"].backward(retain_graph=True)
        # Whether what `grad` captures has passed its hooks is another subject.
        plain = [n for n in names if n in program.inputs or n not in program.scaled]
        self._same("accumulated", {n: g for n, g in results[0].items() if n in plain}, self._grads(variables, plain), "backward")
        self._owned({n: variables[n].grad for n in names if variables[n].grad is not None}, variables, ".grad")
        variables["loss"].backward()
        doubled = {n: 2 * g if n in program.inputs else g for n, g in results[0].items()}
        # A retained gradient is that of the last pass.
        self._same("accumulated", {n: doubled[n] for n in first}, self._grads(variables, program.inputs), "backward, twice")

    def _graph_of_gradients(self, first) -> None:
        variables = self.library.run(self.program)
        self._forget(variables)
        variables["loss"].backward(create_graph=True)
        self._same("accumulated", first, self._grads(variables, self.program.inputs), "backward(create_graph=True)")
        names = [*self.program.inputs, *self.program.retained]
        self._owned({n: variables[n].grad for n in names if variables[n].grad is not None}, variables, ".grad")
        self._forget(variables)

    def _asked_for_some(self, first) -> None:
        """`backward(inputs=)` fills what it was given, and nothing else."""
        variables = self.library.run(self.program)
        self._forget(variables)
        chosen = [n for i, n in enumerate(first) if i % 2 == self.program.seed % 2]
        if not chosen:
            return
        asked = [variables[n] for n in chosen]
        ways = self.library.run(self.program)
        variables["loss"].backward(inputs=asked)
        self._same("accumulated", {n: first[n] for n in chosen}, self._grads(variables, self.program.inputs), "backward(inputs=)")
        for n in self._grads(variables, self.program.retained):
            # Retained gradients are filled on the way to what was asked for.
            onward = self.ag.autograd.grad(ways[n].sum(), [ways[c] for c in chosen], retain_graph=True, allow_unused=True)
            if all(g is None for g in onward):
                raise Mismatch("accumulated", f"backward(inputs={chosen}) filled the retained gradient of {n}")

    def _other_runs(self, first) -> None:
        """With every tensor in another layout, and with saved values handed through hooks."""
        ag, program = self.ag, self.program
        if "as_strided" not in program.text():
            self._spread(first)
        # The reverse transformations of `func` refuse hooks on saved values.
        if not any(word in program.text() for word in ("func.grad", "func.vjp")):
            with ag.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
                variables = self.library.run(program)
                found = self._gradients(variables)
            self._same("packing", first, found, "with packed values")

    def _spread(self, first) -> None:
        """With gaps between the elements of every tensor: the same, but where a copy has taken the place of a view."""
        loss = self.library.run(self.program)["loss"].item()
        may_differ = any(word in self.program.text() for word in ("contiguous", "flatten", "reshape", "ravel"))
        try:
            variables = self.library.run(self.program, spread=True)
            if abs(variables["loss"].item() - loss) > 1e-9 * (1 + abs(loss)):
                if may_differ:
                    return
                raise Mismatch("layout", f"with gaps between elements the loss is {variables['loss'].item()}, not {loss}")
            found = self._gradients(variables)
        except RuntimeError as error:
            # A view that cannot be taken, or a view where there was none.
            if refusal(error) is None and not may_differ:
                raise Mismatch("layout", f"with gaps between elements: {error}") from error
        else:
            self._same("layout", first, found, "with gaps between elements")

    def _gradients(self, variables) -> dict[str, np.ndarray]:
        leaves = [variables[n] for n in self.program.inputs]
        return self._named(self.ag.autograd.grad(variables["loss"], leaves, allow_unused=True))
