"""Operations of a program's own: written in Python, with a schema, a gradient and a rule for shapes, called by name.

    >>> import arcgrad as torch
    >>> from arcgrad.library import custom_op
    >>> @custom_op("example::scaled_sin", mutates_args=())
    ... def scaled_sin(x: torch.Tensor, factor: float = 1.0) -> torch.Tensor:
    ...     return torch.from_numpy(__import__("numpy").sin(x.numpy())) * factor
    >>> scaled_sin.register_autograd(
    ...     lambda ctx, grad: (grad * ctx.saved_tensors[0].cos() * ctx.factor, None),
    ...     setup_context=lambda ctx, inputs, output: (ctx.save_for_backward(inputs[0]), setattr(ctx, "factor", inputs[1])),
    ... )
    >>> x = torch.zeros(2, requires_grad=True)
    >>> torch.ops.example.scaled_sin(x, 3.0).sum().backward()
    >>> x.grad
    tensor([3., 3.])

A kernel may leave arcgrad: it is given tensors that record nothing. What it does is not looked into by gradients, which come from
``register_autograd`` alone, nor by tensors without data, for which ``register_fake`` says what the results look like.
"""

from __future__ import annotations

import ast
import inspect
import re
import threading
import typing
import weakref
from functools import partial
from numbers import Number

from arcgrad import Tensor, _absent, _warnings, amp, device, dtype, is_autocast_enabled, is_grad_enabled, no_grad
from arcgrad import ops as _ops
from arcgrad.autograd import _levels
from arcgrad.autograd.function import Function
from arcgrad.autograd.graph import increment_version
from arcgrad.overrides import handle_torch_function, has_torch_function
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

__all__ = [
    "CustomOpDef",
    "Library",
    "custom_op",
    "define",
    "fallthrough_kernel",
    "impl",
    "impl_abstract",
    "infer_schema",
    "register_autocast",
    "register_autograd",
    "register_fake",
    "register_kernel",
    "register_vmap",
    "triton_op",
]

_ALIASES = "The most common way to trigger this error is if we have y = custom_op(x) and y and x are the same Tensor."


# ---- schemas ----

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


# ---- operations ----


def _accepts(kind: str, value: Any) -> bool:
    """Whether a value is of a type of a schema. Types that are not known here take anything."""
    if kind.endswith("?"):
        return value is None or _accepts(kind[:-1], value)
    if kind.endswith("]"):
        inner = kind[: kind.rindex("[")]
        if isinstance(value, (list, tuple)):
            return all(_accepts(inner, item) for item in value)
        return kind[-2] != "[" and _accepts(inner, value)
    if kind == "Tensor":
        return isinstance(value, Tensor)
    if kind in ("int", "SymInt"):
        return hasattr(value, "__index__") and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool) or hasattr(value, "__float__")
    if kind == "bool":
        return isinstance(value, (bool, int)) or isinstance(value, Tensor) and value.numel() == 1
    if kind == "str":
        return isinstance(value, str)
    return True


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in _pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]


def _are_leaves(values: tuple[Any, ...]) -> bool:
    """Whether none of the values is a container."""
    return all(map(_pytree.tree_is_leaf, values))


#: The structure of the results of the last call on each thread: recorded functions return flat tuples.
_thread = threading.local()


