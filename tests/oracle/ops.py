"""The table of op calls, and the script that asks PyTorch for their results.

``python tests/oracle/ops.py`` (with PyTorch installed) writes ``ops.npz``; ``tests/operations/test_oracle_ops.py`` replays the
same calls on arcgrad and compares. The table below is data: a new call is one line, and needs the script to be run
once more. The values of the arguments depend on nothing but the text of their call, so other calls keep theirs.

A tensor argument is written as text, ``"f32[2,3]"``: dtype, shape, and after a space how it is filled and laid out:

- ``pos`` in (0.1, 2.1), ``unit`` in (-0.9, 0.9), ``gt1`` in (1.1, 3.1), ``big`` in (-50, 50), otherwise (-2, 2);
- ``special`` zeros of both signs, infinities, nan, very large and very small values; ``distinct`` no two alike;
- ``lo:hi`` integers of that range;
- ``t`` transposed in memory, ``s`` every second element of a longer row, ``x`` expanded (stride 0) along axis 0.

Every floating-point tensor argument is differentiated, with fixed random weights as incoming gradients, unless the
call is listed in ``NO_GRADIENT``.
"""

from __future__ import annotations

import json
import operator
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).with_name("ops.npz")

DTYPES = {
    "f32": "float32",
    "f64": "float64",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
    "bool": "bool",
}
FLOATS = ("f32", "f64")
INTEGERS = ("i64", "i32", "i16", "i8", "u8")
ALL = (*FLOATS, *INTEGERS, "bool")

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    float("inf"),
    float("-inf"),
    float("nan"),
    0.5,
    -2.5,
    1e30,
    -1e30,
    1e-30,
    2.0,
    88.0,
    -104.0,
]


# ---- calls ---------------------------------------------------------------------------------------------------------


@dataclass
class Call:
    """One call: the dotted name of what is called and its arguments as the table writes them."""

    name: str
    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        given = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(given)})"


CALLS: list[Call] = []


def c(name: str, *args: Any, **kwargs: Any) -> None:
    CALLS.append(Call(name, args, kwargs))


TENSOR = re.compile(r"^(f32|f64|i64|i32|i16|i8|u8|bool)\[([\d,]*)\](?: (.*))?$")
# A call takes part in the gradient check unless its name is here: the result is no tensor, or PyTorch has no derivative.
NO_GRADIENT = {"equal", "allclose", "floor_divide", "operator.floordiv"}
# Calls to which PyTorch's own answer is wrong: theirs is not compared, and ``test_oracle_ops.py`` states what is right.
WRONG_VALUE = {
    # A number without room in the dtype is cut to its width before it is compared: -3 counts as 253.
    *(f"{name}('u8[4]', 'i64[]')" for name in ("ge", "le", "maximum")),
    # nan where one element is +inf; the limit is certainty.
    *(f"{name}('f32[5] special', {dim})" for name in ("softmax", "log_softmax") for dim in (0, -1)),
    *(f"nn.functional.{name}('f32[5] special', dim={dim})" for name in ("softmax", "log_softmax") for dim in (0, -1)),
    "nn.functional.gelu('f32[15] special')",  # nan at +inf in vectorised float32, inf in float64 and without axes
    # nan at -inf, and in the gradient at both ends, where there is a limit
    "nn.functional.gelu('f64[15] special')",
    "nn.functional.silu('f32[15] special')",
    "nn.functional.silu('f64[15] special')",
}
WRONG_GRADIENT = {
    # `dim=()` reduces all axes, and the gradient divides by the number of elements of none.
    *(f"{name}('{dtype}[2,3,4]', dim=())" for name in ("var", "std") for dtype in FLOATS),
    # nan at infinity, where the limit is 0
    "atan2('f32[15] special', 'f32[15]')",
    "atan2('f64[15]', 'f64[15] special')",
    # nan, as 0 times the logarithm of infinity, where the power is flat at 0
    "pow('f32[15] special', 'f32[15]')",
    "pow('f64[15]', 'f64[15] special')",
    # the value is that of rsqrt or a power by C's rules, its gradient at -0 or -inf that of the other
    "pow('f64[15] special', -0.5)",
    "pow('f64[15] special', 1.5)",
    # 0 at the bounds, which pass here
    "clamp('f32[15] special', -1.0, 1.0)",
    "clamp('f64[15] special', -1.0, 1.0)",
    # nan where one element is infinite, which is all of the sum
    "logsumexp('f64[3,5] special', dim=1)",
    "logsumexp('f32[3,5] special', dim=0)",
    # numbers where a product of other factors is 0 * inf or has a factor that is nan
    "prod('f64[15] special')",
    "cumprod('f64[5] special', 0)",
    # a number at nan
    "nn.functional.elu('f32[15] special')",
    "nn.functional.elu('f64[15] special')",
}


def random(text: str) -> np.random.RandomState:
    """A generator that depends on the text only; the legacy stream is frozen by NumPy."""
    return np.random.RandomState(zlib.crc32(text.encode()))


def array_of(spec: str, seed: str) -> tuple[np.ndarray, str]:
    """The values of a tensor argument (in the shape that the layout is taken from) and its layout letter."""
    dtype, shape_text, flags_text = TENSOR.match(spec).groups()
    shape = [int(n) for n in shape_text.split(",") if n]
    flags = (flags_text or "").split()
    layout = next((f for f in flags if f in ("t", "s", "x")), "")
    if layout == "t":
        shape[-2:] = shape[:-3:-1]
    elif layout == "s":
        shape[-1] *= 2
    elif layout == "x":
        shape[0] = 1
    rng = random(seed + spec)
    count = int(np.prod(shape))
    span = next((f for f in flags if re.match(r"^-?\d+:-?\d+$", f)), None)
    if "distinct" in flags:
        values = rng.permutation(count) - count // 3 + (0.25 if dtype in FLOATS else 0)
    elif "special" in flags:
        values = np.resize(SPECIAL, count)
    elif span:
        low, high = map(int, span.split(":"))
        values = rng.randint(low, high, count)
    elif dtype in FLOATS:
        low, high = next(
            (
                r
                for f, r in {"pos": (0.1, 2.1), "unit": (-0.9, 0.9), "gt1": (1.1, 3.1), "big": (-50, 50)}.items()
                if f in flags
            ),
            (-2, 2),
        )
        values = rng.uniform(low, high, count)
    elif dtype == "bool":
        values = rng.randint(0, 2, count)
    else:
        values = rng.randint(1 if "pos" in flags else (0 if dtype == "u8" else -5), 9, count)
    return np.asarray(values).reshape(shape).astype(DTYPES[dtype]), layout


def build(lib: Any, value: Any, seed: str, floats: list) -> Any:
    """Turns an argument of the table into one of the library's; floating-point tensors are also put into `floats`."""
    if isinstance(value, str):
        if value.startswith("dtype:"):
            return getattr(lib, value[6:])
        if not TENSOR.match(value):
            return value
        array, layout = array_of(value, seed)
        tensor = lib.from_numpy(array)
        if layout == "t":
            tensor = tensor.transpose(-1, -2)
        elif layout == "s":
            tensor = tensor[..., ::2]
        elif layout == "x":
            shape = [int(n) for n in TENSOR.match(value).group(2).split(",")]
            tensor = tensor.expand(*shape)
        if array.dtype.kind == "f":
            tensor = tensor.detach()
            floats.append(tensor)
        return tensor
    if isinstance(value, (list, tuple)):
        return type(value)(build(lib, v, f"{seed}/{i}", floats) for i, v in enumerate(value))
    return value


def arguments(lib: Any, call: Call, *, grad: bool) -> tuple[list, dict, list]:
    floats: list = []
    args = [build(lib, a, f"{call.id}#{i}", floats) for i, a in enumerate(call.args)]
    kwargs = {k: build(lib, v, f"{call.id}#{k}", floats) for k, v in call.kwargs.items()}
    if grad:
        for tensor in floats:
            tensor.requires_grad_()
    return args, kwargs, floats


def wants_gradient(call: Call) -> bool:
    return call.name not in NO_GRADIENT and call.id not in WRONG_GRADIENT


