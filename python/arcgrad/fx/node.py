"""Nodes: one step each of a program that was written down."""

from __future__ import annotations

import builtins
import types

from arcgrad import _names

from .immutable_collections import immutable_dict, immutable_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .graph import Graph

__all__ = ["Argument", "Node", "Target", "has_side_effect", "map_aggregate", "map_arg"]

#: What a node is given: nodes and constants, in containers.
Argument = object
#: What a node calls: a function, or a name.
Target = object

OPERATIONS = ("placeholder", "get_attr", "call_function", "call_method", "call_module", "output", "root")

_side_effects: set[Any] = set()


def has_side_effect(fn: Any) -> Any:
    """Marks a function as one that does more than return: nodes that call it are not dead code. Returns it."""
    _side_effects.add(fn)
    return fn


def map_aggregate(a: Any, fn: Callable[[Any], Any]) -> Any:
    """``fn`` of everything in lists, tuples, dictionaries and slices, in containers of the same kind, which cannot be
    changed.

    >>> map_aggregate([1, (2, {"a": 3})], lambda value: value + 1)
    [2, (3, {'a': 4})]
    """
    if isinstance(a, tuple):
        mapped = [map_aggregate(value, fn) for value in a]
        return type(a)(*mapped) if hasattr(a, "_fields") else tuple(mapped)
    if isinstance(a, list):
        return immutable_list([map_aggregate(value, fn) for value in a])
    if isinstance(a, dict):
        return immutable_dict((key, map_aggregate(value, fn)) for key, value in a.items())
    if isinstance(a, slice):
        return slice(*(map_aggregate(value, fn) for value in (a.start, a.stop, a.step)))
    return fn(a)


def map_arg(a: Any, fn: Callable[[Node], Any]) -> Any:
    """``fn`` of the nodes in arguments; everything else stays."""
    return map_aggregate(a, lambda value: fn(value) if isinstance(value, Node) else value)


def qualified_name(function: Any) -> str:
    """The name by which a function is found again: ``math.sqrt``, ``arcgrad.relu``."""
    name = getattr(function, "__name__", None) or type(function).__name__
    if getattr(builtins, name, None) is function:
        return str(name)
    module = getattr(function, "__module__", None)
    if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return f"{function.__objclass__.__module__}.{function.__objclass__.__name__}.{name}"
    if module == "_operator":
        module = "operator"
    elif module is None or module == "arcgrad._core":
        module = "arcgrad"
    return f"{module}.{name}"


