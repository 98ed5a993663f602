"""Parameters and buffers that are computed from other ones whenever they are asked for.

A parametrised module is of a class of its own, a subclass of its former one in which the name of the tensor is a property: reading it
runs the parametrisations, assigning to it runs their ``right_inverse``. What is trained lies in ``module.parametrizations``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import contextmanager

from arcgrad import Tensor, _names, no_grad

from ..modules.container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

# How many `with cached()` blocks there are around us, and what was computed inside: (id of module, name) -> tensor.
_cache_enabled = 0
_cache = {}


@contextmanager
def cached() -> Iterator[None]:
    """Inside the block, every parametrised tensor is computed once, at its first use.

    For modules that use one tensor several times, such as the weight of a recurrent layer.
    """
    global _cache_enabled
    _cache_enabled += 1
    try:
        yield
    finally:
        _cache_enabled -= 1
        if not _cache_enabled:
            _cache.clear()


def _register_parameter_or_buffer(module, name, tensor):
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _kind(value):
    return type(value).__name__


def _check_kept(new, old, changed, names):
    """That ``new`` is a tensor of the dtype and shape of ``old``; ``changed`` and ``names`` are for the message."""
    for attribute in ("dtype", "shape"):
        if getattr(new, attribute) != getattr(old, attribute):
            raise ValueError(
                f"{changed.format(attribute)}, unless the `unsafe` flag is enabled.\n"
                f"{names[0]}{attribute}: {getattr(old, attribute)}\n{names[1]}{attribute}: {getattr(new, attribute)}"
            )


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, applied one after the other, and the tensors they start from.

    Those are ``original`` if the ``right_inverse`` of the first gives one tensor, ``original0``, ``original1``, … if it gives a sequence.

    Args:
        modules (sequence of Modules): the parametrisations.
        original (Parameter or Tensor): what is parametrised.
        unsafe (bool): whether they may change dtype and shape, which is then not checked. Default: ``False``.

    Raises:
        ValueError: there are no modules; or dtype or shape change.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            new = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        # Counts as the identity, like having none.
                        pass
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {_kind(new)}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        unparametrized = original.detach()
        if self.is_tensor:
            if original.dtype != new.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            # The parameter stays the object that optimizers may know already.
            original.data = new.detach()
            _register_parameter_or_buffer(self, "original", original)
        else:
            for i, tensor in enumerate(new):
                if not isinstance(tensor, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {_kind(tensor)}."
                    )
                if isinstance(original, Parameter):
                    tensor = Parameter(tensor, original.requires_grad)
                tensor.requires_grad_(original.requires_grad)
                _register_parameter_or_buffer(self, f"original{i}", tensor)
        if not unsafe:
            try:
                self._check_result(unparametrized)
            except Exception:
                original.data = unparametrized
                raise

    def _check_result(self, unparametrized):
        result = self()
        if not isinstance(result, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {_kind(result)}.")
        _check_kept(
            result,
            unparametrized,
            "Registering a parametrization may not change the {} of the tensor",
            ("unparametrized ", "parametrized "),
        )

    def _originals(self):
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the tensors so that the parametrised one becomes ``value``, as far as that is possible.

        Raises:
            RuntimeError: a parametrisation has no ``right_inverse``.
            ValueError: what it returns is of another number, kind or dtype than the tensors.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {_kind(module)} does not implement right_inverse.")
                value = module.right_inverse(value)
        if self.is_tensor:
            if not isinstance(value, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {_kind(value)}")
            if value.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` has dtype "
                    f"{self.original.dtype}"
                )
            self.original.data = value.detach()
            return
        if not isinstance(value, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {_kind(value)}.")
        if len(value) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length "
                f"{len(value)}."
            )
        for i, (tensor, original) in enumerate(zip(value, self._originals())):
            if not isinstance(tensor, Tensor):
                raise ValueError(f"`right_inverse` must return a sequence of tensors. Got element {i} of type {_kind(tensor)}")
            if tensor.dtype != original.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {tensor.dtype} while `original{i}` has dtype "
                    f"{original.dtype}"
                )
            original.data = tensor.detach()

    def forward(self) -> Tensor:
        """The parametrised tensor."""
        first, *others = self
        value = first(*self._originals())
        for module in others:
            value = module(value)
        return value


# ---- classes with properties ----


def _copy_parametrized(self, memo):
    """What copy.deepcopy would do, but with a class of the copy's own: either may lose its parametrisations."""
    base = type_before_parametrizations(self)
    twin = memo[id(self)] = base.__new__(base)
    twin.__dict__ = copy.deepcopy(self.__dict__, memo)
    _give_own_class(twin)
    for name in twin.parametrizations:
        _give_property(twin, name)
    return twin


