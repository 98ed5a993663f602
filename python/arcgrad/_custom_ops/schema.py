"""Schemas: what the arguments of an operation are, read from text or from the annotations of a function."""

from __future__ import annotations

import ast
import inspect
import typing
from numbers import Number

from arcgrad import Tensor, device, dtype

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_REQUIRED = object()

#: What annotations are called in a schema.
_TYPES: dict[Any, str] = {
    Tensor: "Tensor",
    int: "SymInt",
    float: "float",
    bool: "bool",
    str: "str",
    dtype: "ScalarType",
    device: "Device",
    Number: "Scalar",
    typing.Union[int, float, bool]: "Scalar",
}


class _Argument:
    """One argument of a schema."""

    def __init__(self, name: str, kind: str, default: Any, keyword_only: bool, is_write: bool) -> None:
        self.name, self.type, self.default = name, kind, default
        self.kwarg_only, self.is_write = keyword_only, is_write

    def has_default_value(self) -> bool:
        return self.default is not _REQUIRED


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no brackets or quotes."""
    parts, depth, quote, part = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if character == "," and not depth and not quote:
            parts.append(part.strip())
            part = ""
        else:
            part += character
    return [*parts, part.strip()] if part.strip() else parts


def _closing(text: str) -> int:
    """Where the bracket is closed with which a text begins."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return place
    raise RuntimeError(f"a bracket is not closed in the schema '{text}'")


def _default(text: str) -> Any:
    if text.lstrip("+-") in ("inf", "nan"):
        return float(text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text, text)


class _Schema:
    """A schema, read from ``name(Tensor x, int n=3, *, float? eps=None) -> Tensor``."""

    def __init__(self, text: str) -> None:
        name, bracket, rest = text.partition("(")
        end = _closing(bracket + rest) if bracket else -1
        given, arrow, results = (bracket + rest)[1:end], *(bracket + rest)[end + 1 :].strip().partition("->")[1:]
        if not bracket or not arrow:
            raise RuntimeError(f"expected a schema like 'name(Tensor x) -> Tensor', got '{text}'")
        self.name = name.strip()
        self.arguments: list[_Argument] = []
        keyword_only = False
        for part in _split(given):
            if part == "*":
                keyword_only = True
                continue
            declared, equals, default = part.partition("=")
            kind, _, argument = declared.strip().rpartition(" ")
            value = _default(default.strip()) if equals else _REQUIRED
            self.arguments.append(_Argument(argument, _unaliased(kind), value, keyword_only, "!" in kind))
        results = results.strip()
        self.returns = [_unaliased(kind) for kind in _split(results[1:-1] if results.startswith("(") else results)]
        self.text = f"({given}) -> {results}"

    @property
    def is_mutable(self) -> bool:
        return any(argument.is_write for argument in self.arguments)


def _unaliased(kind: str) -> str:
    """``Tensor(a0!)?`` is a ``Tensor?``."""
    if "(" in kind:
        start = kind.index("(")
        kind = kind[:start] + kind[kind.index(")", start) + 1 :]
    return kind.strip()


def _kind_of(annotation: Any) -> str | None:
    """What a type is called in a schema; None for what cannot stand there."""
    if annotation in _TYPES:
        return _TYPES[annotation]
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    optional = type(None) in inner
    if optional and (origin is typing.Union or type(annotation).__name__ == "UnionType"):
        kind = _kind_of(typing.Union[tuple(part for part in inner if part is not type(None))])
        return None if kind is None or kind.endswith("?") else f"{kind}?"
    if origin is list or getattr(origin, "__name__", "") == "Sequence":
        kind = _kind_of(inner[0])
        return None if kind is None or kind.endswith("]") else f"{kind}[]"
    return None


def infer_schema(
    prototype_function: Callable[..., Any], /, *, mutates_args: str | Iterable[str], op_name: str | None = None, tags: Any = ()
) -> str:
    """The schema of a function with annotations.

    Args:
        prototype_function: a function all of whose arguments have types that can stand in a schema.
        mutates_args: the names of the arguments that it writes to; ``"unknown"`` takes it that it writes to all tensors.
        op_name: stands in front of it.
        tags: have no effect.

    Raises:
        ValueError: an annotation is missing or has no counterpart, or a name in ``mutates_args`` is not one of the arguments.

    >>> import arcgrad as torch
    >>> def add(x: torch.Tensor, y: torch.Tensor, alpha: float = 1.0) -> torch.Tensor: ...
    >>> infer_schema(add, mutates_args=())
    '(Tensor x, Tensor y, float alpha=1.0) -> Tensor'
    """
    signature = inspect.signature(prototype_function)
    try:
        hints = typing.get_type_hints(prototype_function)
    except NameError as error:
        raise ValueError(f"infer_schema(func): {error}: the annotations have to be names that can be looked up") from error

    def fail(what: str) -> typing.NoReturn:
        raise ValueError(f"infer_schema(func): {what} Got func with signature {signature})")

    unknown = mutates_args == "unknown"
    written = set() if unknown else {mutates_args} if isinstance(mutates_args, str) else set(mutates_args)
    parts, keyword_only = [], False
    for number, (name, parameter) in enumerate(signature.parameters.items()):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            fail("We do not support positional-only args, varargs, or varkwargs.")
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        if name not in hints:
            fail(f"Parameter {name} must have a type annotation.")
        kind = _kind_of(hints[name])
        if kind is None:
            fail(f"Parameter {name} has unsupported type {hints[name]}.")
        if name in written or unknown and kind.startswith("Tensor"):
            if not kind.startswith("Tensor"):
                fail(f"Parameter {name} is in mutable_args but only Tensors or collections of Tensors can be mutated")
            kind = f"Tensor(a{number}!){kind[len('Tensor'):]}"
        declared = f"{kind} {name}"
        if parameter.default is not parameter.empty:
            value = parameter.default
            if isinstance(value, str):
                declared += f'="{value}"'
            elif isinstance(value, (dtype, device)):
                declared += f"={str(value).rpartition('.')[2]}" if isinstance(value, dtype) else f'="{value}"'
            elif value is None or isinstance(value, (int, float, bool)):
                declared += f"={value}"
            else:
                fail(f"Parameter {name} has an unsupported default value type {type(value)}.")
        parts.append(declared)
    strange = written - signature.parameters.keys()
    if strange:
        fail(f"{sorted(strange)} in mutates_args were not found in the names of the parameters.")
    if "return" not in hints:
        fail("No return type annotation was provided. Please add one.")
    result = hints["return"]
    if result is type(None):
        returned = "()"
    else:
        inner = typing.get_args(result) if typing.get_origin(result) is tuple else (result,)
        kinds = [_kind_of(part) for part in inner]
        if not kinds or any(kind is None for kind in kinds):
            fail(f"Return has unsupported type {result}.")
        returned = ", ".join(typing.cast("list[str]", kinds))
        returned = f"({returned})" if typing.get_origin(result) is tuple else returned
    return f"{op_name or ''}({', '.join(parts)}) -> {returned}"
