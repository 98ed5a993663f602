"""Custom differentiable functions (contract: autograd.Function)."""

import gc
import warnings
import weakref

import arcgrad as ag
import pytest
from leaves import leaf

Function = ag.autograd.Function
once_differentiable = ag.autograd.function.once_differentiable
F64 = ag.float64


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


class Cube(Function):
    """In the two-part form."""

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    def backward(ctx, g):
        x, output = ctx.saved_tensors
        return g * 3 * output / x


def make(forward, backward, **more):
    """A Function from two functions."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward), **more}
    return type("Made", (Function,), members)


# ---- the ordinary way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "value", "gradient"), [(Square, 9.0, 6.0), (Cube, 27.0, 27.0)])
def test_value_and_gradient(function, value, gradient):
    x = leaf(3.0)
    y = function.apply(x)
    assert y.item() == value and y.requires_grad and not y.is_leaf
    y.backward()
    assert x.grad.item() == pytest.approx(gradient, rel=1e-14)


@pytest.mark.parametrize("function", [Square, Cube])
def test_double_and_triple_backward(function):
    n = 2 if function is Square else 3
    x = leaf(3.0)
    y = function.apply(x)
    (g,) = ag.autograd.grad(y, x, create_graph=True)
    (h,) = ag.autograd.grad(g, x, create_graph=True)
    assert g.item() == pytest.approx(n * 3.0 ** (n - 1)) and h.item() == pytest.approx(n * (n - 1) * 3.0 ** (n - 2))
    if n == 3:
        (t,) = ag.autograd.grad(h, x)
        assert t.item() == pytest.approx(6)


def test_gradcheck_of_custom_functions():
    x = leaf(1.0, -2.0, 3.0)
    for function in (Square, Cube):
        assert ag.autograd.gradcheck(function.apply, (x,))
        assert ag.autograd.gradgradcheck(function.apply, (x,))


def test_the_node_is_named_after_the_class_and_is_the_ctx():
    contexts = []

    class MyOp(Function):
        @staticmethod
        def forward(ctx, x):
            contexts.append(ctx)
            ctx.note = "kept"
            return x * 2

        @staticmethod
        def backward(ctx, g):
            contexts.append(ctx)
            return g * 2

    x = leaf(1.0)
    y = MyOp.apply(x)
    assert y.grad_fn.name() == "MyOpBackward" and type(y.grad_fn).__name__ == "MyOpBackward"
    assert y.grad_fn is contexts[0] and y.grad_fn.note == "kept"
    assert y.grad_fn.next_functions[0][0].variable is x
    y.backward()
    assert contexts[1] is contexts[0]
    assert repr(y).endswith("grad_fn=<MyOpBackward>)")


def test_functions_are_not_called_directly():
    x = leaf(1.0)
    with warnings.catch_warnings(), pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        warnings.simplefilter("ignore")
        Square(x)(x)


def test_forward_runs_with_grad_mode_off():
    modes = []

    def forward(ctx, x):
        modes.append(ag.is_grad_enabled())
        y = x * 2
        modes.append(y.requires_grad)
        return y

    f = make(forward, lambda ctx, g: g * 2)
    f.apply(leaf(1.0))
    assert modes == [False, False] and ag.is_grad_enabled()


def test_nothing_is_recorded_without_grad():
    f = make(lambda ctx, x: x * 2, lambda ctx, g: g * 2)
    assert not f.apply(ag.ones(1)).requires_grad
    with ag.no_grad():
        assert not f.apply(leaf(1.0)).requires_grad


def test_a_function_without_forward_or_backward():
    class NoForward(Function):
        @staticmethod
        def backward(ctx, g):
            return g

    class NoBackward(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError):
        NoForward.apply(leaf(1.0))
    y = NoBackward.apply(leaf(1.0))
    with pytest.raises(NotImplementedError):
        y.backward()


def test_vjp_is_another_name_of_backward():
    class Named(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    x = leaf(1.0)
    Named.apply(x).backward()
    assert x.grad.item() == 2


def test_inheritance_and_class_attributes():
    class Scaled(Function):
        factor = 2

        @classmethod
        def run(cls, x):
            return cls.apply(x)

        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    class Renamed(Scaled):
        pass

    y = Renamed.run(leaf(1.0))
    assert y.grad_fn.name() == "RenamedBackward"


# ---- arguments ---------------------------------------------------------------------------------------------------


def test_arguments_that_are_no_tensors():
    def forward(ctx, x, n, name, y, options=None):
        ctx.n = n
        assert name == "name" and options == {"k": 1}
        return x * n + y

    f = make(forward, lambda ctx, g: (g * ctx.n, None, None, g, None))
    x, y = leaf(2.0), leaf(5.0)
    f.apply(x, 3, "name", y, {"k": 1}).backward()
    assert x.grad.item() == 3 and y.grad.item() == 1


def test_a_gradient_for_something_that_is_no_tensor_is_an_error():
    f = make(lambda ctx, x, n: x * n, lambda ctx, g: (g, g))
    with pytest.raises(RuntimeError, match="(?i)non-tensor|not a Variable|not a Tensor"):
        f.apply(leaf(1.0), 3).backward()


def test_tensors_inside_containers_are_not_differentiated():
    f = make(lambda ctx, xs: xs[0] * 2, lambda ctx, g: g)
    assert not f.apply([leaf(1.0)]).requires_grad


def test_needs_input_grad():
    seen = []

    def backward(ctx, g):
        seen.append(ctx.needs_input_grad)
        return g, None, g, None

    f = make(lambda ctx, a, b, c, n: a + b + c, backward)
    f.apply(leaf(1.0), ag.ones(1, dtype=F64), leaf(1.0), 7).backward()
    assert seen == [(True, False, True, False)]


def test_needs_input_grad_in_forward():
    seen = []

    def forward(ctx, a, b):
        seen.append(ctx.needs_input_grad)
        return a + b

    make(forward, lambda ctx, g: (g, g)).apply(leaf(1.0), ag.ones(1, dtype=F64))
    assert seen == [(True, False)]


def test_gradients_for_inputs_that_need_none_are_ignored():
    f = make(lambda ctx, a, b: a + b, lambda ctx, g: (g, g * 100))
    x, c = leaf(1.0), ag.ones(1, dtype=F64)
    f.apply(x, c).backward()
    assert x.grad.item() == 1 and c.grad is None


def test_none_as_gradient():
    f = make(lambda ctx, a, b: a + b, lambda ctx, g: (None, g))
    a, b = leaf(1.0), leaf(2.0)
    f.apply(a, b).backward()
    assert a.grad is None and b.grad.item() == 1
    a2 = leaf(1.0)
    f.apply(a2 * 2, b).backward()  # None goes on as "no gradient"
    assert a2.grad is None or a2.grad.item() == 0


def test_the_same_tensor_twice():
    f = make(lambda ctx, a, b: a * 2 + b * 3, lambda ctx, g: (g * 2, g * 3))
    x = leaf(1.0)
    f.apply(x, x).backward()
    assert x.grad.item() == 5


# ---- wrong gradients ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("returned", [lambda g: (g, g, g), lambda g: g, lambda g: ()])
def test_the_wrong_number_of_gradients(returned):
    class TwoInputs(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return returned(g)

    a, b = leaf(1.0), leaf(1.0)
    with pytest.raises(RuntimeError, match="returned an incorrect number of gradients") as caught:
        TwoInputs.apply(a, b).backward()
    assert "TwoInputsBackward" in str(caught.value)
    assert a.grad is None and b.grad is None


def test_trailing_nones_are_ignored():
    f = make(lambda ctx, a: a * 2, lambda ctx, g: (g * 2, None, None))
    x = leaf(1.0)
    f.apply(x).backward()
    assert x.grad.item() == 2


@pytest.mark.parametrize("shape", [(3,), (2, 1), (0,), (2, 3)])
def test_a_gradient_of_the_wrong_shape(shape):
    class WrongShape(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, ag.ones(shape, dtype=F64)

    a, b = leaf(1.0, 2.0), leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="returned an invalid gradient at index 1") as caught:
        WrongShape.apply(a, b).sum().backward()
    assert "WrongShapeBackward" in str(caught.value)
    assert b.grad is None


def test_a_gradient_that_broadcasts_from_is_summed():
    f = make(lambda ctx, a: a.expand(3, 2) * 1, lambda ctx, g: g)
    x = leaf(1.0, 2.0)
    f.apply(x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_gradient_of_another_dtype_is_cast():
    f = make(lambda ctx, a: a * 2, lambda ctx, g: g.float() * 2)
    x = leaf(1.0)
    f.apply(x).backward()
    assert x.grad.dtype is F64 and x.grad.item() == 2


@pytest.mark.parametrize("bad", ["text", 1.0, [1.0]])
def test_a_gradient_that_is_no_tensor(bad):
    f = make(lambda ctx, a: a * 2, lambda ctx, g: bad)
    x = leaf(1.0)
    with pytest.raises((RuntimeError, TypeError)):
        f.apply(x).backward()
    assert x.grad is None


@pytest.mark.parametrize("value", [3, "text", [1.0], None])
def test_an_output_that_is_no_tensor_passes_through(value):
    f = make(lambda ctx, a: value, lambda ctx, g: g)
    assert f.apply(leaf(1.0)) is value


# ---- several outputs ---------------------------------------------------------------------------------------------


def test_several_outputs():
    f = make(lambda ctx, a: (a * 2, a * 3), lambda ctx, g, h: g * 2 + h * 3)
    x = leaf(1.0)
    y, z = f.apply(x)
    assert isinstance(f.apply(x), tuple) and (y.output_nr, z.output_nr) == (0, 1) and y.grad_fn is z.grad_fn
    (y * 10 + z * 100).backward()
    assert x.grad.item() == 320


def test_a_tuple_of_one_stays_a_tuple():
    f = make(lambda ctx, a: (a * 2,), lambda ctx, g: g * 2)
    out = f.apply(leaf(1.0))
    assert isinstance(out, tuple) and len(out) == 1


def test_outputs_that_are_no_tensors_pass_through():
    f = make(lambda ctx, a: (a * 2, "text", None, 7), lambda ctx, g, *rest: g * 2)
    x = leaf(1.0)
    y, text, none, seven = f.apply(x)
    assert (text, none, seven) == ("text", None, 7)
    y.backward()
    assert x.grad.item() == 2


def test_missing_output_gradients_are_zeros():
    seen = []

    def backward(ctx, g, h):
        seen.append((g.tolist(), h.tolist()))
        return g * 2

    f = make(lambda ctx, a: (a * 2, ag.ones(2, 2, dtype=F64) * a), backward)
    y, z = f.apply(leaf(1.0))
    y.backward()
    assert seen == [([1.0], [[0.0, 0.0], [0.0, 0.0]])]


def test_missing_output_gradients_are_none_if_asked_for():
    seen = []

    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    def backward(ctx, g, h):
        seen.append((g, h))
        return None if h is None else h * 3

    f = make(forward, backward)
    x = leaf(1.0)
    y, z = f.apply(x)
    z.backward()
    assert seen[0][0] is None and x.grad.item() == 3


def test_mark_non_differentiable():
    def forward(ctx, a):
        order = a.argsort()
        copy = a * 2
        ctx.mark_non_differentiable(order, copy)
        return a * 3, order, copy

    seen = []

    def backward(ctx, g, h, k):
        seen.append((h.tolist(), k.tolist()))
        return g * 3

    x = leaf(2.0, 1.0)
    y, order, copy = make(forward, backward).apply(x)
    assert y.requires_grad and not order.requires_grad and not copy.requires_grad and copy.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0] and seen == [([0, 0], [0.0, 0.0])]


def test_integer_outputs_never_require_grad():
    f = make(lambda ctx, a: (a * 2, a.argsort()), lambda ctx, g, h: g * 2)
    y, order = f.apply(leaf(2.0, 1.0))
    assert y.requires_grad and not order.requires_grad


# ---- inputs and views as outputs ---------------------------------------------------------------------------------


def test_an_input_returned_as_it_is():
    f = make(lambda ctx, a: a, lambda ctx, g: g * 10)
    x = leaf(1.0)
    y = f.apply(x)
    assert y is not x and y.grad_fn.name() == "MadeBackward" and x.is_leaf
    assert y.data_ptr() == x.data_ptr()
    y.backward()
    assert x.grad.item() == 10


def test_a_view_of_an_input_returned():
    f = make(lambda ctx, a: a[1:], lambda ctx, g: ag.cat([ag.zeros(1, dtype=F64), g * 10]))
    x = leaf(1.0, 2.0)
    y = f.apply(x)
    assert y.data_ptr() != 0 and y.grad_fn.name() == "MadeBackward"
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 10.0]


def test_in_place_on_a_view_made_in_a_custom_function_is_refused():
    f = make(lambda ctx, a: a.view_as(a), lambda ctx, g: g)
    y = f.apply(leaf(1.0, 2.0) * 1)
    with pytest.raises(RuntimeError, match="(?i)custom Function|is a view and is being modified inplace"):
        y.mul_(2)


def test_a_saved_output_does_not_leak(collect):
    class Exp(Function):
        @staticmethod
        def forward(ctx, a):
            y = a.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = leaf(1.0)
    y = Exp.apply(x)
    assert y.grad_fn.saved_tensors[0].grad_fn is y.grad_fn
    ref = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert ref() is None
    finally:
        gc.enable()


# ---- saving ------------------------------------------------------------------------------------------------------


def test_saved_tensors_are_the_same_objects():
    kept = []

    def forward(ctx, a, b):
        ctx.save_for_backward(a, b, None)
        return a * b

    def backward(ctx, g):
        kept.append(ctx.saved_tensors)
        return g, g

    a, b = leaf(1.0), leaf(2.0)
    make(forward, backward).apply(a, b).backward()
    assert kept[0][0] is a and kept[0][1] is b and kept[0][2] is None


def test_saved_tensors_are_version_checked():
    x = leaf(2.0)
    y = x * 1
    z = Square.apply(y)
    with ag.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_saved_tensors_are_freed_after_backward():
    y = Square.apply(leaf(2.0))
    y.backward()
    with pytest.raises(RuntimeError, match="second time|after they have already been freed"):
        y.backward()
    with pytest.raises(RuntimeError, match="after they have already been freed|second time"):
        y.grad_fn.saved_tensors


def test_only_tensors_can_be_saved():
    def forward(ctx, a):
        ctx.save_for_backward(a, 3)
        return a * 2

    with pytest.raises(TypeError):
        make(forward, lambda ctx, g: g).apply(leaf(1.0))


def test_saving_intermediate_results():
    def forward(ctx, a):
        middle = a.exp()
        ctx.save_for_backward(middle)
        return middle.sin()

    def backward(ctx, g):
        (middle,) = ctx.saved_tensors
        return g * middle.cos() * middle

    x = leaf(0.3)
    make(forward, backward).apply(x).backward()
    y = leaf(0.3)
    y.exp().sin().backward()
    assert x.grad.item() == pytest.approx(y.grad.item(), rel=1e-14)


def test_attributes_of_the_ctx():
    def forward(ctx, a):
        ctx.x = a
        ctx.things = [1, 2]
        return a * 2

    def backward(ctx, g):
        assert ctx.things == [1, 2]
        return g * ctx.x

    x = leaf(5.0)
    make(forward, backward).apply(x).backward()
    assert x.grad.item() == 5


# ---- dirty -------------------------------------------------------------------------------------------------------


class DoubleInPlace(Function):
    @staticmethod
    def forward(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        return a

    @staticmethod
    def backward(ctx, g):
        return g * 2


def test_mark_dirty_returns_the_same_tensor_with_a_new_history():
    x = leaf(3.0)
    y = x * 1
    z = DoubleInPlace.apply(y)
    assert z is y and y.grad_fn.name() == "DoubleInPlaceBackward" and y.item() == 6 and y._version >= 1
    (y * 5).backward()
    assert x.grad.item() == 10


def test_mark_dirty_on_a_leaf_is_refused():
    x = leaf(3.0)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        DoubleInPlace.apply(x)


def test_mark_dirty_on_a_view_rewrites_the_base():
    x = leaf(1.0, 2.0)
    y = x * 1
    DoubleInPlace.apply(y[1:])
    assert y.tolist() == [1.0, 4.0] and y.grad_fn.name().endswith("CopySlices")
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("marks_first", [True, False])
def test_mark_dirty_on_a_view_gives_view_and_base_the_gradient(marks_first):
    def forward(ctx, a):
        if marks_first:
            ctx.mark_dirty(a)
        a.mul_(2)
        if not marks_first:
            ctx.mark_dirty(a)
        return a

    x = leaf(0.7, 0.2)
    y = x * 1
    other = y[:1]
    view = y.view(2, 1)
    result = make(forward, lambda ctx, g: g * 2).apply(view)
    assert result is view
    for tensor, expected in [(result, [2.0, 2.0]), (view, [2.0, 2.0]), (y, [2.0, 2.0]), (other, [2.0, 0.0])]:
        assert ag.autograd.grad(tensor.sum(), x, retain_graph=True)[0].tolist() == expected


def test_any_argument_may_be_the_view_that_is_dirty():
    def forward(ctx, w, a):
        ctx.save_for_backward(w, a.clone())
        a.mul_(w)
        ctx.mark_dirty(a)
        return a

    def backward(ctx, g):
        w, a = ctx.saved_tensors
        return (g * a).sum().view(1), g * w

    x, w = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 1
    make(forward, backward).apply(w, y[1:])
    y.sum().backward()
    assert y.tolist() == [1.0, 10.0, 15.0]
    assert x.grad.tolist() == [1.0, 5.0, 5.0] and w.grad.tolist() == [5.0]


def test_a_view_that_was_changed_and_saved_is_no_cycle(collect):
    class Kept(Function):
        @staticmethod
        def forward(ctx, a):
            a.exp_()
            ctx.mark_dirty(a)
            ctx.save_for_backward(a)
            return a

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return g * a

    x = leaf(1.0, 2.0)
    y = x * 1
    view = Kept.apply(y[:1])
    (first,) = ag.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = ag.autograd.grad((first + y).sum(), x)
    assert second.tolist() == pytest.approx([2 * ag.tensor(1.0, dtype=F64).exp().item(), 1.0])
    node = weakref.ref(y.grad_fn.next_functions[0][0])
    data = weakref.ref(y)
    gc.disable()
    try:
        del view, y, first, second
        assert data() is None and node() is None
    finally:
        gc.enable()


def test_part_of_an_argument_changed_in_forward():
    def forward(ctx, a, b):
        a[1:2] += b
        ctx.mark_dirty(a)
        return a

    x, b = leaf(1.0, 1.0, 1.0), leaf(2.0)
    a = x * 1
    make(forward, lambda ctx, g: (g, g[1:2])).apply(a, b).sum().backward()
    assert a.tolist() == [1.0, 3.0, 1.0] and x.grad.tolist() == [1.0, 1.0, 1.0] and b.grad.tolist() == [1.0]


def test_mark_dirty_of_something_that_is_not_returned():
    def forward(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        return a.clone()

    f = make(forward, lambda ctx, g: g)
    with pytest.raises(RuntimeError, match="(?i)dirty|return|output"):
        f.apply(leaf(1.0) * 1)


def test_mark_dirty_on_a_tensor_without_grad_connects_it():
    def forward(ctx, buffer, w):
        buffer.add_(w)
        ctx.mark_dirty(buffer)
        return buffer

    buffer, w = ag.zeros(2, dtype=F64), leaf(1.0, 2.0)
    out = make(forward, lambda ctx, g: (g, g)).apply(buffer, w)
    assert out is buffer and buffer.requires_grad
    buffer.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]


# ---- once differentiable -----------------------------------------------------------------------------------------


class Once(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * a

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        assert not ag.is_grad_enabled()
        return 2 * a * g


def test_once_differentiable():
    x = leaf(3.0)
    Once.apply(x).backward()
    assert x.grad.item() == 6


def test_once_differentiable_functions_refuse_a_second_time():
    x, seed = leaf(3.0), leaf(1.0)
    (g,) = ag.autograd.grad(Once.apply(x), x, seed, create_graph=True)
    assert g.item() == 6 and g.requires_grad
    with pytest.raises(
        RuntimeError, match="trying to differentiate twice a function that was marked with @once_differentiable"
    ):
        g.backward()


def test_a_backward_that_is_constant_has_no_second_derivative():
    f = make(lambda ctx, a: a * 2, lambda ctx, g: g * 2)
    x = leaf(1.0)
    (g,) = ag.autograd.grad(f.apply(x), x, create_graph=True)
    assert not g.requires_grad or ag.autograd.grad(g, x, allow_unused=True)[0] is None


# ---- exceptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["forward", "backward", "setup_context"])
def test_exceptions_keep_type_and_traceback(where):
    def fail_here(*_):
        raise LookupError(f"in {where}")

    if where == "setup_context":
        f = make(lambda x: x * 2, lambda ctx, g: g, setup_context=staticmethod(fail_here))
    elif where == "forward":
        f = make(fail_here, lambda ctx, g: g)
    else:
        f = make(lambda ctx, x: x * 2, fail_here)
    x = leaf(1.0)
    with pytest.raises(LookupError, match=f"in {where}") as caught:
        f.apply(x * 1).backward()
    assert "fail_here" in [entry.name for entry in caught.traceback]
    assert ag.is_grad_enabled() and x.grad is None
    Square.apply(x).backward()
    assert x.grad.item() == 2


def test_an_exception_in_forward_after_an_in_place_write():
    y = leaf(1.0) * 1

    def forward(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        raise LookupError

    with pytest.raises(LookupError):
        make(forward, lambda ctx, g: g).apply(y)
    assert y.grad_fn.name() == "MulBackward0" and y.item() == 2


# ---- hooks, nesting, reuse ---------------------------------------------------------------------------------------


def test_custom_functions_inside_custom_functions():
    class Outer(Function):
        @staticmethod
        def forward(ctx, a):
            with ag.enable_grad():
                inner = a.detach().requires_grad_()
                out = Square.apply(inner)
            ctx.inner, ctx.out = inner, out
            return out.detach()

        @staticmethod
        def backward(ctx, g):
            return ag.autograd.grad(ctx.out, ctx.inner, g)[0]

    x = leaf(3.0)
    Outer.apply(x).backward()
    assert x.grad.item() == 6


def test_hooks_on_custom_nodes():
    x = leaf(3.0)
    y = Square.apply(x)
    order = []
    y.grad_fn.register_prehook(lambda go: order.append("pre"))
    y.grad_fn.register_hook(lambda gi, go: order.append("post"))
    y.register_hook(lambda g: order.append("tensor"))
    y.backward()
    assert order == ["tensor", "pre", "post"]


def test_a_function_of_no_inputs_that_require_grad_calls_no_backward():
    calls = []
    f = make(lambda ctx, a: a * 2, lambda ctx, g: calls.append(1))
    y = f.apply(ag.ones(1, dtype=F64))
    x = leaf(1.0)
    (x * y).backward()
    assert calls == []


def test_the_ctx_is_owned_by_the_node(collect):
    class Thing:
        pass

    thing = Thing()
    ref = weakref.ref(thing)

    def forward(ctx, a):
        ctx.thing = thing
        return a * 2

    y = make(forward, lambda ctx, g: g).apply(leaf(1.0))
    z = y * 3
    del thing, y, forward
    collect()
    assert ref() is not None
    del z
    collect()
    assert ref() is None


class Product(ag.autograd.Function):
    """A product whose jvp is written down; it says so by a factor of 10."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_forward(x, y)
        return x * y

    @staticmethod
    def jvp(ctx, x_tangent, y_tangent):
        x, y = ctx.saved_tensors
        return 10 * (x_tangent * y + x * y_tangent)


