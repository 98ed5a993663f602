"""Modules that hold other modules: in sequence, in a list, in a dictionary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain, islice
from operator import index as _as_int

from arcgrad import Tensor, _names

from .module import Module, _indent, _not_a_module, _typename

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
    from typing import Any, Self, overload


def _check_iterable(owner, method, values):
    # A tensor is taken for one that lost the brackets around it.
    if not isinstance(values, Iterable) or isinstance(values, Tensor):
        raise TypeError(f"{owner}.{method} should be called with an iterable, but got {_typename(values)}")


def _position(idx, size):
    """The place from the front that ``idx`` means in a sequence of ``size``."""
    idx = _as_int(idx)
    if not -size <= idx < size:
        raise IndexError(f"index {idx} is out of range")
    return idx % size


def _pairs(owner, values):
    """The (key, value) pairs of a mapping or of an iterable of pairs."""
    if not isinstance(values, Iterable):
        raise TypeError(
            f"{owner}.update should be called with an iterable of key/value pairs, but got {_typename(values)}"
        )
    if hasattr(values, "items"):
        yield from values.items()
        return
    for position, pair in enumerate(values):
        if not isinstance(pair, Iterable):
            raise TypeError(
                f"{owner} update sequence element #{position} should be Iterable; is {_typename(pair)}"
            )
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{owner} update sequence element #{position} has length {len(pair)}; 2 is required")
        yield pair


class _IndexedModules(Module):
    """What :class:`Sequential` and :class:`ModuleList` share: submodules in order, reached by position."""

    def _key(self, idx):
        """The name of the submodule at position ``idx``."""
        return next(islice(self._modules, _position(idx, len(self)), None))

    def _renumber(self, modules):
        self._modules = {str(i): module for i, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._key(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        names = list(self._modules)[idx] if isinstance(idx, slice) else [self._key(idx)]
        for name in names:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, module: Module) -> Self:
        """Add ``module`` at the end. Returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add all ``modules`` at the end. Returns the container."""
        _check_iterable(type(self).__name__, "extend", modules)
        # A copy, since a container may be extended by itself.
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def pop(self, key: int) -> Module:
        """Take the module at position ``key`` away and return it."""
        module = self[key]
        del self[key]
        return module

    def _insert(self, position, module):
        if module is not None and not isinstance(module, Module):
            raise _not_a_module(module)
        modules = list(self._modules.values())
        modules.insert(position, module)
        self._renumber(modules)


class Sequential(_IndexedModules):
    """Calls its modules one after the other, each with the result of the one before.

    Args:
        *args: the modules, or one ordered dictionary of names and modules.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> tuple(model(ag.ones(2, 4)).shape)
        (2, 1)
        >>> model[1]
        ReLU()
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """The result of the last module; the input if there is none."""
        for module in self._modules.values():
            input = module(input)
        return input

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, idx: slice) -> Self: ...
        @overload
        def __getitem__(self, idx: int) -> Module: ...

    def __getitem__(self, idx):
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._key(idx)]

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(other)

    def _check_factor(self, other):
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")

    def __mul__(self, other: int) -> Sequential:
        self._check_factor(other)
        return Sequential(*list(self) * other)

    def __rmul__(self, other: int) -> Sequential:
        return self * other

    def __imul__(self, other: int) -> Self:
        self._check_factor(other)
        return self.extend(list(self) * (other - 1))

    def insert(self, index: int, module: Module) -> Self:
        """Put ``module`` in front of the one at position ``index``. Returns the container."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        self._insert(index, module)
        return self


class ModuleList(_IndexedModules):
    """A list of modules. It has no ``forward``: the model that owns it says what is called when.

    Example::

        >>> from arcgrad import nn
        >>> layers = nn.ModuleList(nn.Linear(10, 10) for _ in range(3))
        >>> len(layers)
        3
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, idx: slice) -> Self: ...
        @overload
        def __getitem__(self, idx: int) -> Module: ...

    def __getitem__(self, idx):
        if isinstance(idx, slice):
            return type(self)(list(self._modules.values())[idx])
        return self._modules[self._key(idx)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Module) -> None:
        """Put ``module`` in front of the one at position ``index``."""
        self._insert(index, module)

    def __repr__(self) -> str:
        """Like that of any module, with runs of submodules that look alike on one line."""
        runs = []
        for i, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        if not runs:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {_indent(text, 2)}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {_indent(text, 2)}"
            for first, last, text in runs
        ]
        body = "\n  ".join(lines)
        return f"{self._get_name()}(\n  {body}\n)"


class ModuleDict(Module):
    """A dictionary of modules, in the order of insertion. It has no ``forward``.

    Example::

        >>> from arcgrad import nn
        >>> heads = nn.ModuleDict({"value": nn.Linear(8, 1), "policy": nn.Linear(8, 4)})
        >>> heads["policy"]
        Linear(in_features=8, out_features=4, bias=True)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules away."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take the module ``key`` away and return it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """The (name, module) pairs."""
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Enter the modules of a mapping or of an iterable of (name, module) pairs."""
        for key, module in _pairs("ModuleDict", modules):
            self[key] = module


_names.describe(__name__)
