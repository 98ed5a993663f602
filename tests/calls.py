"""The calls that tests try: one corpus for all of them.

Elementwise rows of the op table say how many inputs they have and from where to draw them; everything else has at least one
call in ``SAMPLES``. Whoever adds an operation adds a call here, and every capability's test reads it: values, layouts,
in-place and ``out=`` forms, first and second derivatives, forward mode, batching.
"""

from __future__ import annotations

import functools
import os
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import arcgrad as ag
import numpy as np
import pytest

REFERENCE = os.environ.get("ARCGRAD_REFERENCE", "")
#: One dictionary per name and place; see `arcgrad._core.registry`.
REGISTRY: list[dict[str, Any]] = [] if REFERENCE else ag._core.registry()
#: The plain form of each operation, by its own name: the first place where it can be reached.
OPS: dict[str, dict[str, Any]] = {}
for _row in REGISTRY:
    if not _row["in_place"] or _row["kind"] == "in place":
        OPS.setdefault(_row["op"], _row)
ROWS = {name: row for name, row in OPS.items() if row["kind"] == "elementwise" and "domain" in row}

#: PyTorch has functions of other meanings under these names: there, look here first.
ELSEWHERE = {
    "unfold": "Tensor", "kl_div": "nn.functional", "binary_cross_entropy_with_logits": "nn.functional",
    "batch_norm": "nn.functional", "instance_norm": "nn.functional", "embedding": "nn.functional",
}  # fmt: skip

#: Beyond a group of lanes and not a multiple of one, so that every loop also has a tail.
SHAPE = (6, 75)
FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
DTYPES = {
    "real": FLOATS,
    "real predicate": FLOATS,
    "float": FLOATS,
    "field": FLOATS,
    "field predicate": FLOATS,
    "inexact": FLOATS,
    "ring": FLOATS + INTEGERS,
    "ordered": FLOATS + INTEGERS,
    "number": FLOATS + INTEGERS,
    "equality": FLOATS + INTEGERS,
    "predicate": FLOATS + INTEGERS,
    "int": INTEGERS,
}


def find(name: str):
    """The function of this name, wherever it can be reached; a method as a function of its object."""
    if name.endswith("_") and not name.endswith("__"):
        method = getattr(ag.Tensor, name)
        return lambda x, *args, **kwargs: method(x.clone(), *args, **kwargs)
    if "." in name:
        return functools.reduce(getattr, name.split("."), ag)
    places = {"": ag, "nn.functional": ag.nn.functional, "linalg": ag.linalg, "fft": ag.fft, "special": ag.special, "Tensor": ag.Tensor}
    where = OPS[name]["namespace"] if name in OPS else ELSEWHERE.get(name)
    for place in places.values() if where is None else [places[where]]:
        if hasattr(place, name):
            return getattr(place, name)
    raise AssertionError(f"{name} is in the op table and cannot be reached from Python")


def has_in_place(row) -> bool:
    return "in-place" in row["forms"] or "in-place nn" in row["forms"]


def in_place(name: str):
    """The in-place form: a method, or what ``inplace=True`` calls."""
    return getattr(ag.Tensor, f"{name}_", None) or getattr(ag._core.nn, f"{name}_")


def generator(*key) -> np.random.RandomState:
    """Numbers that depend on the test only; the legacy stream is frozen by NumPy."""
    return np.random.RandomState(zlib.crc32(repr(key).encode()))


def draw(rng, shape, dtype: str, domain) -> np.ndarray:
    """Elements of the domain; integers of it without 0, which may stand right of a division."""
    low, high = domain
    values = rng.uniform(low, high, shape)
    if dtype in FLOATS:
        return values.astype(dtype)
    if dtype == "uint8":
        values = np.abs(values)
    return np.where(values < 0, np.floor(values), np.maximum(np.ceil(values), 1)).astype(dtype)


def row_inputs(name: str, dtype: str, shape=SHAPE) -> list[np.ndarray]:
    rng = generator(name, dtype)
    return [draw(rng, shape, dtype, ROWS[name]["domain"]) for _ in ROWS[name]["inputs"]]


@dataclass
class T:
    """A float64 tensor to be differentiated, with elements drawn from (low, high)."""

    shape: tuple[int, ...]
    low: float = 0.5
    high: float = 2.0
    #: What the operation is given of it, where not every matrix will do.
    of: Any = field(default=None, repr=False)

    def given(self, leaf):
        return leaf if self.of is None else self.of(leaf)


@dataclass
class Z:
    """A complex128 tensor to be differentiated. Its leaf is real, and has both parts along a last axis of two: so whatever is
    asked of real calls can be asked of complex ones. Their results are given in parts, too."""

    shape: tuple[int, ...]
    low: float = 0.5
    high: float = 2.0


