"""Trees: containers nested in containers, taken apart into a list of leaves and what is needed to put them together again.

Nodes are lists, tuples, named tuples, dictionaries (also ``OrderedDict`` and ``defaultdict``), deques, the results of operations
with several values, :class:`arcgrad.Size`, and what is given to :func:`register_pytree_node`. Everything else is a leaf, ``None`` too.

    >>> from arcgrad.utils import _pytree as pytree
    >>> leaves, spec = pytree.tree_flatten({"a": 1, "b": (2, [3])})
    >>> leaves
    [1, 2, 3]
    >>> pytree.tree_unflatten([10, 20, 30], spec)
    {'a': 10, 'b': (20, [30])}

The kinds of nodes are few and the trees small, so the package carries this file and no further dependency: it is imported as
fast as it is read.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from itertools import count

from arcgrad import Size, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    PyTree: TypeAlias = Any
    IsLeaf: TypeAlias = Callable[[Any], bool] | None
else:
    PyTree = object

__all__ = [
    "GetAttrKey",
    "MappingKey",
    "PyTree",
    "SequenceKey",
    "TreeSpec",
    "keystr",
    "register_pytree_node",
    "tree_all",
    "tree_all_only",
    "tree_any",
    "tree_any_only",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_is_leaf",
    "tree_iter",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_",
    "tree_map_only",
    "tree_map_only_",
    "tree_map_with_path",
    "tree_structure",
    "tree_unflatten",
    "treespec_pprint",
]


# ---- paths ----


class _Key:
    """One step of a path; equal to another of the same class and value."""

    __slots__ = ("_value",)
    _field = "value"

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._value == other._value  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._field}={self._value!r})"

    def __str__(self) -> str:
        return f"[{self._value!r}]"


class SequenceKey(_Key):
    """The step to ``node[idx]`` of a sequence."""

    __slots__ = ()
    _field = "idx"
    idx = property(lambda self: self._value)

    def get(self, node: Any) -> Any:
        return node[self._value]


class MappingKey(_Key):
    """The step to ``node[key]`` of a mapping."""

    __slots__ = ()
    _field = "key"
    key = property(lambda self: self._value)

    def get(self, node: Any) -> Any:
        return node[self._value]


class GetAttrKey(_Key):
    """The step to ``node.name``."""

    __slots__ = ()
    _field = "name"
    name = property(lambda self: self._value)

    def get(self, node: Any) -> Any:
        return getattr(node, self._value)

    def __str__(self) -> str:
        return f".{self._value}"


def keystr(path: Iterable[Any]) -> str:
    """A path as it is written in a program.

    >>> keystr((MappingKey("a"), SequenceKey(0), GetAttrKey("x")))
    "['a'][0].x"
    """
    return "".join(map(str, path))


# ---- kinds of nodes ----


class _Kind:
    """How nodes of a type are taken apart, put together and shown."""

    __slots__ = ("flatten", "name", "steps", "unflatten")

    def __init__(self, name, flatten, unflatten, steps=None):
        self.name = name
        self.flatten = flatten
        self.unflatten = unflatten
        # The steps from a node to its children; None for those of a sequence.
        self.steps = steps


def _steps_of_mapping(node):
    return map(MappingKey, node)


_kinds: dict[type, _Kind] = {
    tuple: _Kind("tuple", lambda node: (list(node), None), lambda values, _: tuple(values)),
    list: _Kind("list", lambda node: (list(node), None), lambda values, _: list(values)),
    dict: _Kind(
        "dict", lambda node: (list(node.values()), list(node)), lambda values, keys: dict(zip(keys, values)), _steps_of_mapping
    ),
    OrderedDict: _Kind(
        "OrderedDict",
        lambda node: (list(node.values()), list(node)),
        lambda values, keys: OrderedDict(zip(keys, values)),
        _steps_of_mapping,
    ),
    defaultdict: _Kind(
        "defaultdict",
        lambda node: (list(node.values()), [node.default_factory, list(node)]),
        lambda values, context: defaultdict(context[0], zip(context[1], values)),
        _steps_of_mapping,
    ),
    deque: _Kind(
        "deque", lambda node: (list(node), node.maxlen), lambda values, maxlen: deque(values, maxlen=maxlen)
    ),
    Size: _Kind("Size", lambda node: (list(node), None), lambda values, _: Size(values)),
}

#: Mappings whose keys may come in any order where a tree is compared with another.
_MAPPINGS = (dict, OrderedDict, defaultdict)

# Every class of named tuples is a node of this kind: the context is the class.
_named = _Kind(
    "namedtuple",
    lambda node: (list(node), type(node)),
    lambda values, kind: kind(*values),
    lambda node: map(GetAttrKey, node._fields),
)


def _results_kind(cls):
    """The kind of the results of one operation, which Python calls a struct sequence."""
    return _Kind(cls.__name__, lambda node: (list(node), None), lambda values, _: cls(values))


def _kind_of(node: Any) -> _Kind | None:
    cls = type(node)
    kind = _kinds.get(cls)
    if kind is None and isinstance(node, tuple):
        if isinstance(getattr(cls, "_fields", None), tuple):
            return _named
        if isinstance(getattr(cls, "n_sequence_fields", None), int):
            kind = _kinds[cls] = _results_kind(cls)
    return kind


def register_pytree_node(
    cls: type[Any],
    flatten_fn: Callable[[Any], tuple[Iterable[Any], Any]],
    unflatten_fn: Callable[[Iterable[Any], Any], Any],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Callable[[Any], Any] | None = None,
    from_dumpable_context: Callable[[Any], Any] | None = None,
    flatten_with_keys_fn: Callable[[Any], tuple[list[tuple[Any, Any]], Any]] | None = None,
) -> None:
    """Make the instances of a class nodes of trees.

    Args:
        cls: the class; instances of its subclasses stay leaves.
        flatten_fn: gives ``(children, context)`` of an instance. The context is compared and printed with the structure.
        unflatten_fn: makes an instance of children and context.
        serialized_type_name, to_dumpable_context, from_dumpable_context: have no effect; structures are not written to files.
        flatten_with_keys_fn: gives ``([(step, child), …], context)``, for paths; children are numbered by default.

    Raises:
        ValueError: the class is registered already.

    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> register_pytree_node(Pair, lambda pair: ((pair.a, pair.b), None), lambda children, _: Pair(*children))
    >>> tree_leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """
    if cls in _kinds:
        raise ValueError(f"{cls} is already registered as pytree node.")
    steps = None if flatten_with_keys_fn is None else lambda node: [step for step, _ in flatten_with_keys_fn(node)[0]]
    _kinds[cls] = _Kind(cls.__name__, flatten_fn, unflatten_fn, steps)


_register_pytree_node = register_pytree_node

# The two functions of the usual kinds, by the names that packages know them by.
_tuple_flatten, _tuple_unflatten = _kinds[tuple].flatten, _kinds[tuple].unflatten
_list_flatten, _list_unflatten = _kinds[list].flatten, _kinds[list].unflatten
_dict_flatten, _dict_unflatten = _kinds[dict].flatten, _kinds[dict].unflatten
_ordereddict_flatten, _ordereddict_unflatten = _kinds[OrderedDict].flatten, _kinds[OrderedDict].unflatten
_defaultdict_flatten, _defaultdict_unflatten = _kinds[defaultdict].flatten, _kinds[defaultdict].unflatten
_deque_flatten, _deque_unflatten = _kinds[deque].flatten, _kinds[deque].unflatten
_namedtuple_flatten, _namedtuple_unflatten = _named.flatten, _named.unflatten


# ---- structures ----


class TreeSpec:
    """The structure of a tree: the class of its root, what that needs beside its children, and their structures."""

    __slots__ = ("_kind", "children_specs", "context", "num_children", "num_leaves", "num_nodes", "type")

    def __init__(self, type: Any, context: Any, children_specs: list[TreeSpec], kind: Any = None) -> None:
        self.type = type
        self.context = context
        self.children_specs = children_specs
        self._kind = kind if kind is not None or type is None else _kinds.get(type, _named)
        self.num_children = len(children_specs)
        self.num_nodes = 1 + sum(child.num_nodes for child in children_specs)
        self.num_leaves = 1 if type is None else sum(child.num_leaves for child in children_specs)

    def is_leaf(self) -> bool:
        return self.type is None

    def children(self) -> list[TreeSpec]:
        return self.children_specs.copy()

    def child(self, index: int) -> TreeSpec:
        return self.children_specs[index]

    def unflatten(self, leaves: Iterable[Any]) -> PyTree:
        """The tree of this structure with these leaves."""
        leaves = list(leaves)
        if self.type is None and len(leaves) == 1:
            return leaves[0]
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree that holds "
                f"{self.num_leaves} items ({self})."
            )
        return self._take(iter(leaves))

    def _take(self, leaves):
        if self.type is None:
            return next(leaves)
        return self._kind.unflatten([child._take(leaves) for child in self.children_specs], self.context)

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """What ``tree`` has in the places of this structure's leaves.

        Raises:
            ValueError: the tree has not this structure.
        """
        found: list[PyTree] = []
        self._flatten_up_to(tree, found)
        return found

    def _flatten_up_to(self, tree, found):
        if self.type is None:
            found.append(tree)
            return
        both_mappings = self.type in _MAPPINGS and type(tree) in _MAPPINGS
        if type(tree) is not self.type and not both_mappings:
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {type(tree)!r}.")
        children, context = self._kind.flatten(tree) if not both_mappings else (list(tree.values()), list(tree))
        if len(children := list(children)) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(children)}.")
        if both_mappings:
            expected = self.context[1] if self.type is defaultdict else self.context
            missing, extra = set(expected) - set(context), set(context) - set(expected)
            if missing or extra:
                text = f"; missing key(s): {missing}" if missing else ""
                text += f"; extra key(s): {extra}" if extra else ""
                raise ValueError(f"Node keys mismatch{text}.")
            children = [tree[key] for key in expected]
        elif context != self.context and self.type is not deque:
            raise ValueError(f"Node context mismatch for custom node type {self.type!r}.")
        for spec, child in zip(self.children_specs, children):
            spec._flatten_up_to(child, found)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (
            self.type is other.type
            and self.num_leaves == other.num_leaves
            and self.context == other.context
            and self.children_specs == other.children_specs
        )

    def __hash__(self) -> int:
        # Contexts need not be hashable; classes and sizes tell enough.
        return hash((self.type, self.num_leaves, tuple(self.children_specs)))

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        separator = ",\n" + " " * (indent + 2)
        children = separator.join(child.__repr__(indent + 2) for child in self.children_specs)
        return f"TreeSpec({self._kind.name}, {self.context}, [{children}])"


_LEAF = TreeSpec(None, None, [])


def treespec_leaf() -> TreeSpec:
    """The structure of a leaf."""
    return _LEAF


class _Star:
    def __repr__(self):
        return "*"


def treespec_pprint(treespec: TreeSpec) -> str:
    """The structure as its tree would be printed, with ``*`` for leaves."""
    return repr(treespec.unflatten([_Star()] * treespec.num_leaves))


# ---- taking apart and putting together ----


def _flatten(tree, leaves, is_leaf):
    kind = _kind_of(tree)
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        leaves.append(tree)
        return _LEAF
    children, context = kind.flatten(tree)
    return TreeSpec(type(tree), context, [_flatten(child, leaves, is_leaf) for child in children], kind)


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree from left to right, and its structure.

    Args:
        tree: any value.
        is_leaf: called with every node: one for which it holds is a leaf.
    """
    leaves: list[Any] = []
    spec = _flatten(tree, leaves, is_leaf)
    return leaves, spec


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> PyTree:
    """The tree with these leaves: undoes :func:`tree_flatten`.

    Raises:
        ValueError: there are too many or too few leaves.
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[Any]:
    """Iterates over the leaves."""
    return iter(tree_leaves(tree, is_leaf))


def _collect(tree, leaves, is_leaf):
    kind = _kind_of(tree)
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        leaves.append(tree)
        return
    for child in kind.flatten(tree)[0]:
        _collect(child, leaves, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves from left to right."""
    leaves: list[Any] = []
    _collect(tree, leaves, is_leaf)
    return leaves


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """The structure."""
    return tree_flatten(tree, is_leaf)[1]


