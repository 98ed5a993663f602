"""Tensors without memory of PyTorch's compiler, which arcgrad does not have."""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["is_fake", "unset_fake_temporarily"]


def is_fake(x: Any) -> bool:
    """False: no tensor is fake."""
    return False


@contextmanager
def unset_fake_temporarily() -> Iterator[None]:
    """Does nothing: no mode of fake tensors is active."""
    yield None


_absent.declare(
    __name__,
    "arcgrad has no fake tensors; device('meta') has shapes without memory",
    "DynamicOutputShapeException FakeTensor FakeTensorMode UnsupportedFakeTensorException",
)