def resolve(lib: Any, name: str) -> Any:
    """`exp`, `nn.functional.gelu`, `Tensor.view`, `operator.add`."""
    head, _, rest = name.partition(".")
    if head == "operator":
        return getattr(operator, rest)
    if head == "Tensor":
        attribute = getattr(lib.Tensor, rest)
        return attribute if callable(attribute) else lambda t: getattr(t, rest)
    target = lib
    for part in name.split("."):
        target = getattr(target, part)
    return target


def outputs(lib: Any, result: Any) -> list | None:
    """The result as a list of tensors, or None if it is something else."""
    if isinstance(result, lib.Tensor):
        return [result]
    if isinstance(result, (list, tuple)) and all(isinstance(r, lib.Tensor) for r in result):
        return list(result)
    return None


def weights(lib: Any, call: Call, index: int, shape: tuple, dtype: str) -> Any:
    values = random(f"{call.id}@{index}").uniform(0.5, 1.5, int(np.prod(shape))).reshape(shape)
    return lib.from_numpy(np.asarray(values.astype(dtype)))


def dtype_name(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def gradients(lib: Any, call: Call, results: list, floats: list) -> list | None:
    """The gradient of the weighted sum of all differentiable results by each floating-point argument."""
    chosen = [(i, r) for i, r in enumerate(results) if r.requires_grad]
    if not chosen or not floats:
        return None
    seeds = [weights(lib, call, i, tuple(r.shape), dtype_name(r.dtype)) for i, r in chosen]
    return list(lib.autograd.grad([r for _, r in chosen], floats, seeds, allow_unused=True))


def method_name(call: Call) -> str | None:
    """The name of the method with the same meaning, if the first argument is a tensor."""
    if "." in call.name or not call.args or not (isinstance(call.args[0], str) and TENSOR.match(call.args[0])):
        return None
    return call.name


# ---- the table -----------------------------------------------------------------------------------------------------
# A call is a line.
# fmt: off

UNARY = {  # name: how the arguments of its smooth domain are filled
    "neg": "", "abs": "", "sign": "", "reciprocal": "pos", "sqrt": "pos", "rsqrt": "pos", "square": "", "exp": "", "exp2": "",
    "expm1": "", "log": "pos", "log2": "pos", "log10": "pos", "log1p": "pos", "sin": "", "cos": "", "tan": "unit",
    "asin": "unit", "acos": "unit", "atan": "", "sinh": "", "cosh": "", "tanh": "", "sigmoid": "", "relu": "", "erf": "",
    "erfc": "", "floor": "", "ceil": "", "round": "", "trunc": "", "frac": "", "isnan": "", "isinf": "", "isfinite": "",
    "nan_to_num": "", "logical_not": "", "nn.functional.silu": "", "nn.functional.gelu": "", "nn.functional.softplus": "",
    "nn.functional.elu": "", "nn.functional.leaky_relu": "", "nn.functional.relu": "",
}
for name, fill in UNARY.items():
    for spec in ("f32[2,3]", "f64[2,3]", "f32[]", "f64[0,3]", "f64[3,4] t", "f32[2,5] s", "f64[3,2] x", "f32[2,3,2]"):
        c(name, f"{spec} {fill}".strip())
    c(name, "f32[15] special")
    c(name, "f64[15] special")
    c(name, "f32[2,64] big" if not fill else f"f32[2,64] {fill}")
    for dtype in (*INTEGERS, "bool"):
        c(name, f"{dtype}[5]")
    c(name, "i64[]")

c("round", "f32[4,4] big", decimals=1)
c("round", "f64[4,4] big", decimals=2)
c("round", "f64[4,4] big", decimals=-1)
c("nan_to_num", "f32[15] special", nan=1.0)
c("nan_to_num", "f64[15] special", nan=1.0, posinf=2.0, neginf=-3.0)
c("nan_to_num", "f32[15] special", posinf=5.0)
for dtype in FLOATS:
    for beta, threshold in ((1, 20), (2.0, 1.0), (0.5, 20)):
        c("nn.functional.softplus", f"{dtype}[3,4] big", beta=beta, threshold=threshold)
    c("nn.functional.softplus", f"{dtype}[3,4]", 2.0)
    for alpha in (1.0, 0.3, 2):
        c("nn.functional.elu", f"{dtype}[3,4]", alpha=alpha)
    for slope in (0.01, 0.2, 0.0, 1.5):
        c("nn.functional.leaky_relu", f"{dtype}[3,4]", slope)
        c("nn.functional.leaky_relu", f"{dtype}[3,4]", negative_slope=slope)
    c("nn.functional.gelu", f"{dtype}[3,4] big")
    c("nn.functional.gelu", f"{dtype}[3,4]", approximate="tanh")
    c("nn.functional.gelu", f"{dtype}[3,4]", approximate="none")
    c("nn.functional.gelu", f"{dtype}[3,4]", approximate="rough")
    c("nn.functional.silu", f"{dtype}[3,4] big")

BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "atan2", "maximum", "minimum", "eq", "ne", "lt", "le",
          "gt", "ge", "logical_and", "logical_or", "logical_xor"]
SCALAR = ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "eq", "ne", "lt", "le", "gt", "ge"]
for name in BINARY:
    positive = " pos" if name in ("pow", "div", "floor_divide", "remainder", "fmod") else ""
    for left, right in (
        ("f32[2,3]", "f32[2,3]"), ("f64[2,3]", "f64[2,3]"), ("f64[2,3]", "f64[3]"), ("f64[2,1]", "f64[3]"), ("f64[]", "f64[2,2]"),
        ("f64[2,2]", "f64[]"), ("f32[2,1,3]", "f32[4,1]"), ("f64[0,3]", "f64[1,3]"), ("f64[3,4] t", "f64[3,4]"), ("f32[3,4] s", "f32[3,4] t"),
        ("f32[2,3]", "f64[3]"), ("f32[2]", "f64[]"), ("f64[2]", "f32[]"), ("i64[4]", "f32[4]"), ("i64[4]", "i64[4]"), ("i32[4]", "i64[4]"),
        ("i8[4]", "u8[4]"), ("i16[4]", "i8[4]"), ("u8[4]", "u8[4]"), ("i32[4]", "i64[]"), ("u8[4]", "i64[]"), ("i64[3]", "f64[]"),
        ("bool[4]", "i64[4]"), ("bool[4]", "f32[4]"), ("bool[4]", "bool[4]"), ("f64[3,2] x", "f64[3,2]"),
    ):
        # A base or divisor of zero is tried on its own below; bool divisors may be false, which is an error for integers.
        first = left + positive if name == "pow" and left[0] != "b" and " " not in left else left
        second = right + positive if right[0] != "b" and " " not in right else right
        c(name, first, second)
    c(name, "f32[15] special", "f32[15]")
    c(name, "f64[15]", "f64[15] special")
    c(name, "f64[2,3]", "f64[2]")
    c(name, "f64[2,3]", "f64[2,3,4]")
for name in SCALAR:
    for spec in ("f32[2,3] pos", "f64[2,3] pos", "i64[4] pos", "i32[4] pos", "u8[4] pos", "bool[4]", "f32[]"):
        for scalar in (2, 3.5, True, 1):
            c(name, spec, scalar)
    for spec in ("f32[15] special", "f64[15] special", "i64[6]", "i8[6]"):
        c(name, spec, -3)
        c(name, spec, 0.5)
for name in ("add", "sub"):
    for dtype in FLOATS:
        c(name, f"{dtype}[2,3]", f"{dtype}[3]", alpha=2)
        c(name, f"{dtype}[2,3]", f"{dtype}[3]", alpha=-0.5)
        c(name, f"{dtype}[2,3]", 3, alpha=2)
    c(name, "i64[3]", "i64[3]", alpha=3)
    c(name, "i64[3]", "i64[3]", alpha=0.5)
for mode in ("floor", "trunc", None, "ceil"):
    for left, right in (("f32[3,4] big", "f32[4] pos"), ("f64[3,4] big", "f64[4] pos"), ("i64[8]", "i64[8] pos"), ("i64[8]", "f32[8] pos"), ("i32[8]", 3)):
        c("div", left, right, rounding_mode=mode)
