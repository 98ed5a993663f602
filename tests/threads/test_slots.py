"""Every slot of every class of the extension module: called warm, with fitting and unfitting operands, where the interpreter
checks its memory. A slot of another C type than the interpreter calls it by shows only then."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.arcgrad_only

# The interpreter's own checks: of memory behind freed and beside living blocks, of types and of the collector's lists.
CHECKED = {"PYTHONMALLOC": "debug", "PYTHONDEVMODE": "1"}

OBJECTS = """
import collections, copy, gc, operator, pickle, sys, weakref
import arcgrad as ag
from arcgrad import _core

class Twice(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


leaf = ag.ones(2, 3, requires_grad=True)
result = (leaf * 2).relu()
objects = [
    leaf, result, ag.arange(3), ag.tensor(True), ag.tensor(2), ag.zeros(0), leaf.shape, ag.Size([]), ag.Size([1, 2]),
    leaf.dtype, leaf.device, leaf.layout, ag.Generator(), result.grad_fn, result.grad_fn._raw_saved_result,
    leaf.register_hook(lambda g: None), leaf.max(1), leaf.sort(), leaf.untyped_storage(),
    ag.finfo(ag.float32), ag.iinfo(ag.int8), ag.contiguous_format, ag.nn.Parameter(ag.ones(2)),
    leaf.detach().numpy().base, Twice.apply(leaf).grad_fn, _core._autograd.ModeGuard("grad", True), _core._autograd.Watched("part"),
    result.grad_fn._input_metadata[0],
]
"""

# Finding an object of every class is part of the test: a new class has to be entered above.
COMPLETE = (
    OBJECTS
    + """
made = {type(thing) for thing in objects}
for name, thing in sorted({**vars(_core), **vars(_core._autograd)}.items()):
    if isinstance(thing, type) and not issubclass(thing, BaseException) and not any(issubclass(one, thing) for one in made):
        print(name)
"""
)

SLOTS = (
    OBJECTS
    + """
import types

# They end, replace or fill what the loop stands on.
LEFT_OUT = {"__class__", "__init_subclass__", "__subclasshook__", "__setstate__", "__del__", "__dict__", "__reduce_ex__"}
OPERANDS = [(), (None,), (2,), (-1,), (True,), (1.5,), ("x",), (slice(None),), ((0,),), (0, 1), ("grad", None), (leaf,)]
count = 0
for thing in objects:
    for name in dir(type(thing)):
        if not (name.startswith("__") and name.endswith("__")) or name in LEFT_OUT:
            continue
        slot = getattr(type(thing), name)
        if not callable(slot):
            continue
        for operands in [*OPERANDS, (thing,)]:
            for _ in range(9):  # the interpreter specialises code it has run eight times
                try:
                    slot(thing, *operands)
                except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, OverflowError,
                        NotImplementedError, ZeroDivisionError, BufferError):
                    pass
                count += 1
    for use in (repr, str, hash, bool, len, iter, list, format, copy.copy, copy.deepcopy, pickle.dumps, weakref.ref, dir,
                sys.getsizeof, gc.get_referents, lambda x: f"{x}", lambda x: f"{x, x}", lambda x: x == x, lambda x: x != 3,
                lambda x: [*x], lambda x: x[0], lambda x: x[1:], lambda x: x + x, lambda x: x * 2, lambda x: 2 * x,
                lambda x: (1,) + x, lambda x: x in [x], lambda x: 2 in x, lambda x: x < x, lambda x: vars(x)):
        for _ in range(9):
            try:
                use(thing)
            except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, pickle.PicklingError):
                pass
            count += 1
gc.collect()
print(count > 10_000)
"""
)


def test_an_object_of_every_class_is_at_hand(run_python):
    assert run_python(COMPLETE) == ""


def test_every_slot_of_every_class_in_warm_code_under_a_debug_allocator(run_python):
    assert run_python(SLOTS, env=CHECKED, timeout=120).splitlines()[-1] == "True"


def test_shapes_are_shown_side_by_side(run_python):
    """Each of these ended the process."""
    program = """
    import arcgrad as ag

    x, y = ag.zeros(2, 3), ag.zeros(4)
    for _ in range(200):
        assert str([p.shape for p in ag.nn.Linear(2, 2).parameters()]) == "[arcgrad.Size([2, 2]), arcgrad.Size([2])]"
        assert f"{x.shape, y.shape}" == "(arcgrad.Size([2, 3]), arcgrad.Size([4]))"
        assert str(x.shape) == repr(x.shape) == f"{x.shape}" == "arcgrad.Size([2, 3])"
        try:
            assert x.shape == y.shape, (x.shape, y.shape)
        except AssertionError as error:
            assert str(error) == "(arcgrad.Size([2, 3]), arcgrad.Size([4]))"
    print("shown")
    """
    assert run_python(program, env=CHECKED) == "shown\n"


def test_slots_of_shapes_keep_no_reference():
    import gc

    import arcgrad as ag

    shape = ag.Size([2, 3])
    before = sys.getrefcount(shape)
    for _ in range(1000):
        _ = repr(shape), shape + (1,), shape * 2, shape[0], shape[:1], shape.numel(), shape == (2, 3), hash(shape)
    gc.collect()
    assert sys.getrefcount(shape) == before


@pytest.mark.parametrize("other", [[1], 3, None, "x", {}, 1.5])
def test_a_shape_is_joined_with_tuples_alone(other):
    import arcgrad as ag

    with pytest.raises(TypeError, match="can only concatenate tuple"):
        ag.Size([2, 3]) + other
    assert type(ag.Size([2]) + (3,)) is ag.Size and ag.Size([2]) + (3,) == (2, 3) and (1,) + ag.Size([2]) == (1, 2)
    with pytest.raises(TypeError):
        ag.Size([2]) + ("a",)
