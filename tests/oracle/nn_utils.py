"""What ``nn.utils`` makes of seeds and given matrices, asked of PyTorch once and kept in ``nn_utils.json``.

To write the data anew, in an environment with PyTorch::

    ARCGRAD_REFERENCE=torch python tests/oracle/nn_utils.py
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  puts PyTorch in arcgrad's place if asked to

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.utils import parametrizations, prune

DATA = Path(__file__).with_name("nn_utils.json")
F64 = ag.float64


def matrix(rows: int, columns: int) -> Any:
    """A matrix that is the same everywhere, with the diagonal that ``householder`` takes for signs."""
    x = (ag.arange(rows * columns, dtype=F64) * 0.7 + 0.3).sin().reshape(rows, columns)
    x.diagonal().fill_(-1.0)
    return x


class Holds(nn.Module):
    def __init__(self, weight: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)


def orthogonal(name: str, rows: int, columns: int) -> list[Any]:
    """Value and gradient of a map."""
    module = Holds(matrix(rows, columns))
    parametrizations.orthogonal(module, orthogonal_map=name, use_trivialization=False)
    original = module.parametrizations.weight.original
    with ag.no_grad():
        original.copy_(matrix(rows, columns))
    weight = module.weight
    (weight * ag.arange(rows * columns, dtype=F64).reshape(rows, columns)).sum().backward()
    return [weight, original.grad]


def spectral(register: Any, module: nn.Module, x: Any) -> list[Any]:
    """Buffers and weight before and after a call in training, which takes a step; the gradient of what is trained."""
    register(module)
    found = [module.weight.detach().clone(), *(buffer.clone() for buffer in module.buffers())]
    y = module(x)
    y.sum().backward()
    found += [module.eval()(x), *(buffer.clone() for buffer in module.buffers())]
    return [*found, next(p for name, p in module.named_parameters() if "weight" in name).grad]


def pruned(*steps: Any) -> list[Any]:
    """The masks after each of the steps (function, arguments) on the weight of one layer."""
    layer = nn.Linear(6, 5)
    masks = []
    for function, *args in steps:
        function(layer, "weight", *args)
        masks.append(layer.weight_mask.clone())
    return [*masks, layer.weight]


def pruned_globally(method: Any, amount: float) -> list[Any]:
    layers = nn.Linear(6, 5), nn.Linear(5, 3)
    prune.global_unstructured([(layer, "weight") for layer in layers], method, amount=amount)
    return [layer.weight_mask for layer in layers]


def initialised(module: nn.Module, x: Any) -> list[Any]:
    """The parameters that the first call gives a lazy module."""
    module(x)
    return [*module.parameters(), *module.buffers()]


CALLS = {
    **{
        f"orthogonal {name} {rows} x {columns}": lambda name=name, rows=rows, columns=columns: orthogonal(name, rows, columns)
        for name in ("matrix_exp", "cayley", "householder")
        for rows, columns in ((4, 4), (5, 3), (3, 5))
    },
    "spectral_norm Linear": lambda: spectral(parametrizations.spectral_norm, nn.Linear(4, 3), ag.ones(2, 4)),
    "spectral_norm Conv2d": lambda: spectral(parametrizations.spectral_norm, nn.Conv2d(2, 3, 2), ag.ones(1, 2, 3, 3)),
    "old spectral_norm Linear": lambda: spectral(nn.utils.spectral_norm, nn.Linear(4, 3), ag.ones(2, 4)),
    "old spectral_norm Conv2d": lambda: spectral(nn.utils.spectral_norm, nn.Conv2d(2, 3, 2), ag.ones(1, 2, 3, 3)),
    "prune random": lambda: pruned((prune.random_unstructured, 7), (prune.random_unstructured, 0.3)),
    "prune l1": lambda: pruned((prune.l1_unstructured, 7), (prune.l1_unstructured, 0.3)),
    "prune rows": lambda: pruned((prune.ln_structured, 1, 2, 0), (prune.ln_structured, 0.5, 1, 0)),
    "prune columns": lambda: pruned((prune.ln_structured, 0.34, float("inf"), 1), (prune.ln_structured, 1, 2, 1)),
    "prune random rows": lambda: pruned((prune.random_structured, 2, 0), (prune.random_structured, 0.5, 0)),
    "prune random columns": lambda: pruned((prune.random_structured, 0.5, 1), (prune.random_structured, 0, 1)),
    "prune all kinds": lambda: pruned(
        (prune.l1_unstructured, 4),
        (prune.ln_structured, 1, 2, 1),
        (prune.random_unstructured, 0.25),
        (prune.identity,),
        (prune.random_structured, 1, 0),
    ),
    "prune global l1": lambda: pruned_globally(prune.L1Unstructured, 0.4),
    "prune global random": lambda: pruned_globally(prune.RandomUnstructured, 11),
    "lazy Linear": lambda: initialised(nn.LazyLinear(3), ag.ones(2, 4)),
    "lazy Linear without bias": lambda: initialised(nn.LazyLinear(3, bias=False, dtype=F64), ag.ones(2, 4, dtype=F64)),
    "lazy Conv2d": lambda: initialised(nn.LazyConv2d(4, (2, 3), padding=1, groups=2), ag.ones(2, 5, 5)),
    "lazy Conv1d": lambda: initialised(nn.LazyConv1d(4, 3, 2), ag.ones(2, 2, 7)),
    "lazy Conv3d": lambda: initialised(nn.LazyConv3d(4, 2), ag.ones(1, 2, 3, 3, 3)),
    "lazy ConvTranspose1d": lambda: initialised(nn.LazyConvTranspose1d(4, 3, 2), ag.ones(2, 2, 7)),
    "lazy ConvTranspose2d": lambda: initialised(nn.LazyConvTranspose2d(4, (2, 3), padding=1, groups=2), ag.ones(2, 5, 5)),
    "lazy ConvTranspose3d": lambda: initialised(nn.LazyConvTranspose3d(4, 2), ag.ones(1, 2, 3, 3, 3)),
    "lazy InstanceNorm2d": lambda: initialised(nn.LazyInstanceNorm2d(), ag.ones(2, 3, 4, 4)),
    "spectral_norm ConvTranspose2d": lambda: spectral(
        parametrizations.spectral_norm, nn.ConvTranspose2d(2, 3, 2), ag.ones(1, 2, 3, 3)
    ),
    "old spectral_norm ConvTranspose2d": lambda: spectral(nn.utils.spectral_norm, nn.ConvTranspose2d(2, 3, 2), ag.ones(1, 2, 3, 3)),
    "lazy BatchNorm2d": lambda: initialised(nn.LazyBatchNorm2d(), ag.ones(2, 3, 4, 4)),
}


def answer(name: str) -> list[list[float]]:
    """The elements of all tensors that a call gives, tensor by tensor."""
    ag.manual_seed(11)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [tensor.detach().double().flatten().tolist() for tensor in CALLS[name]()]


def read() -> dict[str, list[list[float]]]:
    return json.loads(DATA.read_text())["answers"]


def lines() -> Iterator[str]:
    yield f'{{"version": {json.dumps(ag.__version__)}, "answers": {{'
    yield ",\n".join(f"{json.dumps(name)}: {json.dumps(answer(name))}" for name in CALLS)
    yield "}}\n"


if __name__ == "__main__":
    DATA.write_text("\n".join(lines()))
