"""Modules that hold parameters: in a list, in a dictionary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from itertools import chain

from arcgrad import Tensor, _names

from ..parameter import Parameter, _is_parameter
from .container import _check_iterable, _pairs, _position
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, KeysView
    from typing import Any, Self


def _as_parameter(value):
    """Tensors become parameters; anything else stays what it is."""
    return Parameter(value) if isinstance(value, Tensor) and not _is_parameter(value) else value


def _describe(value, kind):
    """One value for ``repr``; ``kind`` says what a tensor's element type is called."""
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    role = "Parameter" if _is_parameter(value) else "Tensor"
    size = "x".join(map(str, value.shape))
    return f"{role} containing: [{kind(value)} of size {size}]"


class _ParameterContainer(Module):
    """What both containers share: printing, and that they are not called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{type(self).__name__} should not be called.")

    def _repr_of(self, named, kind):
        lines = [f"({name}): {_describe(value, kind)}" for name, value in named]
        if not lines:
            return f"{self._get_name()}()"
        if len(lines) == 1:
            return f"{self._get_name()}(  {lines[0]})"
        body = "\n    ".join(lines)
        return f"{self._get_name()}(\n    {body}\n)"


class ParameterList(_ParameterContainer):
    """A list of parameters. Tensors put into it become parameters; other objects are kept as they are.

    Example::

        >>> import arcgrad as ag
        >>> weights = ag.nn.ParameterList([ag.zeros(2), ag.ones(3)])
        >>> sum(w.numel() for w in weights.parameters())
        5
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(getattr(self, str(i)) for i in range(*idx.indices(self._size)))
        return getattr(self, str(_position(idx, self._size)))

    def __setitem__(self, idx: int, param: Any) -> None:
        setattr(self, str(_position(idx, self._size)), _as_parameter(param))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(self._size)])

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, value: Any) -> Self:
        """Add ``value`` at the end. Returns the list."""
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add all ``values`` at the end. Returns the list."""
        _check_iterable(type(self).__name__, "extend", values)
        # A copy, since a list may be extended by itself.
        for value in list(values):
            self.append(value)
        return self

    def __repr__(self) -> str:
        return self._repr_of(enumerate(self), lambda tensor: tensor.dtype)


class ParameterDict(_ParameterContainer):
    """A dictionary of parameters. Tensors put into it become parameters; other objects are kept as they are.

    Example::

        >>> import arcgrad as ag
        >>> gains = ag.nn.ParameterDict({"left": ag.ones(2), "right": ag.ones(2)})
        >>> [name for name, _ in gains.named_parameters()]
        ['left', 'right']
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        # The order of insertion, of parameters and other objects alike.
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    @staticmethod
    def _attribute(key):
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string "
                f"(type is '{type(key).__name__}')"
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._attribute(key))

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, self._attribute(key), _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, self._attribute(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value at ``key``, which is made ``default`` if there is none."""
        if key not in self._keys:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take the value at ``key`` out and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last entry out and return it as (key, value)."""
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value at ``key``, or ``default``."""
        return self[key] if key in self._keys else default

    @classmethod
    def fromkeys(cls, keys: Iterable[str], default: Any = None) -> Self:
        """A dictionary with ``default`` at every one of ``keys``."""
        return cls((key, default) for key in keys)

    def copy(self) -> Self:
        """A new dictionary with the same values."""
        return type(self)((key, self[key]) for key in self._keys)

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._keys.keys()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over (key, value)."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterator[Any]:
        """Iterate over the values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Enter the values of a mapping or of an iterable of (key, value) pairs.

        A plain dictionary is entered in the order of its sorted keys, as PyTorch does.
        """
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            parameters = {key: parameters[key] for key in sorted(parameters)}
        for key, value in _pairs("ParameterDict", parameters):
            self[key] = value

    def __or__(self, other: ParameterDict) -> Self:
        return type(self)(chain(self.items(), other.items()))

    def __ror__(self, other: ParameterDict) -> Self:
        return type(self)(chain(other.items(), self.items()))

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def __repr__(self) -> str:
        return self._repr_of(self.items(), lambda tensor: tensor.type())


_names.describe(__name__)
