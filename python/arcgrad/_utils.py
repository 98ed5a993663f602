"""Helpers of PyTorch's own that programs reach for: several tensors as one, and sizes of elements."""

from __future__ import annotations

from arcgrad import _names, cat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from arcgrad import Tensor, dtype

__all__: list[str] = []


def _get_available_device_type() -> None:
    """None: there is no accelerator."""


def _element_size(dtype: dtype) -> int:
    """The bytes of an element of a dtype."""
    return dtype.itemsize


def _flatten_dense_tensors(tensors: Iterable[Tensor]) -> Tensor:
    """The elements of several tensors of one dtype in one vector.

    >>> import arcgrad as ag
    >>> from arcgrad._utils import _flatten_dense_tensors, _unflatten_dense_tensors
    >>> parts = [ag.zeros(1, 2), ag.ones(2)]
    >>> flat = _flatten_dense_tensors(parts)
    >>> flat
    tensor([0., 0., 1., 1.])
    >>> _unflatten_dense_tensors(flat, parts)
    (tensor([[0., 0.]]), tensor([1., 1.]))
    """
    return cat([tensor.contiguous().view(-1) for tensor in tensors])


def _unflatten_dense_tensors(flat: Tensor, tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Views of a vector in the shapes of tensors, one after another: what :func:`_flatten_dense_tensors` put together."""
    tensors = list(tensors)
    parts = flat.split([tensor.numel() for tensor in tensors])
    return tuple(part.view(tensor.shape) for part, tensor in zip(parts, tensors))


def _take_tensors(tensors: Iterable[Tensor], size_limit: int) -> Iterator[Sequence[Tensor]]:
    """Tensors in groups of one dtype, each of which has about ``size_limit`` bytes; the order within a group is kept."""
    groups: dict[dtype, tuple[list[Tensor], int]] = {}
    for tensor in tensors:
        group, size = groups.get(tensor.dtype, ([], 0))
        bytes_ = tensor.numel() * tensor.element_size()
        if group and size + bytes_ > size_limit:
            yield group
            group, size = [], 0
        groups[tensor.dtype] = ([*group, tensor], size + bytes_)
    for group, _ in groups.values():
        yield group


if not TYPE_CHECKING:

    def __getattr__(name):
        # Pickles that PyTorch wrote name these; whoever reads them by `pickle` itself trusts them.
        if name.startswith("_rebuild_"):
            from arcgrad.serialization import _known_names

            return getattr(_known_names, name)
        raise _names.missing(__name__, name, lambda: __all__)


_names.describe(__name__)
