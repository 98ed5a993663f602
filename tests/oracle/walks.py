"""Two walks over the op table, asked of PyTorch once and kept in ``walks.json``.

``graphs``: what the gradients of a call are under ``create_graph``, per differentiated tensor: ``-`` none, ``0`` not part of
the graph; else a letter for each of these tensors: ``n`` the gradient does not lead there, ``p`` it does, ``e`` its
derivative is an error. ``dtypes``: dtypes of results and gradients for arguments of different dtypes, ``E`` for an error.

The calls are the samples of ``test_registry_ops.py``, and its elementwise rows, whose list is kept as well because PyTorch
does not know it. To write the data anew, in an environment with arcgrad and then in one with PyTorch::

    python tests/oracle/walks.py rows
    ARCGRAD_REFERENCE=torch python tests/oracle/walks.py answers
"""

from __future__ import annotations

import functools
import itertools
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  puts PyTorch in arcgrad's place if asked to

import arcgrad as ag
import calls as registry
from calls import C, T

DATA = Path(__file__).with_name("walks.json")
DTYPES = ("float32", "float64", "int64")


def read() -> dict[str, Any]:
    return json.loads(DATA.read_text())


def find(name: str) -> Callable:
    """The function; where it is missing, one that says so."""
    try:
        return registry.find(name)
    except AssertionError as error:
        return functools.partial(missing, str(error))


def missing(text: str, *args: Any, **kwargs: Any) -> None:
    raise LookupError(text)


def samples(rows: dict[str, Any]) -> Iterator[tuple[str, Callable, tuple, dict]]:
    """Every call: a name with a number, the function, its arguments as the table of samples writes them."""
    for name, (count, low, high) in sorted(rows.items()):
        yield name, find(name), tuple(T((2, 3), low, high) for _ in range(count)), {}
    for name in sorted(registry.SAMPLES):
        function = find(name)
        for index, (args, kwargs) in enumerate(registry.SAMPLES[name]):
            # Complex numbers, and matrices of a kind, have tests of their own.
            given = [*args, *kwargs.values()]
            if not any(isinstance(value, registry.Z) or getattr(value, "of", None) is not None for value in given):
                yield f"{name}#{index}", function, args, kwargs


def flat(value: Any) -> list:
    return [item for part in value for item in flat(part)] if isinstance(value, (list, tuple)) else [value]


def build(key: str, args: tuple, kwargs: dict, dtypes: tuple | None = None) -> tuple[list, dict, list]:
    """The arguments as tensors, and those among them that are to be differentiated. With `dtypes`, those of floating point,
    constants too, get these instead of their own."""
    rng = registry.generator("walk", key)
    leaves: list = []
    left = list(dtypes or ())

    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [made(item) for item in value]
        if not isinstance(value, (T, C)):
            return value
        if isinstance(value, T):
            tensor = ag.from_numpy(rng.uniform(value.low, value.high, value.shape).reshape(value.shape))
        else:
            tensor = ag.tensor(registry.np.asarray(value.values).tolist(), dtype=getattr(ag, value.dtype))
        if dtypes is not None and tensor.is_floating_point():
            tensor = tensor.to(getattr(ag, left.pop(0)))
        if isinstance(value, T) or (dtypes is not None and tensor.is_floating_point()):
            leaves.append(tensor)
        return tensor

    return [made(value) for value in args], {name: made(value) for name, value in kwargs.items()}, leaves


def differentiated(args: tuple, kwargs: dict) -> list[T]:
    return [value for value in flat([*args, *kwargs.values()]) if isinstance(value, T)]


# ---- gradients under create_graph ----------------------------------------------------------------------------------