@dataclass
class C:
    """A constant tensor."""

    values: Any
    dtype: str = "int64"


SAMPLES: dict[str, list[tuple[tuple, dict]]] = defaultdict(list)
#: Operations without a derivative: their results must not require one.
NO_GRADIENT = set(
    """all any argmax argmin argsort argwhere bincount bitwise_and bitwise_not bitwise_or bitwise_xor bucketize
    count_nonzero equal matrix_rank floor_divide heaviside isclose isreal allclose nonzero one_hot searchsorted unique unique_consecutive histc isin
    unravel_index
    """.split()
)


def s(name: str, *args: Any, **kwargs: Any) -> None:
    """A sample call."""
    SAMPLES[name].append((args, kwargs))


X, V, M = T((2, 3)), T((4,)), T((3, 3))
CUBE = T((2, 3, 4), -2.0, 2.0)
MASK = C([[True, False, True], [False, True, True]], "bool")

# Elementwise operations that choose their row by the arguments.
for name in ("add", "sub"):
    s(name, X, X)
    s(name, X, T((3,)), alpha=0.5)
    s(name, X, 2.5)
s("rsub", X, X)
s("rsub", X, 2.5, alpha=0.5)
s("div", X, X)
s("div", X, T((2, 1)))
for mode in ("floor", "trunc"):
    s("div", T((2, 3), 2.1, 2.9), 2.0, rounding_mode=mode)
s("true_divide", X, X)
s("floor_divide", X, X)
for name in ("remainder", "fmod"):
    s(name, T((2, 3), 2.1, 2.9), T((2, 3), 1.1, 1.9))
    s(name, T((2, 3), 2.1, 2.9), 2.0)
s("pow", X, X)
s("pow", X, 2.5)
s("pow", X, 3)
s("pow", 2.0, X)
for name in ("floor", "ceil", "trunc", "round"):
    s(name, T((2, 3), 0.1, 0.4))
s("round", T((2, 3), 0.101, 0.104), decimals=2)
s("clamp", X, 0.8, 1.6)
s("clamp", X, min=0.8)
s("clamp", X, T((3,), 0.6, 0.9), T((3,), 1.4, 1.9))
s("clamp_min", X, 0.8)
s("clamp_min", X, T((3,), 1.1, 1.4))
s("clamp_max", X, 1.2)
s("clamp_max", X, T((3,), 1.1, 1.4))
s("copysign", X, T((2, 3), -2.0, -1.0))
s("copysign", X, -2)
s("rsub", X, T((3,), 0.5, 1.0), alpha=2)
s("rsub", X, 2, alpha=3)
s("lerp", X, X, 0.3)
s("lerp", X, X, T((2, 3), 0.1, 0.4))
for name in ("addcmul", "addcdiv"):
    s(name, X, X, T((3,)), value=0.5)
s("nan_to_num", X)
for name in ("square", "neg", "relu", "positive"):
    s(name, CUBE)
s("masked_fill", X, MASK, 0.5)
s("masked_fill", X, MASK, T(()))
s("where", MASK, X, T((3,)))
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    s(name, C([5, 6]), C([3, 9]))
s("bitwise_not", C([5, 6]))
for name in "leaky_relu elu celu gelu softplus hardtanh hardshrink softshrink".split():
    s(name, T((2, 3), 0.6, 0.9))
    s(name, T((2, 3), -0.9, -0.6))
for name in "selu relu6".split():
    s(name, CUBE)
s("leaky_relu", CUBE, 0.2)
s("elu", CUBE, 1.5)
s("gelu", CUBE, approximate="tanh")
s("softplus", CUBE, 2.0, 3.0)
s("threshold", CUBE, 0.1, 7.0)

# Reductions and running sums.
for name in ("sum", "mean", "var", "std", "norm", "logsumexp"):
    for dim in (0, (0, 2), -1):
        s(name, CUBE, dim=dim)
    s(name, CUBE, dim=1, keepdim=True)
s("sum_to_size", CUBE, 3, 1)
s("sum_to_size", CUBE, (2, 1, 4))
for name in ("sum", "mean", "var", "std", "prod", "max", "min", "norm"):
    s(name, CUBE)
s("var", CUBE, 1, correction=0)
s("std", CUBE, (0, 1), True)
s("prod", CUBE, 1)
s("prod", CUBE, dim=-1, keepdim=True)
for p in (1, 2, 3, 0.5, float("inf")):
    s("norm", CUBE, p, 1)
    s("vector_norm", CUBE, p, 1)
for name in ("max", "min"):
    s(name, CUBE, 1)
    s(name, CUBE, -1, True)
    s(name, CUBE, CUBE)
for name in ("amax", "amin"):
    s(name, CUBE)
    s(name, CUBE, (0, 2), True)
for name in ("argmax", "argmin"):
    s(name, CUBE)
    s(name, CUBE, 1, keepdim=True)