def test_forward_mode_calls_the_jvp_of_a_function():
    forward_ad = ag.autograd.forward_ad
    with forward_ad.dual_level():
        x = forward_ad.make_dual(ag.tensor([3.0]), ag.tensor([1.0]))
        assert forward_ad.unpack_dual(Product.apply(x, x)).tangent.tolist() == [60.0]
        # Without a tangent of its own, an argument has zeros for one.
        assert forward_ad.unpack_dual(Product.apply(x, ag.tensor([2.0]))).tangent.tolist() == [20.0]
        assert forward_ad.unpack_dual(Product.apply(ag.ones(1), ag.ones(1))).tangent is None


def test_forward_mode_through_a_function_without_jvp_is_a_clear_error():
    class Plain(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    forward_ad = ag.autograd.forward_ad
    with forward_ad.dual_level():
        x = forward_ad.make_dual(ag.tensor([3.0]), ag.tensor([1.0]))
        with pytest.raises(NotImplementedError, match="You must implement the jvp function"):
            Plain.apply(x)


def test_a_jvp_gives_a_tangent_for_each_result():
    class Two(Product):
        @staticmethod
        def jvp(ctx, x_tangent, y_tangent):
            return x_tangent, y_tangent

    forward_ad = ag.autograd.forward_ad
    with forward_ad.dual_level():
        x = forward_ad.make_dual(ag.tensor([3.0]), ag.tensor([1.0]))
        with pytest.raises(RuntimeError, match="incorrect number of forward gradients .expected 1, got 2"):
            Two.apply(x, x)


def test_the_way_to_a_forward_product_that_the_error_names():
    x = ag.tensor([3.0, 2.0], requires_grad=True)
    v = ag.zeros(2, requires_grad=True)
    (g,) = ag.autograd.grad(x * x, x, v, create_graph=True)
    (product,) = ag.autograd.grad(g, v, ag.tensor([1.0, 10.0]))
    assert product.tolist() == [6.0, 40.0]


# ---- arguments, old names, batches --------------------------------------------------------------------------------


def test_setup_context_sees_defaults():
    class Power(Function):
        @staticmethod
        def forward(x, exponent=3):
            return x**exponent

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.exponent = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * ctx.exponent * x ** (ctx.exponent - 1), None

    x = leaf(2.0)
    Power.apply(x).backward()
    assert x.grad.item() == 12.0


def test_gradients_of_constant_results_may_stay_none():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            constant = x.clone()
            ctx.mark_non_differentiable(constant)
            ctx._materialize_non_diff_grads = False
            return x * 2, constant

        @staticmethod
        def backward(ctx, grad, of_constant):
            assert of_constant is None
            return grad * 2

    x = leaf(2.0)
    Two.apply(x)[0].backward()
    assert x.grad.item() == 2.0


def test_saved_variables_warns_of_its_age():
    class Old(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            with pytest.warns(DeprecationWarning, match="saved_variables"):
                assert len(ctx.saved_variables) == 1
            return grad * 2

    Old.apply(leaf(1.0)).backward()


def test_marking_what_is_no_input_dirty_warns():
    class Marks(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            ctx.mark_dirty(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    with pytest.warns(UserWarning, match="Only input Tensors"):
        Marks.apply(leaf(1.0))


class BatchedCube(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x**3, x.detach() ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs, output[1])
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, grad, _):
        _, square = ctx.saved_tensors
        return grad * 3 * square


def test_the_rule_for_batches_can_be_worked_out():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert ag.vmap(lambda row: BatchedCube.apply(row)[0])(x).tolist() == (x**3).tolist()
    assert ag.vmap(lambda row: BatchedCube.apply(row)[0], in_dims=1, out_dims=1)(x).tolist() == (x**3).tolist()


def test_gradients_of_batches_inside_and_outside():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    inside = ag.vmap(ag.func.grad(lambda row: BatchedCube.apply(row)[0].sum()))(x.detach())
    assert inside.tolist() == (3 * x**2).tolist()
    ag.vmap(lambda row: BatchedCube.apply(row)[0])(x).sum().backward()
    assert x.grad.tolist() == (3 * x**2).tolist()


def test_what_is_the_same_for_all_examples_gets_the_sum_of_their_gradients():
    class Product(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x, weight):
            return x * weight

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, grad):
            x, weight = ctx.saved_tensors
            return grad * weight, grad * x

    x, weight = ag.tensor([[1.0, 2.0], [3.0, 4.0]]), ag.tensor([5.0, 6.0], requires_grad=True)
    ag.vmap(Product.apply, in_dims=(0, None))(x, weight).sum().backward()
    assert weight.grad.tolist() == [4.0, 6.0]


def test_a_function_may_say_how_it_is_done_for_a_batch():
    seen = []

    class Own(Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

        @staticmethod
        def vmap(info, in_dims, x):
            seen.append((info.batch_size, info.randomness, in_dims))
            return Own.apply(x), in_dims[0]

    x = ag.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert ag.vmap(Own.apply)(x).tolist() == (x * 2).tolist()
    assert seen == [(3, "error", (0,))]


def test_a_function_without_a_rule_for_batches_is_refused():
    class None_(Function):
        @staticmethod
        def forward(x):
            return x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    with pytest.raises(RuntimeError, match="does not have vmap support"):
        ag.vmap(None_.apply)(ag.ones(2))
    with pytest.raises(RuntimeError, match="must override the setup_context"):
        ag.vmap(Square.apply)(ag.ones(2))


def test_a_complex_gradient_of_a_real_input_is_an_error():
    class Turned(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 1j

    x = ag.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="invalid gradient at index 0 - expected type float32 but got complex64"):
        Turned.apply(x).sum().backward()
    assert x.grad is None
    (grad,) = ag.autograd.grad(Turned.apply(z := ag.ones(2, dtype=ag.complex64, requires_grad=True)).abs().sum(), z)
    assert grad.tolist() == [1j, 1j]


def test_an_input_that_is_returned_keeps_its_class():
    class Kept(ag.Tensor):
        pass

    class Same(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad

    for requires_grad in (False, True):
        x = ag.ones(2).as_subclass(Kept).requires_grad_(requires_grad)
        y = Same.apply(x)
        assert type(y) is Kept and y.requires_grad is requires_grad and y is not x


def test_a_rule_for_tangents_writes_where_forward_does():
    import arcgrad.autograd.forward_ad as fwAD

    class Twice(ag.autograd.Function):
        writes = True

        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def jvp(ctx, tangent):
            return tangent.mul_(2) if Twice.writes else tangent

    for Twice.writes in (True, False):
        with fwAD.dual_level():
            x = fwAD.make_dual(ag.ones(2), ag.ones(2))
            if Twice.writes:
                assert fwAD.unpack_dual(Twice.apply(x)).tangent.tolist() == [2.0, 2.0]
            else:
                with pytest.raises(RuntimeError, match="jvp function must modify the corresponding gradient inplace"):
                    Twice.apply(x)
