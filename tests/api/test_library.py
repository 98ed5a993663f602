"""Operations of a program's own: schemas, kernels, gradients, rules for shapes and batches."""

from typing import List, Optional, Sequence, Tuple, Union

import pytest

import arcgrad as ag
from arcgrad.library import Library, custom_op, define, impl, infer_schema, register_fake


@pytest.fixture
def scaled():
    @custom_op("tests::scaled", mutates_args=())
    def scaled(x: ag.Tensor, factor: int = 3) -> ag.Tensor:
        return x.detach().sin() * factor

    return scaled


def _keep(ctx, inputs, output):
    ctx.save_for_backward(inputs[0])
    ctx.factor = inputs[1]


def test_an_operation_has_its_place_in_ops(scaled):
    assert repr(scaled) == "<CustomOpDef(tests::scaled)>" and str(ag.ops.tests.scaled.default) == "tests.scaled.default"
    x = ag.ones(2)
    assert ag.equal(ag.ops.tests.scaled(x, factor=2), x.sin() * 2) and ag.equal(scaled(x), x.sin() * 3)
    with pytest.raises(AttributeError, match="'_OpNamespace' 'tests' object has no attribute 'nothing'"):
        ag.ops.tests.nothing  # noqa: B018 (the attribute is asked for)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), r"tests::scaled\(\) is missing value for argument 'x'\. Declaration: tests::scaled\(Tensor x, SymInt factor=3\) -> Tensor"),
        ((ag.ones(1), 2, 3), r"expected at most 2 argument\(s\) but received 3"),
        ((ag.ones(1), "a"), "Expected a value of type 'int' for argument 'factor' but instead found type 'str'"),
        ((1,), "Expected a value of type 'Tensor' for argument 'x'"),
    ],
)
def test_arguments_are_checked_against_the_schema(scaled, args, message):
    with pytest.raises(RuntimeError, match=message):
        scaled(*args)


def test_without_a_formula_backward_is_an_error(scaled):
    y = scaled(ag.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"Trying to backward through tests\.scaled\.default but no autograd formula was registered"):
        y.sum().backward()


def test_gradients_of_both_orders_are_those_of_the_formula(scaled):
    scaled.register_autograd(lambda ctx, grad: (grad * ctx.saved_tensors[0].cos() * ctx.factor, None), setup_context=_keep)
    x = ag.tensor([0.3, -1.0], dtype=ag.float64, requires_grad=True)
    assert ag.autograd.gradcheck(scaled, (x,)) and ag.autograd.gradgradcheck(scaled, (x,))


def test_lists_of_tensors_have_lists_of_gradients():
    @custom_op("tests::many", mutates_args=())
    def many(xs: List[ag.Tensor], k: float, *, two: bool = False) -> Tuple[ag.Tensor, List[ag.Tensor]]:
        return sum(xs) * k, [x * k for x in xs]

    def keep(ctx, inputs, keyword_only_inputs, output):
        ctx.k = inputs[1]
        assert keyword_only_inputs == {"two": True}

    many.register_autograd(lambda ctx, a, bs: ([ctx.k * (a + b) for b in bs], None), setup_context=keep)
    xs = [ag.ones(2, requires_grad=True) for _ in range(3)]
    total, parts = many(xs, 2.0, two=True)
    (total.sum() + parts[0].sum()).backward()
    assert isinstance(parts, list) and [x.grad.tolist() for x in xs] == [[4.0, 4.0], [2.0, 2.0], [2.0, 2.0]]


def test_tensors_without_data_need_a_rule_for_shapes(scaled):
    with pytest.raises(RuntimeError, match="There was no fake impl registered"):
        scaled(ag.ones(3, device="meta"))
    register_fake("tests::scaled")(lambda x, factor=3: ag.empty_like(x))
    assert scaled(ag.ones(3, device="meta")).shape == (3,)


def test_a_batch_needs_a_rule_for_batches(scaled):
    scaled.register_vmap(lambda info, in_dims, x, factor=3: (scaled(x, factor), in_dims[0]))
    x = ag.arange(6.0).view(2, 3)
    assert ag.equal(ag.vmap(scaled)(x), x.sin() * 3)


def test_what_is_written_to_is_declared():
    @custom_op("tests::plus_one_", mutates_args={"x"})
    def plus_one_(x: ag.Tensor) -> None:
        x.add_(1)

    x = ag.ones(2)
    before = x._version
    assert plus_one_(x) is None and x.tolist() == [2.0, 2.0] and x._version > before
    with pytest.raises(RuntimeError, match="Cannot register autograd formula for non-functional operator"):
        plus_one_.register_autograd(lambda ctx, grad: grad)


