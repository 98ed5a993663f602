"""Calling a module with other tensors in the place of its parameters and buffers."""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import Tensor, _names, _warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..module import Module

__all__ = ["functional_call"]

_MISSING = object()


def _members(module):
    """(path, tensor) of all parameters and buffers of ``module`` and below it, shared ones under each of their paths."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _with_tied(module, tensors):
    """``tensors`` and, for each that replaces a shared parameter, the same one under the other paths of that."""
    paths_of = {}
    for path, member in _members(module):
        paths_of.setdefault(member, []).append(path)
    replaced = dict(tensors)
    for paths in paths_of.values():
        given = [path for path in paths if path in tensors]
        if not given or len(paths) == 1:
            continue
        if any(tensors[path] is not tensors[given[0]] for path in given):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(given)}, which are tied. Consider using "
                "tie_weights=False"
            )
        replaced.update(dict.fromkeys(paths, tensors[given[0]]))
    return replaced


def _exchange(module, path, tensor):
    """Put ``tensor`` in the place of the member at ``path``; what was there, or _MISSING."""
    if tensor is not _MISSING and tensor is not None and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of arcgrad.Tensor")
    parent, _, name = path.rpartition(".")
    owner = module.get_submodule(parent)
    if name == "":
        raise KeyError('tensor name can\'t be empty string ""')
    for table in (owner._parameters, owner._buffers):
        if name in table:
            # Past register_parameter, which takes parameters only.
            before = table[name]
            if tensor is _MISSING:
                del table[name]
            else:
                table[name] = tensor
            return before
    before = getattr(owner, name, _MISSING)
    if tensor is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, tensor)
    return before


@contextmanager
def swapped(module: Module, tensors: dict[str, Any], tie_weights: bool = True, strict: bool = False) -> Iterator[None]:
    """Inside the block, ``module`` has ``tensors`` (path -> tensor) in the place of its own.

    Afterwards ``tensors`` holds what the block left in their places: buffers may have been replaced.
    """
    replaced = _with_tied(module, tensors) if tie_weights else dict(tensors)
    if strict:
        known = {path for path, _ in _members(module)}
        problems = [
            f"{kind} key(s): {', '.join(map(repr, sorted(keys)))}."
            for kind, keys in (("Unexpected", replaced.keys() - known), ("Missing", known - replaced.keys()))
            if keys
        ]
        if problems:
            listed = "\n\t".join(problems)
            raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{listed}")
    before = {}
    try:
        for path, tensor in replaced.items():
            before[path] = _exchange(module, path, tensor)
        yield
    finally:
        for path, tensor in before.items():
            left = _exchange(module, path, tensor)
            if path in tensors:
                tensors[path] = left


# Under PyTorch's name, by which packages know it.
_reparametrize_module = swapped


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """The old place of :func:`arcgrad.func.functional_call`, for one dictionary."""
    _warnings.warn(
        "`arcgrad.nn.utils.stateless.functional_call` is deprecated: use `arcgrad.func.functional_call` instead.", FutureWarning
    )
    return _call(module, parameters_and_buffers, args, kwargs, tie_weights, strict)


def _call(module, tensors, args, kwargs, tie_weights, strict):
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with swapped(module, tensors, tie_weights, strict):
        return module(*args, **(kwargs or {}))


_names.describe(__name__)