for exponent in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5):
    c("pow", "f64[6] pos", exponent)
    c("pow", "f32[6] pos", exponent)
    c("pow", "i64[6] pos", exponent)
    c("pow", "f64[15] special", exponent)
for base in (2, 0.5, 0, 1, -2):
    c("pow", base, "f64[6]")
    c("pow", base, "i64[6] pos")
for name in ("floor_divide", "remainder", "fmod"):
    c(name, "f64[8] big", "f64[8]")
    c(name, "i64[8]", "i64[8] -4:-1")
    c(name, "f32[3] big", -1.5)
    c(name, "i64[3]", -2)
c("remainder", 7, "i64[4] pos")
c("remainder", 7.5, "f64[4] pos")

for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge"):
    for left, right in (("f32[2,3] pos", 2), (2, "f32[2,3] pos"), (2.5, "i64[3] pos"), ("i64[3] pos", "f64[3] pos"), ("f64[2,1] pos", "f64[3] pos"),
                        (3, "i64[3] pos"), ("f64[3] pos", 0.5), ("i32[3] pos", True)):
        c(f"operator.{name}", left, right)
for name in ("and_", "or_", "xor"):
    for left, right in (("bool[6]", "bool[6]"), ("i64[6]", "i64[6]"), ("u8[6]", 3), ("bool[6]", True), ("f32[2]", "f32[2]")):
        c(f"operator.{name}", left, right)
for spec in ("f32[3]", "i64[3]", "bool[3]"):
    c("operator.neg", spec)
    c("operator.abs", spec)
    c("operator.invert", spec)
    c("operator.pos", spec)
for left, right in (("f64[2,3]", "f64[3,2]"), ("f64[3]", "f64[3]"), ("f64[2,3]", "f64[3]"), ("f64[3]", "f64[3,2]"), ("f64[4,2,3]", "f64[3,2]"), ("f64[2,3]", "f64[2,3]")):
    c("operator.matmul", left, right)

for dtype in FLOATS:
    for args, kwargs in (
        ((0.0, 1.0), {}), ((-0.5,), {}), ((), {"min": -0.5}), ((), {"max": 0.5}), ((None, 0.5), {}), ((1.0, -1.0), {}), ((), {}), ((0, 1), {}),
        ((), {"min": f"{dtype}[4]"}), ((), {"min": f"{dtype}[3,4]", "max": f"{dtype}[3,1] gt1"}),
    ):
        c("clamp", f"{dtype}[3,4]", *args, **kwargs)
    c("clamp", f"{dtype}[15] special", -1.0, 1.0)
    c("clip", f"{dtype}[3,4]", -1.0, 1.0)
    c("clamp_min", f"{dtype}[3,4]", 0.3)
    c("clamp_max", f"{dtype}[3,4]", 0.3)
    c("lerp", f"{dtype}[2,3]", f"{dtype}[2,3]", 0.3)
    c("lerp", f"{dtype}[2,3]", f"{dtype}[3]", 0.8)
    c("lerp", f"{dtype}[2,3]", f"{dtype}[2,3]", f"{dtype}[3]")
    c("lerp", f"{dtype}[2,3]", f"{dtype}[2,3]", weight=1.5)
    for name in ("addcmul", "addcdiv"):
        c(name, f"{dtype}[2,3]", f"{dtype}[3]", f"{dtype}[2,1] pos")
        c(name, f"{dtype}[2,3]", f"{dtype}[3]", f"{dtype}[2,1] pos", value=0.5)
        c(name, f"{dtype}[]", f"{dtype}[3]", f"{dtype}[2,1] pos", value=-2)
    c("where", "bool[2,3]", f"{dtype}[2,3]", f"{dtype}[2,3]")
    c("where", "bool[2,1]", f"{dtype}[3]", f"{dtype}[2,3]")
    c("where", "bool[2,3]", f"{dtype}[2,3]", 0.5)
    c("where", "bool[2,3]", 1, f"{dtype}[2,3]")
    c("where", "bool[2,3]", f"{dtype}[]", f"{dtype}[2,3] t")
    c("masked_fill", f"{dtype}[2,3]", "bool[2,3]", 7.0)
    c("masked_fill", f"{dtype}[2,3]", "bool[3]", float("-inf"))
    c("masked_fill", f"{dtype}[2,3]", "bool[2,1]", f"{dtype}[]")
    c("masked_fill", f"{dtype}[2,3]", "bool[4]", 1)
    c("masked_fill", f"{dtype}[2,3]", "i64[2,3]", 1)
    c("lerp", f"{dtype}[2,3]", f"{dtype}[4]", 0.3)
for dtype in ("i64", "i32", "u8"):
    c("clamp", f"{dtype}[6]", 1, 4)
    c("clamp", f"{dtype}[6]", 0.5, 2.5)
    c("masked_fill", f"{dtype}[4]", "bool[4]", 3)
    c("addcmul", f"{dtype}[3]", f"{dtype}[3]", f"{dtype}[3]", value=2)
    c("addcdiv", f"{dtype}[3]", f"{dtype}[3]", f"{dtype}[3] pos")
c("where", "bool[4]")
c("where", "bool[2,3]", "f32[3]", "f64[2,1]")
c("where", "bool[3]", "i64[3]", 2.5)
c("where", "bool[3]", 1, 2)
c("where", "bool[3]", 1.0, 2.0)
c("where", "i64[3]", "f32[3]", "f32[3]")
c("where", "bool[3]", "f32[4]", "f32[3]")

# Reductions: whole, by axis, by several, by negative ones, by none; empty axes; wrong axes.
DIMS = [{}, {"dim": 0}, {"dim": 1}, {"dim": -1}, {"dim": (0, 2)}, {"dim": [1, -1]}, {"dim": 1, "keepdim": True}, {"dim": (0, 1, 2)}, {"dim": ()},
        {"axis": 1}, {"axis": (0, 1), "keepdims": True}, {"dim": 3}, {"dim": -4}, {"dim": (1, 1)}]
ONE_DIM = [k for k in DIMS if not isinstance(k.get("dim", k.get("axis")), (tuple, list))]
SEVERAL = ["sum", "mean", "var", "std", "amax", "amin", "all", "any", "logsumexp", "count_nonzero", "norm"]
SINGLE = ["prod", "max", "min", "argmax", "argmin"]
for name in (*SEVERAL, *SINGLE):
    distinct = " distinct" if name in ("max", "min", "argmax", "argmin", "amax", "amin") else ""
    kinds = DIMS if name in SEVERAL else ONE_DIM
    for kwargs in kinds:
        for spec in ("f64[2,3,4]", "f32[2,3,4]"):
            c(name, spec + distinct, **kwargs)
    for dtype in (*INTEGERS, "bool"):
        c(name, f"{dtype}[2,3,4]" + distinct.replace(" distinct", "" if dtype == "bool" else " distinct"), dim=1)
        c(name, f"{dtype}[2,3,4]" + distinct.replace(" distinct", "" if dtype == "bool" else " distinct"))
    for spec in ("f64[]", "f32[0]", "f64[0,3]", "f64[3,0]", "f64[1]"):
        c(name, spec)
        c(name, spec, dim=0)
        c(name, spec, dim=-1)
    c(name, "f64[15] special")
    c(name, "f64[3,5] special", dim=1)
    c(name, "f32[3,5] special", dim=0)
    c(name, f"f64[3,4] t{distinct}", dim=0)
    c(name, f"f32[3,4] s{distinct}", dim=1)
    c(name, "f64[3,4] x" if not distinct else "f64[3,4] t distinct", 1)
    c(name, f"f64[3,4]{distinct}", 1, True)
    c(name, f"f32[257]{distinct}")
    c(name, f"f32[33,19]{distinct}", dim=0)
for name in ("sum", "mean", "prod"):
    for dtype in ("float64", "float32", "int64"):
        for spec in ("f32[2,3]", "i64[2,3]", "bool[2,3]"):
            c(name, spec, dtype=f"dtype:{dtype}")
            c(name, spec, dim=1, dtype=f"dtype:{dtype}")