@pytest.mark.parametrize("function", [lambda x: x, lambda x: x.view(-1)])
def test_a_result_may_not_be_an_argument(function):
    @custom_op("tests::same", mutates_args=(), schema="(Tensor x) -> Tensor")
    def same(x):
        return function(x)

    with pytest.raises(RuntimeError, match="must not also be an input"):
        same(ag.ones(2))


def test_under_autocast_arguments_are_cast(scaled):
    scaled.register_autocast("cpu", ag.bfloat16)
    with ag.autocast("cpu", dtype=ag.bfloat16):
        assert scaled(ag.ones(2)).dtype is ag.bfloat16
    assert scaled(ag.ones(2)).dtype is ag.float32


def test_the_schema_of_annotations():
    def function(
        x: ag.Tensor,
        y: Sequence[ag.Tensor],
        z: Optional[int] = None,
        *,
        w: float = 1.5,
        d: ag.dtype = ag.float32,
        s: str = "q",
        axes: Optional[List[int]] = None,
        b: bool = True,
        n: Union[int, float, bool] = 2,
        where: Optional[ag.device] = None,
    ) -> Tuple[ag.Tensor, List[ag.Tensor]]: ...

    assert infer_schema(function, mutates_args={"x"}) == (
        '(Tensor(a0!) x, Tensor[] y, SymInt? z=None, *, float w=1.5, ScalarType d=float32, str s="q", SymInt[]? axes=None, bool b=True, '
        "Scalar n=2, Device? where=None) -> (Tensor, Tensor[])"
    )
    with pytest.raises(ValueError, match="Parameter x must have a type annotation"):
        infer_schema(lambda x: x, mutates_args=())


def test_a_library_takes_what_it_defined_with_it():
    library = Library("tests_library", "DEF")
    name = library.define('foo(Tensor x, *, int[2] k=[1,2], float? e=None, str m="mean") -> Tensor')
    library.impl(name, lambda x, *, k=(1, 2), e=None, m="mean": x * k[0] + k[1] + (e or 0) + len(m), "CPU")
    impl(library, "foo", "Meta")(lambda x, **_: ag.empty_like(x))
    assert ag.ops.tests_library.foo(ag.ones(1)).item() == 7
    assert ag.ops.tests_library.foo.default(ag.ones(1), k=[3, 4], e=2.0, m="s").item() == 10
    assert ag.ops.tests_library.foo(ag.ones(1, device="meta")).device.type == "meta"
    with pytest.raises(RuntimeError, match="multiple times"):
        library.define("foo(Tensor x) -> Tensor")
    library._destroy()
    assert not hasattr(ag.ops.tests_library, "foo")


def test_a_function_of_operations_is_differentiated_through():
    define("tests::squared", "(Tensor x) -> Tensor")
    library = Library("tests", "FRAGMENT")
    library.impl("squared", lambda x: x * x, "CompositeImplicitAutograd")
    x = ag.tensor(3.0, requires_grad=True)
    ag.ops.tests.squared(x).backward()
    assert x.grad == 6


@pytest.mark.arcgrad_only
def test_operations_of_arcgrad_itself_are_not_replaced():
    with pytest.raises(NotImplementedError, match="not replaced"):
        Library("aten", "IMPL").impl("add", lambda *_: None, "CPU")


def test_what_writes_to_arguments_has_no_gradient_and_says_so():
    @custom_op("tests::counted", mutates_args={"counts"})
    def counted(counts: ag.Tensor, x: ag.Tensor) -> ag.Tensor:
        counts.detach().numpy()[:] += 1  # What arcgrad does not see.
        return x * 2

    counts, x = ag.zeros(2), ag.ones(2, requires_grad=True)
    result = counted(counts, x)
    assert result.requires_grad and counts.tolist() == [1, 1] and counts._version == 1 and not counts.requires_grad
    with pytest.raises(RuntimeError, match=r"backward through tests\.counted\.default but no autograd formula was registered"):
        result.sum().backward()
    kept = counts * x
    counted(counts, x.detach())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        kept.sum().backward()


def test_a_write_is_counted_once():
    @custom_op("tests::raised", mutates_args={"x"})
    def raised(x: ag.Tensor, by: ag.Tensor) -> None:
        x.add_(by)

    x, by = ag.zeros(2), ag.ones(2, requires_grad=True)
    assert raised(x, by) is None and raised(x, by.detach()) is None
    assert x.tolist() == [2, 2] and x._version == 2 and not x.requires_grad