for name in ("all", "any"):
    s(name, MASK)
    s(name, MASK, 1)
s("count_nonzero", CUBE, 1)
for name in "cumsum cumprod logcumsumexp cummax cummin".split():
    for dim in (0, 1, -1):
        s(name, CUBE, dim)

# Softmax and losses.
LOGITS, CLASSES = T((4, 3), -2.0, 2.0), C([0, 2, 1, 2])
for name in ("softmax", "log_softmax"):
    s(name, CUBE, 1)
    s(name, CUBE, -1)
s("softmin", CUBE, 1)
for reduction in ("mean", "sum", "none"):
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        s(name, CUBE, T((2, 3, 4), 3.1, 3.5), reduction=reduction)
    s("nll_loss", LOGITS, CLASSES, reduction=reduction)
    s("cross_entropy", LOGITS, CLASSES, reduction=reduction)
    s("cross_entropy", LOGITS, T((4, 3), 0.1, 0.9), label_smoothing=0.1, reduction=reduction)
    s("binary_cross_entropy", T((2, 3), 0.2, 0.8), C(np.full((2, 3), 0.4), "float64"), reduction=reduction)
    s("binary_cross_entropy_with_logits", CUBE, T((2, 3, 4), 0.2, 0.8), reduction=reduction)
    s("kl_div", CUBE, T((2, 3, 4), 0.2, 0.8), reduction=reduction)
    s("kl_div", CUBE, CUBE, log_target=True, reduction=reduction)
s("cross_entropy", LOGITS, CLASSES, C([0.5, 1.0, 2.0], "float64"), ignore_index=1, label_smoothing=0.2)
s("nll_loss", LOGITS, CLASSES, C([0.5, 1.0, 2.0], "float64"))

# Shape.
s("view", CUBE, 6, 4)
s("view", CUBE, (2, -1))
s("view", C([[1.0, -0.0]]), ag.int32)
s("view_as", CUBE, C(np.zeros((6, 4)), "float64"))
s("reshape", CUBE, (4, 6))
s("reshape_as", CUBE, C(np.zeros((6, 4)), "float64"))
s("ravel", CUBE)
s("flatten", CUBE, 1)
s("unflatten", CUBE, 2, (2, 2))
s("squeeze", T((2, 1, 3, 1)))
s("squeeze", T((2, 1, 3)), 1)
s("unsqueeze", X, 1)
s("expand", T((3, 1)), 2, 3, 4)
s("expand_as", T((3, 1)), C(np.zeros((3, 4)), "float64"))
s("broadcast_to", T((3, 1)), (2, 3, 4))
s("permute", CUBE, (2, 0, 1))
s("transpose", CUBE, 0, 2)
s("swapaxes", CUBE, 0, 2)
s("t", X)
s("adjoint", X)
s("movedim", CUBE, 0, -1)
s("movedim", CUBE, (0, 1), (2, 0))
s("select", CUBE, 1, -1)
s("narrow", CUBE, 2, 1, 2)
s("diagonal", M)
s("diagonal", CUBE, 1, 0, 2)
s("unfold", T((7,)), 0, 3, 2)
s("as_strided", T((7,)), (3, 2), (2, 1), 1)
s("as_strided", T((7,)), (3, 3), (1, 1))
s("unbind", CUBE, 1)
s("split", CUBE, 3, 2)
s("split", CUBE, [1, 3], 2)
s("split_with_sizes", CUBE, [1, 3], 2)
s("chunk", CUBE, 2, 2)
s("tensor_split", CUBE, 2, 2)
s("tensor_split", CUBE, (1, 3), 2)
s("clone", X)
s("contiguous", X)
s("copy_", X, T((3,)))
s("fill_", X, 2.0)
s("fill_", X, T(()))
s("zero_", X)

# Products.
s("mm", X, T((3, 4)))
s("bmm", CUBE, T((2, 4, 3)))
s("mv", X, T((3,)))
s("dot", V, V)
s("vdot", V, V)
s("inner", X, T((4, 3)))
s("outer", V, T((3,)))
s("kron", X, T((2, 1)))
s("cross", T((2, 3)), T((2, 3)))
s("vecdot", X, X)
s("tensordot", CUBE, T((3, 4, 2)), 2)
s("tensordot", CUBE, T((4, 3)), ([1, 2], [1, 0]))
s("addmm", T((4,)), X, T((3, 4)), beta=0.5, alpha=2.0)
s("addmv", T((2,)), X, T((3,)), beta=0.5, alpha=2.0)
s("addr", T((4, 3)), V, T((3,)), beta=0.5, alpha=2.0)
s("baddbmm", T((2, 3, 3)), CUBE, T((2, 4, 3)), beta=0.5, alpha=2.0)
s("addbmm", T((3, 3)), CUBE, T((2, 4, 3)), beta=0.5, alpha=2.0)
for shapes in (((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 1, 2, 3), (4, 3, 2)), ((2, 2, 3), (3,))):
    s("matmul", *map(T, shapes))
