"""Setting parts of parameters to zero, and keeping them there, by a mask.

A pruned parameter ``weight`` becomes ``weight_orig``, which is trained, and the buffer ``weight_mask``; ``weight`` itself is their product,
computed before every ``forward``.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable

from arcgrad import Tensor, _names, cat, kthvalue, no_grad, ones_like, rand, topk, zeros_like

from ..module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    M = TypeVar("M", bound=Module)

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


# ---- arguments ----


def _validate_pruning_amount_init(amount):
    """That ``amount`` is a count or a fraction."""
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if amount < 0 or (not isinstance(amount, numbers.Integral) and float(amount) > 1.0):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _validate_pruning_amount(amount, tensor_size):
    """That there are as many elements or channels as are to be pruned."""
    if isinstance(amount, numbers.Integral) and amount > tensor_size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={tensor_size}")


def _validate_structured_pruning(t):
    """That there are channels."""
    if t.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. "
            f"Found tensor of shape {t.shape} with {t.ndim} dims"
        )


def _validate_pruning_dim(t, dim):
    if dim >= t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def _compute_nparams_toprune(amount, tensor_size):
    """How many of ``tensor_size`` a count or a fraction is."""
    return int(amount) if isinstance(amount, numbers.Integral) else round(amount * tensor_size)


def _compute_norm(t, n, dim):
    """The ``n``-norm of each slice across ``dim``."""
    return t.norm(n, [axis for axis in range(t.ndim) if axis != dim % t.ndim])


# ---- methods ----


class BasePruningMethod(ABC):
    """The hook before ``forward`` that multiplies a parameter by its mask. A subclass says by :meth:`compute_mask` what is pruned.

    Attributes:
        PRUNING_TYPE (str): what a method that is applied after others looks at: ``'unstructured'``: the elements not pruned yet,
            ``'structured'``: the channels with such, ``'global'``: all.
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for values of importance ``t`` of which those where ``default_mask`` is 0 are pruned already."""

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor of ``module``."""
        if not self._tensor_name:
            raise AssertionError(f"Module {module} has to be pruned")
        mask = getattr(module, f"{self._tensor_name}_mask")
        original = getattr(module, f"{self._tensor_name}_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the parameter ``name`` of ``module``, by this method alone or after those that were applied before.

        Args:
            module (Module): whose parameter it is.
            name (str): of the parameter.
            *args, **kwargs: arguments of the method's constructor.
            importance_scores (Tensor): what is compared, of the parameter's shape. Default: the parameter.

        Returns:
            BasePruningMethod: the hook, a :class:`PruningContainer` where there are several.
        """
        found = [
            (hook_id, hook)
            for hook_id, hook in module._forward_pre_hooks.items()
            if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
        ]
        method = cls(*args, **kwargs)
        method._tensor_name = name
        orig = getattr(module, name)
        if importance_scores is None:
            importance_scores = orig
        elif importance_scores.shape != orig.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{importance_scores.shape} vs {orig.shape}"
            )
        if found:
            hook_id, old = found[0]
            del module._forward_pre_hooks[hook_id]
            container = old
            if not isinstance(old, PruningContainer):
                container = PruningContainer()
                container._tensor_name = name
                container.add_pruning_method(old)
            container.add_pruning_method(method)
            method = container
            default_mask = getattr(module, f"{name}_mask")
        else:
            default_mask = ones_like(orig)
            module.register_parameter(f"{name}_orig", orig)
            del module._parameters[name]
        try:
            with no_grad():
                mask = method.compute_mask(importance_scores, default_mask=default_mask)
            module.register_buffer(f"{name}_mask", mask)
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if not found:
                orig = getattr(module, f"{name}_orig")
                delattr(module, f"{name}_orig")
                module.register_parameter(name, orig)
            raise
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """The tensor ``t`` pruned, without any module.

        Args:
            t (Tensor): what is pruned.
            default_mask (Tensor): of an earlier pruning. Default: nothing is pruned.
            importance_scores (Tensor): what is compared, of the shape of ``t``. Default: ``t``.
        """
        if importance_scores is None:
            importance_scores = t
        elif importance_scores.shape != t.shape:
            raise AssertionError("importance_scores should have the same shape as tensor t")
        default_mask = ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(importance_scores, default_mask=default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned tensor of ``module`` a parameter again. What is pruned stays zero until something changes it."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        orig = module._parameters.pop(f"{name}_orig")
        # The parameter stays the object that optimizers know.
        orig.data = weight.data
        del module._buffers[f"{name}_mask"]
        setattr(module, name, orig)


class PruningContainer(BasePruningMethod):
    """Several methods applied to one parameter one after the other, and the hook for all of them.

    Args:
        *args: the methods, which are of one parameter.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod | None, ...] = ()
        if len(args) == 1 and isinstance(args[0], Iterable):
            args = tuple(args[0])
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """Add ``method`` at the end."""
        if method is not None:
            if not isinstance(method, BasePruningMethod):
                raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
            if self._tensor_name != method._tensor_name:
                raise ValueError(
                    "Can only add pruning methods acting on the parameter named "
                    f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
                )
        self._pruning_methods = (*self._pruning_methods, method)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """What the last method makes of that part of the mask that it looks at."""
        method = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        kind = method.PRUNING_TYPE
        if kind == "unstructured":
            part = mask == 1
        elif kind == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    "Pruning methods of PRUNING_TYPE 'structured' need to have the attribute `dim` defined."
                )
            axes = [axis for axis in range(t.ndim) if axis != method.dim % t.ndim]
            kept = mask.sum(axes) != 0
            part = (slice(None),) * (method.dim % t.ndim) + (kept,)
        elif kind == "global":
            part = (slice(None),) * t.ndim
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {kind}")
        new = mask.clone()
        new[part] = method.compute_mask(t[part], default_mask=mask[part]).to(mask.dtype)
        return new


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the parameter a product with a mask of ones."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask``."""
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> BasePruningMethod:  # type: ignore[override]
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name)