for name in ("var", "std"):
    for kwargs in ({"unbiased": False}, {"unbiased": True}, {"dim": 1, "unbiased": False}, {"correction": 0}, {"dim": 1, "correction": 2}, {"dim": (0, 1), "correction": 1, "keepdim": True}):
        c(name, "f64[3,5]", **kwargs)
        c(name, "f32[3,5]", **kwargs)
    c(name, "f64[3,5]", 1, False, True)
    c(name, "f64[3,1]", dim=1)
    c(name, "f64[4] 3:4")
for p in (1, 2, 3, 0.5, 0, float("inf"), float("-inf"), "fro"):
    c("norm", "f64[3,4]", p)
    c("norm", "f64[3,4] distinct", p, dim=1)
    c("norm", "f32[3,4] distinct", p=p, dim=(0, 1), keepdim=True)
for kind in ("max", "min"):
    c(kind, "f64[2,3]", "f64[3]")
    c(kind, "i64[2,3]", "i64[2,1]")
for name in ("cumsum", "cumprod"):
    for spec in ("f64[2,3,4]", "f32[2,3,4]", "i64[2,3]", "i32[4]", "u8[4]", "bool[4]", "f64[]", "f64[0]", "f64[2,0]", "f64[3,4] t", "f32[3,4] s"):
        c(name, spec, 0)
        c(name, spec, dim=-1)
    c(name, "f64[2,3]", axis=1)
    c(name, "f64[2,3]", 2)
    c(name, "f64[2,3]", -3)
    c(name, "f32[5]", 0, dtype="dtype:float64")
    c(name, "i64[5]", 0, dtype="dtype:float32")
    c(name, "f64[5] special", 0)
c("cumprod", "f64[5] -1:2", 0)
c("count_nonzero", "i64[3,4] -1:2", dim=0)
c("count_nonzero", "bool[3,4]", dim=(0, 1))
c("prod", "f64[5] 0:3")
c("prod", "f64[4,3] -1:2", dim=0)
c("argmax", "f64[3,4] distinct", dim=1, keepdim=True)
c("argmin", "f64[3,4] distinct", dim=None)

for name in ("softmax", "log_softmax"):
    for spec in ("f32[2,3,4]", "f64[2,3,4]", "f64[]", "f64[0,3]", "f64[3,4] t", "f32[3,4] s", "f64[2,3] big", "f32[5] special"):
        for dim in (0, -1):
            c(name, spec, dim)
            c(f"nn.functional.{name}", spec, dim=dim)
    c(name, "f64[2,3]", dim=1)
    c(name, "f64[2,3]", dim=2)
    c(name, "f32[2,3]", dim=1, dtype="dtype:float64")
    c(name, "i64[2,3]", dim=1, dtype="dtype:float32")
    c(name, "f32[2,300] big", dim=1)

