"""Batch norms that a function of a batch can run: without statistics of their own, which they would change."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad.nn import Module

__all__ = ["replace_all_batch_norm_modules_"]


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Takes the running statistics away from every batch norm in a module, in place: each then normalises by those of its input.

    Args:
        root (Module): a batch norm, or a module that contains some.

    Returns:
        ``root``.

    Example::

        >>> import arcgrad as ag
        >>> net = ag.nn.Sequential(ag.nn.BatchNorm1d(3))
        >>> ag.func.replace_all_batch_norm_modules_(net)[0].running_mean is None
        True
    """
    from arcgrad.nn.modules.batchnorm import _BatchNorm

    for module in root.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


_names.describe(__name__)
