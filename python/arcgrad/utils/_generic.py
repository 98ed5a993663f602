"""Classes with a parameter, such as ``Dataset[int]``, without importing :mod:`typing`: the parameter is for type checkers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic
    from typing import TypeVar as TypeVar
else:

    class Generic:
        """Base of classes that can be subscripted; what stands in the brackets says nothing at run time."""

        __slots__ = ()

        def __class_getitem__(cls, parameters):
            return cls

    def TypeVar(name, *, covariant=False):
        """Stands for a parameter, which is nothing at run time."""
        return None
