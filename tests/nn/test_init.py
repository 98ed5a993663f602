"""nn.init: PyTorch's draws for a seed, bounds and moments, errors. Figures with a seed are PyTorch's."""

import math

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import init

DRAWS = {
    "xavier_uniform": (init.xavier_uniform_, [-0.0082014, 0.5876445, -0.9016008, -0.8061808, -0.4219155, 0.2937517]),
    "xavier_normal": (
        lambda w: init.xavier_normal_(w, 2.0),
        [1.949223, -0.3711615, -2.7559748, 0.719015, -1.3718243, -1.7690988],
    ),
    "kaiming_uniform": (
        lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
        [-0.010588, 0.7586458, -1.1639615, -1.0407749, -0.5446905, 0.3792318],
    ),
    "kaiming_normal": (
        lambda w: init.kaiming_normal_(w, mode="fan_out"),
        [1.5409961, -0.2934289, -2.1787894, 0.5684313, -1.0845224, -1.3985955],
    ),
    "trunc_normal": (init.trunc_normal_, [1.5409961, -0.2934289, -0.7192576, 0.5684313, -1.0845224, -1.3985955]),
    "trunc_normal in the tail": (
        lambda w: init.trunc_normal_(w, 0.0, 1.0, 2.0, 3.0),
        [2.0223258, 2.168859, 2.0884774, 2.1320305, 2.3074229, 2.3734174],
    ),
    "sparse": (lambda w: init.sparse_(w, 0.5), [0.0, -0.0029343, 0.0, 0.0056843, 0.0, -0.013986]),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_pytorchs_weights(name):
    fill, wanted = DRAWS[name]
    ag.manual_seed(0)
    weight = ag.empty(2, 3)
    assert fill(weight) is weight
    assert weight.flatten().tolist() == pytest.approx(wanted, abs=4e-6)


@pytest.mark.parametrize(
    "fill",
    [
        init.uniform_,
        init.normal_,
        init.trunc_normal_,
        init.xavier_uniform_,
        init.xavier_normal_,
        init.kaiming_uniform_,
        init.kaiming_normal_,
    ],
)
def test_draws_come_from_the_given_generator(fill):
    state = ag.get_rng_state()
    values = [fill(ag.empty(4, 5), generator=ag.Generator().manual_seed(3)) for _ in range(2)]
    assert ag.equal(*values)
    assert ag.equal(ag.get_rng_state(), state)


def test_filling_is_not_recorded_and_bumps_the_version():
    p = ag.nn.Parameter(ag.zeros(2, 2))
    before = p._version
    init.constant_(p, 3.0)
    assert p.grad_fn is None and p._version == before + 1
    assert init.ones_(p).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert init.zeros_(p).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_gains_are_the_recommended_ones():
    assert init.calculate_gain("linear") == init.calculate_gain("conv2d") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu", 0.2) == math.sqrt(2 / 1.04)
    assert init.calculate_gain("selu") == 0.75
    with pytest.raises(ValueError, match="Unsupported nonlinearity"):
        init.calculate_gain("sine")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", True)


def test_fans_count_kernel_places():
    assert init._calculate_fan_in_and_fan_out(ag.empty(8, 3, 5, 5)) == (75, 200)
    bound = math.sqrt(6 / 75)
    weight = init.kaiming_uniform_(ag.empty(8, 3, 5, 5), nonlinearity="relu")
    assert weight.abs().max().item() <= bound
    assert weight.abs().max().item() > 0.9 * bound


def test_normal_draws_have_the_standard_deviation_asked_for():
    weight = init.kaiming_normal_(ag.empty(200, 300), nonlinearity="relu")
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 300), rel=0.02)


def test_truncated_draws_stay_within_their_bounds():
    values = init.trunc_normal_(ag.empty(2000), 0.0, 1.0, -0.5, 1.0)
    assert -0.5 <= values.min().item() and values.max().item() <= 1.0
    with pytest.warns(UserWarning, match="more than 2 std from"):
        far = init.trunc_normal_(ag.empty(50), 5.0, 1.0, -2.0, 2.0)
    assert far.max().item() <= 2.0


def test_eye_and_dirac_pass_their_input_through():
    assert init.eye_(ag.empty(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    x = ag.randn(1, 4, 5, 5)
    weight = init.dirac_(ag.empty(4, 2, 3, 3), groups=2)
    assert ag.allclose(ag.nn.functional.conv2d(x, weight, padding=1, groups=2), x)


def test_sparse_zeroes_a_fraction_of_each_column():
    weight = init.sparse_(ag.empty(10, 4), 0.25)
    assert (weight == 0).sum(0).tolist() == [3, 3, 3, 3]


def test_old_names_warn_and_do_the_same():
    for name in ("uniform", "normal", "xavier_uniform", "kaiming_normal", "orthogonal"):
        new, old = ag.empty(3, 4), ag.empty(3, 4)
        ag.manual_seed(0)
        getattr(init, name + "_")(new)
        ag.manual_seed(0)
        with pytest.warns(FutureWarning, match=f"nn.init.{name}_"):
            assert getattr(init, name)(old) is old
        assert old.tolist() == new.tolist()
    with pytest.warns(FutureWarning):
        assert init.constant(ag.empty(2), 3.0).tolist() == [3.0, 3.0]


ORTHOGONAL = {
    (3, 4): [0.69772, 0.2816, 0.06507, 0.65548, -0.18711, -0.06553, -0.92668, 0.31931, -0.39883, -0.56802, 0.33946, 0.63486],
    (4, 3): [0.35558, 0.27474, -0.30564, 0.33406, -0.38131, -0.80446, -0.81873, 0.274, -0.49891, -0.30273, -0.83908, 0.10258],
}  # fmt: skip


def test_orthogonal_rows_or_columns_are_pytorchs_and_orthonormal():
    for shape, expected in ORTHOGONAL.items():
        ag.manual_seed(1)
        weight = init.orthogonal_(ag.empty(shape))
        assert weight.flatten().tolist() == pytest.approx(expected, abs=2e-5)
    weight = init.orthogonal_(ag.empty(5, 2, 9, dtype=ag.float64), gain=2.0).flatten(1)
    assert ag.allclose(weight @ weight.T, 4 * ag.eye(5, dtype=ag.float64), atol=1e-12)
    weight = init.orthogonal_(nn.Linear(30, 70).weight.double())
    assert ag.allclose(weight.T @ weight, ag.eye(30, dtype=ag.float64), atol=1e-12)


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda: init.xavier_uniform_(ag.empty(3)), "fewer than 2 dimensions"),
        (lambda: init.kaiming_normal_(ag.empty(3, 3), mode="fan"), "Mode fan not supported"),
        (lambda: init.eye_(ag.empty(3)), "Only tensors with 2 dimensions"),
        (lambda: init.sparse_(ag.empty(3), 0.5), "Only tensors with 2 dimensions"),
        (lambda: init.dirac_(ag.empty(3, 3)), "Only tensors with 3, 4, or 5 dimensions"),
        (lambda: init.dirac_(ag.empty(3, 3, 1), groups=2), "dim 0 must be divisible by groups"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(fill, message):
    with pytest.raises(ValueError, match=message):
        fill()


def test_an_empty_weight_is_left_alone_with_a_warning():
    with pytest.warns(UserWarning, match="no-op"):
        assert tuple(init.kaiming_uniform_(ag.empty(3, 0)).shape) == (3, 0)
