"""Recurrent layers, attention and transformers against PyTorch's figures: parameters as drawn, results, gradients."""

import math

import pytest

from oracle import sequences

FIGURES = sequences.read()


def test_every_case_has_figures():
    assert set(FIGURES) == set(sequences.CASES)


@pytest.mark.parametrize("name", FIGURES)
def test_figures(name):
    found = sequences.CASES[name]()
    expected = FIGURES[name]
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if key == "names":
            assert found[key] == value
            continue
        shape, *sums = found[key]
        assert shape == value[0], key
        assert sums == pytest.approx(value[1:], rel=1e-7, abs=1e-8), key
    assert all(math.isfinite(total) for value in expected.values() if isinstance(value[1], float) for total in value[1:])
