"""Batching: an operation on all examples at once against a loop over them, over the corpus of calls."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest
from arcgrad._core import _autograd
from calls import DTYPES, NO_GRADIENT, ROWS, SAMPLES, T, calls, find, generator, row_inputs

SIZE = 3

#: Operations that have no rule yet: they say so. What gets one leaves this list.
REFUSED = {"as_strided"}
#: Single calls whose results have shapes that the data decides.
DATA_DECIDES = {("lstsq", 4)}


def results(result) -> list:
    """All tensors of a result, whatever their dtype."""
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in results(part)]
    return [result] if isinstance(result, ag.Tensor) else []


def vmap(function, axes, size=SIZE):
    """`function` over examples that lie along `axes` of its arguments (``None``: the same for all), along axis 0 of results."""

    def call(*wholes):
        level = _autograd.enter_level(size)
        try:
            examples = [
                whole if axis is None else _autograd.add_batch_dim(whole, axis, level)
                for whole, axis in zip(wholes, axes)
            ]
            return [_autograd.remove_batch_dim(result, 0, level) for result in results(function(*examples))]
        finally:
            _autograd.exit_level(level)

    return call


def loop(function, axes, size=SIZE):
    """What :func:`vmap` has to compute."""

    def call(*wholes):
        each = [
            results(function(*[w if axis is None else w.select(axis, at).clone() for w, axis in zip(wholes, axes)]))
            for at in range(size)
        ]
        return [ag.stack(parts) for parts in zip(*each)]

    return call


def examples_of(leaf, key, size=SIZE):
    """Tensors like a leaf, with its elements in other orders and a little smaller: within the same domain."""
    rng = generator("examples", key)
    flat = leaf.detach().numpy().reshape(-1)
    return [rng.permutation(flat).reshape(tuple(leaf.shape)) * (1 - 0.003 * at) for at in range(size)]


def whole_of(leaf, key, axis, size=SIZE):
    return ag.from_numpy(np.ascontiguousarray(np.stack(examples_of(leaf, key, size), axis)))


def axes_for(leaves):
    """An axis among those of each leaf and one more, each time another one."""
    return [(number + 1) % (leaf.dim() + 1) for number, leaf in enumerate(leaves)]


def compare(found, expected, what):
    assert len(found) == len(expected), what
    for a, b in zip(found, expected):
        assert a.dtype == b.dtype, (what, a.dtype, b.dtype)
        assert tuple(a.shape) == tuple(b.shape), (what, a.shape, b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-10, err_msg=str(what))


def chosen_leaves(leaves):
    """All leaves, and each alone."""
    yield [True] * len(leaves)
    if len(leaves) > 1:
        for alone in range(len(leaves)):
            yield [at == alone for at in range(len(leaves))]


def check(call, leaves, key, differentiable, in_place=False):
    for chosen in chosen_leaves(leaves):
        axes = [axis if taken else None for axis, taken in zip(axes_for(leaves), chosen)]
        wholes = [
            leaf.detach() if axis is None else whole_of(leaf, (key, at), axis)
            for at, (leaf, axis) in enumerate(zip(leaves, axes))
        ]
        if in_place and axes[0] is None:
            with pytest.raises(RuntimeError, match="`self` not being"):
                vmap(call, axes)(*wholes)
            continue
        compare(vmap(call, axes)(*wholes), loop(call, axes)(*wholes), (key, axes))
        if differentiable:
            check_gradients(call, axes, wholes, key)
    check_nested(call, leaves, key)


def check_gradients(call, axes, wholes, key):
    """The gradient of all examples at once, from outside of the batch and within it, against a loop."""
    wholes = [whole.clone().requires_grad_() for whole in wholes]

    def graded(outs, weights):
        kept = [(out, weight) for out, weight in zip(outs, weights) if out.requires_grad]
        return ag.autograd.grad([o for o, _ in kept], wholes, [w for _, w in kept], allow_unused=True)

    expected = loop(call, axes)(*wholes)
    rng = generator("weights", key)
    weights = [ag.from_numpy(np.asarray(rng.uniform(-1, 1, tuple(out.shape)))) for out in expected]
    outside = graded(vmap(call, axes)(*wholes), weights)
    for found, wanted, whole in zip(outside, graded(expected, weights), wholes):
        found, wanted = (ag.zeros_like(whole) if g is None else g for g in (found, wanted))
        compare([found], [wanted], (key, axes, "gradient"))

    def gradients(*given):
        inputs, weights = given[: len(wholes)], given[len(wholes) :]
        inputs = [example.detach().requires_grad_() for example in inputs]
        kept = [(out, w) for out, w in zip(results(call(*inputs)), weights) if out.requires_grad]
        grads = ag.autograd.grad([out for out, _ in kept], inputs, [w for _, w in kept], allow_unused=True)
        return [ag.zeros_like(example) if grad is None else grad for grad, example in zip(grads, inputs)]

    given, places = [*[whole.detach() for whole in wholes], *weights], [*axes, *[0] * len(weights)]
    compare(vmap(gradients, places)(*given), loop(gradients, places)(*given), (key, axes, "gradient within"))


def check_nested(call, leaves, key):
    """A batch within a batch."""
    outer = 2
    inner_axes, outer_axes = axes_for(leaves), [0] * len(leaves)
    wholes = [
        ag.stack([whole_of(leaf, (key, at, number), axis) for number in range(outer)])
        for at, (leaf, axis) in enumerate(zip(leaves, inner_axes))
    ]
    found = vmap(vmap(call, inner_axes), outer_axes, outer)(*wholes)
    compare(found, loop(loop(call, inner_axes), outer_axes, outer)(*wholes), (key, "nested"))


def samples_of(name):
    """Calls with something to batch, as they are written."""
    for number, (call, leaves, sample) in enumerate(calls(name)):
        if leaves:
            yield number, call, leaves, sample


BATCHED = sorted(name for name in SAMPLES if any(isinstance(v, (T, list)) for args, _ in SAMPLES[name] for v in args))


@pytest.mark.parametrize("name", sorted(name for name in ROWS if "float64" in DTYPES[ROWS[name]["tier"]]))
def test_rows(name):
    function = find(name)
    leaves = [ag.from_numpy(array[:2, :5].copy()) for array in row_inputs(name, "float64")]
    check(function, leaves, name, ROWS[name]["differentiable"])


@pytest.mark.parametrize("name", BATCHED)
def test_samples(name):
    in_place = name.endswith("_")
    for number, call, leaves, sample in samples_of(name):
        if name in REFUSED:
            axes = axes_for(leaves)
            wholes = [whole_of(leaf, at, axis) for at, (leaf, axis) in enumerate(zip(leaves, axes))]
            with pytest.raises(NotImplementedError):
                vmap(call, axes)(*wholes)
            continue
        if (name, number) in DATA_DECIDES:
            wholes = [whole_of(leaf, at, 0) for at, leaf in enumerate(leaves)]
            with pytest.raises(RuntimeError, match="vmap: It looks like you're calling .item()"):
                vmap(call, [0] * len(leaves))(*wholes)
            continue
        try:
            check(call, leaves, (name, number), name not in NO_GRADIENT, in_place)
        except Exception as error:
            raise AssertionError(f"{name}{sample}: {type(error).__name__}: {error}") from error


# ---- positions that differ between examples, and index expressions ----------------------------------------------------


def drawn(shape, key="x"):
    return ag.from_numpy(generator("drawn", key).uniform(-1, 1, shape))


def positions(shape, below, key="positions", low=0):
    return ag.from_numpy(generator(key, below).randint(low, below, shape))


def distinct(rows, count, below):
    """For each of `rows` examples `count` positions of which no two are the same."""
    rng = generator("distinct", below)
    return ag.from_numpy(np.stack([rng.permutation(below)[:count] for _ in range(rows)]))


def changed(change):
    """An assignment as a function of what is assigned to."""

    def call(x, *rest):
        x = x.clone()
        change(x, *rest)
        return x

    return call


def assign(*items):
    """``x[items] = value`` with tensors for the items that are ``None``."""

    def change(x, value, *given):
        given = iter(given)
        x[tuple(next(given) if item is None else item for item in items)] = value

    return changed(change)


X = drawn((SIZE, 4, 5, 2))
ROWS_OF_EACH, COLUMNS = distinct(SIZE, 3, 4), distinct(SIZE, 3, 5)
DISTINCT = {
    "gather": (lambda x, i: ag.gather(x, 1, i), [X, positions((SIZE, 4, 3, 2), 5)]),
    "take_along_dim": (lambda x, i: ag.take_along_dim(x, i, 1), [X, positions((SIZE, 4, 3, 2), 5)]),
    "scatter_add": (lambda x, s, i: x.scatter_add(1, i, s), [X, drawn((SIZE, 4, 3, 2)), positions((SIZE, 4, 3, 2), 5)]),
    "scatter of a number": (lambda x, i: x.scatter(1, i, 0.5), [X, positions((SIZE, 4, 3, 2), 5)]),
    "scatter_reduce": (
        lambda x, s, i: x.scatter_reduce(1, i, s, "mean", include_self=False),
        [X, drawn((SIZE, 4, 3, 2)), positions((SIZE, 4, 3, 2), 5)],
    ),
    "index_select": (lambda x, i: ag.index_select(x, 1, i), [X, COLUMNS]),
    "index_add": (
        lambda x, s, i: x.index_add(1, i, s, alpha=0.5),
        [X, drawn((SIZE, 4, 3, 2)), positions((SIZE, 3), 5)],
    ),
    "index_copy": (lambda x, s, i: x.index_copy(1, i, s), [X, drawn((SIZE, 4, 3, 2)), COLUMNS]),
    "index_fill": (lambda x, i: x.index_fill(1, i, 2.0), [X, positions((SIZE, 3), 5, low=-5)]),
    "index_fill by a tensor": (lambda x, v, i: x.index_fill(1, i, v), [X, drawn((SIZE,)), positions((SIZE, 3), 5, low=-5)]),
    "take": (lambda x, i: ag.take(x, i), [X, positions((SIZE, 2, 3), 40, low=-40)]),
    "put": (lambda x, s, i: x.put(i, s, accumulate=True), [X, drawn((SIZE, 6)), positions((SIZE, 2, 3), 40, low=-40)]),
    "embedding": (lambda w, i: ag.nn.functional.embedding(i, w), [drawn((SIZE, 4, 3)), positions((SIZE, 2, 2), 4)]),
    "embedding with padding": (
        lambda w, i: ag.nn.functional.embedding(i, w, padding_idx=1),
        [drawn((SIZE, 4, 3)), positions((SIZE, 2, 2), 4)],
    ),
    "masked_scatter": (
        lambda x, s, m: x.masked_scatter(m, s),
        [X, drawn((SIZE, 40)), ag.from_numpy(generator("mask").rand(SIZE, 4, 5, 2) > 0.5)],
    ),
    "x[i]": (lambda x, i: x[i], [X, positions((SIZE,), 4)]),
    "x[:, i]": (lambda x, i: x[:, i], [X, positions((SIZE,), 5, low=-5)]),
    "x[vector]": (lambda x, i: x[i], [X, positions((SIZE, 3), 4, low=-4)]),
    "x[..., vector]": (lambda x, i: x[..., i], [X, positions((SIZE, 3), 2)]),
    "x[vector, vector]": (lambda x, i, j: x[i, j], [X, ROWS_OF_EACH, COLUMNS]),
    "x[vector, :, vector]": (lambda x, i, j: x[i, :, j], [X, ROWS_OF_EACH, positions((SIZE, 3), 2)]),
    "x[matrix, vector]": (lambda x, i, j: x[i, j], [X, positions((SIZE, 2, 3), 4), COLUMNS]),
    "x[1, vector]": (lambda x, i: x[1, i], [X, COLUMNS]),
    "x[None, vector, ::2]": (lambda x, i: x[None, i, ::2], [X, ROWS_OF_EACH]),
    "x[vector] = v": (assign(None), [X, drawn((SIZE, 3, 5, 2)), ROWS_OF_EACH]),
    "x[:, vector] = v": (assign(slice(None), None), [X, drawn((SIZE, 4, 3, 2)), COLUMNS]),
    "x[vector, :, 1] = v": (assign(None, slice(None), 1), [X, drawn((SIZE, 5)), ROWS_OF_EACH]),
    "x[vector, vector] = v": (assign(None, None), [X, drawn((SIZE, 3, 2)), ROWS_OF_EACH, COLUMNS]),
    "x[vector, :, vector] = v": (assign(None, slice(None), None), [X, drawn((SIZE, 3, 5)), ROWS_OF_EACH, positions((SIZE, 3), 2)]),
    "x[i] = v": (assign(None), [X, drawn((SIZE,)), positions((SIZE,), 4)]),
    "x[0] = v": (assign(0), [X, drawn((SIZE, 5, 2))]),
    "x[1:3, ..., 0] = v": (assign(slice(1, 3), Ellipsis, 0), [X, drawn((SIZE, 5))]),
    "x[...] = v": (assign(Ellipsis), [X, drawn((SIZE, 2))]),
    "x[0][1] = v": (changed(lambda x, v: x[0].__setitem__(1, v)), [X, drawn((SIZE, 2))]),
    "x[0] += v": (changed(lambda x, v: x[0].add_(v)), [X, drawn((SIZE, 2))]),
    "x[mask] = number": (
        changed(lambda x, m: x.__setitem__(m, 0.5)),
        [X, ag.from_numpy(generator("mask").rand(SIZE, 4, 5) > 0.5)],
    ),
    "tril_": (changed(lambda x: x.tril_()), [X]),
    "index_add_": (changed(lambda x, s, i: x.index_add_(0, i, s)), [X, drawn((SIZE, 3, 5, 2)), positions((SIZE, 3), 4)]),
    "masked_scatter_": (
        changed(lambda x, s, m: x.masked_scatter_(m, s)),
        [X, drawn((SIZE, 40)), ag.from_numpy(generator("mask").rand(SIZE, 4, 5, 2) > 0.5)],
    ),
    "transposed in place": (changed(lambda x: x.t_() if x.dim() == 2 else x.transpose_(0, 1)), [X]),
    "widened in place": (changed(lambda x: x.unsqueeze_(1)), [X]),
}


@pytest.mark.parametrize("name", DISTINCT)
def test_positions_that_differ(name):
    call, wholes = DISTINCT[name]
    for alone in [None, *range(1, len(wholes))]:
        # All of them, and all but one.
        axes = [None if at == alone else 0 for at in range(len(wholes))]
        given = [whole if axis == 0 else whole[0] for whole, axis in zip(wholes, axes)]
        compare(vmap(call, axes)(*given), loop(call, axes)(*given), (name, axes))
        if all(axis == 0 for axis in axes):
            check_gradients_of(call, wholes, name)


def check_gradients_of(call, wholes, name):
    """Gradients within the batch, where the positions stand for one example, too."""

    def gradients(*given):
        inputs = [x.detach().requires_grad_() if x.is_floating_point() else x for x in given]
        leaves = [x for x in inputs if x.is_floating_point()]
        result = call(*inputs)
        return ag.autograd.grad((result * result).sum(), leaves)

    axes = [0] * len(wholes)
    compare(vmap(gradients, axes)(*wholes), loop(gradients, axes)(*wholes), (name, "gradient within"))


def test_positions_for_what_is_the_same():
    index = positions((SIZE, 3), 4)
    x = drawn((4, 5))
    for call in (lambda x, i: x[i], lambda x, i: x[:, i], lambda x, i: x[i, i], lambda x, i: ag.index_select(x, 0, i)):
        compare(vmap(call, [None, 0])(x, index), loop(call, [None, 0])(x, index), "the same tensor")


# ---- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: x.sum().item(), r"calling \.item\(\) on a Tensor"),
        (lambda x: float(x.sum()), r"calling \.item\(\) on a Tensor"),
        (lambda x: x.nonzero(), "dynamic shape"),
        (lambda x: ag.argwhere(x), "dynamic shape"),
        (lambda x: x.unique(), "dynamic shape"),
        (lambda x: x.unique(dim=0), "dynamic shape"),
        (lambda x: x.unique_consecutive(), "dynamic shape"),
        (lambda x: x[x > 0], "indexing with a boolean mask"),
        (lambda x: ag.masked_select(x, x > 0), "Attempted to vmap over `mask`"),
        (lambda x: ag.nn.functional.one_hot(x.long()), "explicit positive num_classes"),
        (lambda x: ag.randn(3) + x.sum(), "randomness error mode"),
        (lambda x: ag.rand_like(x), "randomness error mode"),
        (lambda x: x.clone().uniform_(), "randomness error mode"),
        (lambda x: ag.bernoulli(x.abs()), "randomness error mode"),
        (lambda x: ag.dropout(x, 0.5, True), "randomness error mode"),
        (lambda x: ag.zeros(5).double()[:2].copy_(x[0, :2]), "`self` not being"),
        (lambda x: ag.zeros(5).double().index_put_((ag.tensor([0]),), x[0, :1]), "`self` not being"),
    ],
)
def test_what_depends_on_data_is_refused(call, words):
    with pytest.raises(RuntimeError, match=words):
        vmap(call, [0])(drawn((SIZE, 4, 5)))


def test_masks_that_are_the_same_for_all():
    mask = ag.from_numpy(generator("mask").rand(4, 5) > 0.5)
    x = drawn((SIZE, 4, 5, 2))
    for call in (
        lambda x: x[mask],
        lambda x: ag.masked_select(x, mask[..., None]),
        changed(lambda x: x.__setitem__(mask, x[mask].flip(0))),
    ):
        compare(vmap(call, [0])(x), loop(call, [0])(x), "mask")


def test_the_name_of_before_vmap_lets_none_pass():
    from arcgrad._vmap_internals import _vmap

    x = ag.arange(6.0).view(3, 2)
    assert _vmap(lambda row: row.sum())(x).tolist() == [1, 5, 9]
    first, second = _vmap(lambda row: (row.sum(), None), allow_none_pass_through=True)(x)
    assert first.tolist() == [1, 5, 9] and second is None


def test_what_is_made_like_an_example_can_be_written_to():
    x = ag.arange(6.0).view(3, 2)
    makers = [
        ag.zeros_like,
        lambda t: ag.full_like(t, 3.0),
        lambda t: t.new_zeros(2),
        lambda t: t.new_full((2,), 1.0),
        lambda t: ag.empty_like(t),
    ]
    for make in makers:
        assert ag.vmap(lambda t: make(t).copy_(t))(x).equal(x)
        assert ag.func.vmap(ag.func.grad(lambda t: (make(t).copy_(t) * t).sum()))(x).equal(2 * x)
    pairs = ag.vmap(ag.vmap(lambda t: ag.zeros_like(t).copy_(t), in_dims=1), in_dims=0)(ag.ones(2, 3, 4))
    assert pairs.shape == (2, 4, 3) and pairs.all()


@pytest.mark.parametrize(
    "change",
    [
        lambda v, w: v.sin_(),
        lambda v, w: v.mul_(w),
        lambda v, w: v.mul_(v),
        lambda v, w: v.pow_(2),
        lambda v, w: v.div_(w),
        lambda v, w: v.clamp_(0.3, 0.9),
        lambda v, w: v.cumprod_(0),
        lambda v, w: v.addcmul_(w, w),
        lambda v, w: v[0].exp_(),
    ],
)
def test_changes_in_place_under_vmap_have_the_gradient_of_each_example(change):
    def f(a, b):
        v = a * 1.5
        change(v.view(2, 2), b * 1.2)
        return (v * v).sum()

    a = ag.arange(12.0, dtype=ag.float64).view(3, 2, 2) * 0.1 + 0.2
    b = a.flip(0) + 0.5
    expected = [ag.func.grad(f, (0, 1))(*pair) for pair in zip(a, b)]
    for number, found in enumerate(ag.func.vmap(ag.func.grad(f, (0, 1)))(a, b)):
        assert ag.allclose(found, ag.stack([grads[number] for grads in expected]))
    assert ag.allclose(ag.func.grad(lambda a: ag.vmap(f)(a, b).sum())(a), ag.stack([grads[0] for grads in expected]))
    of_one = [ag.func.grad(lambda a: ag.func.jvp(lambda a: f(a, y), (a,), (y,))[1])(x) for x, y in zip(a, b)]
    assert ag.allclose(ag.vmap(lambda x, y: ag.func.grad(lambda a: ag.func.jvp(lambda a: f(a, y), (a,), (y,))[1])(x))(a, b), ag.stack(of_one))


def test_a_part_that_is_given_tangents_of_a_batch():
    def f(x, y):
        x = x.clone()
        x[:2] = y
        return x * x

    x, y = ag.tensor([1.0, 2.0, 3.0]), ag.tensor([4.0, 5.0])
    assert ag.func.jacfwd(f, 1)(x, y).equal(ag.func.jacrev(f, 1)(x, y))


def test_as_strided_shows_each_example():
    x = ag.arange(12.0).view(3, 4)
    assert ag.vmap(lambda t: t.as_strided((2, 2), (1, 2)))(x).tolist() == [[[r, r + 2], [r + 1, r + 3]] for r in (0.0, 4.0, 8.0)]
    assert ag.vmap(lambda t: t.as_strided((2,), (2,), 1))(x).tolist() == [[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]]
    with pytest.raises(RuntimeError, match="can access memory outside"):
        ag.vmap(lambda t: t.as_strided((3,), (2,)))(x)


def test_positions_have_no_tangents():
    value, tangent = ag.func.jvp(lambda t: t.argmax(), (ag.tensor([1.0, 3.0]),), (ag.ones(2),))
    assert value == 1 and not tangent.any()
