"""Layers and the functions behind them against PyTorch's results, kept in ``oracle/layers.npz`` and ``oracle/layers.json``."""

import copy
import json
import pickle

import numpy as np
import pytest

import arcgrad as ag
from oracle import layers

with np.load(layers.DATA) as data:
    ENDS = np.cumsum(data["sizes"])
    EXPECTED = dict(zip(data["keys"].tolist(), np.split(data["values"], ENDS[:-1])))
FACTS = json.loads(layers.FACTS.read_text())
CASES = {layers.key(*case): case for case in layers.cases()}


def test_the_table_and_the_file_have_the_same_cases():
    assert CASES.keys() == EXPECTED.keys()
    assert set(layers.LAYERS) == FACTS["layers"].keys()
    assert set(layers.REFUSED) == FACTS["refused"].keys()


@pytest.mark.parametrize("name", CASES, ids=[case[0] for case in CASES.values()])
def test_values_and_gradients_are_pytorchs(name):
    values, grads = layers.evaluate(ag, *CASES[name])
    expected = EXPECTED[name]
    # PyTorch knows no gradient where it is None, which adds nothing here.
    found = np.concatenate([part.ravel() for part in values + [np.zeros(0) if grad is None else grad for grad in grads]])
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", layers.LAYERS)
def test_layers_print_and_start_as_pytorchs(text):
    found, expected = layers.describe(ag, text), FACTS["layers"][text]
    assert found["repr"] == expected["repr"]
    assert found["state"].keys() == expected["state"].keys()
    for name, (shape, dtype, first) in expected["state"].items():
        assert found["state"][name][:2] == [shape, dtype]
        assert found["state"][name][2] == pytest.approx(first, abs=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", layers.LAYERS)
def test_layers_are_copied_and_pickled_whole(text):
    layer = eval(text, {"t": ag, "nn": ag.nn})
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(copied) == repr(layer)
        assert copied.__dict__.keys() == layer.__dict__.keys()
        state = copied.state_dict()
        assert list(state) == list(layer.state_dict())
        assert all(ag.equal(state[name], value) for name, value in layer.state_dict().items())


def test_parameters_and_defaults_are_pytorchs():
    found = layers.signatures(ag)
    expected = {name: given for name, given in FACTS["signatures"].items() if name in found}
    assert len(expected) > 300
    # The core's forms of these serve under other names, too, where there is more to give.
    for name in ("batch_norm", "sigmoid", "tanh"):
        del expected[f"nn.functional.{name}"]
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("text", layers.REFUSED)
def test_wrong_arguments_raise_what_they_raise_in_pytorch(text):
    assert layers.refusal(ag, text) == FACTS["refused"][text]
