"""Which modules are running, while they run.

    >>> import arcgrad as torch
    >>> from arcgrad.utils.module_tracker import ModuleTracker
    >>> seen = []
    >>> class Inner(torch.nn.Module):
    ...     def forward(self, x):
    ...         seen.append(sorted(tracker.parents))
    ...         return x * 2
    >>> class Outer(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = Inner()
    ...     def forward(self, x):
    ...         return self.inner(x)
    >>> with ModuleTracker() as tracker:
    ...     _ = Outer()(torch.ones(1))
    >>> seen
    [['Global', 'Outer', 'Outer.inner']]
"""

from __future__ import annotations

import weakref

from arcgrad import Tensor, _names, is_grad_enabled
from arcgrad._core import _autograd
from arcgrad.autograd import graph
from arcgrad.nn.module.hooks import register_module_forward_hook, register_module_forward_pre_hook
from arcgrad.utils._pytree import tree_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.nn import Module

__all__ = ["ModuleTracker"]


class ModuleTracker:
    """Inside of a ``with`` block, ``parents`` is the set of the names of the modules that run, forward or backward, and ``"Global"``.

    A module is called by its path below the outermost one that was called, which is called by its class. During backward, those
    modules run whose inputs' gradients are still to come; ``is_bw`` says whether a backward pass runs.
    """

    def __init__(self) -> None:
        self.parents = {"Global"}
        self._names: weakref.WeakKeyDictionary[Module, str] = weakref.WeakKeyDictionary()
        self._roots: weakref.WeakSet[Module] = weakref.WeakSet()

    @property
    def is_bw(self) -> bool:
        """Whether a backward pass runs."""
        return bool(_autograd.current_pass() != -1)

    def _name(self, module: Module) -> str:
        if module not in self._names:
            self._names[module] = type(module).__name__
        name = self._names[module]
        if module not in self._roots:
            for child_name, child in module.named_children():
                self._names[child] = f"{name}.{child_name}"
            self._roots.add(module)
        return name

    def _enter(self, name: str) -> Callable[..., None]:
        def enter(*_: Any) -> None:
            self.parents.add(name)

        return enter

    def _leave(self, name: str) -> Callable[..., None]:
        def leave(*_: Any) -> None:
            self.parents.discard(name)

        return leave

    def _before(self, module: Module, args: Any) -> None:
        name = self._name(module)
        self.parents.add(name)
        inputs = [leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor) and leaf.requires_grad]
        if is_grad_enabled() and inputs:
            graph.register_multi_grad_hook(inputs, self._leave(name))

    def _after(self, module: Module, args: Any, output: Any) -> None:
        name = self._name(module)
        self.parents.discard(name)
        outputs = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor) and leaf.requires_grad]
        if is_grad_enabled() and outputs:
            graph.register_multi_grad_hook(outputs, self._enter(name), mode="any")

    def __enter__(self) -> ModuleTracker:
        self._hooks = [register_module_forward_pre_hook(self._before), register_module_forward_hook(self._after, always_call=True)]
        return self

    def __exit__(self, *_: Any) -> None:
        for hook in self._hooks:
            hook.remove()


_names.describe(__name__)
