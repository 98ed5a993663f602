"""Arguments that PyTorch refuses are refused: what stands for an integer, shapes that losses do not take."""

from __future__ import annotations

import arcgrad as ag
import pytest
import calls as registry

F = ag.nn.functional


def test_the_start_of_narrow_is_a_tensor_without_axes():
    x = ag.arange(6).reshape(3, 2)
    assert x.narrow(0, ag.tensor(1), 1).tolist() == ag.narrow(x, 0, start=ag.tensor(-2), length=1).tolist() == [[2, 3]]
    for start in (ag.tensor([0]), ag.tensor([[0]]), ag.tensor(0.0), ag.tensor(True), ag.tensor([0, 1])):
        with pytest.raises(RuntimeError, match="start must be an 0-dim integral Tensor"):
            x.narrow(0, start, 1)


def lone_integers():
    """The sample calls with an integer among their arguments, and where it is."""
    for name, samples in registry.SAMPLES.items():
        if name not in registry.OPS:
            continue
        for index, (args, kwargs) in enumerate(samples):
            for key, value in [*enumerate(args), *kwargs.items()]:
                if type(value) is int:
                    yield name, index, key


@registry.only_here
def test_a_tensor_with_axes_is_no_integer():
    refused = 0
    for name, index, key in lone_integers():
        args, kwargs = registry._arguments(*registry.SAMPLES[name][index], name, index, [])
        given = kwargs if isinstance(key, str) else args
        value = given[key]
        function = registry.find(name)
        with ag.no_grad():
            for wrong in (ag.tensor([value]), ag.tensor([[value]])):
                given[key] = wrong
                try:
                    function(*args, **kwargs)
                except (TypeError, RuntimeError, ValueError):
                    refused += 1
                else:
                    assert name in TAKES_TENSORS, (name, index, key)
    assert refused > 100


def test_a_tensor_without_axes_is_an_integer():
    x, one = ag.arange(6.0).reshape(2, 3), ag.tensor(1)
    assert x.sum(one).tolist() == x.sum(1).tolist() and x.select(one, one).tolist() == [1.0, 4.0]
    assert x.cumsum(ag.tensor(0)).tolist() == x.cumsum(0).tolist() and x.chunk(one)[0].shape == (2, 3)
    for call in (lambda: x.any(ag.tensor(True)), lambda: x.any(ag.tensor([1]))):
        with pytest.raises(TypeError):
            call()


#: A tensor of numbers has a meaning of its own there.
TAKES_TENSORS = set(
    """add sub rsub mul div pow copysign clamp remainder fmod lerp where tensor_split repeat_interleave index_fill
    masked_fill bucketize fill_ full full_like new_full view expand repeat tile sum_to_size max min tensordot
    """.split()
)


@pytest.mark.parametrize("shapes", [((15,), (15,), (3,)), ((15,), (15,), (15,)), ((1, 4, 3), (4, 3), (4,)), ((), (4, 3), (4,)), ((4, 3), (4, 3), ())])
def test_cosine_embedding_loss_takes_pairs_of_rows(shapes):
    first, second, target = (ag.ones(shape) for shape in shapes)
    with pytest.raises(RuntimeError, match="D target tensor expects .*D input tensors, but found inputs with sizes"):
        F.cosine_embedding_loss(first, second, target)


def test_cosine_embedding_loss_takes_one_target_a_pair():
    with pytest.raises(RuntimeError, match="multi-target not supported"):
        F.cosine_embedding_loss(ag.ones(4, 3), ag.ones(4, 3), ag.ones(4, 1))
    assert F.cosine_embedding_loss(ag.ones(4, 3), ag.ones(4, 3), ag.ones(4)).item() == pytest.approx(0, abs=1e-6)
    assert F.cosine_embedding_loss(ag.ones(3), ag.ones(3), ag.tensor(-1.0)).item() == pytest.approx(1)


def test_losses_of_two_inputs_want_as_many_axes_of_all():
    column, vector = ag.ones(4, 1), ag.ones(4)
    for shapes in ((column, vector, vector), (vector, column, vector), (vector, vector, column), (ag.ones(()), vector, vector)):
        with pytest.raises(RuntimeError, match="All input tensors should have same dimension"):
            F.margin_ranking_loss(*shapes)
        with pytest.raises(RuntimeError, match="expected to have the same number of dimensions"):
            F.triplet_margin_loss(*shapes)


def test_the_weight_of_prelu_is_a_vector_at_most():
    x = ag.tensor([[-1.0, 2.0]])
    assert F.prelu(x, ag.tensor(0.5)).tolist() == F.prelu(x, ag.tensor([0.5])).tolist() == [[-0.5, 2.0]]
    for shape in ((1, 1), (1, 2), (2, 1)):
        with pytest.raises(RuntimeError, match="scalar or 1D tensor, but got: ndim = 2"):
            F.prelu(x, ag.ones(shape))


def test_a_number_has_no_axis_to_be_rolled_along():
    with pytest.raises(IndexError, match="Dimension specified as -1 but tensor has no dimensions"):
        ag.roll(ag.tensor(1.0), 1, -1)
    assert ag.roll(ag.tensor(1.0), 1).item() == 1


def test_slopes_are_drawn_between_bounds_in_order():
    with pytest.raises(RuntimeError, match="Lower bound should be less than or equal to the upper bound"):
        ag.nn.functional.rrelu(ag.ones(2), 0.3, 0.1, training=True)


def test_the_loss_of_several_places_wants_a_batch():
    loss = ag.nn.functional.linear_cross_entropy
    with pytest.raises(RuntimeError, match="requires batched input"):
        loss(ag.ones(3), ag.ones(2, 4, 3), ag.tensor([0, 1]))
    with pytest.raises(RuntimeError, match="dimensionality 1 or 2, got 3"):
        loss(ag.ones(2, 3, 3), ag.ones(4, 3), ag.tensor([0, 1]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, number: x.addcmul(x, x, value=number),
        lambda x, number: x.add(x, alpha=number),
        lambda x, number: ag.full((2,), number),
        lambda x, number: ag.addmm(x, x, x, beta=number),
        lambda x, number: F.leaky_relu(x, number),
        lambda x, number: F.layer_norm(x, (2,), eps=number),
    ],
)
def test_a_number_has_no_gradient_to_be_lost(call):
    x = ag.ones(2, 2)
    assert call(x, ag.tensor(0.5)) is not None
    with pytest.raises(TypeError, match="Tensor"):
        call(x, ag.tensor(0.5, requires_grad=True))


def test_the_ends_of_a_row_of_numbers_may_require_a_gradient():
    end = ag.tensor(2.0, requires_grad=True)
    assert ag.linspace(0, end, 3).tolist() == [0.0, 1.0, 2.0] and not ag.logspace(0, end, 3).requires_grad
    with pytest.raises(RuntimeError, match="only supports 0-dimensional start and end tensors"):
        ag.linspace(0, ag.ones(1), 3)


def test_renorm_refuses_an_axis_that_is_not_there():
    with pytest.raises(IndexError, match="Dimension out of range"):
        ag.renorm(ag.ones(2, 3), 2, 5, 1.0)
