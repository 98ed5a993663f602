"""Spectral normalisation by hooks: the way of before :func:`arcgrad.nn.utils.parametrizations.spectral_norm`."""

from __future__ import annotations

from arcgrad import Tensor, _names, mv, no_grad, vdot

from .. import functional as F
from ..module import Module
from ..parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound=Module)

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """``weight`` with axis ``dim`` as rows and all others as columns."""
    return weight.movedim(dim, 0).reshape(weight.size(dim), -1)


def random_directions(matrix: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Starting points for :func:`power_method`: a random unit vector for the rows of ``matrix``, one for its columns."""
    rows, columns = matrix.shape
    u = matrix.new_empty(rows).normal_(0, 1)
    v = matrix.new_empty(columns).normal_(0, 1)
    return F.normalize(u, dim=0, eps=eps), F.normalize(v, dim=0, eps=eps)


def power_method(matrix: Tensor, u: Tensor, v: Tensor, iterations: int, eps: float) -> None:
    """Bring ``u`` and ``v``, in place, closer to the singular vectors of the largest singular value of ``matrix``; first ``u``."""
    with no_grad():
        for _ in range(iterations):
            u.copy_(F.normalize(mv(matrix, v), dim=0, eps=eps))
            v.copy_(F.normalize(mv(matrix.mH, u), dim=0, eps=eps))


def largest_singular_value(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """That of ``matrix``, where ``u`` and ``v`` are its singular vectors. They are copied: the next step changes them."""
    return vdot(u.clone(), mv(matrix, v.clone()))


def default_dim(module: Module) -> int:
    """The axis of the outputs in the weight of ``module``: transposed convolutions have it second."""
    return 1 if getattr(module, "transposed", False) else 0


class SpectralNorm:
    """The hook before ``forward`` that computes a weight from ``<name>_orig``, ``<name>_u`` and ``<name>_v``.

    Args:
        name (str): of the weight.
        n_power_iterations (int): steps towards the singular vectors in each call while training.
        dim (int): the axis that becomes the rows of the matrix.
        eps (float): the least norm that is divided by.
    """

    # That of what is in the state: the names above.
    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """``weight`` as the matrix whose norm is meant."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight of ``module`` over its largest singular value, after the steps towards that if they are wanted."""
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            # This way begins with the columns, unlike the new one.
            power_method(matrix.mH, v, u, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, u, v)

    def remove(self, module: Module) -> None:
        """Make the weight of ``module`` a parameter again, with the value it has."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        delattr(module, self.name)
        for suffix in ("u", "v", "orig"):
            delattr(module, f"{self.name}_{suffix}")
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Replace the weight of ``module`` by a parameter and two buffers and register the hook. Returns it."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        norm = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        with no_grad():
            u, v = random_directions(norm.reshape_weight_to_matrix(weight), eps)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        # A plain attribute, there before the first call as well: initialisers may look at it.
        setattr(module, name, weight.data)
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(norm)
        module._register_state_dict_hook(_NoteVersion(name))
        return norm


class _NoteVersion:
    """The hook that writes into the metadata of a state which version of the hook it is of."""

    def __init__(self, name):
        self.name = name

    def __call__(self, module, state_dict, prefix, local_metadata):
        versions = local_metadata.setdefault("spectral_norm", {})
        key = f"{self.name}.version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = SpectralNorm._version


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value (Miyato et al., 2018), by a hook. Returns the module.

    The new way is :func:`arcgrad.nn.utils.parametrizations.spectral_norm`.

    Args:
        module (Module): whose weight it is.
        name (str): of the parameter, which becomes ``<name>_orig``.
        n_power_iterations (int): steps towards the singular vectors in each call while training. Default: 1.
        eps (float): the least norm that is divided by.
        dim (int): the axis of the outputs. Default: 0, or 1 for transposed convolutions.
    """
    SpectralNorm.apply(module, name, n_power_iterations, default_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo :func:`spectral_norm`; the weight keeps its value. Returns the module; ValueError if it is not normalised."""
    for hook_id, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[hook_id]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for hook_id, hook in module._state_dict_hooks.items():
        if isinstance(hook, _NoteVersion) and hook.name == name:
            del module._state_dict_hooks[hook_id]
            break
    return module


_names.describe(__name__)
