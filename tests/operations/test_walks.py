"""Facts about every operation of the op table that PyTorch was asked once: see ``oracle/walks.py``."""

from __future__ import annotations

import warnings

import pytest
from oracle import walks

pytestmark = pytest.mark.arcgrad_only

ANSWERS = walks.read()
ROWS = ANSWERS["rows"]

#: Where PyTorch raises, or gives zeros for the accident of an operation that is one node there, we may differ: name of the
#: operation, and why.
GRAPHS_DIFFER = {
    "hardsigmoid": "PyTorch has no second derivative",
    "scaled_dot_product_attention": "PyTorch's fused kernel has no second derivative",
    "polar": "the derivative by a length does not depend on the length",
    "scaled_modified_bessel_k0": "PyTorch has no derivative",
    "scaled_modified_bessel_k1": "PyTorch has no derivative",
    "spherical_bessel_j0": "PyTorch has no derivative",
    "group_norm": "put together from operations here: weight and bias do not meet each other",
}


def differences(walk, wanted, allowed):
    for name, answer in walk(ROWS):
        if name not in wanted or name.partition("#")[0].partition(":")[0] in allowed:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = answer()
        if not agree(found, wanted[name]):
            yield f"{name}: {found}, expected {wanted[name]}"


def agree(found: str, wanted: str) -> bool:
    """Equal but for what PyTorch refuses, which may have an answer."""
    if "E" not in wanted:
        return found == wanted
    return wanted == "E" or found.partition("|")[0] == wanted.partition("|")[0]


def report(found):
    found = list(found)
    assert not found, f"{len(found)} differ from PyTorch:\n" + "\n".join(found[:20])


def test_the_rows_of_the_walk_are_those_of_the_table():
    known = {name: [len(row["inputs"]), *row["domain"]] for name, row in walks.registry.ROWS.items()}
    assert known == {name: [count, low, high] for name, (count, low, high) in ROWS.items()}


def test_gradients_are_part_of_the_graph_where_pytorchs_are():
    report(differences(walks.graphs, ANSWERS["graphs"], GRAPHS_DIFFER))


def test_mixed_dtypes_are_accepted_and_promoted_as_in_pytorch():
    report(differences(walks.dtypes, ANSWERS["dtypes"], {}))


def test_gradients_have_the_dtype_of_their_tensor_where_dtypes_are_mixed():
    """Also where PyTorch refuses the call."""

    def wrong():
        for name, answer in walks.dtypes(ROWS):
            given = [dtype for dtype in name.split(" ")[1:] if dtype != "int64"]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = answer()
            gradients = found.partition("|")[2].split(" ")
            if found == "E" or gradients in ([""], ["E"]):
                continue  # refused, or without a derivative by one of its arguments
            if len(gradients) != len(given) or any(g not in ("-", dtype) for g, dtype in zip(gradients, given)):
                yield f"{name}: {found}"

    report(wrong())