def test_a_library_takes_its_functions_with_it():
    define("tests::tripled", "(Tensor x) -> Tensor")
    first, second = (Library("tests", "IMPL") for _ in range(2))
    first.impl("tripled", lambda x: x * 3, "CPU")
    second.impl("tripled", lambda x: x + x + x + 1, "CPU")
    assert ag.ops.tests.tripled(ag.ones(1)).item() == 4
    third = Library("tests", "IMPL", "CPU")
    third.impl("tripled", lambda x: x * 5)
    second._destroy()
    assert ag.ops.tests.tripled(ag.ones(1)).item() == 5
    third._destroy()
    assert ag.ops.tests.tripled(ag.ones(1)).item() == 3
    first._destroy()
    with pytest.raises(NotImplementedError, match="Could not run 'tests::tripled' with arguments from the 'CPU' backend"):
        ag.ops.tests.tripled(ag.ones(1))


def test_a_library_that_goes_leaves_what_another_defined():
    old = Library("tests", "FRAGMENT")
    old.define("again(Tensor x) -> Tensor")
    custom_op("tests::again", lambda x: x * 5, mutates_args=(), schema="(Tensor x) -> Tensor")
    old._destroy()
    assert ag.ops.tests.again(ag.ones(1)).item() == 5


def test_keys_and_kinds_are_checked():
    define("tests::keyed", "(Tensor x, float top=inf, float bottom=-inf) -> Tensor")
    library = Library("tests_once", "DEF")
    with pytest.raises(RuntimeError, match="could not parse dispatch key: Cpuu"):
        Library("tests", "IMPL").impl("keyed", lambda x: x, "Cpuu")
    with pytest.raises(RuntimeError, match="Expected one of cpu"):
        impl("tests::keyed", "cpuu", lambda x: x)
    with pytest.raises(RuntimeError, match="Only a single TORCH_LIBRARY can be used to register the namespace tests_once"):
        Library("tests_once", "DEF")
    library._destroy()
    Library("tests_once", "DEF")._destroy()
    impl("tests::keyed", "cpu", lambda x, top=0.0, bottom=0.0: x.clamp(bottom, top) * 2)
    assert ag.ops.tests.keyed(ag.ones(1), 3.0).item() == 2
    assert [argument.default for argument in ag.ops.tests.keyed.default._schema.arguments[1:]] == [float("inf"), -float("inf")]


def test_an_argument_that_is_returned_stays_the_object_that_it_is():
    library = Library("tests_returning", "DEF")
    library.define("add_(Tensor(a!) x, Tensor y) -> Tensor(a!)")
    library.impl("add_", lambda x, y: x.add_(y), "CPU")
    x, y = ag.zeros(2), ag.ones(2, requires_grad=True)
    assert ag.ops.tests_returning.add_(x, y.detach()) is x and x._version == 1
    assert ag.ops.tests_returning.add_(x, y) is x and x.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="no autograd formula was registered"):
        x.sum().backward()


def test_what_a_library_of_a_block_defines_goes_with_the_block():
    with ag.library._scoped_library("tests_scoped", "FRAGMENT") as library:
        library.define("twice(Tensor x) -> Tensor")
        library.impl("twice", lambda x: x * 2, "CPU")
        assert ag.ops.tests_scoped.twice(ag.ones(1)).item() == 2
    with pytest.raises(AttributeError):
        ag.ops.tests_scoped.twice(ag.ones(1))


def test_dispatch_modes_and_selective_checkpoints_see_an_operation():
    from functools import partial

    from arcgrad.utils._python_dispatch import TorchDispatchMode
    from arcgrad.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts

    calls, seen = [], []

    @custom_op("tests::seen_sin", mutates_args=())
    def seen_sin(x: ag.Tensor) -> ag.Tensor:
        calls.append(x)
        return x.sin()

    seen_sin.register_autograd(lambda ctx, grad: grad * ctx.x.cos(), setup_context=lambda ctx, inputs, output: setattr(ctx, "x", inputs[0]))

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    x = ag.ones(2, requires_grad=True)
    with Mode():
        result = seen_sin(x)
    assert seen == [ag.ops.tests.seen_sin.default] and len(calls) == 1 and result.requires_grad
    keep = partial(create_selective_checkpoint_contexts, [ag.ops.tests.seen_sin.default])
    checkpoint(lambda x: (seen_sin(x) * x.exp()).sin(), x, use_reentrant=False, context_fn=keep).sum().backward()
    # Its result was kept: the kernel did not run again.
    assert len(calls) == 2 and x.grad is not None
