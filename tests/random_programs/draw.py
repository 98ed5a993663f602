"""Draws programs: each statement is tried as it is drawn, so that shapes fit and functions stay in their domains."""

from __future__ import annotations

import random
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from . import operations
from .check import refusal
from .program import CONSTANT, PLAIN, RESHAPE, SCALE, WATCH, Leaf, Library, Program, Step
from .reference import Mismatch, equal, numbers

#: Of the leaves.
SHAPES = [(2, 3), (2, 3), (3, 3), (2, 3, 4), (4,), (3,), (), (1,), (1, 3), (2, 1), (6,), (2, 1, 3), (4, 3)]
LAYOUTS = ["dense"] * 5 + ["spread", "transposed", "offset"]
RANGES = [(-2.0, 2.0), (0.5, 2.0), (0.1, 0.9), (-0.9, 0.9)]
#: The largest number, and the most elements, that a variable may have.
LARGEST, MOST = 30.0, 64
#: Of the statements that make the graph useless, this many are kept, to see that they go on to be refused.
KEPT_REFUSALS = 0.03


def draw(library: Library, seed: int, length: int | None = None) -> Program:
    """The program of a number. Raises `Mismatch` if a statement fails that should not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Drawing(library, seed).program_of(length)


def refused(library: Library, seed: int) -> list[Program]:
    """The programs that were refused on the way to the one of a number, each with the statement that is to blame."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (drawing := Drawing(library, seed)).program_of(None)
    return drawing.refused