def _refuse_pickling(self):
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): make the module, parametrize it, and "
        "load its state"
    )


def _give_own_class(module):
    cls = type(module)
    members = {"__getstate__": _refuse_pickling, "__module__": cls.__module__}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _copy_parametrized
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _give_property(module, name):
    def get(self):
        if not _cache_enabled:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def set(self, value):
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set))


# ---- registration ----


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of ``module`` by ``parametrization`` from now on. Returns the module.

    Args:
        module (Module): whose tensor it is.
        tensor_name (str): of the parameter or buffer; of a parametrised one, which then goes through this one, too.
        parametrization (Module): called with what is trained, it gives the tensor. Its method ``right_inverse``, if there
            is one, gives what is trained from a tensor: it is called now for the starting value, and upon assignment.
        unsafe (bool): whether dtype and shape may change, which is then not checked. Default: ``False``.

    Raises:
        ValueError: there is no such tensor; or dtype or shape change.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.utils import parametrize
        >>> class Symmetric(ag.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).T
        >>> layer = ag.nn.Linear(3, 3)
        >>> layer = parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all())
        True
        >>> [name for name, _ in layer.named_parameters()]
        ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(module, tensor_name, parametrization)
        parametrizations = module.parametrizations[tensor_name]
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        parametrizations = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


def _check_another(module, name, parametrization):
    """That one more parametrisation keeps dtype and shape in both directions."""
    before = getattr(module, name)
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {_kind(after)}.")
    _check_kept(
        after,
        before,
        "Registering a parametrization may not change the {} of the tensor",
        (f"module.{name}.", f"parametrization(module.{name})."),
    )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {_kind(back)}")
    _check_kept(
        back,
        before,
        f"The tensor returned by parametrization.right_inverse must have the same {{}} as module.{name}",
        (f"module.{name}.", "returned "),
    )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether ``module`` has a parametrised tensor, or whether the one called ``tensor_name`` is parametrised."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrised tensor a plain parameter or buffer again. Returns the module.

    Args:
        module (Module): whose tensor it is.
        tensor_name (str): of the parametrised tensor.
        leave_parametrized (bool): whether it keeps the value that it has now; else it is what was trained.

    Raises:
        ValueError: it is not parametrised; or it is to be what was trained and those are several tensors.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        tensor = parametrizations.original
        if leave_parametrized:
            with no_grad():
                tensor.data = getattr(module, tensor_name).detach()
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        tensor = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence "
            "of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register_parameter_or_buffer(module, tensor_name, tensor)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type_before_parametrizations(module)
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class of ``module`` without its parametrisations; ``type(module)`` if it has none."""
    cls = type(module)
    return cls.__bases__[0] if cls.__dict__.get("__getstate__") is _refuse_pickling else cls


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrise ``to_module`` by the parametrisations of ``from_module``; both then share these and what is trained in them.

    Args:
        from_module (Module): with parametrised tensors.
        to_module (Module): of the same class, before parametrisations.
        tensor_name (str, optional): of the one tensor; default: all parametrised ones.

    Returns:
        Module: ``to_module``.
    """
    if is_parametrized(from_module):
        for name in from_module.parametrizations if tensor_name is None else [tensor_name]:
            source = from_module.parametrizations[name]
            if not hasattr(to_module, name):
                setattr(to_module, name, Parameter(source.original))
            for parametrization in source:
                register_parametrization(to_module, name, parametrization)
            target = to_module.parametrizations[name]
            for key, original in (*source.named_parameters(recurse=False), *source.named_buffers(recurse=False)):
                setattr(target, key, original)
    return to_module


_names.describe(__name__)
