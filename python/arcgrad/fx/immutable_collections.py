"""Lists and dictionaries that cannot be changed: the arguments of nodes, whose users are counted when they are given."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["immutable_dict", "immutable_list"]


def _refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
    raise TypeError(
        f"'{type(self).__name__}' object does not support mutation. The args and kwargs of a node are changed by giving it new ones."
    )


class immutable_list(list):  # noqa: N801 (PyTorch's name)
    """A list that raises TypeError when it is changed."""

    append = extend = insert = pop = remove = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> Any:
        return immutable_list, (tuple(self),)


class immutable_dict(dict):  # noqa: N801 (PyTorch's name)
    """A dictionary that raises TypeError when it is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    clear = pop = popitem = setdefault = update = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> Any:
        return immutable_dict, (tuple(self.items()),)


_pytree.register_pytree_node(immutable_list, lambda values: (list(values), None), lambda values, _: immutable_list(values))
_pytree.register_pytree_node(
    immutable_dict, lambda values: (list(values.values()), list(values)), lambda values, keys: immutable_dict(zip(keys, values))
)

_names.describe(__name__)