class Node:
    """One step of a :class:`Graph`.

    Attributes:
        op (str): ``"placeholder"`` (an argument), ``"get_attr"`` (a parameter, a buffer or a constant), ``"call_function"``,
            ``"call_method"``, ``"call_module"`` or ``"output"``.
        name (str): of its value, in the program.
        target: the function, or the name of the argument, attribute, method or module.
        args, kwargs: what it is given. Setting them keeps ``users`` of the nodes in them right.
        users (dict): the nodes that are given this one.
        meta (dict): whatever passes note.
    """

    def __init__(
        self,
        graph: Graph,
        name: str,
        op: str,
        target: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        return_type: Any = None,
    ) -> None:
        if op not in OPERATIONS:
            raise AssertionError(f"expected one of {OPERATIONS}, got {op}")
        if op == "call_function" and not callable(target):
            raise ValueError(f"Node [graph = {graph}, name = '{name}'] target {target} has type {type(target)} but a Callable is expected")
        if op != "call_function" and op != "root" and not isinstance(target, str):
            raise ValueError(f"Node [graph = {graph}, name = '{name}'] target {target} has type {type(target)} but a str is expected")
        self.graph, self.name, self.op, self.target, self.type = graph, name, op, target, return_type
        self._args: tuple[Any, ...] = ()
        self._kwargs: dict[str, Any] = {}
        self._input_nodes: dict[Node, None] = {}
        self.users: dict[Node, None] = {}
        self.meta: dict[str, Any] = {}
        self._erased = False
        self._prev = self._next = self
        self._give(args, kwargs)

    def _give(self, args, kwargs):
        for node in self._input_nodes:
            node.users.pop(self, None)
        self._input_nodes = {}

        def note(node):
            self._input_nodes[node] = None
            node.users[self] = None
            return node

        self._args, self._kwargs = map_arg(tuple(args), note), map_arg(dict(kwargs), note)

    @property
    def args(self) -> tuple[Any, ...]:
        return self._args

    @args.setter
    def args(self, args: tuple[Any, ...]) -> None:
        self._give(args, self._kwargs)

    @property
    def kwargs(self) -> dict[str, Any]:
        return self._kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        self._give(self._args, kwargs)

    @property
    def all_input_nodes(self) -> list[Node]:
        """The nodes in the arguments, each once."""
        return list(self._input_nodes)

    @property
    def next(self) -> Node:
        """The node after this one."""
        return self._next

    @property
    def prev(self) -> Node:
        """The node before this one."""
        return self._prev

    def _remove_from_list(self) -> None:
        self._prev._next, self._next._prev = self._next, self._prev

    def prepend(self, x: Node) -> None:
        """Moves a node of the same graph in front of this one."""
        if x.graph is not self.graph:
            raise AssertionError("Attempting to move a Node into a different Graph")
        if x is self:
            return
        x._remove_from_list()
        before = self._prev
        before._next, x._prev = x, before
        x._next, self._prev = self, x

    def append(self, x: Node) -> None:
        """Moves a node of the same graph behind this one."""
        self._next.prepend(x)

    def update_arg(self, idx: int, arg: Any) -> None:
        """Replaces one of the arguments."""
        args = list(self.args)
        args[idx] = arg
        self.args = tuple(args)

    def insert_arg(self, idx: int, arg: Any) -> None:
        """Puts an argument in front of the one at ``idx``."""
        if not 0 <= idx <= len(self.args):
            raise AssertionError("insert_args index must be between 0 and len(self.args)")
        self.args = (*self.args[:idx], arg, *self.args[idx:])

    def update_kwarg(self, key: str, arg: Any) -> None:
        """Replaces one of the named arguments."""
        self.kwargs = {**self.kwargs, key: arg}

    def replace_all_uses_with(
        self, replace_with: Node, delete_user_cb: Callable[[Node], bool] = lambda user: True, *, propagate_meta: bool = False
    ) -> list[Node]:
        """Gives ``replace_with`` to all nodes that are given this one, or to those that the function names; returns those that were."""
        if propagate_meta:
            replace_with.meta.update(self.meta)
        changed = [user for user in self.users if delete_user_cb(user)]
        for user in changed:
            user._replace_input(self, replace_with)
        return changed

    def replace_input_with(self, old_input: Node, new_input: Node) -> None:
        """Gives this node another one in the place of one of those that it is given."""
        self._replace_input(old_input, new_input)

    def _replace_input(self, old, new):
        def exchange(node):
            return new if node is old else node

        self._give(map_arg(self._args, exchange), map_arg(self._kwargs, exchange))

    def is_impure(self, impure_random: bool = True) -> bool:
        """Whether it is there for more than its value: an argument, a result, a function that writes."""
        if self.op in ("placeholder", "output"):
            return True
        if self.op == "call_function":
            schema = getattr(self.target, "_schema", None)
            schemas = getattr(self.target, "_schemas", {"": schema}).values()
            return self.target in _side_effects or any(getattr(schema, "is_mutable", False) for schema in schemas)
        if self.op == "call_module" and self.graph.owning_module is not None:
            module = self.graph.owning_module.get_submodule(self.target)
            return bool(getattr(module, "_is_impure", False))
        return False

    def format_node(self, placeholder_names: list[str] | None = None, maybe_return_typename: list[str] | None = None, **_: Any) -> str | None:
        """The node in a line; None for arguments whose names go into the list."""
        if self.op == "placeholder":
            default = f"(default={self.args[0]})" if self.args else ""
            if placeholder_names is not None:
                placeholder_names.append(f"{self.target}{default}")
                return None
            return f"%{self.name} : [num_users={len(self.users)}] = placeholder[target={self.target}]{default}"
        if self.op == "get_attr":
            return f"%{self.name} : [num_users={len(self.users)}] = get_attr[target={self.target}]"
        if self.op == "output":
            return f"return {self.args[0]}"
        target = qualified_name(self.target) if self.op == "call_function" else self.target
        args = map_aggregate(self.args, lambda value: _Shown(f"%{value}") if isinstance(value, Node) else value)
        kwargs = map_aggregate(self.kwargs, lambda value: _Shown(f"%{value}") if isinstance(value, Node) else value)
        return f"%{self.name} : [num_users={len(self.users)}] = {self.op}[target={target}](args = {args}, kwargs = {kwargs})"

    def __repr__(self) -> str:
        return self.name


class _Shown(str):
    """Text that is shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


_names.describe(__name__)