class _ByAmount(BasePruningMethod):
    """A method that is told how much to prune."""

    def __init__(self, amount: float) -> None:
        _validate_pruning_amount_init(amount)
        self.amount = amount

    def _count(self, size):
        """How many of ``size`` elements or channels are to be pruned."""
        count = _compute_nparams_toprune(self.amount, size)
        _validate_pruning_amount(count, size)
        return count


class RandomUnstructured(_ByAmount):
    """Prunes elements at random.

    Args:
        amount (int or float): how many, or which fraction of those that are not pruned yet.
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` with that many zeros more."""
        count = self._count(t.numel())
        mask = default_mask.clone()
        if count:
            drawn = rand(t.shape, dtype=t.dtype if t.is_floating_point() else None)
            mask.view(-1)[topk(drawn.view(-1), count).indices] = 0
        return mask

    @classmethod
    def apply(cls, module: Module, name: str, amount: float) -> BasePruningMethod:  # type: ignore[override]
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_ByAmount):
    """Prunes the elements of smallest magnitude.

    Args:
        amount (int or float): how many, or which fraction of those that are not pruned yet.
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` with zeros where ``t`` is smallest in magnitude."""
        count = self._count(t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[topk(t.abs().reshape(-1), count, largest=False).indices] = 0
        return mask

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: float, importance_scores: Tensor | None = None
    ) -> BasePruningMethod:
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Channels(_ByAmount):
    """A method that prunes whole channels along an axis."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _checked_channels(self, t):
        """How many channels there are, and how many are to be pruned."""
        _validate_structured_pruning(t)
        _validate_pruning_dim(t, self.dim)
        return t.shape[self.dim], self._count(t.shape[self.dim])

    def _keeping(self, t, kept, default_mask):
        """``default_mask`` with zeros in the channels that are not ``kept`` (an index for the channels)."""
        mask = zeros_like(t)
        mask[(slice(None),) * (self.dim % t.ndim) + (kept,)] = 1
        return mask * default_mask.to(dtype=mask.dtype)


class RandomStructured(_Channels):
    """Prunes channels at random.

    Args:
        amount (int or float): how many, or which fraction.
        dim (int): the axis of the channels. Default: -1.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` with zeros in that many channels."""
        channels, count = self._checked_channels(t)
        if count == 0:
            return default_mask
        drawn = rand(channels)
        return self._keeping(t, drawn > kthvalue(drawn, count).values, default_mask)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, dim: int = -1) -> BasePruningMethod:  # type: ignore[override]
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Channels):
    """Prunes the channels of smallest norm.

    Args:
        amount (int or float): how many, or which fraction.
        n (int, float, inf, -inf, 'fro', 'nuc'): which norm; see :func:`arcgrad.norm`.
        dim (int): the axis of the channels. Default: -1.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` with zeros in the channels of smallest norm."""
        channels, count = self._checked_channels(t)
        norms = _compute_norm(t, self.n, self.dim)
        if count == 0:
            return default_mask
        return self._keeping(t, topk(norms, channels - count).indices, default_mask)

    @classmethod
    def apply(  # type: ignore[override]
        cls,
        module: Module,
        name: str,
        amount: float,
        n: Any,
        dim: int,
        importance_scores: Tensor | None = None,
    ) -> BasePruningMethod:
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is zero.

    Args:
        mask (Tensor): of the shape of the parameter.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` times the given mask."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"the mask is of shape {self.mask.shape}, the parameter of {default_mask.shape}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor) -> BasePruningMethod:  # type: ignore[override]
        """See :meth:`BasePruningMethod.apply`."""
        return super().apply(module, name, mask=mask)


# ---- functions ----


def identity(module: M, name: str) -> M:
    """Make a parameter a product with a mask of ones: :class:`Identity`. Returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune elements of a parameter at random: :class:`RandomUnstructured`. Returns the module.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.utils import prune
        >>> layer = prune.random_unstructured(ag.nn.Linear(3, 2), name="weight", amount=1)
        >>> int((layer.weight_mask == 0).sum())
        1
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the elements of a parameter that are smallest in magnitude: :class:`L1Unstructured`. Returns the module.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.utils import prune
        >>> layer = prune.l1_unstructured(ag.nn.Linear(3, 2), name="weight", amount=0.5)
        >>> sorted(layer.state_dict())
        ['bias', 'weight_mask', 'weight_orig']
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune channels of a parameter at random: :class:`RandomStructured`. Returns the module."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> M:
    """Prune the channels of a parameter whose norm is smallest: :class:`LnStructured`. Returns the module."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters at once, as if they were one vector.

    Args:
        parameters (iterable of (Module, str)): modules, and the name of a parameter of each.
        pruning_method (type): an unstructured method, such as :class:`L1Unstructured`.
        importance_scores (dict): (module, name) → what is compared. Default: the parameters.
        **kwargs: arguments of the method's constructor.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.utils import prune
        >>> net = ag.nn.Sequential(ag.nn.Linear(10, 4), ag.nn.Linear(4, 1))
        >>> prune.global_unstructured([(net[0], "weight"), (net[1], "weight")], prune.L1Unstructured, amount=10)
        >>> int((net[0].weight == 0).sum() + (net[1].weight == 0).sum())
        10
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    parameters = list(parameters)
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    method = PruningContainer()
    # One name for what has none.
    method._tensor_name = "temp"
    last = pruning_method(**kwargs)
    last._tensor_name = "temp"
    if last.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of type '
            f"{last.PRUNING_TYPE}"
        )
    method.add_pruning_method(last)
    tensors = [getattr(module, name) for module, name in parameters]
    with no_grad():
        importance = cat([scores.get(key, tensor).reshape(-1) for key, tensor in zip(parameters, tensors)])
        before = cat(
            [
                getattr(module, f"{name}_mask", ones_like(tensor)).reshape(-1)
                for (module, name), tensor in zip(parameters, tensors)
            ]
        )
        mask = method.compute_mask(importance, before)
    masks = mask.split([tensor.numel() for tensor in tensors])
    for (module, name), tensor, part in zip(parameters, tensors, masks):
        custom_from_mask(module, name, mask=part.view_as(tensor))


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune a parameter where ``mask`` is zero: :class:`CustomFromMask`. Returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make a pruned parameter a plain one with its present value. Returns the module; ValueError if it is not pruned."""
    for hook_id, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[hook_id]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether ``module`` or a module below it has a pruned parameter."""
    return any(
        isinstance(hook, BasePruningMethod)
        for _, submodule in module.named_modules()
        for hook in submodule._forward_pre_hooks.values()
    )


_names.describe(__name__)
