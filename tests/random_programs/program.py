"""Programs: leaves and statements, how they are run, and how they look as a script."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

PRELUDE = Path(__file__).with_name("prelude.py").read_text()
NAME = re.compile(r"\b[cgtx]\d+\b")

#: What a statement is for the reference: most are run there as they stand.
PLAIN = "plain"
#: Changes values and no derivative; what it makes has none.
CONSTANT = "constant"
#: Observes: makes nothing and changes nothing.
WATCH = "watch"
#: A hook that scales the gradient of a variable that nothing has used yet.
SCALE = "scale"
#: Gives a leaf another shape.
RESHAPE = "reshape"


@functools.lru_cache(maxsize=4096)
def compiled(source: str) -> CodeType:
    return compile(source, "<program>", "exec")


@dataclass(frozen=True)
class Step:
    """A statement. ``target`` is the variable whose elements it changes, ``factor`` that of a hook that scales."""

    source: str
    kind: str = PLAIN
    target: str | None = None
    factor: float = 1.0
    #: The reference has to record a graph, since the statement asks for a gradient.
    needs_graph: bool = False

    @functools.cached_property
    def made(self) -> tuple[str, ...]:
        nodes = ast.walk(ast.parse(self.source))
        return tuple(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id != self.target)

    @functools.cached_property
    def read(self) -> frozenset[str]:
        return frozenset(NAME.findall(self.source)) - frozenset(self.made)


@dataclass(frozen=True)
class Leaf:
    name: str
    values: np.ndarray
    layout: str = "dense"

    @property
    def requires_grad(self) -> bool:
        return self.name.startswith("x")

    def source(self) -> str:
        layout = "" if self.layout == "dense" else f', "{self.layout}"'
        return f"{self.name} = {'leaf' if self.requires_grad else 'constant'}({self.values.tolist()}{layout})"


@dataclass(frozen=True)
class Program:
    seed: int
    leaves: tuple[Leaf, ...] = ()
    steps: tuple[Step, ...] = ()
    #: The loss is the weighted sum of these.
    terms: tuple[str, ...] = ()

    @property
    def inputs(self) -> list[str]:
        return [leaf.name for leaf in self.leaves if leaf.requires_grad]

    @property
    def has_blind_views(self) -> bool:
        """Whether there are views that were made while nothing was recorded."""
        return any(step.kind == CONSTANT and step.made and "view_as" in step.source for step in self.steps)

    @property
    def retained(self) -> list[str]:
        """Variables that retain their gradient."""
        found = (step.source.removesuffix(".retain_grad()") for step in self.steps if step.source.endswith(".retain_grad()"))
        return sorted(set(found))

    @property
    def scaled(self) -> set[str]:
        """Variables with a hook that changes the gradient."""
        return {name for step in self.steps if step.kind == SCALE for name in step.read}

    def with_steps(self, steps) -> Program:
        return replace(self, steps=tuple(steps))

    def loss_source(self) -> str:
        return "loss = " + " + ".join(f"weighted({name})" for name in self.terms)

    def text(self) -> str:
        return "\n".join([*(leaf.source() for leaf in self.leaves), *(s.source for s in self.steps), self.loss_source()])

    def script(self, module: str = "arcgrad") -> str:
        """The program as a file that can be run by itself."""
        text = self.text()
        retained = "".join(f'\nprint("d loss / d {name} =", {name}.grad)' for name in self.retained)
        inputs = ", ".join(self.inputs)
        return (
            f"import {module} as ag\n\n{prelude_for(text)}\n\n{text}\n"
            f"first = ag.autograd.grad(loss, [{inputs}], create_graph=True, allow_unused=True)\n"
            f'for name, g in zip({self.inputs}, first):\n    print(f"d loss / d {{name}} =", g){retained}\n'
        )


def prelude_for(text: str) -> str:
    """Those definitions of the prelude that a text uses, and what they use in turn."""
    tree, needed, found = ast.parse(PRELUDE), text, []
    for node in reversed(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and re.search(rf"\b{node.name}\b", needed):
            source = ast.get_source_segment(PRELUDE, node)
            needed += source
            found.append(source)
    return "\n\n\n".join(reversed(found))


@dataclass
class Library:
    """A module that programs run on, with the prelude made for it."""

    ag: Any
    names: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.names = {"ag": self.ag}
        exec(compile(PRELUDE, "prelude.py", "exec"), self.names)

    def start(self, program: Program, layout: str | None = None) -> dict[str, Any]:
        """The leaves, all of another layout if one is given."""
        made = {
            leaf.name: self.names["leaf" if leaf.requires_grad else "constant"](leaf.values, layout or leaf.layout)
            for leaf in program.leaves
        }
        return {**self.names, **made}

    def run_step(self, step: Step, variables: dict[str, Any]) -> None:
        exec(compiled(step.source), variables)

    def run(self, program: Program, spread: bool = False) -> dict[str, Any]:
        """All variables after the whole program, with the loss; if asked, with gaps between the elements of each."""
        variables = self.start(program, "spread" if spread else None)
        # A gradient inside of the program is that of the very tensor it names.
        results_too = spread and not any(step.needs_graph for step in program.steps)
        for step in program.steps:
            self.run_step(step, variables)
            if results_too and step.kind == PLAIN and step.target is None:
                made = {n: t for n, t in self.floats(variables).items() if n in step.made and not t._is_view() and n not in program.scaled}
                variables |= {n: self.ag.stack([t, t], -1)[..., 0] for n, t in made.items()}
        self.run_loss(program, variables)
        return variables

    def run_loss(self, program: Program, variables: dict[str, Any]) -> None:
        exec(compiled(program.loss_source()), variables)

    def tensors(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The program's own variables."""
        return {n: t for n, t in variables.items() if n[0] in "cgtx" and n[1:].isdigit() and isinstance(t, self.ag.Tensor)}

    def floats(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Those that may have derivatives."""
        return {n: t for n, t in self.tensors(variables).items() if t.dtype == self.ag.float64}
