"""``inspect.signature`` of everything that can be called, and docstrings that list every signature of a name."""

import importlib
import inspect
import pkgutil
import types

import pytest

import arcgrad as ag
from calls import OPS, SAMPLES, calls

ROWS = ag._core.registry()


def _modules():
    yield ag
    for module in pkgutil.walk_packages(ag.__path__, "arcgrad."):
        name = module.name
        if name.startswith("arcgrad.utils.tensorboard"):
            continue  # is there where a package that writes for it is
        if not any(part.startswith("_") for part in name.split(".")[1:]):
            yield importlib.import_module(name)


def _callables():
    """Name -> object, of every public function, class and method."""
    found = {}
    for module in _modules():
        for name in dir(module):
            value = getattr(module, name)
            if name.startswith("_") or isinstance(value, types.ModuleType) or not callable(value):
                continue
            home = getattr(value, "__module__", None) or "arcgrad"
            if not home.startswith("arcgrad") or home == "arcgrad.utils._generic":
                continue
            if inspect.isclass(value) and issubclass(value, Exception):
                continue  # Python knows no signature of errors
            found[f"{module.__name__}.{name}"] = value
            if inspect.isclass(value):
                ours = {member for base in value.__mro__ if base.__module__.startswith("arcgrad") for member in vars(base)}
                for member in sorted(ours):
                    if not member.startswith("_") and callable(getattr(value, member)):
                        found[f"{module.__name__}.{name}.{member}"] = getattr(value, member)
    return found


def test_everything_public_that_can_be_called_has_a_signature():
    without = []
    for name, value in _callables().items():
        try:
            inspect.signature(value)
        except ValueError as error:
            without.append((name, str(error)))
    assert without == []


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (ag.sum, "(input, dim=None, keepdim=False, *, dtype=None, out=None)"),
        (ag.Tensor.sum, "(self, dim=None, keepdim=False, *, dtype=None)"),
        (ag.Tensor.squeeze, "(self, *dim)"),
        (ag.max, "(input, *args, out=None, **kwargs)"),
        (ag.sort, "(input, dim=-1, descending=False, *, stable=None, out=None)"),
        (ag.add, "(input, other, *, alpha=1, out=None)"),
        (ag.where, "(condition, input=Ellipsis, other=Ellipsis, *, out=None)"),
        (ag.Tensor.uniform_, "(self, from_=0.0, /, to=1.0, *, generator=None)"),
        (ag.Tensor.view, "(self, *args, **kwargs)"),
        (ag.Tensor.reshape, "(self, *shape)"),
    ],
)
def test_signatures_of_overloaded_names_cover_every_row(function, signature):
    assert str(inspect.signature(function)).replace("(self, /", "(self") == signature


def test_docstrings_list_every_signature_of_a_name():
    for row in ROWS:
        if row["namespace"] not in ("", "Tensor") or len(row["overloads"]) == 1:
            continue
        value = getattr(ag if row["namespace"] == "" else ag.Tensor, row["name"])
        assert all(signature in value.__doc__ for signature in row["signatures"]), row["name"]


def _accepts(signature, parameters):
    """Whether a call that gives each of the parameters its way fits the signature."""
    positional = [1 for p in parameters if p["way"] in ("Positional", "PositionalOnly", "Spread")]
    keywords = {p["name"]: 1 for p in parameters if p["way"] == "Keyword"}
    try:
        signature.bind(*positional, **keywords)
    except TypeError:
        return False
    return True


def test_every_row_of_a_name_can_be_called_by_its_signature():
    refused = []
    for row in ROWS:
        method = row["namespace"] == "Tensor"
        if row["namespace"] not in ("", "Tensor"):
            continue
        value = getattr(ag.Tensor if method else ag, row["name"])
        signature = inspect.signature(value)
        for overload in row["overloads"]:
            parameters = [{"way": "Positional"}] * method + overload["parameters"]
            required = [p for p in parameters if p.get("default") is None or p["way"] == "Positional" and "name" not in p]
            if not (_accepts(signature, parameters) and _accepts(signature, required)):
                refused.append((row["name"], str(signature), overload["parameters"]))
    assert refused == []

# ---- results ----


def _fits(result, gives):
    """Whether a result is of the kind that a row gives."""
    kind, *details = gives
    tensors = isinstance(result, tuple) and all(isinstance(part, ag.Tensor) for part in result)
    match kind:
        case "Tensor" | "Target":
            return isinstance(result, ag.Tensor)
        case "Tensors":
            return tensors
        case "Tuple":
            return tensors and len(result) == details[0]
        case "Named":
            name, fields = details
            return tensors and type(result).__name__.removeprefix("linalg_") == name and list(type(result).__match_args__) == fields
        case "Asked":
            return isinstance(result, ag.Tensor) or (tensors and len(result) <= 1 + len(details[0]))
        case "TupleIf":
            return isinstance(result, ag.Tensor) or tensors
        case "Bool":
            return isinstance(result, bool)
    raise AssertionError(f"unknown kind of result: {kind}")


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() & OPS.keys()))
def test_results_are_of_the_kind_that_the_table_says(name):
    for call, leaves, sample in calls(name):
        result = call(*leaves)
        assert any(_fits(result, overload["gives"]) for overload in OPS[name]["overloads"]), (sample, type(result))


# ---- annotations ----


def test_public_functions_written_in_python_have_types():
    bare = []
    for name, value in _callables().items():
        function = inspect.unwrap(value)
        function = getattr(function, "__func__", function)
        if not isinstance(function, types.FunctionType) or not function.__module__.startswith("arcgrad"):
            continue
        parameters = [p for p in function.__code__.co_varnames[: function.__code__.co_argcount] if p not in ("self", "cls")]
        typed = function.__annotations__
        if "return" not in typed or not all(p in typed or p.startswith("_") for p in parameters):
            bare.append(name)
    assert bare == []