class _Operator:
    """An operation of the program's: its schema, and what was registered for it."""

    def __init__(self, namespace: str, schema: str) -> None:
        self.schema = _Schema(schema)
        self.namespace, self.name = namespace, self.schema.name.partition(".")[0]
        self.overload = self.schema.name.partition(".")[2] or "default"
        self.qualname = f"{namespace}::{self.name}"
        #: The arguments that have a place, and what each is unless it is given.
        self._positional = [argument for argument in self.schema.arguments if not argument.kwarg_only]
        self._defaults = {argument.name: argument.default for argument in self.schema.arguments}
        #: By type of device; None is for all of them.
        self.kernels: dict[str | None, Callable[..., Any] | None] = {}
        #: A function of differentiable operations, in the place of a kernel.
        self.composite: Callable[..., Any] | None = None
        #: A function that is called with tensors that record, and sees to the gradient itself.
        self.autograd: Callable[..., Any] | None = None
        self.fake: Callable[..., Any] | None = None
        self.backward: Callable[..., Any] | None = None
        self.setup_context: Callable[..., Any] | None = None
        self.vmap: Callable[..., Any] | None = None
        self.autocast: dict[str, dtype] = {}
        self.disabled: set[str] = set()
        #: What libraries registered.
        self.given: list[_Given] = []
        #: The recorded functions, by the structure of the arguments.
        self._functions: list[tuple[Any, type[Function]]] = []
        #: Those of arguments none of which is a container, by their number.
        self._flat: dict[int, type[Function]] = {}

    @property
    def declaration(self) -> str:
        return f"{self.namespace}::{self.schema.name}{self.schema.text}"

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All arguments, with their defaults: those with a place, and those without."""
        if len(args) > len(self._positional):
            raise RuntimeError(
                f"{self.qualname}() expected at most {len(self._positional)} argument(s) but received {len(args)} argument(s). "
                f"Declaration: {self.declaration}"
            )
        left = dict(kwargs)
        placed: list[Any] = []
        named: dict[str, Any] = {}
        for number, argument in enumerate(self.schema.arguments):
            if not argument.kwarg_only and number < len(args):
                value = args[number]
            elif argument.name in left:
                value = left.pop(argument.name)
            elif argument.has_default_value():
                value = argument.default
                if argument.type.startswith("ScalarType") and isinstance(value, str):
                    import arcgrad

                    value = getattr(arcgrad, value)
                elif argument.type.startswith("Device") and isinstance(value, str):
                    value = device(value)
            else:
                raise RuntimeError(f"{self.qualname}() is missing value for argument '{argument.name}'. Declaration: {self.declaration}")
            if not _accepts(argument.type, value):
                said = argument.type.replace("SymInt", "int")
                raise RuntimeError(
                    f"{self.qualname}() Expected a value of type '{said}' for argument '{argument.name}' but instead found type "
                    f"'{type(value).__name__}'.\nPosition: {number}\nValue: {value!r}\nDeclaration: {self.declaration}"
                )
            if argument.kwarg_only:
                named[argument.name] = value
            else:
                placed.append(value)
        if left:
            unknown = next(iter(left))
            raise RuntimeError(f"Unknown keyword argument '{unknown}' for operator '{self.qualname}'. Declaration: {self.declaration}")
        return tuple(placed), named

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The kernel for where the arguments are."""
        given = _tensors((args, kwargs))
        where = given[0].device.type if given else "cpu"
        wanted = kwargs.get("device")
        if not given and wanted is not None:
            where = device(wanted).type
        kernel = self.fake if where == "meta" else None
        kernel = kernel or self.kernels.get(where)
        if kernel is None and where != "meta":
            kernel = self.kernels.get(None)
        if kernel is None or where in self.disabled:
            if where == "meta":
                raise RuntimeError(
                    f"There was no fake impl registered for {self.qualname}. Tensors on the meta device need one: use "
                    f"`{self.name}.register_fake` to add an fake impl."
                )
            raise NotImplementedError(
                f"Could not run '{self.qualname}' with arguments from the '{where.upper()}' backend: no kernel is registered for it"
            )
        written = self._written(args, kwargs) if self.schema.is_mutable else []
        versions = [tensor._version for tensor in written]
        results = kernel(*self._said(args), **{name: value for name, value in kwargs.items() if not self._is_default(name, value)})
        if not self.schema.is_mutable:
            self._check_aliases(given, _tensors(results))
        # A kernel may write past arcgrad, and who keeps the old values for a gradient has to learn of it.
        increment_version([tensor for tensor, version in zip(written, versions) if tensor._version == version])
        return results

    def _written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
        """The tensors that the operation writes to, but those that count no versions."""
        placed = iter(args)
        values = [kwargs[argument.name] if argument.kwarg_only else next(placed) for argument in self.schema.arguments]
        written = [value for argument, value in zip(self.schema.arguments, values) if argument.is_write]
        return [tensor for tensor in _tensors(written) if not tensor.is_inference()]

    def _said(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments without those at the end that have their default: kernels have defaults of their own."""
        count = len(args)
        while count and self._is_default(self.schema.arguments[count - 1].name, args[count - 1]):
            count -= 1
        return args[:count]

    def _is_default(self, name: str, value: Any) -> bool:
        default = self._defaults[name]
        return value is default or type(value) is type(default) and not isinstance(value, Tensor) and value == default

    def _check_aliases(self, given: list[Tensor], made: list[Tensor]) -> None:
        held = {id(tensor) for tensor in given} | {_memory(tensor) for tensor in given if _memory(tensor)}
        for tensor in made:
            memory = _memory(tensor)
            if id(tensor) in held or memory and memory in held:
                raise RuntimeError(
                    f"{self.qualname}: The output of this custom operator (1) must not also be an input to this custom operator and "
                    f"(2) may not alias any inputs to this custom operator or other returns. {_ALIASES} Please instead return a clone "
                    "of the offending output tensor(s) (e.g. return x.clone()) or refactor the custom operator to not return y."
                )
            held |= {id(tensor), memory}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        placed, named = self.bind(args, kwargs)
        given = _tensors((placed, named))
        where = given[0].device.type if given else "cpu"
        cast = self.autocast.get(where)
        if cast is not None and is_autocast_enabled(where):
            placed, named = _pytree.tree_map_only(
                Tensor, lambda tensor: tensor.to(cast) if tensor.is_floating_point() else tensor, (placed, named)
            )
            with amp.autocast(where, enabled=False):
                return self._recorded(placed, named)
        return self._recorded(placed, named)

    def _recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.autograd is not None:
            return self.autograd(*args, **kwargs)
        if self.composite is not None:
            return self.composite(*args, **kwargs)
        if (self.schema.is_mutable or not _levels.thread.levels) and not (
            is_grad_enabled() and any(tensor.requires_grad for tensor in _tensors((args, kwargs)))
        ):
            # Nothing to be recorded: results stay the objects that the kernel returns, which may be arguments that it writes to.
            with no_grad():
                return self.run(args, kwargs)
        if not kwargs and _are_leaves(args):
            # The usual call has nothing to be taken apart.
            function = self._flat.get(len(args))
            if function is None:
                function = self._flat[len(args)] = self._function(_pytree.tree_structure((args, kwargs)), True)
            results = function.apply(*args)
        else:
            leaves, tree = _pytree.tree_flatten((args, kwargs))
            # An operation is called with few structures.
            function = next((made for known, made in self._functions if known == tree), None)
            if function is None:
                function = self._function(tree, False)
                self._functions.append((tree, function))
            results = function.apply(*leaves)
        return _pytree.tree_unflatten(results if isinstance(results, tuple) else (results,), _thread.structure)

    def _function(self, tree: Any, flat: bool) -> type[Function]:
        """The recorded function for arguments of one structure; leaves the structure of its results in ``_thread``. With ``flat``
        every argument has a place and is no container."""
        operator = self

        def arguments(leaves: tuple[Any, ...]) -> Any:
            return (leaves, {}) if flat else _pytree.tree_unflatten(leaves, tree)

        def forward(*leaves: Any) -> Any:
            args, kwargs = arguments(leaves)
            results = operator.run(args, kwargs)
            values, _thread.structure = _pytree.tree_flatten(results)
            return tuple(values)

        def setup_context(ctx: Any, inputs: tuple[Any, ...], outputs: Any) -> None:
            ctx._structure = structure = _thread.structure
            # An argument that was written to and is returned stays the object that it is.
            returned = {id(output) for output in (outputs if isinstance(outputs, tuple) else (outputs,))}
            ctx.mark_dirty(*(leaf for leaf in inputs if isinstance(leaf, Tensor) and id(leaf) in returned))
            if operator.setup_context is None:
                return
            args, kwargs = arguments(inputs)
            results = _pytree.tree_unflatten(outputs if isinstance(outputs, tuple) else (outputs,), structure)
            if kwargs:
                operator.setup_context(ctx=ctx, inputs=args, keyword_only_inputs=kwargs, output=results)
            else:
                operator.setup_context(ctx=ctx, inputs=args, output=results)
            # It may have called others.
            _thread.structure = structure

        def backward(ctx: Any, *grads: Any) -> Any:
            if operator.backward is None:
                raise RuntimeError(
                    f"Trying to backward through {operator.namespace}.{operator.name}.{operator.overload} but no autograd formula was "
                    "registered. Please use register_autograd to add one."
                )
            structured = _pytree.tree_unflatten(grads, ctx._structure)
            found = operator.backward(ctx, *(structured if isinstance(structured, tuple) else (structured,)))
            return operator._laid_out(found, tree)

        def vmap(info: Any, in_dims: tuple[Any, ...], *leaves: Any) -> Any:
            if operator.vmap is None:
                raise RuntimeError(f"{operator.qualname} has no batching rule: register_vmap adds one")
            args, kwargs = arguments(leaves)
            dims, named = arguments(in_dims)
            results, out_dims = operator.vmap(info, dims, *args, **kwargs)
            values, _thread.structure = _pytree.tree_flatten(results)
            if out_dims is None or isinstance(out_dims, int):
                return tuple(values), (out_dims,) * len(values)
            return tuple(values), tuple(_pytree.tree_leaves(out_dims))

        body = {rule.__name__: staticmethod(rule) for rule in (forward, setup_context, backward, vmap)}
        return type(f"GeneratedBackwardFor_{self.namespace}_{self.name}_{self.overload}", (Function,), body)

    def _laid_out(self, found: Any, tree: Any) -> tuple[Any, ...]:
        """One gradient for every leaf of the arguments, of what a rule returns for every argument."""
        args_tree, kwargs_tree = tree.children()
        count = args_tree.num_children
        given = found if isinstance(found, tuple) else (found,)
        if len(given) != count:
            raise RuntimeError(
                f"{self.qualname}: expected the backward function to return {count} gradient(s), one for each argument, got {len(given)}"
            )
        laid: list[Any] = []
        for gradient, part in zip(given, args_tree.children()):
            if isinstance(gradient, (list, tuple)):
                laid += gradient
            else:
                laid += [gradient] * (1 if gradient is not None else part.num_leaves)
        return (*laid, *[None] * kwargs_tree.num_leaves)


def _memory(tensor: Tensor) -> int:
    """Where the data of a tensor lie; 0 for those without."""
    if tensor.device.type == "meta" or not tensor.numel():
        return 0
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return 0


# ---- the namespaces of `ops` ----


def _asked(arguments: Any) -> list[Any]:
    """The arguments, if one of them, or a mode, takes the call over; else none."""
    leaves = _pytree.tree_leaves(arguments)
    return leaves if has_torch_function(leaves) else []


class _Overload:
    """``ops.namespace.name.default``."""

    def __init__(self, operator: _Operator) -> None:
        self._operator, self.__name__ = operator, f"{operator.name}.{operator.overload}"
        self._overloadname, self.namespace = operator.overload, operator.namespace
        self.__module__ = f"arcgrad.ops.{operator.namespace}"

    @property
    def _schema(self) -> _Schema:
        return self._operator.schema

    def name(self) -> str:
        """The full name."""
        return self._operator.qualname

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        asked = _asked((args, kwargs))
        return handle_torch_function(self, asked, *args, **kwargs) if asked else self._operator(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self._operator.namespace}.{self.__name__}"

    def __repr__(self) -> str:
        return f"<OpOverload(op='{self._operator.namespace}.{self._operator.name}', overload='{self._overloadname}')>"


class _Packet:
    """``ops.namespace.name``: an operation with its overloads, which are its attributes."""

    def __init__(self, namespace: str, name: str) -> None:
        self._qualified_op_name, self.__name__, self._namespace = f"{namespace}::{name}", name, namespace
        self.__module__ = f"arcgrad.ops.{namespace}"

    @property
    def _schemas(self) -> dict[str, _Schema]:
        """The schemas of the overloads."""
        return {name: getattr(self, name)._schema for name in self.overloads()}

    def overloads(self) -> list[str]:
        """The names of the overloads."""
        return [name for name, value in vars(self).items() if isinstance(value, _Overload)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        asked = _asked((args, kwargs))
        if asked:
            return handle_torch_function(self, asked, *args, **kwargs)
        overloads = [getattr(self, name) for name in self.overloads()]
        problem: Exception | None = None
        for overload in overloads:
            try:
                overload._operator.bind(args, kwargs)
            except RuntimeError as error:
                problem = error
            else:
                return overload(*args, **kwargs)
        assert problem is not None  # A packet is made with its first overload.
        raise problem

    def __str__(self) -> str:
        return f"{self._namespace}.{self.__name__}"

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self}')>"


class _Namespace:
    """``ops.namespace``: the operations that were defined there."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"'_OpNamespace' {self.__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __repr__(self) -> str:
        return f"<namespace 'ops.{self.__name__}'>"


_operators: dict[tuple[str, str], _Operator] = {}


def _define(namespace: str, schema: str) -> _Operator:
    operator = _Operator(namespace, schema)
    key = operator.qualname, operator.overload
    if namespace == "aten":
        raise NotImplementedError(f"{operator.qualname}: the operations of arcgrad itself are not added to from Python")
    if key in _operators:
        raise RuntimeError(
            f"Tried to register an operator ({operator.declaration}) with the same name and overload name multiple times."
        )
    _operators[key] = operator
    if namespace not in vars(_ops):
        setattr(_ops, namespace, _Namespace(namespace))
    space = getattr(_ops, namespace)
    packet = vars(space).get(operator.name)
    if packet is None:
        packet = _Packet(namespace, operator.name)
        setattr(space, operator.name, packet)
    setattr(packet, operator.overload, _Overload(operator))
    return operator


def _forget(operator: _Operator) -> None:
    # Another one may have been defined by this name since.
    if _operators.get((operator.qualname, operator.overload)) is not operator:
        return
    del _operators[operator.qualname, operator.overload]
    space = getattr(_ops, operator.namespace, None)
    packet = vars(space).get(operator.name) if space is not None else None
    if packet is not None:
        delattr(packet, operator.overload)
        if not packet.overloads():
            delattr(space, operator.name)


def _find(op: Any) -> _Operator:
    """The operation that a name, an overload or what :func:`custom_op` made stands for."""
    if isinstance(op, (CustomOpDef, _Overload)):
        return op._operator
    if isinstance(op, _Packet):
        return op.default._operator
    if not isinstance(op, str):
        raise ValueError(f"expected an operator or its name, got {type(op)}")
    namespace, separator, rest = op.partition("::")
    if not separator:
        raise ValueError(f"Expected qualname to be of the form 'namespace::name', but got '{op}'.")
    name, _, overload = rest.partition(".")
    operator = _operators.get((f"{namespace}::{name}", overload or "default"))
    if operator is None:
        raise RuntimeError(f"operator {op} does not exist: `custom_op` or `define` makes it")
    return operator


def _devices(device_types: str | Sequence[str] | None) -> list[str | None]:
    """The types of devices, in small letters; None for all of them. Names that are none are an error."""
    given = [device_types] if device_types is None or isinstance(device_types, str) else list(device_types)
    return [None if kind is None else device(kind.lower()).type for kind in given]


class CustomOpDef:
    """An operation made by :func:`custom_op`: called like the function, with what is registered for it."""

    def __init__(self, operator: _Operator, function: Callable[..., Any]) -> None:
        self._operator, self._init_fn = operator, function
        self._namespace, self._name, self._qualname = operator.namespace, operator.name, operator.qualname
        self._schema = operator.schema.text
        self._opoverload = getattr(getattr(getattr(_ops, operator.namespace), operator.name), operator.overload)
        self.__name__, self.__doc__ = operator.name, function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._opoverload(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"

    def register_kernel(self, device_types: str | Sequence[str] | None, fn: Callable[..., Any] | None = None, /) -> Any:
        """See :func:`register_kernel`."""
        return register_kernel(self, device_types, fn)

    def register_fake(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """See :func:`register_fake`."""
        self._operator.fake = fn
        return fn

    def register_autograd(self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None) -> None:
        """See :func:`register_autograd`."""
        register_autograd(self, backward, setup_context=setup_context)

    def register_vmap(self, func: Callable[..., Any] | None = None) -> Any:
        """See :func:`register_vmap`."""
        return register_vmap(self, func)

    def register_autocast(self, device_type: str, cast_inputs: dtype) -> None:
        """See :func:`register_autocast`."""
        register_autocast(self, device_type, cast_inputs)

    def set_kernel_enabled(self, device_type: str, enabled: bool = True) -> Any:
        """Inside of a ``with`` block, the kernel for a device is there, or not; without one from now on."""
        from contextlib import contextmanager

        disabled = self._operator.disabled
        before = device_type in disabled
        (disabled.discard if enabled else disabled.add)(device_type)

        @contextmanager
        def restored() -> Any:
            try:
                yield
            finally:
                (disabled.add if before else disabled.discard)(device_type)

        return restored()


def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: str | Iterable[str],
    device_types: str | Sequence[str] | None = None,
    schema: str | None = None,
    tags: Any = None,
) -> Any:
    """Makes a function an operation: ``ops.namespace.name``, whose inside is not looked into.

    Args:
        name: ``"namespace::name"``.
        fn: the function; left out, the call is a decorator.
        mutates_args: the names of the arguments that it writes to.
        device_types: the devices it is for; all by default.
        schema: instead of the one that the annotations say.
        tags: have no effect.

    Returns:
        CustomOpDef: to be called, and to register a gradient and more with.

    Raises:
        ValueError: the annotations say no schema.
    """

    def make(function: Callable[..., Any]) -> CustomOpDef:
        namespace, separator, short = name.partition("::")
        if not separator:
            raise ValueError(f"Expected qualname to be of the form 'namespace::name', but got '{name}'.")
        text = infer_schema(function, mutates_args=mutates_args) if schema is None else schema
        read = _Schema(text)
        written = {argument.name for argument in read.arguments if argument.is_write}
        if schema is not None and mutates_args != "unknown" and written != set(mutates_args):
            raise ValueError(
                f"Attempted to create a custom op with `mutates_args={mutates_args}` and `schema={schema}`. The schema suggests that the "
                f"op mutates {sorted(written)}, which is different from what was provided to us in `mutates_args`."
            )
        qualname = f"{namespace}::{short}"
        known = _operators.get((qualname, "default"))
        if known is not None:
            # Defined once more, as in a notebook: the last one counts.
            _forget(known)
        operator = _define(namespace, short + text)
        for kind in _devices(device_types):
            operator.kernels[kind] = function
        return CustomOpDef(operator, function)

    return make if fn is None else make(fn)


def register_kernel(
    op: Any, device_types: str | Sequence[str] | None, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None
) -> Any:
    """Registers the function that computes an operation on devices of some types. Without ``func``, a decorator."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        operator = _find(op)
        for kind in _devices(device_types):
            operator.kernels[kind] = function
        return function

    return register if func is None else register(func)


def register_fake(
    op: Any,
    func: Callable[..., Any] | None = None,
    /,
    *,
    lib: Library | None = None,
    _stacklevel: int = 1,
    allow_override: bool = True,
) -> Any:
    """Registers the function that says what an operation's results look like, for tensors on the ``meta`` device.

    >>> import arcgrad as torch
    >>> @custom_op("example::twice", mutates_args=())
    ... def twice(x: torch.Tensor) -> torch.Tensor:
    ...     return x * 2
    >>> @register_fake("example::twice")
    ... def _(x):
    ...     return torch.empty_like(x)
    >>> twice(torch.empty(3, device="meta")).shape
    arcgrad.Size([3])
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        operator = _find(op)
        if operator.fake is not None and not allow_override:
            raise RuntimeError(f"register_fake(...): the operator {operator.qualname} already has an fake impl registered.")
        operator.fake = function
        return function

    return register if func is None else register(func)


def impl_abstract(qualname: str, func: Callable[..., Any] | None = None, *, lib: Library | None = None, _stacklevel: int = 1) -> Any:
    """The old name of :func:`register_fake`."""
    _warnings.warn("`arcgrad.library.impl_abstract` is deprecated: use `arcgrad.library.register_fake` instead.", FutureWarning)
    return register_fake(qualname, func, lib=lib)


def register_autograd(
    op: Any, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None, lib: Library | None = None
) -> None:
    """Registers the gradient of an operation.

    Args:
        op: the operation, or its name. It must not write to its arguments.
        backward: ``backward(ctx, *grads)`` returns one gradient for each argument that has a place, None for those without; for a list
            of tensors a list.
        setup_context: ``setup_context(ctx, inputs, output)`` keeps on ``ctx`` what ``backward`` needs; with arguments that have to be
            named, also ``keyword_only_inputs``.

    Raises:
        RuntimeError: the operation writes to its arguments, or takes tensors by name only.
    """
    operator = _find(op)
    if operator.schema.is_mutable:
        raise RuntimeError(
            f"Cannot register autograd formula for non-functional operator {operator.qualname} with schema {operator.declaration}. Please "
            "create a functional operator and register an autograd formula for that."
        )
    if any(argument.kwarg_only and argument.type.startswith("Tensor") for argument in operator.schema.arguments):
        raise NotImplementedError(
            f"register_autograd with kwarg-only Tensor args is not supported: make them positional. Got {operator.declaration}"
        )
    operator.backward, operator.setup_context = backward, setup_context


def register_vmap(op: Any, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None) -> Any:
    """Registers the batching rule of an operation: ``func(info, in_dims, *args)`` returns results and their ``out_dims``. Without
    ``func``, a decorator."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _find(op).vmap = function
        return function

    return register if func is None else register(func)


def register_autocast(op: Any, device_type: str, cast_inputs: dtype, /, *, lib: Library | None = None) -> None:
    """Under autocast for a device, floating-point arguments of an operation are cast first, and its inside runs without autocast."""
    _find(op).autocast[device_type] = cast_inputs


def fallthrough_kernel() -> None:
    """Given to :meth:`Library.impl`, leaves a call to the next function; it is not called."""
    raise NotImplementedError("fallthrough_kernel() should never be called.")


# ---- libraries ----

#: What the keys of :meth:`Library.impl` are for.
_EVERYWHERE = ("", "CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional", "BackendSelect")

#: Keys of devices, and keys of functions that are never called: of devices that are not there, and of parts of PyTorch that arcgrad
#: has not.
_FURTHER = re.compile(
    "(Autograd|Autocast|Sparse|SparseCsr|Quantized|NestedTensor)?(CPU|CUDA|HIP|XLA|MPS|IPU|XPU|HPU|VE|Lazy|MTIA|MAIA|Meta|PrivateUse[123])"
    "|ADInplaceOrView|CompositeImplicitAutogradNestedTensor|FuncTorchBatched|FuncTorchBatchedDecomposition|Functionalize|NestedTensor"
    "|PreDispatch|Python|PythonDispatcher|Quantized|Sparse|SparseCsr"
)

#: Namespaces that a library of kind DEF has.
_defined: set[str] = set()


class Library:
    """Definitions of operations in one namespace.

    Args:
        ns: the namespace.
        kind: ``"DEF"`` for a new one, ``"FRAGMENT"`` for more of one that is there, ``"IMPL"`` for functions alone.
        dispatch_key: what functions are for that are registered without a key.

    What a library defined goes with it.

    >>> import arcgrad as torch
    >>> from arcgrad.library import Library
    >>> library = Library("example_library", "DEF")
    >>> library.define("plus_one(Tensor x) -> Tensor")
    'plus_one'
    >>> library.impl("plus_one", lambda x: x + 1, "CompositeImplicitAutograd")
    >>> torch.ops.example_library.plus_one(torch.ones(2))
    tensor([2., 2.])
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in ("IMPL", "DEF", "FRAGMENT"):
            raise ValueError("Unsupported kind: ", kind)
        if ns in ("prim", "prims"):
            raise ValueError(ns, " is a reserved namespace. Please try creating a library with another name.")
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key
        if kind == "DEF":
            if ns in _defined:
                raise RuntimeError(
                    f"Only a single TORCH_LIBRARY can be used to register the namespace {ns}; please put all of your definitions in a "
                    "single TORCH_LIBRARY block, or use the kind FRAGMENT."
                )
            _defined.add(ns)
        #: What takes back what the library did, in the order in which it did it.
        self._done: list[Callable[[], None]] = [partial(_defined.discard, ns)] if kind == "DEF" else []
        weakref.finalize(self, _take_back, self._done)

    def __repr__(self) -> str:
        return f"Library(kind={self.kind}, ns={self.ns}, dispatch_key={self.dispatch_key})"

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """Defines an operation by its schema; returns its name."""
        if self.kind == "IMPL":
            raise RuntimeError("define: a library of kind IMPL defines nothing")
        if alias_analysis not in ("", "FROM_SCHEMA", "CONSERVATIVE"):
            raise RuntimeError(f"Invalid alias_analysis type {alias_analysis}")
        operator = _define(self.ns, schema)
        self._done.append(partial(_forget, operator))
        return operator.schema.name

    def impl(
        self, op_name: Any, fn: Callable[..., Any], dispatch_key: str = "", *, with_keyset: bool = False, allow_override: bool = True
    ) -> None:
        """Registers a function for an operation.

        Args:
            op_name: its name, without the namespace.
            fn: the function.
            dispatch_key: a device (``"CPU"``, ``"Meta"``), ``"CompositeExplicitAutograd"`` for all of them,
                ``"CompositeImplicitAutograd"`` for a function of differentiable operations, ``"Autograd"`` or ``"AutogradCPU"`` for one
                that sees to the gradient itself.
            with_keyset: has to be False.
            allow_override: whether a function that is there may be replaced.

        Raises:
            NotImplementedError: the operation is one of arcgrad's own.
        """
        if not callable(fn):
            raise TypeError(f"Input function is required to be a callable but found type {type(fn)}")
        if with_keyset:
            raise NotImplementedError("impl: arcgrad has no sets of dispatch keys")
        if self.ns == "aten":
            raise NotImplementedError(f"impl: the operations of arcgrad itself are not replaced, but '{op_name}' is one of them")
        name = op_name if isinstance(op_name, str) else op_name.name()
        operator = _find(name if "::" in name else f"{self.ns}::{name}")
        key = dispatch_key or self.dispatch_key
        if fn is fallthrough_kernel:
            return
        places = {"CompositeImplicitAutograd": "composite", "Autograd": "autograd", "AutogradCPU": "autograd", "Meta": "fake"}
        room: dict[Any, Any] = operator.kernels
        place: str | None = None
        if key in places:
            room, place = vars(operator), places[key]
        elif _FURTHER.fullmatch(key):
            # A device is lower case as a string.
            place = key.lower()
        elif key not in _EVERYWHERE:
            raise RuntimeError(f"could not parse dispatch key: {key}")
        self._done.append(_Given(operator, room, place, fn).take_back)

    def _register_fake(self, op_name: str, fn: Callable[..., Any], _stacklevel: int = 1, *, allow_override: bool = True) -> None:
        register_fake(f"{self.ns}::{op_name}", fn, allow_override=allow_override)

    def _destroy(self) -> None:
        _take_back(self._done)


def _take_back(done: list[Callable[[], None]]) -> None:
    while done:
        done.pop()()


class _Given:
    """A function that a library registered, and the one that was there before."""

    def __init__(self, operator: _Operator, room: dict[Any, Any], place: str | None, function: Callable[..., Any]) -> None:
        self._operator, self._room, self._place, self._function = operator, room, place, function
        self._before = room.get(place)
        room[place] = function
        operator.given.append(self)

    def take_back(self) -> None:
        """Puts the one before back; where yet another one has come since, that one's goes back to it."""
        self._operator.given.remove(self)
        if self._room.get(self._place) is self._function:
            self._room[self._place] = self._before
        for other in self._operator.given:
            if other._room is self._room and other._place == self._place and other._before is self._function:
                other._before = self._before


#: Keeps what :func:`define` defines without a library.
_kept: dict[str, Library] = {}


def define(qualname: str, schema: str, *, lib: Library | None = None, tags: Any = ()) -> None:
    """Defines an operation by name and schema.

    >>> define("example::minus_one", "(Tensor x) -> Tensor")
    >>> @impl("example::minus_one", "cpu")
    ... def minus_one(x):
    ...     return x - 1
    >>> import arcgrad as torch
    >>> torch.ops.example.minus_one(torch.ones(2))
    tensor([0., 0.])
    """
    if not isinstance(qualname, str):
        raise ValueError(f"define(qualname, schema): expected qualname to be instance of str, got {type(qualname)}")
    namespace, separator, name = qualname.partition("::")
    if not separator:
        raise ValueError(f"Expected qualname to be of the form 'namespace::name', but got '{qualname}'.")
    if lib is None:
        lib = _kept.setdefault(namespace, Library(namespace, "FRAGMENT"))
    lib.define(name + schema, tags=tags)


def impl(
    qualname: Any, types: str | Sequence[str] = "", func: Callable[..., Any] | None = None, *, lib: Library | None = None
) -> Any:
    """Registers a function for an operation on devices of some types (``"cpu"``, ``"default"`` for all), or, given a :class:`Library`
    and a name, under the key of that. Without ``func``, a decorator."""
    if isinstance(qualname, Library):
        library, name, key = qualname, types, func if isinstance(func, str) else ""

        def keep(function: Callable[..., Any]) -> Callable[..., Any]:
            library.impl(name, function, key)
            return function

        return keep
    wanted = [None if kind in ("default", "") else _devices(kind)[0] for kind in ([types] if isinstance(types, str) else types)]

    def register(function: Callable[..., Any]) -> None:
        operator = _find(qualname)
        for kind in wanted:
            operator.kernels[kind] = function

    return register if func is None else register(func)


def triton_op(
    name: str, fn: Callable[..., Any] | None = None, /, *, mutates_args: str | Iterable[str], schema: str | None = None
) -> Any:
    """:func:`custom_op` for a function that calls kernels of Triton: the operation can be defined, and fails where it gets to one."""
    return custom_op(name, fn, mutates_args=mutates_args, schema=schema)


_absent.declare(__name__, "arcgrad compiles nothing for Triton", "wrap_triton")