def graph(key: str, function: Callable, args: tuple, kwargs: dict, only: int | None) -> str:
    """The kind of each gradient when all tensors are differentiated, or `only` one of them."""
    args, kwargs, tensors = build(key, args, kwargs)
    leaves = [tensor for index, tensor in enumerate(tensors) if only in (None, index)]
    for leaf in leaves:
        leaf.requires_grad_()
    results = [item for item in flat([function(*args, **kwargs)]) if isinstance(item, ag.Tensor) and item.requires_grad]
    if not results:
        return ""
    seeds = [ag.ones_like(result) for result in results]
    first = ag.autograd.grad(results, leaves, seeds, create_graph=True, allow_unused=True)

    def kind(gradient: Any) -> str:
        if gradient is None:
            return "-"
        return "".join(letter(gradient, leaf) for leaf in leaves) if gradient.requires_grad else "0"

    return " ".join(kind(gradient) for gradient in first)


def letter(gradient: Any, leaf: Any) -> str:
    try:
        (second,) = ag.autograd.grad(gradient.sum(), leaf, allow_unused=True, retain_graph=True)
    except RuntimeError:
        return "e"
    return "n" if second is None else "p"


def graphs(rows: dict[str, Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every question about a graph: its name, and what answers it."""
    for key, function, args, kwargs in samples(rows):
        count = len(differentiated(args, kwargs))
        for only in [None, *range(count)] if count > 1 else [None] * count:
            name = key if only is None else f"{key}:{only}"
            yield name, functools.partial(graph, key, function, args, kwargs, only)


# ---- dtypes --------------------------------------------------------------------------------------------------------


def short(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def dtypes_of(key: str, function: Callable, args: tuple, kwargs: dict, dtypes: tuple) -> str:
    """Dtypes of the results; of the gradients behind a bar, if there are any."""
    args, kwargs, tensors = build(key, args, kwargs, dtypes)
    leaves = [tensor.requires_grad_() for tensor in tensors if tensor.is_floating_point()]
    try:
        results = [item for item in flat([function(*args, **kwargs)]) if isinstance(item, ag.Tensor)]
    except (RuntimeError, TypeError, ValueError, NotImplementedError):
        return "E"
    answer = " ".join(short(result.dtype) for result in results)
    recorded = [result for result in results if result.requires_grad]
    if not recorded:
        return answer
    try:
        gradients = ag.autograd.grad([result.sum() for result in recorded], leaves, allow_unused=True)
    except (RuntimeError, NotImplementedError):
        return f"{answer}|E"
    return f"{answer}|{' '.join('-' if g is None else short(g.dtype) for g in gradients)}"


def mixtures(count: int) -> Iterator[tuple[str, ...]]:
    """Floats of both kinds in every arrangement, and integers in one place."""
    for arrangement in itertools.product(DTYPES[:2], repeat=count):
        if len(set(arrangement)) > 1:
            yield arrangement
    for place in range(count):
        yield tuple("int64" if index == place else "float32" for index in range(count))


def dtypes(rows: dict[str, Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every question about dtypes: its name, and what answers it."""
    for key, function, args, kwargs in samples(rows):
        given = [v for v in flat([*args, *kwargs.values()]) if isinstance(v, T) or (isinstance(v, C) and "float" in v.dtype)]
        if 2 <= len(given) <= 4:
            for arrangement in mixtures(len(given)):
                name = f"{key} {' '.join(arrangement)}"
                yield name, functools.partial(dtypes_of, key, function, args, kwargs, arrangement)


# ---- asking PyTorch ------------------------------------------------------------------------------------------------


def main(what: str) -> None:
    warnings.simplefilter("ignore")
    if what == "rows":
        data = {"rows": {name: [len(row["inputs"]), *row["domain"]] for name, row in sorted(registry.ROWS.items())}}
    else:
        data = {"version": f"PyTorch {ag.__version__}", "rows": read()["rows"]}
        for walk in (graphs, dtypes):
            data[walk.__name__] = answers = {}
            for name, answer in walk(data["rows"]):
                try:
                    answers[name] = answer()
                except Exception as error:
                    print(f"no answer: {name}: {str(error).splitlines()[0][:90]}")
    DATA.write_text(json.dumps(data, indent=0, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
