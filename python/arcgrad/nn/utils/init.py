"""Making a module without starting values."""

from __future__ import annotations

import inspect

from arcgrad import _names, get_rng_state, set_rng_state

from ..module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound=Module)

__all__ = ["skip_init"]


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """A module whose parameters and buffers are not initialised; the state of the random generator stays as it is.

    Args:
        module_cls (type): a class of modules that take ``device``.
        *args, **kwargs: its arguments.

    Raises:
        RuntimeError: ``module_cls`` is no class of modules, or one that does not take ``device``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.utils.skip_init(ag.nn.Linear, 5, 1)
        Linear(in_features=5, out_features=1, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    # Without a device that has shapes only, the constructor can but draw in vain.
    before = get_rng_state()
    try:
        module = module_cls(*args, **kwargs)
    finally:
        set_rng_state(before)
    return module.to_empty(device=kwargs.get("device") or "cpu")


_names.describe(__name__)