class Drawing:
    def __init__(self, library: Library, seed: int):
        self.library, self.ag, self.seed = library, library.ag, seed
        self.rng = random.Random(seed)
        self.count = 0
        self.program = Program(seed)
        self.variables: dict[str, Any] = {}
        self.spoiled = False
        #: What the variables hold after the last statement.
        self.held: dict[str, np.ndarray] = {}
        #: Programs that ended with a refusal, and were drawn on without it.
        self.refused: list[Program] = []

    # ---- the whole -------------------------------------------------------------------------------------------------

    def program_of(self, length: int | None) -> Program:
        rng = self.rng
        leaves = [self.leaf(f"x{i}") for i in range(rng.choice([1, 2, 2, 3]))]
        leaves += [self.leaf(f"c{i}") for i in range(rng.choice([0, 1]))]
        self.program = replace(self.program, leaves=tuple(leaves))
        self.rebuild()
        if rng.random() < 0.1 and leaves[0].layout in ("dense", "offset"):
            # In the reference it becomes a result, which lies densely.
            self.scale_hook("x0")
        kinds = [getattr(self, name) for name, weight in WEIGHTS.items() for _ in range(weight)]
        for _ in range(length or rng.choice([3, 5, 8, 12])):
            if self.spoiled:
                break
            rng.choice(kinds)()
        terms = [n for n, t in self.floats().items() if t.requires_grad and n not in self.program.inputs]
        terms = terms or self.program.inputs
        chosen = set(terms[-2:]) | set(rng.sample(terms, rng.randint(0, len(terms))))
        return replace(self.program, terms=tuple(n for n in terms if n in chosen))

    def leaf(self, name: str) -> Leaf:
        shape, (low, high) = self.rng.choice(SHAPES), self.rng.choice(RANGES)
        values = np.array([round(self.rng.uniform(low, high), 3) for _ in range(int(np.prod(shape)))]).reshape(shape)
        return Leaf(name, values, self.rng.choice(LAYOUTS))

    def rebuild(self) -> None:
        """The variables as the statements so far leave them, after one that is not kept."""
        self.variables = self.library.start(self.program)
        for step in self.program.steps:
            self.library.run_step(step, self.variables)
        self.held = {n: numbers(t) for n, t in self.floats().items()}

    def floats(self) -> dict[str, Any]:
        return self.library.floats(self.variables)

    def new(self) -> str:
        self.count += 1
        return f"t{self.count}"

    # ---- one statement ---------------------------------------------------------------------------------------------

    def add(self, source: str, kind: str = PLAIN, **more) -> bool:
        """Tries a statement, and keeps it if it leaves numbers that differences can be taken of."""
        step = Step(source, kind, **more)
        before = dict(self.held)
        try:
            self.library.run_step(step, self.variables)
        except Exception as error:
            self._failed(step, error, before)
            return False
        if not self._sensible() or not self._differentiable(step):
            self.rebuild()
            return False
        self.program = self.program.with_steps([*self.program.steps, step])
        return True

    def _ending_with(self, step, terms) -> Program:
        return replace(self.program.with_steps([*self.program.steps, step]), terms=tuple(terms))

    def _failed(self, step, error, before) -> None:
        program = self._ending_with(step, self.program.inputs)
        if refusal(error, recorded="no_grad" not in step.source) is None:
            raise Failed(program, Mismatch("error", f"{type(error).__name__}: {error}")) from error
        self.refused.append(program)
        for n, values in before.items():
            if ".apply" in step.source:
                break  # a custom function writes before it is known that it may not
            if not equal(numbers(self.variables[n]), values):
                raise Failed(program, Mismatch("half done", f"`{step.source}` raised and changed {n}")) from error
        self.rebuild()

    def _sensible(self) -> bool:
        self.held = {n: numbers(t) for n, t in self.floats().items()}
        return all(0 < v.size <= MOST and np.abs(v).max() < LARGEST for v in self.held.values())

    def _differentiable(self, step) -> bool:
        """Whether the graph is still of use; what is refused from here on is kept now and then."""
        if step.target is None:
            return True
        try:
            tracked = [t for t in self.floats().values() if t.requires_grad]
            if tracked:
                leaves = [self.variables[n] for n in self.program.inputs]
                total = sum((t.sum() for t in tracked[1:]), tracked[0].sum())
                first = self.ag.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
                again = [g.sum() for g in first if g is not None and g.requires_grad]
                if again:
                    self.ag.autograd.grad(sum(again[1:], again[0]), leaves, retain_graph=True, allow_unused=True)
        except Exception as error:
            program = self._ending_with(step, (n for n, t in self.floats().items() if t.requires_grad))
            if refusal(error) is None:
                raise Failed(program, Mismatch("error", f"{type(error).__name__}: {error}")) from error
            self.refused.append(program)
            self.spoiled = self.rng.random() < KEPT_REFUSALS
            return self.spoiled
        self.forget_retained()
        return True

    # ---- operands --------------------------------------------------------------------------------------------------

    def pick(self, condition=lambda t: True) -> str | None:
        """A variable, rather a recent one."""
        names = [n for n, t in self.floats().items() if condition(t)]
        if not names:
            return None
        return names[-1 - min(int(self.rng.expovariate(0.4)), len(names) - 1)]

    @staticmethod
    def leads_back(t) -> bool:
        """Whether gradients arrive: not at a view that was made while nothing was recorded."""
        try:
            return t.requires_grad and (t.grad_fn is not None or not t._is_view())
        except RuntimeError:
            return False  # a view that has no history any more

    def reaches_a_leaf(self, name: str) -> bool:
        """Whether gradients that arrive get to a leaf, and do not end at a view from where nothing leads back."""
        t, leaves = self.variables[name], [self.variables[n] for n in self.program.inputs]
        try:
            found = self.ag.autograd.grad(t.sum(), leaves, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            if refusal(error) is None:
                raise
            return False
        self.forget_retained()
        return any(g is not None for g in found)

    def forget_retained(self) -> None:
        for n in self.program.retained:
            self.variables[n].grad = None

    def fitted(self, shape) -> str:
        """An expression of this shape over one of the variables."""
        name = self.pick(lambda t: tuple(t.shape) == tuple(shape)) if self.rng.random() < 0.8 else None
        if name:
            return name
        name, size = self.pick(), int(np.prod(shape))
        have = self.variables[name].numel()
        if shape == ():
            return f"{name}.mean()" if have > 1 else f"{name}.reshape(())"
        if have >= size and self.rng.random() < 0.5:
            return f"{name}.flatten()[:{size}].reshape({tuple(shape)})" if have > size else f"{name}.reshape({tuple(shape)})"
        return f"fitted({', '.join([name, *map(str, shape)])})"

    def values_of(self, expression: str) -> np.ndarray:
        with self.ag.no_grad():
            return numbers(eval(expression, self.variables))

    def within(self, expression: str, low: float, high: float) -> str:
        """An expression with numbers of a domain."""
        values = self.values_of(expression)
        if values.min() > low + 0.01 and values.max() < high - 0.01:
            return expression
        return f"inside({expression}, {low}, {high})"

    def operand(self, shape) -> str:
        """Something that broadcasts to a shape: a number, a variable, a piece of one."""
        rng = self.rng
        if rng.random() < 0.2:
            return str(round(rng.uniform(-1.5, 1.5), 2))

        def broadcasts(t):
            have = tuple(t.shape)
            return len(have) <= len(shape) and all(a in (1, b) for a, b in zip(have[::-1], shape[::-1]))

        name = self.pick(broadcasts) if rng.random() < 0.8 else None
        text = name or self.fitted(shape)
        if name and rng.random() < 0.15:
            text = rng.choice([self.detached(name), f"{name}.view_as({name})", f"{name}.clone()", f"{name}[...]"])
        return text

    def detached(self, name: str) -> str:
        """The same memory without a history, as a variable: the reference holds it at its value."""
        self.add(f"{(made := self.new())} = {name}.detach()", CONSTANT)
        return made

    # ---- kinds of statements ---------------------------------------------------------------------------------------

    def arithmetic(self) -> None:
        a = self.pick()
        b = self.operand(tuple(self.variables[a].shape))
        form = self.rng.choice(["{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} * {b}", "{b} * {a}", "{b} - {a}", "{a} / {p}", "ag.addcmul({a}, {a}, {t}, value=0.5)", "ag.lerp({a}, {t}, 0.3)", "{a} ** 2", "{q} ** {t}", "ag.where({a} > 0.2, {a}, {t})"])
        tensor = b if not _is_number(b) else a
        positive = self.within(tensor, 0.5, 3.0)
        self.add(f"{self.new()} = {form.format(a=a, b=b, t=tensor, p=positive, q=self.within(a, 0.5, 3.0))}")

    def elementwise(self) -> None:
        row = self.rng.choice(operations.ROWS)
        a = self.pick()
        shape = tuple(self.variables[a].shape)
        rest = [self.operand(shape) for _ in row.inputs[1:]]
        rest = [self.fitted(shape) if _is_number(text) else text for text in rest]
        call = operations.call_text(row.name, [self.within(text, *row.domain) for text in (a, *rest)])
        self.add(f"{self.new()} = {call}")

    def sampled(self) -> None:
        """A call of any other operation, with variables for its tensors."""
        sample = self.rng.choice(operations.SAMPLES[self.rng.choice(operations.NAMES)])
        call = operations.call_text(sample.name, sample.arguments(self))
        if sample.results == 1:
            self.add(f"{self.new()} = {call}")
        else:
            self.add(f"{', '.join(self.new() for _ in range(sample.results))} = {call}")

    def view(self) -> None:
        name = self.pick(lambda t: t.dim() > 0 or self.rng.random() < 0.1) or self.pick()
        text = self.view_of(name)
        if text.startswith("parts:"):
            _, count, call = text.split(":", 2)
            self.add(f"{', '.join(self.new() for _ in range(int(count)))}, = {call}")
        else:
            self.add(f"{self.new()} = {text}")

    def view_of(self, n: str) -> str:
        rng, shape = self.rng, tuple(self.variables[n].shape)
        size, dims = int(np.prod(shape)), len(shape)
        if not dims:
            return rng.choice([f"{n}[None]", f"{n}.unsqueeze(0)", f"{n}.expand(2)", f"{n}.view(1)", f"{n}.view_as({n})", f"{n}.reshape(-1)"])
        d = rng.randrange(dims)
        e = rng.randrange(dims)
        k = rng.randrange(shape[d])
        length = rng.randint(1, shape[d] - k)
        forms = [
            f"{n}[{k if d == 0 else 0}]", f"{n}[..., -1]", f"{n}[..., ::2]", f"{n}[1:]", f"{n}[:1]", f"{n}[None]", f"{n}[...]",
            f"{n}.select({d}, {k})", f"{n}.narrow({d}, {k}, {length})", f"{n}.unsqueeze({d})", f"{n}.unsqueeze(-1)", f"{n}.squeeze()", f"{n}.squeeze({d})",
            f"{n}.transpose({d}, {e})", f"{n}.permute({tuple(rng.sample(range(dims), dims))})", f"{n}.movedim({d}, {e})",
            f"{n}.view(-1)", f"{n}.reshape(-1)", f"{n}.flatten()", f"{n}.view_as({n})", f"{n}.expand(2, *{shape})", f"{n}.contiguous()",
            f"{n}.unfold({d}, {min(2, shape[d])}, 1)", f"{n}.unfold({d}, 1, 1)", f"parts:{shape[d]}:{n}.unbind({d})", f"parts:{shape[d]}:{n}.split(1, {d})",
            f"parts:{min(2, shape[d])}:{n}.tensor_split({min(2, shape[d])}, {d})", f"{n}.unbind({d})[{k}]", f"{n}.chunk(2, {d})[0]", f"{n}.view({n}.shape)",
            f"{n}.as_strided(({size},), (1,))" if self.variables[n].is_contiguous() else f"{n}.reshape({size}, 1)",
        ]  # fmt: skip
        if dims > 1:
            forms += [f"{n}.diagonal()", f"{n}.diagonal(0, -1, -2)", f"{n}.mT", f"{n}.flatten(0, 1)"]
        if dims == 2:
            forms += [f"{n}.t()", f"{n}.T"]
        if size % 2 == 0:
            forms += [f"{n}.reshape(2, -1)", f"{n}.view(-1, 2)"]
        return rng.choice(forms)

    def writable(self, condition=lambda t: True) -> str | None:
        """A variable that may be changed; a leaf hardly ever, since that is refused."""
        leaves = set(self.program.inputs) if self.rng.random() > 0.02 else set()
        name = self.pick(lambda t: not (t.is_leaf and t.requires_grad) and condition(t)) if leaves else self.pick(condition)
        if name is None or self.rng.random() < 0.25:
            source = self.pick(condition)
            if source is None:
                return None
            name = self.new()
            if not self.add(f"{name} = {source}{self.rng.choice([' * 1.0', '.clone()', ' + 0.1'])}"):
                return None
        return name

    def change(self) -> None:
        """In place, by arithmetic; the operand may share memory with the target."""
        rng, t = self.rng, self.writable()
        if t is None:
            return
        shape = tuple(self.variables[t].shape)
        o = rng.choice([self.operand(shape)] * 3 + [t, f"{t}.view_as({t})", ""]) or self.detached(t)
        tensor = self.fitted(shape) if _is_number(o) else o
        # Copied to itself it is no change, here.
        copied = f"{tensor} * 0.5" if t in tensor else tensor
        values = self.values_of(t)
        forms = ["{t} += {o}", "{t} *= {o}", "{t} -= {o}", "{t}.mul_({o})", "{t}.add_({o}, alpha=0.5)", "{t}.copy_({c})", "{t}.div_({p})", "{t}.lerp_({x}, 0.4)", "{t}.addcmul_({x}, {x}, value=0.5)", "{t}.addcmul_({t}, {x})", "{t}.addcdiv_({x}, {p})", "{t}.fill_(0.7)", "{t}.zero_()", "{t}.view(-1).mul_({t})" if len(shape) == 1 else "{t}.mul_({x})", "{t}.masked_fill_({t} > 0.3, 0.5)", "{t}.clamp_(-0.5, 1.1)"]
        if (values > 0.2).all():
            forms += ["{t}.pow_({p})", "{t} **= 2", "{t}.atan2_({p})", "{t}.sqrt_()", "{t}.log_()"]
        source = rng.choice(forms).format(t=t, o=o, x=tensor, c=copied, p=self.within(tensor, 0.5, 3.0))
        self.add(source, target=t)

    def change_row(self) -> None:
        """In place, by the in-place form of a row."""
        row, t = self.rng.choice(operations.IN_PLACE_ROWS), self.writable()
        if t is None:
            return
        values = self.values_of(t)
        if not (values.min() > row.domain[0] and values.max() < row.domain[1]):
            source, t = t, self.new()
            if not self.add(f"{t} = inside({source}, {row.domain[0]}, {row.domain[1]})"):
                return
        shape = tuple(self.variables[t].shape)
        rest = [self.within(self.fitted(shape), *row.domain) for _ in row.inputs[1:]]
        if "in-place" in row.forms:
            self.add(f"{t}.{row.name}_({', '.join(rest)})", target=t)
        else:
            self.add(f"ag.nn.functional.{row.name}({', '.join([t, *rest, 'inplace=True'])})", target=t)

    def change_sampled(self) -> None:
        """In place, by the form of any other operation that has one."""
        sample = self.rng.choice(operations.SAMPLES[self.rng.choice(operations.IN_PLACE_NAMES)])
        if not sample.keeps_shape:
            return
        t = self.new()
        first, *rest = sample.arguments(self)
        if self.add(f"{t} = {first} * 1.0"):
            self.add(f"{t}.{sample.name.rstrip('_')}_({', '.join(rest)})", target=t)

    def assign(self) -> None:
        rng, t = self.rng, self.writable(lambda t: t.dim() > 0)
        if t is None:
            return
        shape = tuple(self.variables[t].shape)
        rest, k = shape[1:], rng.randrange(shape[0])
        piece = self.operand(rest)
        whole = self.fitted(shape)
        forms = ["{t}[{k}] = {r} * 0.5", "{t}[{k}] *= {r}", "{t}[{k}] += {r}", "{t}[..., -1] = 0.5", "{t}[..., :1] *= 2.0", "{t}[:1].add_({w}[:1])", "{t}[[{k}]] = {r} + 0.1", "{t}[{t} > 0.1] = 0.4", "{t}[{t} > 0.1] *= 0.5", "{t}[{w} > 0.1] = {w}[{w} > 0.1]", "{t}[{k}].mul_({t}[{k}])", "{t}.select(0, {k}).exp_()", "{t}.narrow(0, 0, 1).tanh_()", "{t}[{k}].view(-1).mul_(0.7)", "{t}.unbind(0)[{k}].mul_(2.0)", "{t}.transpose(0, -1).mul_({w}.transpose(0, -1))"]
        if k:
            # A part written to itself is no change, here.
            forms += ["{t}[{k}] = {t}[0]", "{t}[{k}].copy_({t}[0])"]
        self.add(rng.choice(forms).format(t=t, k=k, r=piece, w=whole), target=t)

    def reshape_in_place(self) -> None:
        leaf = self.rng.random() < 0.2
        t = self.rng.choice(self.program.inputs) if leaf else self.writable()
        if t is None or leaf and (self.variables[t].dim() == 0 or any(t in step.read for step in self.program.steps)):
            return  # what was recorded of a leaf before belongs to its former shape
        dims = self.variables[t].dim()
        forms = [f"{t}.unsqueeze_(0)", f"{t}.unsqueeze_(-1)", f"{t}.squeeze_()"] + [f"{t}.transpose_(0, -1)"] * (dims > 0) + [f"{t}.t_()"] * (dims == 2)
        source = self.rng.choice(forms)
        self.add(f"with ag.no_grad():\n    {source}" if leaf else source, RESHAPE, target=t)

    def unrecorded(self) -> None:
        """Values that pass no gradient on, and changes that the graph does not see."""
        rng, a = self.rng, self.pick()
        n, shape = self.new(), tuple(self.variables[a].shape)
        o = self.fitted(shape)
        match rng.randrange(7):
            case 0:
                self.add(f"{n} = {a}.detach()", CONSTANT)
            case 1:
                self.add(f"with ag.no_grad():\n    {n} = {a} * {o}", CONSTANT)
            case 2:
                self.add(f"with ag.no_grad():\n    {a}.mul_({o})", CONSTANT, target=a)
            case 3:
                self.add(f"with ag.no_grad():\n    {a} += 0.1", CONSTANT, target=a)
            case 4 if shape:
                self.add(f"with ag.no_grad():\n    {a}[0] += {o}[0]", CONSTANT, target=a)
            case 5:
                self.add(f"with ag.no_grad():\n    {n} = {a}.view_as({a})", CONSTANT)
            case 6:
                # Right after an operation that saves no result, so that nothing has kept the old value.
                if self.add(f"{n} = {a} + {o}"):
                    self.add(f"{n}.data.mul_(0.5)", CONSTANT, target=n)

    def scale_hook(self, name: str | None = None) -> None:
        if name is None:
            name, a = self.new(), self.pick()
            if not self.add(f"{name} = {a} * {self.fitted(tuple(self.variables[a].shape))}") or not self.variables[name].requires_grad:
                return
        forms = [f"{name}.register_hook(lambda g: None if g is None else g * 0.5)"] * 2
        if name.startswith("t"):
            forms.append(f"{name}.grad_fn.register_prehook(lambda gs: None if gs[0] is None else (gs[0] * 0.5,))")
        self.add(self.rng.choice(forms), SCALE, factor=0.5)

    def watch(self) -> None:
        """Hooks that change nothing, retained gradients, passes in the middle."""
        name = self.pick(self.leads_back)
        if name is None:
            return
        forms = [f"{name}.register_hook(lambda g: None)", f"{name}.register_hook(lambda g: None if g is None else g.clone())", f"{name}.register_hook(lambda g: g)"]
        if not self.variables[name].is_leaf:
            forms += [f"{name}.retain_grad()"] * 3 + [f"{name}.grad_fn.register_hook(lambda inputs, outputs: None)"]
        else:
            forms += [f"{name}.register_post_accumulate_grad_hook(lambda t: None)"]
        forms += [
            f"weighted({name}).backward(retain_graph=True)",
            f"ag.autograd.backward([{name}, {name}], [ag.ones_like({name}), {name}.detach()], retain_graph=True)",
            f"ag.autograd.grad({name}.sum(), {name})",
            f"{name}.register_hook(a_pass_within)",
        ]
        self.add(self.rng.choice(forms), WATCH)

    def function(self) -> None:
        rng, a = self.rng, self.pick()
        n, m = self.new(), self.new()
        match rng.choice(["Cube", "Exponential", "Tangent", "Product", "Both", "Rounded", "Same", "Turned", "Half", "Half", "Squashed", "HalfAndSum", "Sine"]):
            case "Both":
                self.add(f"{n}, {m}, _ = Both.apply({a})")
            case "Rounded":
                self.add(f"{n}, {m} = Rounded.apply({a})")
            case "Product":
                o = self.fitted(tuple(self.variables[a].shape))
                self.add(f"{n} = Product.apply({a}, {o})")
            case "Half" | "Squashed" | "HalfAndSum" as name:
                t = self.writable()
                if t is None:
                    return
                target = rng.choice([t, t, f"{t}.view(-1)", f"{t}[:1]", f"{t}.unsqueeze(0)"]) if self.variables[t].dim() else t
                if name == "HalfAndSum":
                    self.add(f"{n}, {m} = HalfAndSum.apply({target}, {self.fitted((3,))}.clone())", target=t)
                else:
                    self.add(f"{n} = {name}.apply({target})", target=t)
            case "Exponential" as name:
                self.add(f"{n} = {name}.apply({self.within(a, -2.0, 2.0)})")
            case name:
                self.add(f"{n} = {name}.apply({a})")

    def composed(self) -> None:
        """A function computed twice, of each example, differentiated within, or by way of complex numbers."""
        rng, a, n = self.rng, self.pick(), self.new()
        o = self.fitted(tuple(self.variables[a].shape))
        forms = [
            f"ag.utils.checkpoint.checkpoint(curved, {a}, use_reentrant=False)",
            f"ag.func.grad(lambda x: weighted(curved(x)))({a})",
            f"ag.func.jvp(curved, ({a},), ({o},))[1]",
            f"ag.func.vjp(curved, {a})[1]({o})[0]",
            f"by_complex_numbers({a})",
        ]
        if self.variables[a].dim() and self.variables[a].shape[0]:
            forms += [
                f"ag.func.vmap(curved)({a})",
                f"ag.func.vmap(ag.func.grad(lambda x: weighted(curved(x))))({a})",
                f"ag.func.vmap(by_complex_numbers, in_dims=-1, out_dims=-1)({a})",
            ]
        self.add(f"{n} = {rng.choice(forms)}")

    def gradient(self) -> None:
        """A gradient as part of the program."""
        y = self.pick(lambda t: self.leads_back(t) and not t.is_leaf)
        x = self.pick(self.leads_back)
        if y is None or x in self.program.scaled or not (self.reaches_a_leaf(x) and self.reaches_a_leaf(y)):
            return
        text = self.rng.choice([f"weighted({y})", f"({y} * {y}).sum()", f"weighted({y}.sin())"])
        n = self.new()
        step = f"{n}, = ag.autograd.grad({text}, {x}, create_graph=True, materialize_grads=True)"
        if self.rng.random() < 0.2:
            step = f"{n}, = ag.autograd.grad({y}, {x}, {self.fitted(tuple(self.variables[y].shape))}, create_graph=True, materialize_grads=True)"
        if self.add(step, needs_graph=True):
            t = self.variables[n]
            if not t.requires_grad:
                # Zeros, or constants: nothing to be differentiated again.
                self.program = self.program.with_steps(self.program.steps[:-1])
                self.rebuild()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Failed(Exception):
    """Drawing came upon a failure: the program so far, and what failed."""

    def __init__(self, program: Program, mismatch: Mismatch):
        super().__init__(str(mismatch))
        self.program, self.mismatch = program, mismatch


WEIGHTS = {
    "arithmetic": 10, "elementwise": 12, "sampled": 16, "view": 14, "change": 10, "change_row": 6, "change_sampled": 4, "assign": 7,
    "reshape_in_place": 2, "unrecorded": 5, "scale_hook": 2, "watch": 5, "function": 6, "gradient": 4, "composed": 5,
}  # fmt: skip
