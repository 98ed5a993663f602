"""Parametrisations to be registered on a module: weight normalisation, spectral normalisation, orthogonal matrices."""

from __future__ import annotations

from arcgrad import Tensor, _names, cat, no_grad, randn

from .. import functional as F
from ..module import Module
from ._orthogonal_maps import MAPS, orthogonalized, reflections_of
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, default_dim, largest_singular_value, power_method, random_directions
from .weight_norm import norm_except_dim, weighted_direction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    M = TypeVar("M", bound=Module)

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor_of(module, name):
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return tensor


# ---- weight normalisation ----


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weighted_direction(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        # Of the many directions that give the weight, the weight itself is one.
        return norm_except_dim(weight, 2, self.dim), weight


class _RenameOldKeys:
    """The hook before loading that reads the state of modules with the old :func:`arcgrad.nn.utils.weight_norm`."""

    def __init__(self, name):
        self.name = name

    def __call__(self, module, state_dict, prefix, *rest):
        old = [f"{prefix}{self.name}_g", f"{prefix}{self.name}_v"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(key)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train magnitude and direction of a weight apart: ``w = g · v / ‖v‖`` (Salimans and Kingma, 2016). Returns the module.

    Args:
        module (Module): whose weight it is.
        name (str): of the parameter. Default: ``'weight'``.
        dim (int or None): the axis along which there is one magnitude each; None: one of all. Default: 0.

    The magnitude g is ``module.parametrizations.<name>.original0``, the direction v ``original1``.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.utils.parametrizations.weight_norm(ag.nn.Linear(20, 40))
        >>> tuple(layer.parametrizations.weight.original0.shape)
        (40, 1)
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(_RenameOldKeys(name))
    return module


# ---- spectral normalisation ----


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = as_matrix(weight, self.dim)
                u, v = random_directions(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            # So that the first value is a good one in eval mode, too.
            power_method(matrix, u, v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            # The one singular value of a vector is its norm.
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_method(matrix, self._u, self._v, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        # What is assigned is taken to be of the norm that is wanted.
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value (Miyato et al., 2018). Returns the module.

    The value is found by the power method, a few steps of which are done each time the weight is asked for in training mode.

    Args:
        module (Module): whose weight it is.
        name (str): of the parameter. Default: ``'weight'``.
        n_power_iterations (int): how many steps. Default: 1.
        eps (float): the least norm that is divided by.
        dim (int): the axis of the outputs, which becomes the rows of the matrix. Default: 0, or 1 for transposed convolutions.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.utils.parametrizations.spectral_norm(ag.nn.Linear(20, 40))
        >>> bool(layer.weight.norm() < 5)
        True
    """
    weight = _tensor_of(module, name)
    dim = default_dim(module) if dim is None else dim
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module


# ---- orthogonal matrices ----


class _Orthogonal(Module):
    """Orthogonal matrices as images of any matrix, in coordinates around ``base`` (Lezcano Casado, 2019) if it is used.

    A matrix with fewer rows than columns is transposed before and after: the text below is about tall ones, n × k.
    """

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool = True) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        is_wide = X.size(-2) < X.size(-1)
        Q = MAPS[self.orthogonal_map](X.mT if is_wide else X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if is_wide else Q

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        is_wide = Q.size(-2) < Q.size(-1)
        tall = Q.mT if is_wide else Q
        n, k = tall.size(-2), tall.size(-1)
        if not hasattr(self, "base"):
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            X = reflections_of(tall)
            return X.mT if is_wide else X
        if n != k:
            rest = randn(*tall.shape[:-1], n - k, dtype=tall.dtype, device=tall.device)
            tall = cat([tall, rest], dim=-1)
        self.base = orthogonalized(tall)
        # All maps send -1 on the diagonal to the identity: two of them look below the diagonal only.
        centre = Q.new_zeros(Q.shape)
        centre.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return centre


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a matrix, or a batch of matrices, orthogonal: QᵀQ = 1, or QQᵀ = 1 if it is wide. Returns the module.

    Args:
        module (Module): whose matrix it is.
        name (str): of the parameter. Default: ``'weight'``.
        orthogonal_map (str): how any matrix is made orthogonal: ``'matrix_exp'`` (the exponential of a skew-symmetric one),
            ``'cayley'`` (the Cayley map of that) or ``'householder'`` (a product of reflections). Default: the first for square
            matrices, the last for others.
        use_trivialization (bool): whether the map is taken around a matrix, which is the starting value; without it the first
            two maps can't be assigned to. Default: ``True``.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.utils.parametrizations.orthogonal(ag.nn.Linear(20, 40))
        >>> Q = layer.weight
        >>> bool((Q.T @ Q - ag.eye(20)).abs().max() < 1e-5)
        True
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if weight.is_complex():
        raise NotImplementedError("orthogonal() is not implemented for complex tensors")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    register_parametrization(module, name, _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)
    return module


_names.describe(__name__)
