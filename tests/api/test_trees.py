"""utils._pytree: containers taken apart and put together."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple

import arcgrad as ag
import pytest
from arcgrad.utils import _pytree as trees

Point = namedtuple("Point", "x y")

TREES = [
    5,
    None,
    [],
    (),
    {},
    [1, 2],
    (1, (2, [3, {"a": 4}])),
    {"b": 1, "a": [2, None]},
    Point(1, [2, 3]),
    OrderedDict(b=1, a=(2,)),
    defaultdict(list, x=[1], y=2),
    deque([1, (2, 3)], maxlen=5),
    [[], {}, ((),)],
]


@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_what_is_taken_apart_can_be_put_together(tree):
    leaves, spec = trees.tree_flatten(tree)
    again = spec.unflatten(leaves)
    assert again == tree and type(again) is type(tree)
    assert spec.num_leaves == len(leaves)
    assert spec == trees.tree_structure(again) and hash(spec) == hash(trees.tree_structure(again))
    assert trees.tree_unflatten(leaves, spec) == tree
    if isinstance(tree, defaultdict):
        assert again.default_factory is list
    if isinstance(tree, deque):
        assert again.maxlen == 5


def test_leaves_come_from_left_to_right():
    tree = {"b": [1, (2, 3)], "a": Point(4, deque([5]))}
    assert trees.tree_leaves(tree) == [1, 2, 3, 4, 5]
    assert trees.tree_map(lambda leaf: leaf * 10, tree) == {"b": [10, (20, 30)], "a": Point(40, deque([50]))}


def test_tensors_and_strings_are_leaves_and_results_and_sizes_are_not():
    x = ag.ones(2, 3)
    assert trees.tree_leaves([x, "ab", None]) == [x, "ab", None]
    values, indices = trees.tree_leaves(x.max(0))
    assert values.shape == (3,) and indices.dtype == ag.int64
    doubled = trees.tree_map(lambda leaf: leaf, x.max(0))
    assert type(doubled) is type(x.max(0))
    assert trees.tree_leaves(x.shape) == [2, 3]


def test_structures_differ_where_containers_do():
    structures = [trees.tree_structure(tree) for tree in ([1], (1,), [1, 2], [[1]], {"a": 1}, {"b": 1}, 1, Point(1, 2), (1, 2))]
    for i, one in enumerate(structures):
        assert [one == other for other in structures] == [i == j for j in range(len(structures))]


def test_structures_are_shown_as_pytorch_shows_them():
    assert repr(trees.tree_structure([1, {"a": (2, 3)}])) == (
        "TreeSpec(list, None, [*,\n  TreeSpec(dict, ['a'], [TreeSpec(tuple, None, [*,\n      *])])])"
    )
    assert trees.treespec_pprint(trees.tree_structure(([1, 2], {"a": 3}))) == "([*, *], {'a': *})"


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ([1], "Node arity mismatch; expected 2, but got 1."),
        ((1, 2), "Node type mismatch; expected <class 'list'>, but got <class 'tuple'>."),
        (3, "Node type mismatch; expected <class 'list'>, but got <class 'int'>."),
    ],
)
def test_trees_that_do_not_fit_are_refused(other, text):
    with pytest.raises(ValueError, match=f"^{text}$".replace(".", r"\.")):
        trees.tree_map(lambda a, b: a, [1, 2], other)


def test_the_order_of_keys_does_not_matter_where_trees_are_mapped_together():
    assert trees.tree_map(lambda a, b: a + b, {"a": 1, "b": 2}, {"b": 10, "a": 20}) == {"a": 21, "b": 12}
    with pytest.raises(ValueError, match=r"missing key\(s\): {'b'}; extra key\(s\): {'c'}"):
        trees.tree_map(lambda a, b: a, {"a": 1, "b": 2}, {"a": 1, "c": 2})


def test_where_one_tree_ends_the_other_may_go_on():
    assert trees.tree_map(lambda a, b: (a, b), [1, 2], [[3], {"a": 4}]) == [(1, [3]), (2, {"a": 4})]


def test_too_few_leaves_are_refused():
    with pytest.raises(ValueError, match="`leaves` has length 1 but the spec refers to a pytree that holds 2 items"):
        trees.tree_unflatten([1], trees.tree_structure([1, 2]))
    with pytest.raises(TypeError, match="Expected `treespec` to be an instance"):
        trees.tree_unflatten([1], [1])


def test_classes_can_be_registered_once():
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

    assert len(trees.tree_leaves(Pair(1, 2))) == 1
    trees.register_pytree_node(
        Pair,
        lambda pair: ((pair.a, pair.b), "context"),
        lambda children, context: Pair(*children),
        flatten_with_keys_fn=lambda pair: ([(trees.GetAttrKey("a"), pair.a), (trees.GetAttrKey("b"), pair.b)], "context"),
    )
    assert trees.tree_leaves([Pair(1, [2]), 3]) == [1, 2, 3]
    mapped = trees.tree_map(lambda leaf: -leaf, Pair(1, [2]))
    assert (mapped.a, mapped.b) == (-1, [-2])
    paths = [trees.keystr(path) for path, _ in trees.tree_flatten_with_path([Pair(1, [2])])[0]]
    assert paths == ["[0].a", "[0].b[0]"]
    with pytest.raises(ValueError, match="already registered as pytree node"):
        trees.register_pytree_node(Pair, lambda pair: ((), None), lambda children, context: Pair(1, 2))

    class Special(Pair):
        pass

    assert len(trees.tree_leaves(Special(1, 2))) == 1


def test_paths():
    found = trees.tree_leaves_with_path({"a": [1, (2,)], "b": Point(3, 4)})
    assert [(trees.keystr(path), leaf) for path, leaf in found] == [("['a'][0]", 1), ("['a'][1][0]", 2), ("['b'].x", 3), ("['b'].y", 4)]
    assert found[0][0] == (trees.MappingKey("a"), trees.SequenceKey(0)) and found[2][0][1].name == "x"
    assert trees.tree_map_with_path(lambda path, leaf: trees.keystr(path), [1, {"k": 2}]) == ["[0]", {"k": "[1]['k']"}]


def test_is_leaf_stops():
    assert trees.tree_leaves([1, (2, 3)], is_leaf=lambda node: isinstance(node, tuple)) == [1, (2, 3)]
    assert trees.tree_map(len, {"a": (1, 2)}, is_leaf=lambda node: isinstance(node, tuple)) == {"a": 2}


def test_only_some_leaves():
    assert trees.tree_map_only(int, lambda leaf: leaf + 1, [1, "a", 2.0]) == [2, "a", 2.0]
    assert trees.tree_map_only((int, str), lambda leaf: leaf * 2, [1, "a", 2.0]) == [2, "aa", 2.0]
    assert trees.tree_map_only(lambda leaf: leaf == 1, lambda leaf: 5, [1, 2]) == [5, 2]
    assert trees.tree_all(lambda leaf: leaf > 0, [1, (2,)]) and not trees.tree_any(lambda leaf: leaf > 5, [1, (2,)])
    assert trees.tree_all_only(int, lambda leaf: leaf > 0, [1, "a"]) and trees.tree_any_only(str, str.isalpha, [1, "a"])
    seen = []
    tree = [1, (2,)]
    assert trees.tree_map_(seen.append, tree) is tree and seen == [1, 2]


@pytest.mark.parametrize(
    ("prefix", "tree", "expected"),
    [
        (0, ([1, 2], 3), [0, 0, 0]),
        ((0, None), ([1, 2], 3), [0, 0, None]),
        (([0, 1], 2), ([1, 2], 3), [0, 1, 2]),
        ((0,), ([1, 2], 3), None),
        (([0], 1), ([1, 2], 3), None),
        ({"a": 1}, {"a": [1, 2]}, [1, 1]),
        ({"b": 1}, {"a": [1, 2]}, None),
        ([0, 1], (1, 2), None),
    ],
)
def test_prefixes_are_spread_over_what_is_below(prefix, tree, expected):
    assert trees._broadcast_to_and_flatten(prefix, trees.tree_structure(tree)) == expected
