"""Code of the program that runs in the middle of the library's (destructors, hooks) may use what is being worked on:
nothing is locked meanwhile. A lock that were held would stop the whole process, so each case has one of its own."""

import textwrap

import pytest

SETUP = """
import weakref
import arcgrad as ag

done = []

class Touches:
    "Its destructor uses a tensor that has let go of it."
    def __init__(self, tensor):
        self.tensor = weakref.ref(tensor)

    def __del__(self):
        tensor = self.tensor()
        done.append((tensor.detach() + 1).shape == tensor.shape and tensor.grad_fn is tensor.grad_fn)

class Memory(bytearray):
    "Memory of a tensor, whose destructor uses that tensor."
    def __del__(self):
        done.append((x + 1).shape == x.shape)

def leaf():
    return ag.ones(2, requires_grad=True)

def at_node(tensor):
    "Lets the node own what touches the tensor."
    tensor.grad_fn.metadata["thing"] = Touches(tensor)
"""

#: What lets go of something whose destructor uses the one that let go; each ends with one destructor run.
CASES = {
    "detach_": """
        y = leaf() * 2
        at_node(y)
        y.detach_()
    """,
    "a gradient": """
        x, g = leaf(), ag.ones(2)
        g.thing = Touches(x)
        x.grad = g
        del g
        x.grad = None
    """,
    "a gradient that another replaces": """
        x, g = leaf(), ag.ones(2)
        g.thing = Touches(x)
        x.grad = g
        del g
        x.grad = ag.zeros(2)
    """,
    "memory, by data": """
        x = ag.frombuffer(Memory(8), dtype=ag.float32)
        x.data = ag.zeros(3)
    """,
    "memory, by set_": """
        x = ag.frombuffer(Memory(8), dtype=ag.float32)
        x.set_(ag.zeros(3))
    """,
    "memory, by resize_": """
        x = ag.frombuffer(Memory(8), dtype=ag.float32)
        x.resize_(5)
    """,
    "the node of a view that is out of date": """
        base = leaf() * 2
        view = base[:1]
        at_node(view)
        base.mul_(3)
        view.grad_fn
    """,
    "the history inside a custom function": """
        class Records(ag.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                with ag.enable_grad():
                    y = x.detach().requires_grad_() * 2
                at_node(y)
                return y
            @staticmethod
            def backward(ctx, g):
                return g
        Records.apply(leaf())
    """,
    "what a saved value was packed as": """
        class Packed:
            def __init__(self, value):
                self.value = value
            def __del__(self):
                try:
                    node._saved_self
                except RuntimeError as error:
                    done.append("second time" in str(error))
        x = leaf()
        with ag.autograd.graph.saved_tensors_hooks(Packed, lambda packed: packed.value):
            y = x * 1.5
            y = x.sin()
        node = y.grad_fn
        y.sum().backward()
    """,
    "memory of a saved value, while a gradient is read": """
        class Saved(bytearray):
            def __del__(self):
                done.append((seed + 1).shape == seed.shape)
        seed, w = ag.ones(2), ag.frombuffer(Saved(8), dtype=ag.float32)
        y = leaf() * w
        del w
        y.backward(seed)
    """,
    "a hook of a tensor": """
        class Hook(Touches):
            def __call__(self, g):
                return None
        x = leaf()
        handle = x.register_hook(Hook(x))
        handle.remove()
    """,
    "a hook of a node": """
        class Hook:
            def __call__(self, *_):
                return None
            def __del__(self):
                node.register_hook(lambda *_: None)
                done.append(True)
        node = (leaf() * 2).grad_fn
        node.register_hook(Hook()).remove()
    """,
    "a pair of hooks on saved values": """
        class Pack:
            def __call__(self, tensor):
                return tensor
            def __del__(self):
                with ag.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
                    done.append(True)
        with ag.autograd.graph.saved_tensors_hooks(Pack(), lambda t: t):
            pass
    """,
    "what a ctx was to save": """
        class Saves(ag.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                class Asks:
                    def __del__(self):
                        done.append(ctx.needs_input_grad == (True,))
                thing = ag.ones(1)
                thing.asks = Asks()
                ctx.save_for_backward(thing)
                del thing
                ctx.save_for_backward(x)
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return g
        Saves.apply(leaf())
    """,
    "nothing: a hook uses its own table": """
        x = leaf()
        def hook(g):
            x.register_hook(lambda g: None).remove()
            done.append(True)
        x.register_hook(hook)
        (x * 2).sum().backward()
    """,
    "nothing: unpacking uses the node": """
        def unpack(value):
            if not done:
                done.append(True)
                node._saved_self
            return value
        with ag.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
            y = leaf().sin()
        node = y.grad_fn
        y.sum().backward()
    """,
    "nothing: packing reads and writes what is worked on": """
        w, index = ag.ones(2), ag.tensor([0])
        def pack(t):
            w.data.add_(0)
            target.data.add_(0)
            done[:] = [t.tolist() is not None]
            return t
        with ag.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            target = leaf() * 1
            target * w
            target @ w
            target.mul_(w)
            target.masked_fill_(w > 0, w[0])
            target.index_put_((index,), w[:1])
            target.scatter_(0, index, w[:1])
            target.mul_(ag.ones(1))
    """,
}


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("what", CASES)
def test_what_lets_go_is_not_locked(run_python, what):
    program = SETUP + textwrap.dedent(CASES[what]) + "\nprint(done)\n"
    assert run_python(program, timeout=20).strip() == "[True]"
