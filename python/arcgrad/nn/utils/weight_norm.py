"""Weight normalisation by hooks: the way of before :func:`arcgrad.nn.utils.parametrizations.weight_norm`."""

from __future__ import annotations

from arcgrad import Tensor, _names, _warnings

from ..module import Module
from ..parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound=Module)

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all axes but ``dim``, which are kept with size one; over all of them, to a scalar, for ``dim=-1``."""
    if dim == -1:
        return v.norm(pow)
    axes = [axis for axis in range(v.ndim) if axis != dim % v.ndim]
    # Over no axes at all each element is its own group.
    return v.norm(pow, axes, keepdim=True) if axes else v.abs()


def weighted_direction(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """``g · v / ‖v‖``, the norm being that over all axes but ``dim`` (Salimans and Kingma, 2016)."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook before ``forward`` that computes a weight from ``<name>_g`` and ``<name>_v``.

    Args:
        name (str): of the weight.
        dim (int or None): the axis along which there is one norm each; None: one norm of all.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight of ``module`` as its magnitudes and directions give it."""
        g = getattr(module, f"{self.name}_g")
        v = getattr(module, f"{self.name}_v")
        return weighted_direction(v, g, self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace the weight of ``module`` by two parameters and register the hook. Returns it."""
        _warnings.warn(
            "`arcgrad.nn.utils.weight_norm` is deprecated in favor of `arcgrad.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        norm = WeightNorm(name, dim)
        weight = getattr(module, name)
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, 2, norm.dim).detach()))
        module.register_parameter(f"{name}_v", Parameter(weight.detach()))
        setattr(module, name, norm.compute_weight(module))
        module.register_forward_pre_hook(norm)
        return norm

    def remove(self, module: Module) -> None:
        """Make the weight of ``module`` a parameter again, with the value it has."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[f"{self.name}_g"]
        del module._parameters[f"{self.name}_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train magnitude and direction of a weight apart (Salimans and Kingma, 2016), by a hook. Returns the module.

    The new way is :func:`arcgrad.nn.utils.parametrizations.weight_norm`.

    Args:
        module (Module): whose weight it is.
        name (str): of the parameter, which becomes ``<name>_g`` (magnitude) and ``<name>_v`` (direction).
        dim (int or None): the axis along which there is one magnitude each; None: one of all. Default: 0.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo :func:`weight_norm`; the weight keeps its value. Returns the module; ValueError if it is not normalised."""
    for hook_id, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[hook_id]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")


_names.describe(__name__)
