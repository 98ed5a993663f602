"""Which devices have operations on lists of tensors, and lists of tensors that such an operation can take together."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad import Tensor

    Grouped = dict[tuple[Any, Any], tuple[list[list[Tensor | None]], list[int]]]

__all__: list[str] = []


def _get_foreach_kernels_supported_devices() -> list[str]:
    """The devices on which an optimizer uses operations on lists by itself: accelerators, none of which is here."""
    return ["cuda", "xpu", "mtia"]


def _get_fused_kernels_supported_devices() -> list[str]:
    """The devices on which an optimizer takes ``fused=True``."""
    return ["mps", "cuda", "xpu", "hpu", "cpu", "mtia"]


def _group_tensors_by_device_and_dtype(tensorlistlist: list[list[Tensor | None]], with_indices: bool = False) -> Grouped:
    """Lists of the same length, taken apart by the device and the dtype of the tensors in the first of them.

    Args:
        tensorlistlist: the lists; those behind the first may hold None.
        with_indices (bool): also say at which places the tensors were.

    Returns:
        (device, dtype) -> the lists of these tensors, and their places, which are empty unless they were asked for.
    """
    grouped: Grouped = {}
    for at, first in enumerate(tensorlistlist[0]):
        assert first is not None, "the first list holds tensors alone"
        lists, places = grouped.setdefault((first.device, first.dtype), ([[] for _ in tensorlistlist], []))
        for to, given in zip(lists, tensorlistlist):
            to.append(given[at])
        if with_indices:
            places.append(at)
    return grouped


_names.describe(__name__)
