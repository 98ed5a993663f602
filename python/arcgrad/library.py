"""Operations of the program's own: :func:`custom_op` makes one of a function, and gives it gradients, shapes and a rule for batches.

What the function does is not looked into: it is one node of the graph, and one call for a dispatch mode.

    >>> import arcgrad as torch
    >>> @torch.library.custom_op("demo::cube", mutates_args=())
    ... def cube(x: torch.Tensor) -> torch.Tensor:
    ...     return torch.tensor(x.numpy() ** 3)
    >>> def keep(ctx, inputs, output):
    ...     ctx.save_for_backward(*inputs)
    >>> def back(ctx, grad):
    ...     return grad * 3 * ctx.saved_tensors[0] ** 2
    >>> cube.register_autograd(back, setup_context=keep)
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> torch.ops.demo.cube(x).backward()
    >>> x.grad
    tensor(12.)
"""

from __future__ import annotations

import contextlib
import inspect
import typing

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.autograd import _levels, graph
from arcgrad.autograd.function import Function
from arcgrad.overrides import handle_torch_function, has_torch_function
from arcgrad.utils._python_dispatch import _get_current_dispatch_mode, _pop_mode_temporarily
from arcgrad.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

__all__ = [
    "CustomOpDef",
    "Library",
    "OpCheckError",
    "custom_op",
    "define",
    "impl",
    "infer_schema",
    "opcheck",
    "register_autograd",
    "register_fake",
    "register_kernel",
    "register_vmap",
]

#: Name with its name space -> operation.
_OPERATIONS: dict[str, CustomOpDef] = {}


class OpCheckError(Exception):
    """What :func:`opcheck` raises."""


# ---- schemas ----

_KINDS = {
    Tensor: "Tensor",
    int: "SymInt",
    float: "float",
    bool: "bool",
    str: "str",
    complex: "Scalar",
    typing.Union[int, float, bool]: "Scalar",  # noqa: UP007
    arcgrad.dtype: "ScalarType",
    arcgrad.device: "Device",
}


def _kind(annotation, what):
    if annotation in _KINDS:
        return _KINDS[annotation]
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if type(None) in parts:
        rest = tuple(part for part in parts if part is not type(None))
        return _kind(rest[0] if len(rest) == 1 else typing.Union[rest], what) + "?"  # noqa: UP007
    if origin is not None and parts and (origin in (list, tuple) or getattr(origin, "__name__", "") == "Sequence"):
        return _kind(parts[0], what) + "[]"
    raise ValueError(f"infer_schema(func): {what} has unsupported type {annotation}. The valid types are: {sorted(set(_KINDS.values()))}, lists of them, and these or None")


