"""What is freed, when, and which cycles the collector finds (contract: no leaks)."""

import gc
import sys
import threading
import time
import weakref

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


class Token:
    """Something whose life can be watched."""


@pytest.fixture
def no_collector():
    """Only reference counts free things inside."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ---- freed at once, without the collector ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x * 2,
        lambda x: (x * 2).exp(),
        lambda x: x.exp().exp(),
        lambda x: (x * 1).mul_(3).exp_(),
        lambda x: x.view(1, -1).t(),
        lambda x: ag.cat([x, x]),
        lambda x: x.sort().values,
        lambda x: x.unbind()[0],
    ],
)
def test_a_graph_is_freed_by_reference_counts(no_collector, make):
    x = leaf(1.0, 2.0)
    y = make(x)
    node = y.grad_fn
    refs = [weakref.ref(y)]
    y.sum().backward()
    del y, node
    assert all(r() is None for r in refs)


def test_a_graph_without_backward_is_freed(no_collector):
    x = leaf(1.0, 2.0)
    intermediate = x.exp()
    ref = weakref.ref(intermediate)
    y = intermediate.sin()
    del intermediate
    del y
    assert ref() is None


def test_a_leaf_is_freed_when_nobody_needs_it(no_collector):
    x = leaf(1.0)
    ref = weakref.ref(x)
    y = x.exp()
    del x, y
    assert ref() is None


def test_writes_to_views_make_no_cycle(no_collector):
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    v.mul_(2)
    y.add_(v.sum())
    refs = [weakref.ref(y), weakref.ref(v)]
    y.sum().backward()
    del y, v
    assert all(r() is None for r in refs)


def test_retain_grad_makes_no_cycle(no_collector):
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    (y * 3).backward()
    ref = weakref.ref(y)
    del y
    assert ref() is None


@pytest.mark.arcgrad_only
def test_create_graph_makes_no_cycle(no_collector):
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    ref, grad_ref = weakref.ref(x), weakref.ref(x.grad)
    del x
    assert ref() is None and grad_ref() is None


@pytest.mark.arcgrad_only
def test_create_graph_with_several_parameters_makes_no_cycle(no_collector):
    a, b = leaf(2.0), leaf(3.0)
    ((a * b) ** 3).backward(create_graph=True)
    (a.grad * b.grad).backward(create_graph=True)
    refs = [weakref.ref(t) for t in (a, b, a.grad, b.grad)]
    del a, b
    assert all(r() is None for r in refs)


def test_backward_frees_saved_tensors_while_the_output_lives(no_collector):
    x = leaf(1.0, 2.0)
    w = ag.ones(2, dtype=F64)
    ref = weakref.ref(w)
    y = (x * w).sum()
    del w
    y.backward()
    assert ref() is None and y.item() == 3


def test_a_custom_function_that_saves_its_output_is_freed(no_collector):
    class Exp(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, token):
            y = x.exp()
            ctx.token = token
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    token = Token()
    ref = weakref.ref(token)
    y = Exp.apply(leaf(1.0), token)
    del token
    assert ref() is not None
    del y
    assert ref() is None


def test_hooks_are_freed_with_their_tensor(no_collector):
    token = Token()
    ref = weakref.ref(token)
    x = leaf(1.0)
    x.register_hook(lambda g, token=token: None)
    y = x * 2
    y.grad_fn.register_hook(lambda *_, token=token: None)
    del token, x, y
    assert ref() is None


def test_a_removed_hook_is_freed_at_once(no_collector):
    token = Token()
    ref = weakref.ref(token)
    x = leaf(1.0)
    handle = x.register_hook(lambda g, token=token: None)
    del token
    handle.remove()
    assert ref() is None


def test_metadata_of_a_node_is_freed_with_it(no_collector):
    token = Token()
    ref = weakref.ref(token)
    y = leaf(1.0) * 2
    y.grad_fn.metadata["token"] = token
    del token, y
    gc.collect()
    assert ref() is None


def test_an_error_in_backward_leaks_nothing(no_collector):
    x = leaf(1.0)
    y = x.exp()

    def fail(g):
        raise LookupError

    y.register_hook(fail)
    z = y.sin()
    ref = weakref.ref(y)
    try:
        z.backward()
    except LookupError:
        pass
    del y, z, fail
    gc.collect()
    assert ref() is None


# ---- cycles that the collector must find -------------------------------------------------------------------------


@pytest.mark.arcgrad_only
def test_a_hook_over_its_own_tensor_is_collected(collect):
    x = leaf(1.0)

    def make():
        y = x * 2
        y.register_hook(lambda g: y)
        return weakref.ref(y)

    ref = make()
    collect()
    assert ref() is None


def test_a_hook_over_its_own_leaf_is_collected(collect):
    def make():
        x = leaf(1.0)
        x.register_hook(lambda g: x)
        return weakref.ref(x)

    ref = make()
    collect()
    assert ref() is None


@pytest.mark.arcgrad_only
def test_a_post_accumulate_hook_over_its_own_leaf_is_collected(collect):
    def make():
        x = leaf(1.0)
        x.register_post_accumulate_grad_hook(lambda p: [x] and None)
        (x * 2).backward()
        return weakref.ref(x)

    ref = make()
    collect()
    assert ref() is None


@pytest.mark.arcgrad_only
def test_a_node_hook_over_its_own_output_is_collected(collect):
    def make():
        y = leaf(1.0) * 2
        y.grad_fn.register_hook(lambda *_: y)
        return weakref.ref(y)

    ref = make()
    collect()
    assert ref() is None


class KeepsItsOutput(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.kept = []
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


def test_a_ctx_over_its_own_output_is_collected(collect):
    def make():
        y = KeepsItsOutput.apply(leaf(1.0))
        y.grad_fn.kept.append(y)
        return weakref.ref(y)

    ref = make()
    collect()
    assert ref() is None


@pytest.mark.arcgrad_only
def test_a_hook_over_a_later_result_is_collected(collect):
    def make():
        x = leaf(1.0)
        y = x * 2
        z = y.exp() + y
        y.register_hook(lambda g: z)
        return [weakref.ref(t) for t in (x, y, z)]

    refs = make()
    collect()
    assert all(r() is None for r in refs)


def test_a_cycle_by_attribute_is_collected(collect):
    def make():
        x = ag.ones(1)
        x.me = x
        y = leaf(1.0) * 2
        y.me = [y]
        return weakref.ref(x), weakref.ref(y)

    refs = make()
    collect()
    assert all(r() is None for r in refs)


@pytest.mark.arcgrad_only
def test_a_cycle_by_grad_is_collected(collect):
    def make():
        x, g = leaf(1.0), ag.ones(1, dtype=F64)
        x.grad = g
        g.owner = x
        return weakref.ref(x), weakref.ref(g)

    refs = make()
    collect()
    assert all(r() is None for r in refs)


def test_a_cycle_through_a_subclass_is_collected(collect):
    class Sub(ag.Tensor):
        pass

    def make():
        x = ag.ones(1).as_subclass(Sub)
        x.me = x
        return weakref.ref(x)

    ref = make()
    collect()
    assert ref() is None


@pytest.mark.arcgrad_only
def test_a_hook_over_its_own_tensor_inside_a_larger_graph_is_collected(collect):
    """The cycle goes through a node that other nodes of the same dead graph hold."""
    x = leaf(1.0)

    def make():
        y = x * 2
        a, b = y.exp(), y.sin()  # a diamond over the node with the hook
        z = a * b
        y.register_hook(lambda g: (y, z))
        return [weakref.ref(t) for t in (y, a, b, z)]

    refs = make()
    collect()
    assert all(r() is None for r in refs)


def test_a_ctx_attribute_that_is_its_own_output_is_collected_in_a_chain(collect):
    def make():
        y = leaf(1.0)
        refs = []
        for _ in range(5):
            y = KeepsItsOutput.apply(y)
            y.grad_fn.kept.append(y)
            refs.append(weakref.ref(y))
        return refs

    refs = make()
    collect()
    assert all(r() is None for r in refs)


def test_the_collector_never_clears_what_is_still_in_use(collect):
    """A hook cycle that is also held from outside must survive, with its parts whole."""
    x = leaf(1.0)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append((y.item(), g.item())))
    z = y * 3  # holds the node, and with it the hook
    for _ in range(3):
        collect()
    z.backward()
    assert seen == [(2.0, 3.0)]


@pytest.mark.parametrize("join", [lambda y: y.exp(), lambda y: y.exp() * y.sin(), lambda y: y.exp() * y.sin() * y])
def test_the_collector_never_clears_a_hook_that_the_program_holds(collect, join):
    """Tensors that are garbage show what they alone keep alive, each reference once: never the program's own."""

    class Hook:
        def __init__(self):
            self.kept = ["whole"]

        def __call__(self, g):
            return None

    hook = Hook()

    def make(registered):
        y = leaf(1.0) * 2
        registered(y, hook)
        z = join(y)
        y.me, z.me = [y], [y, z]
        return weakref.ref(z)

    refs = [make(lambda y, hook: y.register_hook(hook)), make(lambda y, hook: y.grad_fn.register_hook(hook))]
    collect()
    assert hook.kept == ["whole"] and refs[0]() is None


