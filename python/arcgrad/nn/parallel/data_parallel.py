"""The module that runs another one on each of several devices, of which there are none here."""

from __future__ import annotations

from arcgrad import _names

from ..module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Device

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """Calls its module, as it does in PyTorch where there is no GPU: arcgrad computes on the CPU, with all its cores.

    Args:
        module (Module): what is called; it stays reachable as ``.module``, and its state has that prefix.
        device_ids, output_device: of the GPUs; without meaning here.
        dim (int): the axis of the batch, which would be split. Default: 0.

    Example::

        >>> import arcgrad as ag
        >>> net = ag.nn.DataParallel(ag.nn.Linear(2, 1))
        >>> tuple(net(ag.ones(3, 2)).shape), list(net.state_dict())
        ((3, 1), ['module.weight', 'module.bias'])
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[int | Device] | None = None,
        output_device: int | Device = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The result of the module."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[int | Device] | None = None,
    output_device: int | Device = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Call ``module`` with ``inputs`` (a tuple of arguments, or the one) and ``module_kwargs``; see :class:`DataParallel`."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*inputs, **(module_kwargs or {}))


_names.describe(__name__)
