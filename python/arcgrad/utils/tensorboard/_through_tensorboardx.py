"""The writer of tensorboardX, whose methods take tensors."""

from __future__ import annotations

import functools
import inspect

import tensorboardX  # type: ignore[import-not-found, import-untyped, unused-ignore]

from arcgrad import _names
from arcgrad.utils.tensorboard._values import Writer, as_arrays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["FileWriter", "SummaryWriter", "hparams"]

FileWriter = tensorboardX.FileWriter
hparams = tensorboardX.summary.hparams


def _taking_tensors(method):
    @functools.wraps(method)
    def add(self, *args, **kwargs):
        return method(self, *map(as_arrays, args), **as_arrays(kwargs))

    return add


class SummaryWriter(Writer, tensorboardX.SummaryWriter):  # type: ignore[misc]
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
        self.log_dir = str(self.logdir)


for _name, _method in inspect.getmembers(tensorboardX.SummaryWriter, inspect.isfunction):
    if _name.startswith("add_") and not hasattr(Writer, _name):
        setattr(SummaryWriter, _name, _taking_tensors(_method))

_names.describe(__name__)
