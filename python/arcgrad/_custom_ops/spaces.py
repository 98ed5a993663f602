"""The namespaces of ``arcgrad.ops``: operations with their overloads, by name."""

from __future__ import annotations

from arcgrad import ops as _ops
from arcgrad._custom_ops.operation import _Operator
from arcgrad.overrides import handle_torch_function, has_torch_function
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._custom_ops.schema import _Schema


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
