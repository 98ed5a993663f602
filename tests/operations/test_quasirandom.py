"""Sobol's sequence: PyTorch's points, number by number."""

import hashlib

import pytest

import arcgrad as ag
from arcgrad.quasirandom import SobolEngine


def test_points_and_where_the_engine_is():
    engine = SobolEngine(3)
    assert engine.draw(4).tolist() == [[0, 0, 0], [0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [0.25, 0.75, 0.75]]
    assert engine.draw(2).tolist() == [[0.375, 0.375, 0.625], [0.875, 0.875, 0.125]]
    assert engine.num_generated == 6 and repr(engine) == "SobolEngine(dimension=3)"
    assert engine.reset().fast_forward(5).draw().tolist() == [[0.875, 0.875, 0.125]]
    assert engine.reset().draw(1, dtype=ag.float64).dtype is ag.float64


def test_small_types_hold_the_points_too():
    assert SobolEngine(2).draw(3, dtype=ag.float16).tolist() == SobolEngine(2).draw(3).tolist()


def test_the_directions_are_pytorchs():
    table = SobolEngine(1111).sobolstate.numpy()
    assert hashlib.md5(table.tobytes()).hexdigest() == "8a208e514641b785283984484963cf15"


def test_a_scrambled_sequence_is_that_of_its_seed():
    engine = SobolEngine(3, scramble=True, seed=0)
    assert engine.shift.tolist() == [510142454, 636217781, 530942997]
    ag.testing.assert_close(
        engine.draw(3), ag.tensor([[0.4751, 0.5925, 0.4945], [0.6355, 0.1717, 0.8551], [0.9233, 0.7557, 0.1152]]), atol=5e-5, rtol=0
    )
    assert repr(engine) == "SobolEngine(dimension=3, scramble=True, seed=0)"
    ag.manual_seed(3)
    first = SobolEngine(2, scramble=True).draw(8)
    ag.manual_seed(3)
    assert ag.equal(SobolEngine(2, scramble=True).draw(8), first)


def test_scrambled_points_stay_balanced():
    points = SobolEngine(5, scramble=True, seed=2).draw_base2(4)
    # Every interval of length 1/16 has one of 16 points along each axis.
    assert ag.equal((points * 16).long().sort(0).values, ag.arange(16).unsqueeze(1).expand(16, 5))


def test_only_powers_of_two_are_balanced():
    engine = SobolEngine(2)
    engine.draw_base2(2)
    with pytest.raises(ValueError, match="balance properties"):
        engine.draw_base2(1)
    out = ag.empty(0)
    assert engine.draw(2, out=out) is out and out.shape == (2, 2)


@pytest.mark.parametrize("dimension", [0, SobolEngine.MAXDIM + 1])
def test_the_dimension_is_checked(dimension):
    with pytest.raises(ValueError, match="Supported range of dimensionality"):
        SobolEngine(dimension)
