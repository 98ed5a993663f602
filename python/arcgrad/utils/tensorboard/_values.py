"""What both writers do with what they are given."""

from __future__ import annotations

from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_GRAPH = "add_graph: arcgrad does not trace modules; arcgrad.drawing draws graphs of gradients"


def as_arrays(value: Any) -> Any:
    """The value with NumPy's arrays for tensors, in lists, tuples and dictionaries too."""
    if isinstance(value, Tensor):
        return value.detach().numpy()
    if type(value) in (list, tuple):
        return type(value)(map(as_arrays, value))
    if type(value) is dict:
        return {key: as_arrays(item) for key, item in value.items()}
    return value


_names.describe(__name__)
