"""Every name that real programs use, called as they call it: values, dtypes, shapes and gradients are PyTorch's.

``python tests/api/test_api_names.py`` prints how much of all uses that is, and what is missing.
"""

import json
import math
import re
import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `python -P`

from api_calls import CALLS, evaluate  # noqa: E402

import arcgrad as ag  # noqa: E402

KNOWN = json.loads((Path(__file__).parents[1] / "oracle" / "api_names.json").read_text())
NAMES, KEYWORDS, RESULTS = KNOWN["names"], KNOWN["keywords"], KNOWN["results"]

#: Shares of all uses, in percent. They only rise.
LEAST = {"names": 99.9, "names of rank 700 and less": 99, "keywords": 99}


def close(found, expected):
    """Whether two results agree: numbers within the rounding of float32, everything else exactly."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(close(found[key], expected[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float) and isinstance(found, float):
        if math.isnan(expected) or math.isinf(expected):
            return found == expected or math.isnan(found) and math.isnan(expected)
        return math.isclose(found, expected, rel_tol=2e-5, abs_tol=2e-6)
    return type(found) is type(expected) and found == expected


def difference(expression):
    """What is wrong with an expression's result; empty if nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = evaluate(ag, expression)
    except Exception as error:
        return f"{expression}: {type(error).__name__}: {error}"
    expected = RESULTS[expression]
    # Through JSON, as what it is compared with.
    found = json.loads(json.dumps(found))
    return "" if close(found, expected) else f"{expression}: {found}, not {expected}"


def exists(name):
    """Whether a path leads somewhere."""
    value = ag
    for part in name.split("."):
        value = getattr(value, part, None)
        if value is None:
            return False
    return True


PAIRS = [(name, expression) for name, expressions in CALLS.items() for expression in expressions if expression in RESULTS]


@pytest.mark.parametrize(
    ("name", "expression"), PAIRS, ids=lambda text: text
)
def test_a_name_does_what_it_does_in_pytorch(name, expression):
    """Names that are not there at all are missing from the shares below."""
    assert difference(expression) == ""


def shares():
    """The shares of all uses, in percent, and what is missing from them."""
    wrong = {expression: difference(expression) for _, expression in PAIRS}
    good, bad = {}, {}
    for name, weight in NAMES.items():
        expressions = [expression for expression in CALLS.get(name, ()) if expression in RESULTS]
        problems = [wrong[expression] for expression in expressions if wrong[expression]] or ([] if expressions else ["not tried"])
        (bad if problems else good)[name] = problems
    total = sum(weight for weight, _ in NAMES.values())
    ranked = [name for name, (_, rank) in NAMES.items() if rank and rank <= 700]
    asked = [(name, keyword) for name, listed in KEYWORDS.items() for keyword in listed]
    accepted = [(name, keyword) for name, keyword in asked if _accepted(name, keyword, wrong)]
    return (
        {
            "names": 100 * sum(NAMES[name][0] for name in good) / total,
            "names of rank 700 and less": 100 * sum(name in good for name in ranked) / len(ranked),
            "keywords": 100 * len(accepted) / len(asked),
        },
        bad,
        sorted(set(asked) - set(accepted)),
    )


def _accepted(name, keyword, wrong):
    """Whether calls with the keyword are right, of the function or the method."""
    calls = [
        expression for spelling in (name, f"Tensor.{name}", name.removeprefix("Tensor.")) for expression in CALLS.get(spelling, ())
    ]
    with_it = [expression for expression in calls if expression in RESULTS and re.search(rf"\b{keyword}=", expression)]
    return any(not wrong[expression] for expression in with_it)


def test_shares_of_use_do_not_fall():
    found, _, _ = shares()
    assert {name: share for name, share in found.items() if share < LEAST[name]} == {}


if __name__ == "__main__":
    found, missing, keywords = shares()
    for name, problems in sorted(missing.items(), key=lambda item: -NAMES[item[0]][0]):
        print(f"{NAMES[name][0]:8.5f}  {name}  {' | '.join(problems)[:200]}")
    print("keywords:", *(f"{name}({keyword})" for name, keyword in keywords))
    for name, share in found.items():
        print(f"{share:6.2f} %  {name}")
    sys.exit(any(share < LEAST[name] for name, share in found.items()))