def test_the_collector_never_clears_a_cycle_whose_node_is_in_use(collect):
    seen = []

    def make():
        y = leaf(1.0) * 2
        y.register_hook(lambda g: seen.append((y.item(), g.item())))
        return (y * 3).exp().log()

    z = make()
    for _ in range(3):
        collect()
    z.backward()
    assert seen == [(2.0, pytest.approx(3.0))]


def test_the_collector_never_clears_a_graph_held_by_a_node(collect):
    x = leaf(1.0)
    y = KeepsItsOutput.apply(x)
    y.grad_fn.kept.append(y)
    z = y * 3
    node = z.grad_fn
    del y, z
    for _ in range(3):
        collect()
    inner = node.next_functions[0][0]
    assert inner.kept[0].item() == 2.0


def test_the_collector_never_clears_a_diamond(collect):
    x = leaf(1.0)
    token = Token()
    a = x * 2
    a.register_hook(lambda g, token=token: None)
    b, c = a.exp(), a.sin()
    d = b * c
    ref = weakref.ref(token)
    del a, b, c, token
    collect()
    assert ref() is not None
    d.backward()
    assert x.grad is not None
    del d
    collect()
    assert ref() is None


def test_collecting_during_backward(collect):
    class Collects(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            gc.collect()
            return x * 2

        @staticmethod
        def backward(ctx, g):
            gc.collect()
            (x,) = ctx.saved_tensors
            gc.collect()
            return g * 2 + x * 0

    def collecting_hook(g):
        gc.collect()

    x = leaf(1.0)
    y = x
    for _ in range(10):
        y = Collects.apply(y.exp().log())
        y.register_hook(collecting_hook)
    y.backward()
    assert x.grad.item() == pytest.approx(2.0**10)


@pytest.mark.arcgrad_only
def test_the_collector_sees_nothing_while_another_thread_may_change_graphs(collect):
    """What is garbage then is found later."""
    x = ag.full((1 << 22,), 0.3, dtype=F64)

    def make():
        y = leaf(1.0) * 2
        y.register_hook(lambda g: y)
        return weakref.ref(y)

    # What is there already is not looked at, so that a collection is over long before the other thread is.
    collect()
    gc.freeze()
    try:
        for _ in range(20):
            ref = make()
            over = threading.Event()
            thread = threading.Thread(target=lambda over=over: (x.lgamma(), over.set()))
            thread.start()
            time.sleep(0.02)
            collect()
            spared = ref() is not None and not over.is_set()
            thread.join()
            if spared:  # else the other thread had not begun, or was over
                break
    finally:
        gc.unfreeze()
    assert spared
    collect()
    assert ref() is None


def test_aggressive_collection_in_ordinary_work():
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        x = leaf(1.0, 2.0)
        for _ in range(50):
            y = x * 1
            y.register_hook(lambda g: g)
            y[0].mul_(2)
            KeepsItsOutput.apply(y).sum().backward()
        assert x.grad.tolist() == [200.0, 100.0]
    finally:
        gc.set_threshold(*thresholds)


# ---- the collector is not burdened -------------------------------------------------------------------------------


@pytest.mark.arcgrad_only
def test_plain_tensors_are_not_tracked():
    x = ag.ones(3)
    assert not gc.is_tracked(x) and not gc.is_tracked(x + x)
    x.attribute = 1
    assert gc.is_tracked(x)


@pytest.mark.arcgrad_only
def test_tensors_with_a_graph_and_nodes_are_tracked():
    x = leaf(1.0)
    y = x * 2
    assert gc.is_tracked(y) and gc.is_tracked(y.grad_fn)
    x.register_hook(lambda g: None)
    assert gc.is_tracked(x)


def assign_gradient(x):
    x.grad = ag.ones(2)


def read_gradient(x):
    x.requires_grad_()
    (x * 1).sum().backward()
    _ = x.grad


BRINGS_INTO_A_CYCLE = {
    "an attribute": lambda x: setattr(x, "attribute", 1),
    "a hook": lambda x: x.requires_grad_().register_hook(lambda g: None),
    "a hook after accumulation": lambda x: x.requires_grad_().register_post_accumulate_grad_hook(lambda p: None),
    "a gradient": assign_gradient,
    "a gradient that is read": read_gradient,
    "a method in place": lambda x: x.mul_(ag.ones(2, requires_grad=True)),
    "an operator in place": lambda x: x.__imul__(ag.ones(2, requires_grad=True)),
    "an operator of other arguments in place": lambda x: x.__ipow__(ag.ones(2, requires_grad=True)),
    "elements assigned": lambda x: x.__setitem__(0, ag.ones((), requires_grad=True)),
}


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("what", BRINGS_INTO_A_CYCLE)
def test_a_plain_tensor_is_tracked_once_it_may_lead_back_to_itself(what):
    x = ag.ones(2)
    assert not gc.is_tracked(x)
    BRINGS_INTO_A_CYCLE[what](x)
    assert gc.is_tracked(x)


@pytest.mark.arcgrad_only
def test_what_a_written_view_shows_is_tracked():
    w = ag.ones(2, requires_grad=True)
    for write in (lambda view: view.mul_(w), lambda view: view.__imul__(w), lambda view: view.__setitem__(0, w[0])):
        x = ag.ones(4)
        view = x[:2]
        write(view)
        assert gc.is_tracked(x) and gc.is_tracked(view)


@pytest.mark.arcgrad_only
def test_instances_of_subclasses_are_tracked():
    class Sub(ag.Tensor):
        pass

    x = ag.ones(1).as_subclass(Sub)
    view = x.detach().as_subclass(Sub)[:1]
    assert gc.is_tracked(x) and gc.is_tracked(view) and gc.is_tracked(ag.nn.Parameter(ag.ones(1)))


@pytest.mark.arcgrad_only
def test_results_of_custom_functions_are_tracked():
    class InPlace(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.mark_dirty(x)
            x += w
            return x

        @staticmethod
        def backward(ctx, g):
            return g, g

    x = ag.ones(1)
    InPlace.apply(x, leaf(1.0).float())
    assert gc.is_tracked(x) and gc.is_tracked(KeepsItsOutput.apply(leaf(1.0)))


class Recorder(ag.nn.Linear):
    """Keeps what its backward hooks see."""

    def __init__(self):
        super().__init__(2, 2)
        self.seen = []

    def note(self, module, *gradients):
        self.seen.append(gradients)


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("register", ["register_full_backward_hook", "register_full_backward_pre_hook"])
@pytest.mark.parametrize("follow", [lambda y: y.tanh(), lambda y: y * y, lambda y: y.exp(), lambda y: y.sin() @ y.t()])
@pytest.mark.parametrize("needs_input", [True, False])
@pytest.mark.filterwarnings("ignore:a full backward hook is called")
def test_a_module_that_keeps_the_gradients_its_hooks_see_is_freed(register, follow, needs_input, collect):
    def run():
        model = Recorder()
        # A bound method leads back to the module as well.
        getattr(model, register)(model.note)
        follow(model(ag.randn(3, 2, requires_grad=needs_input))).sum().backward(create_graph=True)
        assert len(model.seen) == 1
        return weakref.ref(model)

    ref = run()
    collect()
    assert ref() is None


@pytest.mark.arcgrad_only
def test_backward_hooks_are_called_again_where_the_graph_is_kept():
    model = Recorder()
    handle = model.register_full_backward_hook(model.note)
    loss = model(ag.randn(3, 2, requires_grad=True)).tanh().sum()
    for count in (1, 2):
        loss.backward(retain_graph=True)
        assert len(model.seen) == count
    handle.remove()
    loss.backward()
    assert len(model.seen) == 2


def test_the_graph_keeps_a_module_until_its_backward_hooks_have_been_called():
    calls = []

    def run(x):
        model = ag.nn.Linear(2, 2)
        model.register_full_backward_hook(lambda module, *_: calls.append(type(module).__name__))
        return model(x)

    run(ag.randn(3, 2, requires_grad=True)).sum().backward()
    assert calls == ["Linear"]


def test_reference_counts_are_not_lost_or_left():
    x = leaf(1.0, 2.0)
    g = ag.ones(2, dtype=F64)
    before = sys.getrefcount(x), sys.getrefcount(g)
    for _ in range(100):
        y = (x * 2).exp().log() + x[0]
        y.backward(g)
        ag.autograd.grad((x * x).sum(), x)
        x.grad = None
    del y
    assert (sys.getrefcount(x), sys.getrefcount(g)) == before


def resident_kilobytes():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_iterations():
    def step():
        w = ag.ones(64, 64, requires_grad=True)
        for _ in range(20):
            x = ag.ones(8, 64)
            loss = (x @ w).tanh().pow(2).sum()
            loss.backward()
            with ag.no_grad():
                w.sub_(w.grad, alpha=1e-9)
            w.grad = None

    for _ in range(10):
        step()
    gc.collect()
    before = resident_kilobytes()
    for _ in range(40):
        step()
    gc.collect()
    assert resident_kilobytes() - before < 8_000