F = "nn.functional."
for dtype in FLOATS:
    for reduction in ("mean", "sum", "none"):
        c(F + "mse_loss", f"{dtype}[2,3]", f"{dtype}[2,3]", reduction=reduction)
        c(F + "nll_loss", f"{dtype}[4,3]", "i64[4] 0:3", reduction=reduction)
        c(F + "nll_loss", f"{dtype}[4,3]", "i64[4] 0:3", weight=f"{dtype}[3] pos", reduction=reduction)
        c(F + "nll_loss", f"{dtype}[2,3,4]", "i64[2,4] 0:3", reduction=reduction)
        c(F + "nll_loss", f"{dtype}[4,3]", "i64[4] 0:3", ignore_index=1, reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", weight=f"{dtype}[3] pos", reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", ignore_index=1, reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", label_smoothing=0.2, reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", weight=f"{dtype}[3] pos", ignore_index=2, label_smoothing=0.1, reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", f"{dtype}[4,3] pos", reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[4,3]", f"{dtype}[4,3] pos", label_smoothing=0.3, reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[2,3,2,2]", "i64[2,2,2] 0:3", reduction=reduction)
        c(F + "cross_entropy", f"{dtype}[3]", "i64[] 0:3", reduction=reduction)
    c(F + "mse_loss", f"{dtype}[0]", f"{dtype}[0]")
    c(F + "nll_loss", f"{dtype}[3]", "i64[] 0:3")
    c(F + "cross_entropy", f"{dtype}[4,3] big", "i64[4] 0:3")
    c(F + "cross_entropy", f"{dtype}[4,3]", "i64[3] 0:3")
    c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 3:4")
    c(F + "nll_loss", f"{dtype}[4,3]", "i64[4] 3:4")
    c(F + "nll_loss", f"{dtype}[4,3]", f"{dtype}[4]")
    c(F + "mse_loss", f"{dtype}[2,3]", f"{dtype}[2,3]", reduction="average")
    c(F + "cross_entropy", f"{dtype}[4,3]", "i64[4] 0:3", reduction="average")
    for shape, normalized in (("2,3,4", [4]), ("2,3,4", [3, 4]), ("5", [5]), ("2,3,4", [3]), ("33,17", (17,))):
        size = ",".join(map(str, normalized))
        c(F + "layer_norm", f"{dtype}[{shape}]", normalized)
        c(F + "layer_norm", f"{dtype}[{shape}]", normalized, f"{dtype}[{size}]", f"{dtype}[{size}]")
        c(F + "layer_norm", f"{dtype}[{shape}]", normalized, weight=f"{dtype}[{size}]", eps=0.1)
    for shape in ("4,3", "4,3,5", "2,3,2,2"):
        c(F + "batch_norm", f"{dtype}[{shape}]", None, None, training=True)
        c(F + "batch_norm", f"{dtype}[{shape}]", None, None, f"{dtype}[3]", f"{dtype}[3]", True, 0.1, 0.01)
        c(F + "batch_norm", f"{dtype}[{shape}]", f"{dtype}[3]", f"{dtype}[3] pos", f"{dtype}[3]", f"{dtype}[3]", False)
        c(F + "batch_norm", f"{dtype}[{shape}]", f"{dtype}[3]", f"{dtype}[3] pos", weight=f"{dtype}[3]", bias=None)
    c(F + "batch_norm", f"{dtype}[1,3]", None, None, training=True)
    for training in (False,):
        c(F + "dropout", f"{dtype}[3,4]", 0.5, training)
        c(F + "dropout", f"{dtype}[3,4]", p=0.0, training=True)
        c(F + "dropout", f"{dtype}[3,4]", p=1.0, training=True)
    c(F + "dropout", f"{dtype}[3,4]", p=1.5)
    c(F + "linear", f"{dtype}[4,3]", f"{dtype}[2,3]")
    c(F + "linear", f"{dtype}[4,3]", f"{dtype}[2,3]", f"{dtype}[2]")
    c(F + "linear", f"{dtype}[3]", f"{dtype}[2,3]", bias=f"{dtype}[2]")
    c(F + "linear", f"{dtype}[2,4,3]", f"{dtype}[2,3]", f"{dtype}[2]")
    c(F + "linear", f"{dtype}[0,3]", f"{dtype}[2,3]", f"{dtype}[2]")
    c(F + "linear", f"{dtype}[4,3]", f"{dtype}[2,4]")
    c(F + "linear", f"{dtype}[4,3]", f"{dtype}[3]")

# Shape.
X = ["f64[2,3,4]", "f32[2,3,4]", "i64[2,3,4]", "bool[2,3,4]"]
for spec in X:
    for shape in ((6, 4), (-1,), (2, -1), (2, 3, 2, 2), (4, 6), (24,), (-1, -1), (5, 5), (2, 3, 4), (0, -1)):
        c("reshape", spec, shape)
        c("Tensor.view", spec, *shape)
        c("Tensor.view", spec, shape)
        c("Tensor.reshape", spec, *shape)
    for dims in ((0, 1), (1, 2), (-1, 0), (0, 0), (0, 3)):
        c("transpose", spec, *dims)
        c("transpose", spec, dim0=dims[0], dim1=dims[1])
    for dims in ((2, 0, 1), (-1, 1, 0), (0, 1, 2), (0, 1), (0, 0, 1)):
        c("permute", spec, dims)
        c("Tensor.permute", spec, *dims)
        c("Tensor.permute", spec, dims)
    for args in ((), (0,), (1,), (0, 1), (1, 2), (-2, -1), (2, 0), (5,)):
        c("flatten", spec, *args)
    c("flatten", spec, start_dim=1)
    c("flatten", spec, start_dim=0, end_dim=1)
    for dim in (0, 1, 3, -1, -4, 4, -5):
        c("unsqueeze", spec, dim)
    c("unsqueeze", spec, dim=1)
    for args in ((1, 0, 2), (1, 1, 1), (-1, -2, 2), (0, 2, 2), (0, 1, 2), (3, 0, 1), (2, 0, 0)):
        c("narrow", spec, *args)
    for args in ((0, 1), (1, -1), (-1, 0), (0, 2), (1, -4), (3, 0)):
        c("select", spec, *args)
    c("select", spec, dim=1, index=2)
    for args in ((2,), (1, 1), (2, -1), ([1, 2], 1), ([1, 1], 1), ([4], 2), (5,), (0,), (2, 5)):
        c("split", spec, *args)
    c("split", spec, split_size_or_sections=2, dim=1)
    for args in ((2,), (3, 1), (5, 2), (1, -1), (0,), (2, 7)):
        c("chunk", spec, *args)
    c("chunk", spec, chunks=2, dim=2)
    for args in ((2,), (3, 1), (5, 2), (4, -1), (2, 5), (0,), (-1,), ([1, 2], 2), ([1],), ([2, 1], 1), ([-1], 1), ([], 1), ((0, 9), 2), ([1], 3),
                 ("i64[] 3:4", 2), ("i64[2] 1:3", 1), ("i64[0]", 1), ("i64[2,2] 0:2",), ("i32[2] 1:3",), ("f32[2] pos",)):
        c("tensor_split", spec, *args)
    c("tensor_split", spec, sections=2, dim=1)
    c("tensor_split", spec, indices=[1, 2], dim=2)
    c("tensor_split", spec, tensor_indices_or_sections="i64[2] 0:3", dim=-1)
    for args in ((), (1,), (-1,), (3,)):
        c("unbind", spec, *args)
    for repeats in ((2, 1, 1), (1, 2, 3, 1), (1, 1, 0), (2, 2), (2,)):
        c("Tensor.repeat", spec, *repeats)
        c("tile", spec, repeats)
    for args in ((2,), (2, 0), (3, -1), ("i64[3] 0:3", 1), ("i64[2] 0:3", 1), (0, 1)):
        c("repeat_interleave", spec, *args)
    c("repeat_interleave", spec, repeats=2, dim=1)
    for dims in ((0,), (0, 2), (-1,), (), (0, 0), (3,)):
        c("flip", spec, dims)
        c("Tensor.flip", spec, *dims)
    for args in ((1,), (1, 0), (-2, 1), ((1, 2), (0, 2)), (5, 2), ((1, 2), 0), (0, 1)):
        c("roll", spec, *args)
    c("roll", spec, shifts=1, dims=2)
    for args in ((0, 1), (0, -1), ((0, 1), (2, 0)), ((0, 1), (1,)), (3, 0)):
        c("movedim", spec, *args)
    for kwargs in ({}, {"offset": 1}, {"offset": -1}, {"dim1": 1, "dim2": 2}, {"offset": 9}, {"dim1": 0, "dim2": 0}, {"offset": 1, "dim1": -1, "dim2": 0}):
        c("diagonal", spec, **kwargs)
    for name in ("tril", "triu"):
        c(name, spec)
        c(name, spec, 1)
        c(name, spec, diagonal=-1)
    c("unflatten", spec, 2, (2, 2))
    c("unflatten", spec, -1, (-1, 2))
    c("unflatten", spec, 1, (2, 2))
    c("Tensor.contiguous", spec)
    c("clone", spec)
    c("Tensor.mT", spec)
    c("movedim", spec, source=0, destination=2)
    c("Tensor.view_as", spec, "f64[6,4]")
    for dtype in ALL:
        c("Tensor.view", spec, f"dtype:{DTYPES[dtype]}")
    for size in ((1, 3, 4), (3, 4), (4,), (2, 1, 1), (1,), (), (2, 3, 4), (1, 2, 3, 4), (2,), (0, 3, 4)):
        c("Tensor.sum_to_size", spec, *size)
        c("Tensor.sum_to_size", spec, size)
    c("Tensor.expand_as", spec, "f64[5,2,3,4]")
for spec in ("f64[]", "f32[]", "u8[3]", "u8[2,8]", "i16[4,2]", "f64[0]", "f64[4,6] t", "f32[4,6] t", "f32[4,6] s", "f64[3,4] x", "f32[3,4] x", "u8[16] s"):
    for dtype in ("bool", "u8", "i16", "i32", "f32", "f64"):
        c("Tensor.view", spec, f"dtype:{DTYPES[dtype]}")
for spec, shape in (("i64[4] 0:24", (2, 3, 4)), ("i64[2,3] 0:24", [4, 6]), ("i64[] 5:6", (24,)), ("i64[3] 0:24", 24), ("i32[3] 0:6", (2, 3)), ("u8[3] 0:6", (2, 3)),
                    ("i64[0]", (2, 3)), ("i64[3] 0:6", ()), ("i64[3] 0:6", (2, -3)), ("i64[3] 0:6", (2, 0)), ("i64[2] 6:9", (2, 3)), ("i64[2] -3:-1", (2, 3)),
                    ("f32[3] pos", (2, 3)), ("bool[3]", (2, 3)), ("i64[3] 0:6", "two")):
    c("unravel_index", spec, shape)
c("unravel_index", indices="i64[4] 0:24", shape=(2, 3, 4))
for spec in ("f64[2,1,3]", "f32[1,3]", "i64[1]", "f64[]"):
    for shape in ((2, 4, 3), (2, 5, 3), (4, 2, 1, 3), (2, -1, 3), (3,), (-1,), (0, 3), (2, 3), (5, -1)):
        c("Tensor.expand", spec, *shape)
        c("broadcast_to", spec, shape)
for spec in ("f64[1,3,1,2]", "f32[1,1]", "i64[1]", "f64[]", "f64[2,3]", "f64[1,0]"):
    c("squeeze", spec)
    for dim in (0, 1, -1, 2, (0, 2), (0, 1)):
        c("squeeze", spec, dim)
    c("squeeze", spec, dim=0)
for spec in ("f64[3,3]", "f64[2,4]", "f64[4]", "f32[5]", "i64[3,3]", "f64[0]", "f64[2,2,2]", "f64[]"):
    c("t", spec)
    c("diag", spec)
    c("diag", spec, 1)
    c("diag", spec, diagonal=-1)
    c("tril", spec)
    c("triu", spec, 1)
for spec in ("f64[2,3]", "f64[3]", "f64[]", "f64[2,3,4]"):
    c("Tensor.T", spec) if spec != "f64[2,3,4]" else None
    c("Tensor.mT", spec)
    c("flatten", spec)
    c("Tensor.view", spec, -1)
    c("reshape", spec, (-1,))
for spec in ("f64[4,6] t", "f64[4,6] s", "f32[3,4] x"):
    c("Tensor.view", spec, -1)
    c("reshape", spec, (-1,))
    c("Tensor.contiguous", spec)
    c("clone", spec)
    c("flatten", spec)
    c("flip", spec, (1,))
    c("roll", spec, 1, 0)
    c("repeat_interleave", spec, 2, 1)
    c("Tensor.repeat", spec, 1, 2)
    c("tril", spec)

for dtype in ("f64", "f32", "i64", "bool"):
    for name in ("cat", "stack"):
        for dim in (0, 1, -1, 2, 3):
            c(name, [f"{dtype}[2,3]", f"{dtype}[2,3]"], dim)
        c(name, [f"{dtype}[2,3]", f"{dtype}[2,3]", f"{dtype}[2,3] t"], dim=0)
        c(name, (f"{dtype}[2]",), axis=0)
        c(name, [f"{dtype}[0]", f"{dtype}[3]"])
    c("cat", [f"{dtype}[2,3]", f"{dtype}[4,3]"])
    c("cat", [f"{dtype}[2,3]", f"{dtype}[2,1]"], 1)
    c("cat", [f"{dtype}[2,3]", f"{dtype}[0]", f"{dtype}[1,3]"])
    c("cat", [f"{dtype}[2,3]", f"{dtype}[2,4]"], 0)
    c("stack", [f"{dtype}[2,3]", f"{dtype}[2,4]"], 0)
c("cat", ["f32[2]", "f64[2]", "i64[2]"])
c("cat", ["i32[2]", "bool[2]"])
c("stack", ["f32[2]", "f64[2]"])
c("stack", ["f64[]", "f64[]"])
c("cat", ["f64[]", "f64[]"])
c("cat", [])
c("stack", [])

# Indexing by tensors, sorting.
for dtype in ("f64", "f32", "i64"):
    c("gather", f"{dtype}[3,4]", 0, "i64[2,4] 0:3")
    c("gather", f"{dtype}[3,4]", 1, "i64[3,6] 0:4")
    c("gather", f"{dtype}[3,4]", dim=-1, index="i64[2,2] 0:4")
    c("gather", f"{dtype}[3,4]", 1, "i64[0,2]")
    c("gather", f"{dtype}[3,4]", 1, "i64[3] 0:4")
    c("gather", f"{dtype}[3,4]", 1, "i64[3,2] 4:6")
    c("gather", f"{dtype}[3,4]", 1, "i64[4,2] 0:2")
    c("gather", f"{dtype}[3,4]", 2, "i64[3,4] 0:2")
    c("gather", f"{dtype}[3,4]", 1, f"f64[3,4]")
    for name in ("scatter", "scatter_add"):
        c(name, f"{dtype}[3,5]", 1, "i64[3,1] 0:5", f"{dtype}[3,1]")
        c(name, f"{dtype}[3,5]", 0, "i64[1,4] 0:3", f"{dtype}[2,4]")
        c(name, f"{dtype}[3,5]", 1, "i64[3,1] 5:7", f"{dtype}[3,1]")
        c(name, f"{dtype}[3,5]", 1, "i64[4,1] 0:2", f"{dtype}[4,1]")
    c("scatter_add", f"{dtype}[3,5]", 1, "i64[3,7] 0:5", f"{dtype}[3,7]")
    c("scatter_add", f"{dtype}[3]", 0, "i64[9] 0:3", f"{dtype}[9]")
    c("scatter_add", f"{dtype}[3]", dim=0, index="i64[2] 0:3", src=f"{dtype}[2]")
    c("scatter", f"{dtype}[3,5]", 1, "i64[3,2] 0:5", 7)
    c("scatter", f"{dtype}[3,5]", dim=1, index="i64[3,2] 0:5", value=2)
    c("scatter", f"{dtype}[3,5]", 1, "i64[3,1] 0:5", f"{dtype}[3,1]", reduce="add")
    c("scatter", f"{dtype}[3,5]", 1, "i64[3,1] 0:5", 3, reduce="multiply")
    for args in ((0, "i64[4] 0:3"), (1, "i64[2] 0:4"), (-1, "i64[5] 0:4"), (0, "i64[0]"), (0, "i64[] 0:3"), (0, "i64[2] 3:5"), (2, "i64[1] 0:1"), (0, "i64[2,2] 0:3"), (0, "f32[2]"), (0, "i32[2] 0:3")):
        c("index_select", f"{dtype}[3,4]", *args)
    c("index_select", f"{dtype}[3,4]", dim=1, index="i64[2] 0:4")
    c("index_add", f"{dtype}[3,4]", 0, "i64[5] 0:3", f"{dtype}[5,4]")
    c("index_add", f"{dtype}[3,4]", 1, "i64[2] 0:4", f"{dtype}[3,2]")
    c("index_add", f"{dtype}[3,4]", 1, "i64[2] 0:4", f"{dtype}[3,2]", alpha=2)
    c("index_add", f"{dtype}[3,4]", 1, "i64[2] 4:6", f"{dtype}[3,2]")
    c("index_add", f"{dtype}[3,4]", 1, "i64[2] 0:4", f"{dtype}[3,3]")
    c("masked_select", f"{dtype}[3,4]", "bool[3,4]")
    c("masked_select", f"{dtype}[3,4]", "bool[4]")
    c("masked_select", f"{dtype}[4]", "bool[3,1]")
    c("masked_select", f"{dtype}[3,4]", "bool[5]")
    c("masked_select", f"{dtype}[3,4]", "i64[3,4]")
    c("take_along_dim", f"{dtype}[3,4]", "i64[3,2] 0:4", 1)
    c("take_along_dim", f"{dtype}[3,4]", "i64[1,4] 0:3", dim=0)
    c("take_along_dim", f"{dtype}[3,4]", "i64[5] 0:12")
    c("take_along_dim", f"{dtype}[3,4]", "i64[3,2] 4:9", 1)
    for kwargs in ({}, {"dim": 0}, {"dim": 1, "descending": True}, {"descending": True}, {"dim": 2}, {"stable": True, "dim": 0}):
        c("sort", f"{dtype}[3,5] distinct", **kwargs)
        c("argsort", f"{dtype}[3,5] distinct", **kwargs)
    c("sort", f"{dtype}[3,5] distinct", 0, True)
    c("sort", f"{dtype}[] distinct")
    c("sort", f"{dtype}[0] distinct")
    c("sort", f"{dtype}[40] 0:5", stable=True)
    for args, kwargs in (((2,), {}), ((2, 0), {}), ((5, 1), {}), ((3,), {"largest": False}), ((1,), {"dim": -1, "largest": True, "sorted": True}), ((6,), {}), ((-1,), {}), ((2, 2), {}), ((0,), {})):
        c("topk", f"{dtype}[3,5] distinct", *args, **kwargs)
    c("unique", f"{dtype}[12] 0:5")
    c("unique", f"{dtype}[3,4] 0:5", return_inverse=True)
    c("unique", f"{dtype}[12] 0:5", return_counts=True)
    c("unique", f"{dtype}[12] 0:5", return_inverse=True, return_counts=True)
    c("unique", f"{dtype}[6,2] 0:2", dim=0)
    c("unique", f"{dtype}[6,2] 0:2", dim=0, return_inverse=True, return_counts=True)
    c("unique", f"{dtype}[2,6] 0:2", dim=1)
    c("unique", f"{dtype}[0]")
    for spec in (f"{dtype}[3,4] -1:2", f"{dtype}[] 1:2", f"{dtype}[] 0:1", f"{dtype}[0,3]", f"{dtype}[5] -1:2"):
        c("nonzero", spec)
        c("nonzero", spec, as_tuple=True)
c("nonzero", "bool[4,3]")
c("sort", "bool[6]", stable=True)
c("sort", "u8[3,5] distinct")
c("sort", "f64[15] special", stable=True)
c("sort", "f64[15] special", stable=True, descending=True)
c("scatter_add", "f64[3]", 0, "i64[2] 0:3", "f32[2]")
c(F + "one_hot", "i64[4] 0:5")
c(F + "one_hot", "i64[2,3] 0:5", 6)
c(F + "one_hot", "i64[4] 0:5", num_classes=5)
c(F + "one_hot", "i64[4] 2:5", num_classes=3)
c(F + "one_hot", "i64[4] -3:-1")
c(F + "one_hot", "f32[4]")
c(F + "one_hot", "i64[]  1:2".replace("  ", " "), num_classes=3)

# Matrices.
for dtype in ("f64", "f32", "i64"):
    for name, pairs in {
        "matmul": [("3", "3"), ("2,3", "3"), ("3", "3,2"), ("2,3", "3,4"), ("5,2,3", "3,4"), ("5,2,3", "5,3,4"), ("4,1,2,3", "5,3,2"), ("2,3", "5,3,2"), ("3", "5,3,2"),
                   ("5,2,3", "3"), ("2,0", "0,3"), ("0,2", "2,3"), ("2,3", "2,3"), ("", "3"), ("5,2,3", "4,3,2"), ("2,3 t", "3,4 t"), ("2,3 s", "3,4 s"), ("3,3 x", "3,4"), ("17,33", "33,9"), ("1,1", "1,1")],
        "mm": [("2,3", "3,4"), ("2,0", "0,3"), ("2,3", "2,3"), ("2,3 t", "3,4 t"), ("3", "3"), ("1,3", "3,1"), ("5,2,3", "3,4")],
        "bmm": [("4,2,3", "4,3,2"), ("4,2,3", "1,3,2"), ("0,2,3", "0,3,2"), ("2,3", "3,2"), ("2,2,3 t", "2,3,2 t")],
        "mv": [("2,3", "3"), ("2,3 t", "3"), ("0,3", "3"), ("2,3", "2"), ("3", "3")],
        "dot": [("3", "3"), ("0", "0"), ("3", "4"), ("2,3", "3"), ("6 s", "6")],
        "outer": [("2", "3"), ("0", "3"), ("2,2", "3")],
    }.items():
        for left, right in pairs:
            def text(shape: str, dtype: str = dtype) -> str:
                size, _, layout = shape.partition(" ")
                return f"{dtype}[{size}] {layout}".strip()

            c(name, text(left), text(right))
    c("addmm", f"{dtype}[2,4]", f"{dtype}[2,3]", f"{dtype}[3,4]")
    c("addmm", f"{dtype}[4]", f"{dtype}[2,3]", f"{dtype}[3,4]", beta=2, alpha=3)
    c("addmm", f"{dtype}[]", f"{dtype}[2,3]", f"{dtype}[3,4]")
    c("addmm", f"{dtype}[2,1]", f"{dtype}[2,3]", f"{dtype}[3,4]", beta=0)
    c("addmm", f"{dtype}[3,4]", f"{dtype}[2,3]", f"{dtype}[3,4]")
    c("addmm", f"{dtype}[2,4]", f"{dtype}[2,3]", f"{dtype}[4,4]")
    for equation, shapes in (
        ("ij,jk->ik", ("2,3", "3,4")), ("ij,jk", ("2,3", "3,4")), ("ij->ji", ("2,3",)), ("ii->i", ("3,3",)), ("ii", ("3,3",)), ("ij->", ("2,3",)),
        ("i,j->ij", ("2", "3")), ("bij,bjk->bik", ("2,3,4", "2,4,3")), ("...ij,...jk->...ik", ("2,3,4", "4,3")), ("bn,anm,bm->ba", ("2,3", "5,3,4", "2,4")),
        ("ij,ij->ij", ("2,3", "2,3")), ("i,i->", ("3", "3")), ("ijk->kij", ("2,3,4",)), ("bhqd,bhkd->bhqk", ("1,2,3,4", "1,2,3,4")), ("ij,kl->ijkl", ("2,2", "2,2")),
        ("...->...", ("2,3",)), ("a...b,b->a...", ("2,3,4", "4")), ("ij,jk->ik", ("2,3", "4,4")), ("ij->k", ("2,3",)), ("ij,jk->ik", ("2,3",)), ("i j , j k -> i k", ("2,3", "3,4")),
    ):
        c("einsum", equation, *[f"{dtype}[{s}]" for s in shapes])
    c("tensordot", f"{dtype}[2,3,4]", f"{dtype}[3,4,5]")
    c("tensordot", f"{dtype}[2,3,4]", f"{dtype}[4,5]", dims=1)
    c("tensordot", f"{dtype}[2,3]", f"{dtype}[4]", dims=0)
    c("tensordot", f"{dtype}[2,3,4]", f"{dtype}[4,3,5]", dims=([1, 2], [1, 0]))
    c("tensordot", f"{dtype}[2,3]", f"{dtype}[4,5]", dims=1)
c("mm", "f32[2,3]", "f64[3,4]")
c("matmul", "f32[2,3]", "f64[3,4]")

# Convolution, pooling, embedding.
for dtype in FLOATS:
    for x, w, kwargs in (
        ("2,3,5,6", "4,3,3,3", {}), ("2,3,5,6", "4,3,3,3", {"bias": f"{dtype}[4]"}), ("2,3,5,6", "4,3,3,2", {"stride": 2}), ("1,2,5,5", "2,2,3,3", {"padding": 1}),
        ("1,2,5,6", "2,2,3,3", {"stride": (1, 2), "padding": (2, 1)}), ("1,2,7,7", "2,2,3,3", {"dilation": 2}), ("1,2,7,6", "2,2,2,3", {"dilation": (2, 1), "stride": 2, "padding": 1}),
        ("2,4,4,4", "6,2,3,3", {"groups": 2}), ("2,4,4,4", "4,1,2,2", {"groups": 4, "bias": f"{dtype}[4]"}), ("3,5,5", "2,3,3,3", {}), ("1,2,4,4", "3,2,1,1", {}),
        ("1,2,5,5", "2,2,3,3", {"padding": "same"}), ("1,2,5,5", "2,2,3,3", {"padding": "valid"}), ("0,2,4,4", "3,2,2,2", {}), ("1,3,4,4", "2,2,3,3", {}),
        ("1,2,2,2", "2,2,3,3", {}), ("1,4,4,4", "6,2,3,3", {"groups": 3}), ("1,2,5,5", "2,2,3,3", {"padding": "same", "stride": 2}), ("1,2,5,5", "2,2,3,3", {"stride": 0}),
        ("1,2,5,5", "2,2,3,3", {"bias": f"{dtype}[3]"}),
    ):
        c(F + "conv2d", f"{dtype}[{x}]", f"{dtype}[{w}]", **kwargs)
    for x, args, kwargs in (
        ("2,3,6,6", (2,), {}), ("2,3,5,7", (3,), {"stride": 1}), ("1,2,5,5", (2,), {"stride": 2, "padding": 1}), ("1,2,6,4", ((3, 2),), {}), ("1,2,5,5", (2,), {"ceil_mode": True}),
        ("3,4,4", (2,), {}), ("1,2,4,4", (), {"kernel_size": 2, "stride": 1}), ("1,1,4,4", (2,), {"padding": 2}), ("1,1,2,2", (3,), {}), ("0,2,4,4", (2,), {}), ("1,1,4,4", (0,), {}),
    ):
        c(F + "max_pool2d", f"{dtype}[{x}] distinct", *args, **kwargs)
        c(F + "avg_pool2d", f"{dtype}[{x}]", *args, **kwargs)
    c(F + "max_pool2d", f"{dtype}[1,2,7,7] distinct", 3, dilation=2)
    c(F + "max_pool2d", f"{dtype}[1,2,6,6] distinct", 2, return_indices=True)
    c(F + "max_pool2d", f"{dtype}[1,2,6,6] distinct", 3, 2, 1, 1, True)
    c(F + "avg_pool2d", f"{dtype}[1,2,5,5]", 2, padding=1, count_include_pad=False)
    c(F + "avg_pool2d", f"{dtype}[1,2,5,5]", 2, ceil_mode=True, count_include_pad=False)
    c(F + "avg_pool2d", f"{dtype}[1,2,4,4]", 2, divisor_override=3)
    c(F + "embedding", "i64[4] 0:5", f"{dtype}[5,3]")
    c(F + "embedding", "i64[2,3] 0:5", f"{dtype}[5,3]", padding_idx=1)
    c(F + "embedding", "i32[4] 0:5", f"{dtype}[5,3]")
    c(F + "embedding", "i64[0]", f"{dtype}[5,3]")
    c(F + "embedding", "i64[4] 5:7", f"{dtype}[5,3]")
    c(F + "embedding", "i64[4] -3:-1", f"{dtype}[5,3]")
    c(F + "embedding", "i64[] 0:5", f"{dtype}[5,3]")
    c(F + "embedding", f"{dtype}[4]", f"{dtype}[5,3]")

# Comparison of whole tensors.
for left, right in (("f64[3]", "f64[3]"), ("i64[3] 1:2", "i64[3] 1:2"), ("f64[3]", "f64[2]"), ("f32[15] special", "f32[15] special")):
    c("equal", left, right)
    c("allclose", left, right)
    c("isclose", left, right)
c("isclose", "f64[15] special", "f64[15] special", equal_nan=True)
c("isclose", "f64[6]", "f64[6]", rtol=0.5, atol=0.5)
c("allclose", "f64[6]", "f64[6]", rtol=10.0, atol=10.0)

# Creation that depends on nothing but its arguments.
for args, kwargs in (((5,), {}), ((2, 7), {}), ((1, 10, 3), {}), ((0.5, 2, 0.25), {}), ((5, 1, -1), {}), ((0,), {}), ((3.0,), {}), ((1, 5, 0), {}), ((1, 5, -1), {}),
                     ((0, 10, 2), {"dtype": "dtype:float64"}), ((), {"start": 1, "end": 4}), ((0, 1, 0.1), {"dtype": "dtype:float64"}), ((-5, 5), {"dtype": "dtype:int32"})):
    c("arange", *args, **kwargs)
for args, kwargs in (((0, 1, 5), {}), ((0, 1), {"steps": 7, "dtype": "dtype:float64"}), ((3, -3, 4), {}), ((2, 5, 1), {}), ((2, 5, 0), {}), ((0, 1, -1), {}), ((0, 10, 4), {"dtype": "dtype:int64"}), ((1, 2, 100), {})):
    c("linspace", *args, **kwargs)
    c("logspace", *args, **kwargs)
c("logspace", 0, 4, steps=5, base=2.0, dtype="dtype:float64")
for name in ("zeros", "ones"):
    for args, kwargs in (((2, 3), {}), (((2, 3),), {}), (([2],), {}), ((), {"size": (2,)}), ((0,), {}), (((),), {}), ((2,), {"dtype": "dtype:int64"}), ((2,), {"dtype": "dtype:bool"}), ((-1,), {}), ((2.5,), {}), (("two",), {})):
        c(name, *args, **kwargs)
    for spec in ("f32[2,3]", "i64[2]", "bool[]", "f64[3,2] t"):
        c(f"{name}_like", spec)
        c(f"{name}_like", spec, dtype="dtype:float64")
for args, kwargs in ((((2, 3), 1.5), {}), (((2,), 3), {}), (((2,), True), {}), (((2,), 3), {"dtype": "dtype:float64"}), (((), 2.0), {}), (((2,),), {"fill_value": 7}), (((-2,), 1), {})):
    c("full", *args, **kwargs)
c("full_like", "f32[2,3]", 7)
c("full_like", "i64[2]", 2.5)
c("full_like", "f64[2]", 2, dtype="dtype:int32")
for args, kwargs in (((3,), {}), ((2, 3), {}), ((3, 2), {"dtype": "dtype:int64"}), ((0,), {}), ((-1,), {}), ((2,), {"dtype": "dtype:bool"})):
    c("eye", *args, **kwargs)
for method in ("new_zeros", "new_ones"):
    c(f"Tensor.{method}", "i64[2]", 2, 3)
    c(f"Tensor.{method}", "f64[2]", (2, 3))
    c(f"Tensor.{method}", "f32[2]", (2,), dtype="dtype:int64")
c("Tensor.new_full", "f64[2]", (2, 2), 3)
c("Tensor.new_tensor", "f64[2]", [1, 2, 3])
for target in ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"):
    for dtype in ALL:
        c("Tensor.to", f"{dtype}[6] 0:9", f"dtype:{target}")
    c("Tensor.to", "f64[6]", f"dtype:{target}")
    c("Tensor.type", "f32[6]", f"dtype:{target}")
for name in ("float", "double", "long", "int", "short", "bool"):
    c(f"Tensor.{name}", "f64[4]")
    c(f"Tensor.{name}", "i64[4]")
c("Tensor.type_as", "f32[3]", "f64[1]")
c("Tensor.to", "f32[3]", "f64[1]")


# fmt: on
# ---- asking PyTorch ------------------------------------------------------------------------------------------------


def plain(tensor: Any) -> np.ndarray:
    return tensor.detach().contiguous().cpu().numpy()


class Store:
    """Arrays packed one after another, by dtype; an array is referred to as [dtype, shape, offset]."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {}
        self.sizes: dict[str, int] = {}

    def put(self, array: np.ndarray) -> list:
        key = array.dtype.name
        offset = self.sizes.get(key, 0)
        self.parts.setdefault(key, []).append(array.reshape(-1))
        self.sizes[key] = offset + array.size
        return [key, list(array.shape), offset]

    def packed(self) -> dict[str, np.ndarray]:
        return {key: np.concatenate(parts) for key, parts in self.parts.items()}


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def ask(lib: Any, call: Call, store: Store) -> dict | None:
    """What PyTorch says to a call, or None if it only says that it has no kernel for the dtype."""
    try:
        grad = wants_gradient(call)
        args, kwargs, floats = arguments(lib, call, grad=grad)
        result = resolve(lib, call.name)(*args, **kwargs)
    except Exception as error:
        # A missing kernel is no statement about the op; arcgrad may well have one.
        if "not implemented for" in str(error) or isinstance(error, NotImplementedError):
            return None
        kind = type(error).__name__
        return {"error": kind if kind in ("IndexError", "TypeError", "ValueError") else "RuntimeError"}
    results = outputs(lib, result)
    if results is None:
        return {"value": result}
    entry: dict[str, Any] = {"out": [store.put(plain(r)) for r in results], "tuple": not isinstance(result, lib.Tensor)}
    if grad:
        try:
            found = gradients(lib, call, results, floats)
        except Exception as error:  # PyTorch's own gap: the gradient stays unchecked
            print(f"no gradient: {call.id}: {str(error).splitlines()[0][:100]}")
            found = None
        if found is not None:
            entry["grad"] = [None if g is None else store.put(plain(g)) for g in found]
    entry["forms"] = forms(lib, call, results)
    return entry


def forms(lib: Any, call: Call, results: list) -> dict[str, Any]:
    """Which other spellings PyTorch has: method, in-place (or the error it gives), out=."""
    found: dict[str, Any] = {}
    name = method_name(call)
    if name is None:
        return found
    expected = [plain(r) for r in results]
    if hasattr(lib.Tensor, name):
        try:
            args, kwargs, _ = arguments(lib, call, grad=False)
            got = outputs(lib, getattr(args[0], name)(*args[1:], **kwargs))
            if got is not None and len(got) == len(expected) and all(same(plain(g), e) for g, e in zip(got, expected)):
                found["method"] = True
        except Exception:
            pass
    if hasattr(lib.Tensor, name + "_") and len(results) == 1:
        try:
            args, kwargs, _ = arguments(lib, call, grad=False)
            target = args[0].clone()
            got = plain(getattr(target, name + "_")(*args[1:], **kwargs))
            if same(got, expected[0].astype(got.dtype)) and got.shape == plain(target).shape:
                found["inplace"] = True
        except Exception as error:
            if "not implemented for" not in str(error) and not isinstance(error, (NotImplementedError, TypeError)):
                found["inplace"] = "RuntimeError"
    try:
        args, kwargs, _ = arguments(lib, call, grad=False)
        outs = tuple(lib.empty(0, dtype=r.dtype) for r in results)
        resolve(lib, call.name)(*args, **kwargs, out=outs if len(outs) > 1 else outs[0])
        if all(same(plain(o), e) for o, e in zip(outs, expected)):
            found["out"] = True
    except Exception:
        pass
    return found


def main() -> None:
    import warnings

    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    ids = [call.id for call in CALLS]
    repeated = {i for i in ids if ids.count(i) > 1} if len(set(ids)) != len(ids) else set()
    calls = list({call.id: call for call in CALLS}.values())
    store = Store()
    entries = {}
    for call in calls:
        entry = None if call.id in WRONG_VALUE else ask(torch, call, store)
        if entry is not None:
            entries[call.id] = entry
    index = json.dumps({"version": f"PyTorch {torch.__version__}", "calls": entries}, separators=(",", ":"))
    np.savez_compressed(DATA, index=np.frombuffer(index.encode(), dtype=np.uint8), **store.packed())
    errors = sum("error" in e for e in entries.values())
    graded = sum("grad" in e for e in entries.values())
    print(
        f"{len(entries)} calls of {len({c.name for c in calls})} names ({errors} errors, {graded} with gradients), "
        f"{len(repeated)} repeated, {len(calls) - len(entries)} without a kernel or a right answer; {DATA.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
