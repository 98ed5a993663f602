"""Random numbers under vmap: the same for all examples, different ones, or none."""

import pytest

import arcgrad as ag
from arcgrad import vmap
from arcgrad.nn import functional as F

X = ag.zeros(4)


def _seeded(call):
    ag.manual_seed(7)
    return call()


@pytest.mark.parametrize(
    "draw",
    [
        lambda *size: ag.randn(*size, 40),
        lambda *size: ag.rand(*size, 5),
        lambda *size: ag.randint(0, 100, (*size, 5)),
    ],
)
def test_different_numbers_are_those_of_one_tensor(draw):
    found = _seeded(lambda: vmap(lambda x: draw(), randomness="different")(X))
    assert ag.equal(found, _seeded(lambda: draw(4)))
    nested = _seeded(lambda: vmap(vmap(lambda x: draw(), randomness="different"), randomness="different")(ag.zeros(2, 3)))
    assert ag.equal(nested, _seeded(lambda: draw(2, 3)))


def test_same_numbers_are_those_of_one_example():
    found = _seeded(lambda: vmap(lambda x: ag.randn(5), randomness="same")(X))
    assert ag.equal(found, _seeded(lambda: ag.randn(5)).expand(4, 5))


@pytest.mark.parametrize(
    "draw",
    [
        lambda p: ag.bernoulli(p),
        lambda p: ag.normal(p, 1.0),
        lambda p: ag.poisson(p),
        lambda p: ag.multinomial(p, 3),
    ],
)
def test_parameters_that_are_the_same_for_all_give_each_example_its_own_numbers(draw):
    p = ag.rand(20)
    found = _seeded(lambda: vmap(lambda x: draw(p), randomness="different")(X))
    assert ag.equal(found, _seeded(lambda: draw(p.expand(4, 20))))
    same = _seeded(lambda: vmap(lambda x: draw(p), randomness="same")(X))
    assert ag.equal(same, _seeded(lambda: draw(p)).expand_as(same))


def test_weights_of_examples_are_rows():
    weights = ag.rand(4, 6)
    found = _seeded(lambda: vmap(lambda w: ag.multinomial(w, 3), randomness="different")(weights))
    assert ag.equal(found, _seeded(lambda: ag.multinomial(weights, 3)))
    several = ag.rand(2, 4, 6)
    found = _seeded(lambda: vmap(lambda w: ag.multinomial(w, 3), randomness="different")(several))
    assert ag.equal(found, _seeded(lambda: ag.multinomial(several.flatten(0, 1), 3)).unflatten(0, (2, 4)))


@pytest.mark.parametrize("draw", [lambda p: ag.multinomial(p, 2), lambda p: ag.zeros(5).bernoulli_(p), ag.bernoulli])
def test_the_same_numbers_of_different_parameters_are_refused(draw):
    with pytest.raises(RuntimeError, match="does not currently support same randomness with a batched tensor input"):
        vmap(draw, randomness="same")(ag.rand(4, 5))
    with pytest.raises(RuntimeError, match="called random operation while in randomness error mode"):
        vmap(draw)(ag.rand(4, 5))


def test_written_in_place_by_probabilities():
    x, p = ag.zeros(4, 5), ag.rand(5)
    same = _seeded(lambda: vmap(lambda x: x.bernoulli_(p), randomness="same")(x.clone()))
    assert ag.equal(same, _seeded(lambda: ag.bernoulli(p)).expand(4, 5))
    different = _seeded(lambda: vmap(lambda x: x.bernoulli_(p), randomness="different")(x.clone()))
    assert ag.equal(different, _seeded(lambda: x.clone().bernoulli_(p.expand(4, 5))))
    with pytest.raises(RuntimeError, match="different inplace randomness on an unbatched tensor"):
        vmap(lambda _: ag.zeros(5).bernoulli_(p), randomness="different")(X)


@pytest.mark.parametrize("drop", [F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout, F.dropout])
def test_dropout_of_what_is_the_same_for_all(drop):
    x = ag.ones(3, 8, 2, 2)
    found = vmap(lambda _: drop(x, 0.5, training=True), randomness="different")(X)
    assert not all(ag.equal(found[0], other) for other in found[1:])
    same = vmap(lambda _: drop(x, 0.5, training=True), randomness="same")(X)
    assert all(ag.equal(same[0], other) for other in same[1:])


def test_a_generator_is_what_set_state_returns():
    generator = ag.Generator()
    assert generator.set_state(generator.get_state()) is generator


def test_chunks_get_the_same_numbers():
    x = ag.zeros(5, 3)
    found = vmap(lambda x: x + ag.randn(3), randomness="same", chunk_size=2)(x)
    assert all(ag.equal(found[0], other) for other in found[1:])
    jacobian = ag.func.jacrev(lambda x: x * 2, chunk_size=2)(ag.ones(3))
    assert ag.equal(jacobian, 2 * ag.eye(3))


@pytest.mark.parametrize("draw", [ag.bernoulli, lambda p: p.multinomial(2, replacement=True).float()])
def test_an_outer_batch_of_the_same_numbers_asks_for_its_own_examples_alone(draw):
    p = ag.tensor([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    ag.manual_seed(0)
    alone = ag.vmap(draw, randomness="different")(p)
    ag.manual_seed(0)
    repeated = ag.vmap(lambda v: ag.vmap(draw, randomness="different")(p) * v, randomness="same")(ag.ones(4))
    assert ag.equal(repeated, alone.expand(4, 3, 2))
    with pytest.raises(RuntimeError, match="does not currently support same randomness with a batched tensor input"):
        ag.vmap(lambda p: ag.vmap(draw, randomness="different")(p), randomness="same")(p.expand(4, 3, 2))
