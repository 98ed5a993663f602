"""Writing what TensorBoard shows, through the package tensorboardX; without it the import raises ModuleNotFoundError."""

from __future__ import annotations

import functools
import inspect

import tensorboardX  # type: ignore[import-not-found, import-untyped, unused-ignore]

from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["FileWriter", "SummaryWriter"]

FileWriter = tensorboardX.FileWriter


def _as_arrays(value):
    """The value with NumPy's arrays for tensors, in lists, tuples and dictionaries too."""
    if isinstance(value, Tensor):
        return value.detach().numpy()
    if type(value) in (list, tuple):
        return type(value)(map(_as_arrays, value))
    if type(value) is dict:
        return {key: _as_arrays(item) for key, item in value.items()}
    return value


def _taking_tensors(method):
    @functools.wraps(method)
    def add(self, *args, **kwargs):
        return method(self, *map(_as_arrays, args), **_as_arrays(kwargs))

    return add


class SummaryWriter(tensorboardX.SummaryWriter):  # type: ignore[misc]
    """Writes files of events: ``add_scalar``, ``add_histogram``, ``add_image``, ``add_text``, ``add_hparams`` and others of
    tensorboardX, which take tensors.

    Args:
        log_dir (str): the folder. Default: ``runs/`` and a name of date and machine.
        comment (str): ends the default name.
        purge_step (int): steps from this one on are dropped from what is shown.
        max_queue, flush_secs (int): how many events, and for how many seconds, wait to be written.
        filename_suffix (str): ends the names of the files.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        super().__init__(log_dir, comment, purge_step, max_queue, flush_secs, filename_suffix)

    @property
    def log_dir(self) -> str:
        """The folder of the files."""
        return str(self.logdir)

    def get_logdir(self) -> str:
        """The folder of the files."""
        return str(self.logdir)

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True) -> None:
        """Raises NotImplementedError: modules are not traced. :mod:`arcgrad.drawing` draws graphs of gradients."""
        raise NotImplementedError("add_graph: arcgrad does not trace modules; arcgrad.drawing draws graphs of gradients")


for _name, _method in inspect.getmembers(tensorboardX.SummaryWriter, inspect.isfunction):
    if _name.startswith("add_") and _name not in vars(SummaryWriter):
        setattr(SummaryWriter, _name, _taking_tensors(_method))

_names.describe(__name__)
