"""Everything at once, from several threads, at random: no crash, no hang, no error but those that are promised."""

import gc
import random
import threading
import time

import arcgrad as ag
import pytest

SECONDS = 4.0
THREADS = 4

#: What the races of these programs may legitimately end in: another thread has changed or freed what was saved, or has
#: moved a tensor between two steps of this one.
PROMISED = (
    "modified by an inplace operation",
    "second time",
    "a leaf Variable that requires grad",
    "is a view and",
    "doesn't match the broadcast shape",
    "can't assign Variable as its own grad",
    "does not require grad",
    "of size",
)


class Double(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.kept = [x]
        return x * 2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 + x * 0


class World:
    """Tensors that all threads share."""

    def __init__(self):
        self.leaves = [ag.ones(8, dtype=ag.float64, requires_grad=True) for _ in range(3)]
        self.plain = [ag.zeros(8, dtype=ag.float64) for _ in range(2)]
        self.results = [leaf * 1 for leaf in self.leaves]
        self.large = ag.ones(1 << 17)

    def steps(self):
        return [
            self.compute,
            self.backward,
            self.grad_of,
            self.write,
            self.write_through_a_view,
            self.read_gradients,
            self.tag_a_gradient,
            self.drop_gradients,
            self.hook,
            self.cycle,
            self.custom,
            self.move,
            self.large_work,
            self.explain,
            gc.collect,
        ]

    def any_leaf(self):
        return random.choice(self.leaves)

    def any_result(self):
        return random.choice(self.results)

    def compute(self):
        y = self.any_result()
        z = (y.sin() * self.any_leaf() + random.choice(self.plain)).exp().clamp(-1, 1)
        self.results[random.randrange(3)] = z if random.random() < 0.7 else self.any_leaf() * 1

    def backward(self):
        self.any_result().sum().backward(retain_graph=random.random() < 0.5)

    def grad_of(self):
        x = self.any_leaf()
        (g,) = ag.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
        (h,) = ag.autograd.grad(g.sum(), x)
        assert h.shape == (8,)

    def write(self):
        random.choice(self.plain).mul_(0.5).add_(1)
        self.any_result().mul_(0.5)

    def write_through_a_view(self):
        y = self.any_result()
        first, second = y[:4], y[2:6]
        first.add_(1)
        assert second.grad_fn is not None or not second.requires_grad

    def read_gradients(self):
        x = self.any_leaf()
        g = x.grad
        if g is not None:
            assert g.shape == (8,) and len(g.tolist()) == 8

    def tag_a_gradient(self):
        g = self.any_leaf().grad
        if g is not None:
            g.tag = [g, random.random()]
            assert g.tag[0] is g

    def drop_gradients(self):
        self.any_leaf().grad = None

    def hook(self):
        x = self.any_leaf()
        handle = x.register_hook(lambda g: g * 1)
        (x * 2).sum().backward()
        handle.remove()

    def cycle(self):
        y = self.any_leaf() * 2
        z = y.exp() * y
        y.register_hook(lambda g: (y, z))
        y.me = [y, z]

    def custom(self):
        y = Double.apply(self.any_leaf())
        y.grad_fn.kept.append(y)
        y.sum().backward()

    def move(self):
        plain = random.choice(self.plain)
        plain.data = ag.zeros(8, dtype=ag.float64)
        plain.t_()

    def large_work(self):
        self.large.mul_(1)
        assert self.large.sum().item() == 1 << 17

    def explain(self):
        ag.explain_grad(self.any_leaf())
        repr(self.any_result())


@pytest.mark.arcgrad_only  # PyTorch crashes
@pytest.mark.parametrize("seed", [1])
def test_threads_that_do_everything_to_the_same_tensors(seed):
    world = World()
    deadline = time.monotonic() + SECONDS
    errors, counts = [], []

    def work():
        count = 0
        try:
            while time.monotonic() < deadline and not errors:
                try:
                    random.choice(world.steps())()
                except RuntimeError as error:
                    if not any(phrase in str(error) for phrase in PROMISED):
                        raise
                count += 1
        except BaseException as error:
            errors.append(error)
        counts.append(count)

    random.seed(seed)
    thresholds = gc.get_threshold()
    gc.set_threshold(50, 2, 2)
    try:
        threads = [threading.Thread(target=work, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 60)
            assert not thread.is_alive(), "a thread hangs"
    finally:
        gc.set_threshold(*thresholds)
    if errors:
        raise errors[0]
    assert min(counts) > 20
    # Everything still works.
    x = ag.ones(8, dtype=ag.float64, requires_grad=True)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0] * 8
