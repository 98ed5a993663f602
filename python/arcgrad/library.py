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

import re
import weakref
from functools import partial

from arcgrad import _absent, _warnings, device, dtype
from arcgrad import ops as _ops
from arcgrad._custom_ops.operation import _Operator
from arcgrad._custom_ops.schema import _Schema, infer_schema
from arcgrad._custom_ops.spaces import _define, _forget, _operators, _Overload, _Packet

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
