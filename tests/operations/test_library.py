"""Operations of the program's own: ``torch.library``."""

from __future__ import annotations

import pytest

import arcgrad as ag
from arcgrad import library
from arcgrad.utils._python_dispatch import TorchDispatchMode

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def sine():
    with library._scoped_library("ours", "FRAGMENT"):

        @library.custom_op("ours::sine", mutates_args=())
        def sine(x: ag.Tensor, factor: float = 1.0) -> ag.Tensor:
            return ag.from_numpy(__import__("numpy").sin(x.detach().numpy())) * factor

        def keep(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.factor = inputs[1] if len(inputs) > 1 else 1.0

        sine.register_autograd(lambda ctx, grad: (grad * ctx.saved_tensors[0].cos() * ctx.factor, None), setup_context=keep)
        sine.register_fake(lambda x, factor=1.0: ag.empty_like(x))
        yield sine


@pytest.mark.arcgrad_only
def test_a_function_becomes_an_operation_with_a_gradient(sine):
    x = ag.tensor([0.3, -1.0], dtype=ag.float64, requires_grad=True)
    y = ag.ops.ours.sine(x, 2.0)
    assert ag.allclose(y, x.sin() * 2) and y.requires_grad and not sine(x.detach(), 2.0).requires_grad
    assert ag.autograd.gradcheck(lambda x: sine(x, 2.0), (x,)) and ag.autograd.gradgradcheck(lambda x: sine(x, 2.0), (x,))
    assert sine(ag.empty(3, device="meta"), 1.0).shape == (3,)
    assert sine._schema == "(Tensor x, float factor=1.0) -> Tensor"
    assert set(library.opcheck(sine, (x, 2.0)).values()) == {"SUCCESS"}


@pytest.mark.arcgrad_only
def test_without_a_formula_the_pass_says_so():
    with library._scoped_library("ours", "FRAGMENT"):

        @library.custom_op("ours::twice", mutates_args=())
        def twice(x: ag.Tensor) -> ag.Tensor:
            return x * 2

        x = ag.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match="no autograd formula was registered"):
            twice(x).sum().backward()
        with pytest.raises(library.OpCheckError, match="autograd"):
            library.opcheck(twice, (x,))
        assert isinstance(library.opcheck(twice, (x,), raise_exception=False)["test_faketensor"], NotImplementedError)
    assert not hasattr(ag.ops, "ours")


@pytest.mark.arcgrad_only
def test_results_that_are_arguments_and_writes_that_are_not_said_are_refused():
    with library._scoped_library("ours", "FRAGMENT"):

        @library.custom_op("ours::same", mutates_args=())
        def same(x: ag.Tensor) -> ag.Tensor:
            return x

        @library.custom_op("ours::writes", mutates_args=())
        def writes(x: ag.Tensor) -> ag.Tensor:
            return x.add_(1).clone()

        @library.custom_op("ours::says_so", mutates_args={"x"})
        def says_so(x: ag.Tensor) -> None:
            x.numpy()[...] = 7

        with pytest.raises(RuntimeError, match="must not also be an input"):
            same(ag.ones(2))
        with pytest.raises(library.OpCheckError, match="Argument x is not defined as mutable but was mutated"):
            library.opcheck(writes, (ag.ones(2),))
        x = ag.ones(2)
        version = x._version
        says_so(x)
        assert x.tolist() == [7.0, 7.0] and x._version > version and "Tensor(a0!) x" in says_so._schema
        with pytest.raises(RuntimeError, match="Cannot register autograd formula"):
            says_so.register_autograd(lambda ctx: None)


@pytest.mark.arcgrad_only
def test_lists_of_tensors_have_lists_of_gradients():
    with library._scoped_library("ours", "FRAGMENT"):

        @library.custom_op("ours::split_sum", mutates_args=())
        def split_sum(xs: list[ag.Tensor], scale: float) -> tuple[ag.Tensor, int]:
            return sum(x * scale for x in xs), len(xs)

        def keep(ctx, inputs, output):
            ctx.count, ctx.scale = len(inputs[0]), inputs[1]

        split_sum.register_autograd(lambda ctx, grad, _: ([grad * ctx.scale] * ctx.count, None), setup_context=keep)
        a, b = ag.ones(2, requires_grad=True), ag.ones(2, requires_grad=True)
        total, count = split_sum([a, b], 3.0)
        total.sum().backward()
        assert count == 2 and a.grad.tolist() == b.grad.tolist() == [3.0, 3.0]


@pytest.mark.arcgrad_only
def test_a_rule_for_batches(sine):
    x = ag.rand(3, 2, dtype=ag.float64)
    with pytest.raises(RuntimeError, match="register_vmap"):
        ag.vmap(lambda x: sine(x, 1.0))(x)
    sine.register_vmap(lambda info, in_dims, x, factor=1.0: (sine(x, factor), in_dims[0]))
    assert ag.allclose(ag.vmap(lambda x: sine(x, 2.0), in_dims=1)(x), (x.sin() * 2).t())


@pytest.mark.arcgrad_only
def test_modes_see_the_operation_as_one(sine):
    seen = []

    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Names():
        sine(ag.ones(2, requires_grad=True), 1.0)
    assert ag.ops.ours.sine.default in seen


@pytest.mark.arcgrad_only
def test_operations_by_signature():
    with library._scoped_library("ours", "DEF") as lib:
        lib.define("add_one(Tensor x) -> Tensor")
        lib.impl("add_one", lambda x: x + 1, "CPU")
        assert ag.ops.ours.add_one(ag.ones(1)).item() == 2.0
        library.define("ours::triple", "(Tensor x) -> Tensor", lib=lib)

        @library.impl("ours::triple", "CompositeImplicitAutograd", lib=lib)
        def triple(x):
            return x * 3

        x = ag.ones(1, requires_grad=True)
        ag.ops.ours.triple(x).backward()
        assert x.grad.item() == 3.0
    with pytest.raises(ValueError, match="must have a type annotation"):
        library.infer_schema(lambda x: x, mutates_args=())