def infer_schema(prototype_function: Callable[..., Any], /, *, mutates_args: Any, op_name: str | None = None) -> str:
    """The signature of a function as PyTorch writes those of operations.

    Args:
        prototype_function: a function whose parameters and result have types.
        mutates_args (names): of the arguments that are written to; ``"unknown"`` for all tensors.
        op_name (str): stands in front.

    Raises:
        ValueError: a type is missing, or none that an operation takes.

    >>> def f(x: ag.Tensor, n: int = 2) -> ag.Tensor: ...
    >>> ag.library.infer_schema(f, mutates_args=())
    '(Tensor x, SymInt n=2) -> Tensor'
    """
    types = typing.get_type_hints(prototype_function)
    texts, named = [], False
    parameters = inspect.signature(prototype_function).parameters
    for number, (name, parameter) in enumerate(parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ValueError("infer_schema(func): We do not support *args or **kwargs in the signature")
        if name not in types:
            raise ValueError(f"infer_schema(func): Parameter {name} must have a type annotation.")
        if parameter.kind is parameter.KEYWORD_ONLY and not named:
            named = True
            texts.append("*")
        kind = _kind(types[name], f"Parameter {name}")
        if mutates_args == "unknown" and kind.startswith("Tensor") or name in mutates_args and mutates_args != "unknown":
            if not kind.startswith("Tensor"):
                raise ValueError(f"infer_schema(func): Parameter {name} is in mutable_args but only Tensors or collections of them can be mutated")
            kind = kind.replace("Tensor", f"Tensor(a{number}!)", 1)
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        texts.append(f"{kind} {name}{default}")
    unknown = () if mutates_args == "unknown" else set(mutates_args) - set(parameters)
    if unknown:
        raise ValueError(f"infer_schema(func): {sorted(unknown)} in mutates_args were not found in the signature")
    result = types.get("return", inspect.Parameter.empty)
    if result is inspect.Parameter.empty:
        raise ValueError("infer_schema(func): the function must have a type annotation of what it returns; None if it returns nothing")
    if result is type(None):
        returned = "()"
    elif typing.get_origin(result) is tuple:
        returned = "(" + ", ".join(_kind(part, "Return") for part in typing.get_args(result)) + ")"
    else:
        returned = _kind(result, "Return")
    return f"{op_name or ''}({', '.join(texts)}) -> {returned}"


# ---- operations ----


class _Overload:
    """An operation as modes and programs see it: ``torch.ops.namespace.name.default``."""

    def __init__(self, definition: CustomOpDef) -> None:
        self._definition = definition
        self.namespace, self.__name__ = definition._namespace, f"{definition._name}.default"
        self._overloadname = "default"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._definition(*args, **kwargs)

    @property
    def _schema(self) -> str:
        return self._definition._schema

    @property
    def overloadpacket(self) -> _Packet:
        return self._definition._packet

    def name(self) -> str:
        """The name with its name space."""
        return self._definition._qualname

    def __repr__(self) -> str:
        return f"<OpOverload(op='{self.namespace}.{self._definition._name}', overload='default')>"

    def __str__(self) -> str:
        return f"{self.namespace}.{self.__name__}"


class _Packet:
    """``torch.ops.namespace.name``."""

    def __init__(self, definition: CustomOpDef) -> None:
        self._definition = definition
        self.__name__ = definition._name

    @property
    def default(self) -> _Overload:
        return self._definition._opoverload

    def overloads(self) -> list[str]:
        """The names of its overloads."""
        return ["default"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._definition(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self._definition._namespace}.{self.__name__}')>"


class _Namespace:
    """``torch.ops.namespace``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> _Packet:
        found = _OPERATIONS.get(f"{self._name}::{name}")
        if found is None:
            raise AttributeError(f"'_OpNamespace' '{self._name}' object has no attribute '{name}'")
        return found._packet


class CustomOpDef:
    """An operation of the program's own, which :func:`custom_op` makes. Called, it is computed and takes part in graphs."""

    def __init__(self, name: str, schema: str, mutated: Iterable[str] = (), function: Callable[..., Any] | None = None) -> None:
        self._qualname = name
        self._namespace, _, self._name = name.partition("::")
        if not self._namespace or not self._name:
            raise ValueError(f"the name of an operation is namespace::name, but got {name!r}")
        self._schema, self._mutated = schema, tuple(mutated)
        self._kernel = function
        self._signature = inspect.signature(function) if function else None
        self._above: Callable[..., Any] | None = None
        self._fake: Callable[..., Any] | None = None
        self._backward: Callable[..., Any] | None = None
        self._setup_context: Callable[..., Any] | None = None
        self._vmap: Callable[..., Any] | None = None
        self._packet, self._opoverload = _Packet(self), _Overload(self)
        self._function = _function_of(self)
        if function is not None:
            self.__name__, self.__doc__ = function.__name__, function.__doc__
        _OPERATIONS[name] = self

    # ---- what it is given ----

    def register_autograd(self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None) -> None:
        """Gives the operation a gradient: ``backward(ctx, *grads)`` returns one for each argument, and
        ``setup_context(ctx, inputs, output)`` keeps what it needs.

        Raises:
            RuntimeError: the operation writes to its arguments.
        """
        if self._mutated:
            raise RuntimeError(
                f"Cannot register autograd formula for operator {self._qualname}: it is not functional, it writes to {list(self._mutated)}"
            )
        self._backward, self._setup_context = backward, setup_context

    def register_fake(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """Says what the results are like, of tensors without data (``device="meta"``); returns the function."""
        self._fake = fn
        return fn

    def register_vmap(self, func: Callable[..., Any] | None = None) -> Any:
        """Gives the operation a rule for batches: ``func(info, in_dims, *args)`` returns the results and their ``out_dims``."""
        if func is None:
            return self.register_vmap
        self._vmap = func
        return func

    def register_kernel(self, device_types: Any, fn: Callable[..., Any] | None = None, /) -> Any:
        """Gives the operation another function for a kind of device, of which only the CPU is there; returns the function."""
        if fn is None:
            return lambda fn: self.register_kernel(device_types, fn)
        if device_types is None or "cpu" in ([device_types] if isinstance(device_types, str) else device_types):
            self._kernel = fn
            self._signature = self._signature or inspect.signature(fn)
        return fn

    # ---- calls ----

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten((args, kwargs))
        if has_torch_function(leaves):
            return handle_torch_function(self._opoverload, leaves, *args, **kwargs)
        if self._above is not None:
            return self._above(*args, **kwargs)
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        needs_node = arcgrad.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
        if not needs_node and not _levels.thread.levels:
            return self._run(args, kwargs)
        if needs_node and self._mutated:
            written = [value for name, value in self._bound(args, kwargs).items() if name in self._mutated]
            if any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in tree_leaves(written)):
                raise RuntimeError(
                    f"{self._qualname} writes to a tensor that requires grad, and has no derivative: give it a tensor that is detached"
                )
        found = _Found()
        flat = self._function.apply(found, spec, *leaves)
        return tree_unflatten(list(flat), found.structure)

    def _bound(self, args, kwargs):
        if self._signature is None:
            return dict(enumerate(args)) | kwargs
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def _run(self, args, kwargs):
        """The results, apart from the graph."""
        if _get_current_dispatch_mode() is not None:
            with _pop_mode_temporarily() as mode:
                result = mode.__torch_dispatch__(self._opoverload, (), args, kwargs)
            if result is not NotImplemented:
                return result
        with arcgrad.no_grad():
            return self._compute(args, kwargs)

    def _compute(self, args, kwargs):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        if any(tensor.device.type == "meta" for tensor in tensors):
            if self._fake is None:
                raise NotImplementedError(
                    f"{self._qualname}: attempted to run this operator with Meta tensors, but there was no fake impl or Meta kernel "
                    "registered for this operator: see register_fake"
                )
            return self._fake(*args, **kwargs)
        if self._kernel is None:
            raise NotImplementedError(f"{self._qualname}: there is no kernel registered for the CPU: see register_kernel")
        result = self._kernel(*args, **kwargs)
        given = {tensor.data_ptr() for tensor in tensors if tensor.numel()}
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and (any(leaf is tensor for tensor in tensors) or leaf.numel() and leaf.data_ptr() in given):
                raise RuntimeError(
                    f"{self._qualname} (with implementation in {getattr(self._kernel, '__module__', '?')}): The output of this custom "
                    "operator (1) must not also be an input to this custom operator and (2) may not alias any inputs to this custom "
                    "operator or other returns. Please clone the offending output tensors (e.g. output.clone())"
                )
        if self._mutated:
            written = [value for name, value in self._bound(args, kwargs).items() if name in self._mutated]
            graph.increment_version([leaf for leaf in tree_leaves(written) if isinstance(leaf, Tensor)])
        return result

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"


class _Found:
    """The structure of the results of a call, of which a custom function hands out the leaves."""

    structure: Any = None


def _parts(values, structure):
    """Gradients of the arguments, one for each leaf: of a list they are a list, or None."""
    leaves = []
    for value, like in zip(values, structure):
        count = len(tree_leaves(like))
        items = [None] * count if value is None else list(value) if isinstance(like, (list, tuple)) else [value]
        if len(items) != count:
            raise RuntimeError(f"expected {count} gradients for an argument that is a list of tensors, but got {len(items)}")
        leaves += items
    return leaves


def _function_of(definition):
    """The custom function of an operation: its arguments and results are flat."""

    class Operation(Function):
        @staticmethod
        def forward(found: Any, spec: Any, *leaves: Any) -> Any:
            args, kwargs = tree_unflatten(list(leaves), spec)
            flat, structure = tree_flatten(definition._run(args, kwargs))
            found.structure = structure
            return tuple(flat)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            found, spec, *leaves = inputs
            ctx._given, _ = args, kwargs = tree_unflatten(leaves, spec)
            ctx._named = len(tree_leaves(kwargs))
            ctx._found = found.structure
            if definition._setup_context is not None:
                options = {"keyword_only_inputs": kwargs} if kwargs else {}
                result = tree_unflatten(list(output), found.structure)
                definition._setup_context(ctx=ctx, inputs=args, output=result, **options)
            # What is given to the rule as it was is not kept beside it.
            ctx._given = tree_unflatten([None] * len(tree_leaves(args)), tree_flatten(args)[1])

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            if definition._backward is None:
                raise RuntimeError(
                    f"Trying to backward through {definition._opoverload} but no autograd formula was registered. Please use "
                    "register_autograd to add one."
                )
            grads = tree_unflatten(list(grads), ctx._found)
            found = definition._backward(ctx, *(grads if isinstance(grads, tuple) else (grads,)))
            found = found if isinstance(found, tuple) else (found,)
            if len(found) != len(ctx._given):
                raise RuntimeError(
                    f"{definition._qualname}: backward returned {len(found)} gradients, but there are {len(ctx._given)} arguments"
                )
            return None, None, *_parts(found, ctx._given), *([None] * ctx._named)

        @staticmethod
        def vmap(info: Any, in_dims: Any, found: Any, spec: Any, *leaves: Any) -> Any:
            if definition._vmap is None:
                raise RuntimeError(f"{definition._qualname} has no rule for vmap: give it one with register_vmap")
            args, kwargs = tree_unflatten(list(leaves), spec)
            dims, _ = tree_unflatten(list(in_dims[2:]), spec)
            result, out_dims = definition._vmap(info, dims, *args, **kwargs)
            flat, structure = tree_flatten(result)
            found.structure = structure
            flat_dims = [out_dims] * len(flat) if out_dims is None or isinstance(out_dims, int) else _flat_dims(out_dims)
            return tuple(flat), tuple(flat_dims)

    Operation.__name__ = Operation.__qualname__ = definition._qualname.replace("::", "_")
    return Operation


def _flat_dims(dims):
    return [flat for dim in dims for flat in (_flat_dims(dim) if isinstance(dim, (list, tuple)) else [dim])]


def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: Any,
    device_types: Any = None,
    schema: str | None = None,
    tags: Sequence[Any] | None = None,
) -> Any:
    """Makes an operation of a function, which is found as ``torch.ops.namespace.name`` from then on.

    Args:
        name (str): ``"namespace::name"``.
        fn: the function; its parameters and result have types. Without it, a decorator is returned.
        mutates_args (names): of the arguments that it writes to; ``"unknown"`` for all tensors.
        device_types: for which kinds of devices it is; there is the CPU alone.
        schema (str): the signature, if the types do not say it.
        tags: have no meaning here.

    Returns:
        A :class:`CustomOpDef`.

    Raises:
        ValueError: a type is missing, or none that an operation takes.
    """
    if fn is None:
        return lambda fn: custom_op(name, fn, mutates_args=mutates_args, device_types=device_types, schema=schema, tags=tags)
    if schema is None:
        schema = infer_schema(fn, mutates_args=mutates_args)
    mutated = inspect.signature(fn).parameters if mutates_args == "unknown" else mutates_args
    return CustomOpDef(name, schema, [mutated] if isinstance(mutated, str) else mutated, fn)


def _definition(op):
    if isinstance(op, CustomOpDef):
        return op
    if isinstance(op, (_Overload, _Packet)):
        return op._definition
    found = _OPERATIONS.get(op) if isinstance(op, str) else None
    if found is None:
        raise RuntimeError(f"operator {op} does not exist: make it with arcgrad.library.custom_op or define")
    return found


def register_autograd(
    op: Any, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None, lib: Library | None = None
) -> None:
    """Gives an operation a gradient; see :meth:`CustomOpDef.register_autograd`."""
    _definition(op).register_autograd(backward, setup_context=setup_context)


def register_fake(op: Any, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None, _stacklevel: int = 1) -> Any:
    """Says what the results of an operation are like, of tensors without data; see :meth:`CustomOpDef.register_fake`."""
    return _definition(op).register_fake if func is None else _definition(op).register_fake(func)


def register_vmap(op: Any, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None) -> Any:
    """Gives an operation a rule for batches; see :meth:`CustomOpDef.register_vmap`."""
    return _definition(op).register_vmap(func)


def register_kernel(op: Any, device_types: Any, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None) -> Any:
    """Gives an operation a function for a kind of device; see :meth:`CustomOpDef.register_kernel`."""
    return _definition(op).register_kernel(device_types, func)


# ---- name spaces ----


class Library:
    """A name space of operations, whose functions are given one by one.

    Args:
        ns (str): its name.
        kind (str): ``"DEF"`` or ``"FRAGMENT"``; of other libraries, ``"IMPL"``.
        dispatch_key (str): for what its functions are, where they do not say it.
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in ("DEF", "FRAGMENT", "IMPL"):
            raise ValueError(f"Unsupported library type {kind}")
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key
        self._made: list[str] = []

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """Makes an operation of a signature, ``"name(Tensor x) -> Tensor"``; returns its name."""
        name = schema.partition("(")[0].strip()
        written = [
            part.split()[-1].partition("=")[0] for part in schema.partition("(")[2].rpartition("->")[0].split(",") if "!" in part
        ]
        CustomOpDef(f"{self.ns}::{name}", schema[len(name) :], [each.rstrip(") ") for each in written])
        self._made.append(f"{self.ns}::{name}")
        return name

    def impl(self, op_name: Any, fn: Callable[..., Any], dispatch_key: str = "", *, with_keyset: bool = False) -> None:
        """Gives an operation a function: for ``CPU`` or every device, above the graph for ``Autograd`` and
        ``CompositeImplicitAutograd``, for tensors without data for ``Meta``."""
        name = op_name if isinstance(op_name, str) else getattr(op_name, "name", op_name.__class__)()
        definition = _definition(name if "::" in name else f"{self.ns}::{name}")
        key = dispatch_key or self.dispatch_key or "CompositeImplicitAutograd"
        if key == "Meta":
            definition.register_fake(fn)
        elif key in ("CompositeImplicitAutograd", "Autograd", "AutogradCPU"):
            definition._above = fn
        elif key in ("CPU", "CompositeExplicitAutograd"):
            definition.register_kernel("cpu", fn)

    def _destroy(self) -> None:
        for name in self._made:
            _OPERATIONS.pop(name, None)
        self._made.clear()


@contextlib.contextmanager
def _scoped_library(*args: Any, **kwargs: Any) -> Iterator[Library]:
    """A :class:`Library` whose operations are there within a ``with`` block."""
    before = set(_OPERATIONS)
    library = Library(*args, **kwargs)
    try:
        yield library
    finally:
        library._destroy()
        for name in [name for name in _OPERATIONS if name not in before and name.startswith(f"{library.ns}::")]:
            del _OPERATIONS[name]


def define(qualname: str, schema: str, *, lib: Library | None = None, tags: Any = ()) -> None:
    """Makes an operation ``"namespace::name"`` of a signature ``"(Tensor x) -> Tensor"``; :func:`impl` gives it functions."""
    space, _, name = qualname.partition("::")
    (lib or Library(space, "FRAGMENT")).define(name + schema)


def impl(qualname: str, types: Any, func: Callable[..., Any] | None = None, *, lib: Library | None = None) -> Any:
    """Gives an operation a function for kinds of devices (``"cpu"``, ``"default"``) or a dispatch key; a decorator without one."""
    if func is None:
        return lambda func: impl(qualname, types, func, lib=lib)
    keys = {"cpu": "CPU", "default": "CompositeExplicitAutograd", "meta": "Meta"}
    library = lib or Library(qualname.partition("::")[0], "IMPL")
    for kind in [types] if isinstance(types, str) else types:
        library.impl(qualname, func, keys.get(kind, kind))
    return func


# ---- checking ----


def _clone(values):
    def copied(leaf):
        return leaf.detach().clone().requires_grad_(leaf.requires_grad) if isinstance(leaf, Tensor) else leaf

    leaves, spec = tree_flatten(values)
    return tree_unflatten([copied(leaf) for leaf in leaves], spec)


def _check_schema(definition, args, kwargs):
    """What is written to is what the operation says it writes to, and no result is an argument."""
    args, kwargs = _clone((args, kwargs))
    before = _clone((args, kwargs))
    with arcgrad.no_grad():
        definition._compute(args, kwargs)
    now, then = definition._bound(args, kwargs), definition._bound(*before)
    for name, value in now.items():
        pairs = zip(tree_leaves(value), tree_leaves(then[name]))
        changed = any(isinstance(one, Tensor) and not arcgrad.equal(one.detach(), other.detach()) for one, other in pairs)
        if changed and name not in definition._mutated:
            raise RuntimeError(f"Argument {name} is not defined as mutable but was mutated")


def _check_autograd_registration(definition, args, kwargs):
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor) and leaf.requires_grad]
    if tensors and not definition._mutated and definition._backward is None and definition._above is None:
        raise RuntimeError(f"{definition._qualname} has no autograd formula, and tensors that require grad were given: see register_autograd")


def _check_fake(definition, args, kwargs):
    """The function for tensors without data says what the results are like."""
    args, kwargs = _clone((args, kwargs))
    leaves, spec = tree_flatten((args, kwargs))
    nowhere = [leaf.detach().to("meta") if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    with arcgrad.no_grad():
        said = tree_leaves(definition._compute(*tree_unflatten(nowhere, spec)))
        found = tree_leaves(definition._compute(args, kwargs))
    if len(said) != len(found):
        raise RuntimeError(f"the fake impl gives {len(said)} results, and the operator {len(found)}")
    for number, (one, other) in enumerate(zip(said, found)):
        for what in ("shape", "dtype") if isinstance(other, Tensor) else ():
            if getattr(one, what) != getattr(other, what):
                raise RuntimeError(f"result {number} has {what} {getattr(other, what)}, but the fake impl says {getattr(one, what)}")


def _check_gradients(definition, args, kwargs):
    """A backward pass gives gradients of the shapes and dtypes of the arguments."""
    args, kwargs = _clone((args, kwargs))
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor) and leaf.requires_grad]
    if not tensors or definition._mutated:
        return
    outputs = [leaf for leaf in tree_leaves(definition(*args, **kwargs)) if isinstance(leaf, Tensor) and leaf.requires_grad]
    if outputs:
        arcgrad.autograd.grad(outputs, tensors, [arcgrad.ones_like(output) for output in outputs], allow_unused=True)


_CHECKS = {
    "test_schema": _check_schema,
    "test_autograd_registration": _check_autograd_registration,
    "test_faketensor": _check_fake,
    "test_aot_dispatch_dynamic": _check_gradients,
}


def opcheck(
    op: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    test_utils: Any = tuple(_CHECKS),
    raise_exception: bool = True,
    atol: float | None = None,
    rtol: float | None = None,
) -> dict[str, Any]:
    """Checks that what was said of an operation is so, on some arguments.

    Args:
        op: what :func:`custom_op` made, or ``torch.ops.namespace.name``.
        args, kwargs: sample arguments.
        test_utils (names): ``test_schema``: it writes to what it says, and to nothing else; ``test_autograd_registration``: it has a gradient
            if one is wanted; ``test_faketensor``: results are as its function for tensors without data says;
            ``test_aot_dispatch_dynamic``: a backward pass runs.
        raise_exception (bool): an error, or what was found.
        atol, rtol: have no meaning here: no results are compared.

    Returns:
        For each check ``"SUCCESS"`` or the error.

    Raises:
        OpCheckError: what was said is not so.
    """
    definition, results = _definition(op), {}
    for name in [test_utils] if isinstance(test_utils, str) else test_utils:
        if name not in _CHECKS:
            raise ValueError(f"opcheck: there are the checks {sorted(_CHECKS)}, but got {name!r}")
        try:
            _CHECKS[name](definition, tuple(args), dict(kwargs or {}))
        except Exception as error:
            if raise_exception:
                raise OpCheckError(f"opcheck({op}, ...): {name} failed with {error}") from error
            results[name] = error
        else:
            results[name] = "SUCCESS"
    return results


_names.describe(__name__)