s("linear", X, T((4, 3)), T((4,)))
s("linear", CUBE, T((2, 4)))
s("bilinear", T((2, 3)), T((2, 4)), T((5, 3, 4)), T((5,)))
for equation, *shapes in (("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("ii->i", (3, 3)), ("...i,i", (2, 3), (3,)), ("i,j,k->kij", (2,), (3,), (2,))):
    s("einsum", equation, *map(T, shapes))
s("chain_matmul", X, T((3, 4)), T((4, 2)))
s("multi_dot", [X, T((3, 4)), T((4, 2))])
s("matrix_power", M, 3)
s("cosine_similarity", X, X)
s("pairwise_distance", X, T((2, 3), 2.5, 3.0))
s("cdist", X, T((4, 3), 2.5, 3.0))
s("normalize", X)

# Reading and writing along an axis.
PLACES = C([[0, 2, 1], [2, 0, 1]])
s("gather", X, 1, PLACES)
s("unravel_index", C([5, 0, 11]), (3, 4))
s("take_along_dim", X, PLACES, 1)
s("take", X, C([5, 0, 5]))
s("put", X, C([5, 0, 1]), T((3,)))
s("put", X, C([5, 0, 5]), T((3,)), accumulate=True)
s("scatter", X, 1, PLACES, X)
s("scatter", X, 1, PLACES, 0.5)
s("scatter_add", X, 1, C([[0, 0, 1], [2, 2, 2]]), X)
for reduce in ("sum", "prod", "mean", "amax", "amin"):
    s("scatter_reduce", X, 1, C([[0, 0, 1], [2, 2, 2]]), X, reduce)
s("index_select", CUBE, 1, C([2, 0, 2]))
s("index_add", CUBE, 1, C([2, 0]), T((2, 2, 4)), alpha=0.5)
s("index_copy", CUBE, 1, C([2, 0]), T((2, 2, 4)))
s("index_fill", CUBE, 1, C([2, 0]), 0.5)
s("index_fill", CUBE, 1, C([2, 0]), T(()))
s("index_put", X, [C([0, 1]), C([2, 0])], T((2,)))
s("index_put", X, [C([0, 0]), C([2, 2])], T((2,)), accumulate=True)
s("masked_select", X, MASK)
s("masked_scatter", X, MASK, T((6,)))
s("nonzero", MASK)
s("argwhere", MASK)
s("select_scatter", X, T((3,)), 0, 1)
s("slice_scatter", CUBE, T((2, 3, 2)), 2, 0, 4, 2)
s("diagonal_scatter", M, T((3,)))
s("one_hot", C([0, 2, 1]), 4)
s("embedding", C([[0, 2], [2, 1]]), T((4, 3)))

# Sorting and counting.
for name in ("sort", "argsort", "mode"):
    s(name, CUBE)
s("sort", CUBE, 1, True)
s("msort", CUBE)
s("topk", CUBE, 2)
s("topk", CUBE, 2, 1, False)
s("kthvalue", CUBE, 2)
s("median", CUBE)
s("median", CUBE, 1)
s("nanmedian", CUBE, 1)
s("aminmax", CUBE, dim=1)
s("quantile", CUBE, 0.3, 1)
s("nanquantile", CUBE, 0.3, 1)
for name in ("var_mean", "std_mean"):
    s(name, CUBE)
    s(name, CUBE, 1, correction=0)
s("unique", C([2, 1, 2]), return_counts=True)
s("unique_consecutive", C([2, 2, 1]), return_inverse=True)
s("searchsorted", C([1.0, 2.0, 3.0], "float64"), C([1.5, 3.0], "float64"))
s("bucketize", C([1.5, 3.0], "float64"), C([1.0, 2.0, 3.0], "float64"))
s("isin", C([1, 2, 3]), C([2, 3]))
s("bincount", C([0, 2, 2]))
s("histc", C([0.5, 1.5], "float64"), 4, 0.0, 2.0)
for name in ("equal", "isclose", "allclose"):
    s(name, C([1.0, 2.0], "float64"), C([1.0, 2.5], "float64"))

# Joining and rearranging.
for name in ("cat", "stack", "hstack", "vstack", "dstack", "column_stack"):
    s(name, [X, X])
s("block_diag", X, X)
s("cat", [X, T((2, 1))], 1)
s("stack", [X, X], -1)
for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    s(name, T(()))
s("broadcast_tensors", T((3, 1)), T((4,)))
s("meshgrid", V, T((3,)), indexing="ij")
s("cartesian_prod", V, T((3,)))
s("combinations", V, 2)
s("diff", CUBE, 1, 1)
s("diff", X, prepend=T((2, 1)), append=T((2, 2)))
s("repeat", X, 2, 1, 3)
s("tile", X, (2, 2))
s("repeat_interleave", X, 2, 1)
s("repeat_interleave", X, C([2, 0, 1]), 1)
s("flip", CUBE, (0, 2))
s("fliplr", X)
s("flipud", X)
s("roll", CUBE, (1, -2), (0, 2))
s("roll", X, 2)
s("rot90", X, 3)
s("diag", M, 1)
s("diag", V)
s("diag_embed", X)
s("diagflat", X)
s("trace", M)
s("tril", M, -1)
s("triu", M, 1)
s("tril_indices", 3, 4)
s("triu_indices", 3, 4, 1)
s("constant_pad_nd", X, (1, 2), 0.5)
s("pad", X, (1, 2, 0, 1))
for mode in ("reflect", "replicate", "circular"):
    s("pad", T((1, 2, 4)), (2, 1), mode=mode)

# Creation and random numbers.
ZERO = C(np.zeros(5), "float64")
for name in ("zeros", "ones", "empty", "rand", "randn"):
    s(name, (2, 3))
for name in ("zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"):
    s(name, ZERO)
for name in ("new_zeros", "new_ones", "new_empty"):
    s(name, ZERO, (2, 3))
s("full", (2, 3), 1.5)
s("full_like", ZERO, 1.5)
s("new_full", ZERO, (2, 3), 1.5)
s("empty_strided", (2, 3), (1, 2))
s("eye", 3, 4)
s("arange", 5)
s("arange", 1, 5, 2)
s("linspace", 0.0, 1.0, 5)
s("logspace", 0.0, 1.0, 5)
s("scalar_tensor", 1.5)
s("randint", 5, (2, 3))
s("randint_like", ZERO, 5)
s("randperm", 5)
s("normal", 0.0, 1.0, (5,))
s("normal", ZERO, 1.0)
s("bernoulli", C([0.2, 0.8], "float64"))
s("multinomial", C([0.2, 0.8], "float64"), 2)
s("poisson", C([0.2, 8.0], "float64"))
s("binomial", C([3.0, 8.0], "float64"), C([0.2, 0.6], "float64"))
s("_standard_gamma", C([0.2, 8.0], "float64"))
s("_standard_gamma_grad", C([0.2, 8.0], "float64"), C([0.3, 7.0], "float64"))
s("_sample_dirichlet", C([0.2, 8.0], "float64"))
s("_dirichlet_grad", C([0.2, 0.8], "float64"), C([1.0, 3.0], "float64"), C([4.0, 4.0], "float64"))
for name in ("uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "log_normal_"):
    s(name, ZERO)
s("geometric_", ZERO, 0.5)
# Nothing is dropped: what is differentiated has to be the same each time.
s("dropout", X, 0.0, True)
s("dropout", X, 0.5, False)
s("dropout1d", T((1, 2, 3)), 0.0)
s("dropout2d", T((1, 2, 3, 3)), 0.0)
s("feature_dropout", T((1, 2, 3)), 0.0, True)

# Special functions with a parameter, and those that have a derivative by one of two arguments only.
s("logit", T((2, 3), 0.1, 0.9), 0.2)
s("logit", T((2, 3), 0.1, 0.9))
s("polygamma", 2, X)
s("polygamma", 0, X)
s("special.zeta", C([[2.5], [4.0]], "float64"), X)
for name in ("igamma", "igammac", "special.gammainc", "special.gammaincc"):
    s(name, C([[0.5], [3.0]], "float64"), X)
s("nextafter", T((2, 3)), T((2, 3)))
s("heaviside", C([-1.0, 0.0, 2.0], "float64"), C([0.5], "float64"))
s("mvlgamma", T((2, 3), 1.5, 4.0), 3)
s("special.multigammaln", T((2, 3), 1.5, 4.0), 2)
s("frexp", X)
s("float_power", X, X)
s("float_power", X, 1.5)
s("float_power", 2.5, X)
for name in ("nansum", "nanmean"):
    s(name, X)
    s(name, CUBE, (0, -1), keepdim=True)
# Complex numbers.
PAIRS = T((2, 3, 2), -2.0, 2.0)
NUMBERS = Z((2, 3), -2.0, 2.0)
for name in (
    "real", "imag", "view_as_real", "conj", "conj_physical", "resolve_conj", "resolve_neg", "adjoint", "abs", "angle", "sgn",
):  # fmt: skip
    s(name, NUMBERS)
for name in ("real", "conj", "conj_physical", "resolve_conj", "resolve_neg", "adjoint"):
    s(name, X)
s("isreal", C([1.0, 2.0], "float64"))
s("view_as_complex", PAIRS)
s("complex", X, T((3,)))
s("polar", X, T((2, 3)))
for name in ("softsign", "sinc", "silu"):
    s(name, NUMBERS)
s("logcumsumexp", NUMBERS, 1)
s("sinc", Z((2, 3), -0.1, 0.1))
s("logaddexp", NUMBERS, Z((3,), -2.0, 2.0))
s("logsumexp", NUMBERS, 1)
s("logsumexp", NUMBERS, (0, 1), True)
s("ldexp", NUMBERS, C([1, -2, 3]))
s("float_power", NUMBERS, 2.5)
s("float_power", NUMBERS, NUMBERS)
s("cov", NUMBERS)
s("cov", NUMBERS, correction=0, aweights=C([1.0, 2.0, 3.0], "float64"))
s("vander", Z((3,)))
s("rms_norm", NUMBERS, (3,))

# Fourier transforms.
LINES = Z((2, 5, 3), -2.0, 2.0)
for name in ("fft", "ifft", "irfft", "hfft"):
    s(name, NUMBERS)
    s(name, CUBE, 6, 1, "ortho")
    s(name, LINES, n=4, dim=1, norm="forward")
for name in ("rfft", "ihfft"):
    s(name, X)
    s(name, CUBE, 5, 1, "ortho")
    s(name, CUBE, n=2, dim=0, norm="forward")
for name in ("fft2", "ifft2", "irfft2", "hfft2", "fftn", "ifftn", "irfftn", "hfftn"):
    s(name, LINES)
    s(name, LINES, (3, 4), (2, 0), "ortho")
for name in ("rfft2", "ihfft2", "rfftn", "ihfftn"):
    s(name, CUBE)
    s(name, CUBE, (3, 5), (2, 0), "ortho")
for name in ("fftfreq", "rfftfreq"):
    s(name, 5, 0.5)
for name in ("fftshift", "ifftshift"):
    s(name, CUBE)
    s(name, NUMBERS, 1)
SIGNAL, ENVELOPE = T((2, 20), -2.0, 2.0), C([0.5, 1.0, 1.5, 1.0], "float64")
s("stft", SIGNAL, 6, 2, return_complex=True)
s("stft", SIGNAL, 6, 3, 4, ENVELOPE, normalized=True, pad_mode="constant", return_complex=True)
s("stft", Z((20,)), 5, 2, center=False)
s("istft", Z((4, 9)), 6, 2, window=C(np.ones(6), "float64"))
s("istft", Z((2, 6, 7)), 6, 2, 4, ENVELOPE, onesided=False, normalized=True, length=11)

# Convolutions, pooling, normalisation, attention.
for axes in (1, 2, 3):
    image = T((1, 2, 5, 4, 3)[: 2 + axes])
    s(f"conv{axes}d", image, T((4, 1) + (2,) * axes), T((4,)), stride=2, padding=1, groups=2)
    s(f"conv{axes}d", image, T((2, 2) + (2,) * axes))
    s(f"conv_transpose{axes}d", image, T((2, 2) + (2,) * axes), T((2,)), stride=2, padding=1)
    s(f"max_pool{axes}d", image, 2)
    s(f"avg_pool{axes}d", image, 2)
    s(f"adaptive_avg_pool{axes}d", image, 2)
    s(f"adaptive_max_pool{axes}d", image, 2)
s("nn.functional.unfold", T((1, 2, 4, 4)), 2, stride=2)
s("fold", T((1, 8, 4)), (4, 4), 2, stride=2)
s("interpolate", T((1, 2, 3, 4)), (5, 6))
s("interpolate", T((1, 2, 5)), scale_factor=0.5, mode="area")
for align_corners in (False, True):
    s("interpolate", T((1, 2, 3, 4)), (5, 6), mode="bilinear", align_corners=align_corners)
s("layer_norm", CUBE, (4,), T((4,)), T((4,)))
s("rms_norm", CUBE, (4,), T((4,)))
s("batch_norm", T((4, 3)), None, None, T((3,)), T((3,)), True)
s("batch_norm", T((4, 3)), C([0.1, 0.2, 0.3], "float64"), C([1.0, 2.0, 3.0], "float64"))
s("group_norm", T((2, 4, 3)), 2, T((4,)), T((4,)))
s("instance_norm", T((2, 3, 4)))
s("local_response_norm", T((2, 4, 3)), 2)
s("scaled_dot_product_attention", T((2, 3, 4)), T((2, 5, 4)), T((2, 5, 4)))
s("scaled_dot_product_attention", T((2, 5, 4)), T((2, 3, 4)), T((2, 3, 2)), None, 0.0, True)
# Three steps of two sequences.
s("lstm_sequence", T((6, 8)), T((2, 2)), T((2, 2)), T((8, 2)))
s("lstm_sequence", T((6, 8)), T((2, 2)), T((2, 2)), T((8, 2)), True)
s("gru_sequence", T((6, 6)), T((2, 2)), T((6, 2)), T((6,)))
s("gru_sequence", T((6, 6)), T((2, 2)), T((6, 2)), None, True)



# Linear algebra. A derivative by one element of a Hermitian matrix would be one by an element that nobody reads.
def hermitian(leaf):
    return (leaf + leaf.mT) / 2


def positive(leaf):
    return hermitian(leaf) + 3 * ag.eye(leaf.shape[-1], dtype=leaf.dtype)


def regular(leaf):
    return leaf + 3 * ag.eye(leaf.shape[-1], dtype=leaf.dtype)


SQUARE, SQUARES = T((3, 3), -1.0, 1.0, regular), T((2, 3, 3), -1.0, 1.0, regular)
HERMITIAN, HERMITIANS = T((3, 3), -1.0, 1.0, hermitian), T((2, 3, 3), -1.0, 1.0, hermitian)
POSITIVE, POSITIVES = T((3, 3), -1.0, 1.0, positive), T((2, 3, 3), -1.0, 1.0, positive)
TALL, WIDE, TALLS = T((4, 3), -1.0, 1.0), T((3, 4), -1.0, 1.0), T((2, 4, 3), -1.0, 1.0)
PIVOTS = C([3, 2, 3], "int32")
for name in ("solve", "solve_ex"):
    s(name, SQUARE, T((3, 2)))
    s(name, SQUARES, T((3, 2)))
    s(name, SQUARE, T((2, 3)), left=False)
s("solve", SQUARE, T((3,)))
s("solve", SQUARES, T((2, 3)))
for name in ("inv", "inv_ex", "inverse", "det", "slogdet", "logdet"):
    s(name, SQUARE)
    s(name, SQUARES)
for name in ("cholesky", "cholesky_ex"):
    s(name, POSITIVE)
    s(name, POSITIVES, upper=True)
for name in ("cholesky_solve", "cholesky_inverse"):
    for upper in (False, True):
        s(name, *[T((2, 3, 2))] * (name == "cholesky_solve"), SQUARE, upper=upper)
s("solve_triangular", SQUARE, T((3, 2)), upper=True)
s("solve_triangular", SQUARES, T((3, 2)), upper=False, unitriangular=True)
s("solve_triangular", SQUARES, T((2, 3)), upper=False, left=False)
s("qr", TALL)
s("qr", TALLS)
s("qr", WIDE)
s("qr", SQUARE, mode="complete")
s("eigh", HERMITIAN)
s("eigh", HERMITIANS, UPLO="U")
s("eigvalsh", HERMITIANS)
s("eigvals", SQUARE)
s("eigvals", SQUARES)
for matrices in (SQUARE, TALL, WIDE, TALLS):
    s("svd", matrices, full_matrices=False)
    s("svdvals", matrices)
for matrices in (SQUARE, TALL, WIDE, TALLS):
    s("lu", matrices)
    s("lu_factor", matrices)
    s("lu_factor_ex", matrices)
s("lu_unpack", SQUARE, PIVOTS)
s("lu_solve", SQUARE, PIVOTS, T((3, 2)))
s("lu_solve", SQUARE, PIVOTS, T((2, 2, 3)), left=False, adjoint=True)
for name in ("matrix_exp", "pinv"):
    s(name, SQUARE)
    s(name, SQUARES)
for matrices in (TALL, WIDE, TALLS):
    s("pinv", matrices)
    s("pinverse", matrices)
for order in ("fro", "nuc", 2, -2, 1, -1, float("inf"), -float("inf")):
    s("matrix_norm", TALLS, order)
s("matrix_norm", TALLS, 1, dim=(2, 0), keepdim=True)
for order in (None, 1, 2, "nuc"):
    s("cond", SQUARES, order)
s("matrix_rank", TALLS)
for driver in ("gels", "gelsy", "gelsd"):
    s("lstsq", TALL, T((4, 2)), driver=driver)
    s("lstsq", WIDE, T((3, 2)), driver=driver)
s("lstsq", TALLS, T((2, 4)))
s("tensorinv", T((3, 1, 3), -1.0, 1.0, lambda x: x + 3 * ag.eye(3, dtype=x.dtype)[:, None]), ind=1)
s("tensorsolve", T((2, 3, 6), -1.0, 1.0, lambda x: x + 3 * ag.eye(6, dtype=x.dtype).reshape(2, 3, 6)), T((2, 3)))
for name in ("householder_product", "orgqr"):
    s(name, TALL, T((3,)))
    s(name, TALLS, T((2, 2)))
s("geqrf", C([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], "float64"))
s("ormqr", TALL, T((3,)), T((4, 2)))
s("ormqr", TALL, T((3,)), T((4, 2)), True, True)
s("ormqr", TALLS, T((2, 3)), T((2, 2, 4)), left=False)
s("triangular_solve", T((3, 2)), SQUARE)
s("triangular_solve", T((3, 2)), SQUARES, upper=False, transpose=True)
s("vander", T((3,)))
INDEFINITE = C([[1.0, 9.0, 2.0], [9.0, 2.0, 7.0], [2.0, 7.0, 5.0]], "float64")
s("ldl_factor", INDEFINITE)
s("ldl_factor_ex", INDEFINITE)
s("ldl_solve", C([[1.0, 0.0, 0.0], [9.0, 2.0, 0.0], [0.75, 0.14, 2.5]], "float64"), C([-2, -2, 3], "int32"), T((3, 2)))
s("cov", TALL)
s("cov", TALL, correction=0, aweights=C([1.0, 2.0, 3.0], "float64"))
s("corrcoef", TALL)
for name in ("trapezoid", "cumulative_trapezoid"):
    s(name, TALL)
    s(name, TALL, dx=0.5, dim=0)
    s(name, TALL, T((3,)))
    s(name, TALL, T((4, 3)), dim=0)


def of_parts(leaf):
    """The complex tensor of which a leaf has the parts."""
    return ag.view_as_complex(leaf.contiguous())


def in_parts(result: Any) -> Any:
    """A result with its complex tensors as real ones."""
    if isinstance(result, (tuple, list)):
        has_parts = any(isinstance(part, ag.Tensor) and part.is_complex() for part in result)
        return [in_parts(part) for part in result] if has_parts else result
    return ag.view_as_real(result.resolve_conj()) if isinstance(result, ag.Tensor) and result.is_complex() else result


def build(value: Any, rng, leaves: list) -> Any:
    """A sample's argument as the library's own."""
    match value:
        case T(shape, low, high, _):
            leaf = ag.from_numpy(rng.uniform(low, high, shape).reshape(shape)).requires_grad_()
            leaves.append(leaf)
            return value.given(leaf)
        case Z(shape, low, high):
            leaf = ag.from_numpy(rng.uniform(low, high, (*shape, 2))).requires_grad_()
            leaves.append(leaf)
            return of_parts(leaf)
        case C(values, dtype):
            return ag.tensor(np.asarray(values).tolist(), dtype=getattr(ag, dtype))
        case list() if any(isinstance(item, (T, Z, C)) for item in value):
            return [build(item, rng, leaves) for item in value]
    return value


def calls(name: str):
    """The samples of an operation, each as a function of its leaves, and the leaves."""
    function = find(name)
    for index, (args, kwargs) in enumerate(SAMPLES[name]):
        # Each use draws the same numbers, so that building again with other leaves is the same call.
        leaves: list = []
        build_all = functools.partial(_arguments, args, kwargs, name, index)
        build_all(leaves)

        def call(*given, build_all=build_all):
            rest = list(given)
            args, kwargs = build_all([], replace=rest)
            return in_parts(function(*args, **kwargs))

        yield call, tuple(leaves), (args, kwargs)


def _arguments(args, kwargs, name, index, leaves, replace=None):
    rng = generator(name, index)

    def swap(value):
        if replace is not None and isinstance(value, T):
            return value.given(replace.pop(0))
        if replace is not None and isinstance(value, Z):
            return of_parts(replace.pop(0))
        if replace is not None and isinstance(value, list) and any(isinstance(item, (T, Z, C)) for item in value):
            return [swap(item) for item in value]
        return build(value, rng, leaves)

    return [swap(value) for value in args], {key: swap(value) for key, value in kwargs.items()}


def tensors(result) -> list:
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in tensors(part)]
    return [result] if isinstance(result, ag.Tensor) and result.is_floating_point() else []


every_sample = pytest.mark.parametrize("name", sorted(SAMPLES))


def differentiable_calls(name):
    for call, leaves, sample in calls(name):
        if name in NO_GRADIENT or not leaves:
            # PyTorch gives some of these a node that refuses to run.
            assert REFERENCE or not any(result.requires_grad for result in tensors(call(*leaves))), f"{name}{sample}"
        else:
            assert any(result.requires_grad for result in tensors(call(*leaves))), f"{name}{sample} has no gradient"
            yield call, leaves, sample


every_row = pytest.mark.parametrize("name", sorted(ROWS))
only_here = pytest.mark.arcgrad_only


def contiguous(array):
    return ag.from_numpy(array.copy())


def transposed(array):
    return ag.from_numpy(np.ascontiguousarray(array.T)).t()


def sliced(array):
    return ag.from_numpy(np.repeat(array, 2, axis=-1))[..., ::2]


def backwards_stored(array):
    """Contiguous rows, with a gap behind each."""
    return ag.from_numpy(np.concatenate([array, array], axis=-1))[:, : array.shape[-1]]
