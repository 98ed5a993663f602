"""What the writers through both packages have in common."""

from __future__ import annotations

from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def as_arrays(value: Any) -> Any:
    """The value with NumPy's arrays for tensors, in lists, tuples and dictionaries too."""
    if isinstance(value, Tensor):
        return value.detach().numpy()
    if type(value) in (list, tuple):
        return type(value)(map(as_arrays, value))
    if type(value) is dict:
        return {key: as_arrays(item) for key, item in value.items()}
    return value


class Writer:
    """A writer, whichever package it writes through."""

    log_dir: str

    def get_logdir(self) -> str:
        """The folder of the files."""
        return self.log_dir

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True) -> NoReturn:
        """Raises NotImplementedError: modules are not traced. :mod:`arcgrad.drawing` draws graphs of gradients."""
        raise NotImplementedError("add_graph: arcgrad does not trace modules; arcgrad.drawing draws graphs of gradients")


_names.describe(__name__)