def tree_is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether the whole is a leaf."""
    return _kind_of(tree) is None or (is_leaf is not None and is_leaf(tree))


def tree_map(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """The tree of ``func(leaf, *rest)`` for every leaf of ``tree`` and what the ``rests`` have in its place.

    Raises:
        ValueError: one of the ``rests`` has not the structure of ``tree``.

    >>> tree_map(lambda a, b: a + b, {"x": 1, "y": [2]}, {"x": 10, "y": [20]})
    {'x': 11, 'y': [22]}
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *map(spec.flatten_up_to, rests)))


def tree_map_(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Calls ``func`` like :func:`tree_map`, for what it does; returns ``tree``."""
    leaves, spec = tree_flatten(tree, is_leaf)
    for _ in map(func, leaves, *map(spec.flatten_up_to, rests)):
        pass
    return tree


def _chooses(types):
    """A predicate from a class, a tuple or union of classes, or a predicate."""
    if callable(types) and not isinstance(types, type):
        return types
    return lambda leaf: isinstance(leaf, types)


def tree_map_only(types: Any, func: Callable[[Any], Any], tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """:func:`tree_map` for the leaves of some types, or those for which a predicate holds; others stay as they are.

    >>> tree_map_only(int, lambda number: -number, [1, "a", (2,)])
    [-1, 'a', (-2,)]
    """
    chosen = _chooses(types)
    return tree_map(lambda leaf: func(leaf) if chosen(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_map_only_(types: Any, func: Callable[[Any], Any], tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Calls ``func`` with the leaves of some types, for what it does; returns ``tree``."""
    chosen = _chooses(types)
    return tree_map_(lambda leaf: func(leaf) if chosen(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether ``pred`` holds for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether ``pred`` holds for some leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(types: Any, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether ``pred`` holds for all leaves of some types."""
    chosen = _chooses(types)
    return all(pred(leaf) for leaf in tree_iter(tree, is_leaf) if chosen(leaf))


def tree_any_only(types: Any, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether ``pred`` holds for some leaf of some types."""
    chosen = _chooses(types)
    return any(pred(leaf) for leaf in tree_iter(tree, is_leaf) if chosen(leaf))


def _walk(tree, path, is_leaf):
    kind = _kind_of(tree)
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        yield path, tree
        return
    children = kind.flatten(tree)[0]
    steps = map(SequenceKey, count()) if kind.steps is None else kind.steps(tree)
    for step, child in zip(steps, children):
        yield from _walk(child, (*path, step), is_leaf)


def tree_flatten_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[tuple[tuple[Any, ...], Any]], TreeSpec]:
    """Like :func:`tree_flatten`, with ``(path, leaf)`` for every leaf.

    >>> [(keystr(path), leaf) for path, leaf in tree_flatten_with_path({"a": [1, 2]})[0]]
    [("['a'][0]", 1), ("['a'][1]", 2)]
    """
    return list(_walk(tree, (), is_leaf)), tree_structure(tree, is_leaf)


def tree_leaves_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> list[tuple[tuple[Any, ...], Any]]:
    """``(path, leaf)`` for every leaf."""
    return list(_walk(tree, (), is_leaf))


def tree_map_with_path(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Like :func:`tree_map`, of ``func(path, leaf, *rest)``."""
    found, spec = tree_flatten_with_path(tree, is_leaf)
    paths, leaves = zip(*found) if found else ((), ())
    return spec.unflatten(map(func, paths, leaves, *map(spec.flatten_up_to, rests)))


def _broadcast_to_and_flatten(tree: PyTree, treespec: TreeSpec, is_leaf: IsLeaf = None) -> list[Any] | None:
    """One leaf of ``tree`` for every leaf of a structure, where a leaf of ``tree`` stands for all that is below its place;
    None if the two do not fit."""
    kind = None if is_leaf is not None and is_leaf(tree) else _kind_of(tree)
    if kind is None:
        return [tree] * treespec.num_leaves
    if treespec.type is not type(tree):
        return None
    children, context = kind.flatten(tree)
    children = list(children)
    if len(children) != treespec.num_children or context != treespec.context:
        return None
    found: list[Any] = []
    for child, spec in zip(children, treespec.children_specs):
        below = _broadcast_to_and_flatten(child, spec, is_leaf)
        if below is None:
            return None
        found += below
    return found


_names.describe(__name__)
