"""The state of a tree of modules: collected into one flat dictionary, and put back; the hooks around both."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from arcgrad import Tensor, _names, _warnings, no_grad
from arcgrad.utils.hooks import add_hook

from ..parameter import Parameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.utils.hooks import RemovableHandle

#: Key under which :meth:`Module.get_extra_state` is stored.
_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The result of :meth:`Module.load_state_dict`: the keys that found no partner."""

    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class _PreLoadHook:
    """A hook before loading that gets the module as its first argument if it is to get one.

    It does not hold the module, which holds it: neither would be freed before the collector runs.
    """

    def __init__(self, hook: Any, with_module: bool) -> None:
        self.hook = hook
        self.with_module = with_module

    def __call__(self, module, *args):
        return self.hook(module, *args) if self.with_module else self.hook(*args)


class State:
    """The part of :class:`Module` that saves and loads."""

    # ---- saving ----

    def get_extra_state(self) -> Any:
        """Override to store something besides tensors in :meth:`state_dict`."""
        raise RuntimeError("Module.get_extra_state() has no default: override it together with set_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Override to take back what :meth:`get_extra_state` returned."""
        raise RuntimeError("Module.set_extra_state() has no default: override it together with get_extra_state()")

    def _local_state(self):
        """Name → tensor for the parameters and persistent buffers of the module itself."""
        state = {name: value for name, value in self._parameters.items() if value is not None}
        for name, value in self._buffers.items():
            if value is not None and name not in self._non_persistent_buffers_set:
                state[name] = value
        return state

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        for name, value in self._local_state().items():
            # What has no shape yet has no data to be detached.
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers as one ordered dictionary of dotted names.

        The tensors share memory with the module: copy them to keep a snapshot.

        Args:
            destination (dict, optional): dictionary to fill.
            prefix (str): put before every name.
            keep_vars (bool): give the parameters themselves rather than detached tensors.
        """
        if args:
            _warnings.warn(
                "Positional args are being deprecated, use kwargs instead: state_dict(destination=…, prefix=…, keep_vars=…)",
                FutureWarning,
            )
            destination, prefix, keep_vars = (*args, *(destination, prefix, keep_vars)[len(args) :])
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            replacement = hook(self, destination, prefix, local_metadata)
            if replacement is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = replacement
        return destination

    # ---- loading ----

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> _IncompatibleKeys:
        """Copy a :meth:`state_dict` into the module.

        Args:
            state_dict (dict): dotted name → tensor.
            strict (bool): raise if the names are not exactly those of the module.
            assign (bool): make the given tensors the module's own, with their dtype, rather than copying.

        Returns:
            A named tuple ``(missing_keys, unexpected_keys)``.

        Raises:
            RuntimeError: with everything that did not fit: missing and unexpected names, and shapes.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing, unexpected, errors = [], [], []
        metadata = getattr(state_dict, "_metadata", None)
        # A copy, which hooks may change.
        entries = OrderedDict(state_dict)
        if metadata is not None:
            entries._metadata = metadata
        _load_tree(self, entries, "", metadata, assign, (missing, unexpected, errors))
        if strict:
            for kind, keys in (("Missing", missing), ("Unexpected", unexpected)):
                if keys:
                    listed = ", ".join(f'"{key}"' for key in keys)
                    errors.insert(0 if kind == "Missing" else bool(missing), f"{kind} key(s) in state_dict: {listed}. ")
        if errors:
            details = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {self._get_name()}:\n\t{details}")
        return _IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        """Load the entries that belong to the module itself; append to the three lists what went wrong."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        targets = self._local_state()
        for name, target in targets.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            error = _load_one(self, name, target, key, state_dict[key], assign)
            if error is not None:
                error_msgs.append(error)

        extra_key = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not State.set_extra_state:
            if extra_key in state_dict:
                self.set_extra_state(state_dict[extra_key])
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)

        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra_key:
                    name, _, rest = key[len(prefix) :].partition(".")
                    if name not in (self._modules if rest else targets):
                        unexpected_keys.append(key)

    # ---- hooks ----

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the state is collected."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after the state is collected."""
        hook._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook):
        """Like :meth:`register_state_dict_post_hook`, but a result other than None replaces the dictionary."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError("Cannot register a hook that was previously registered via register_state_dict_post_hook")
        return add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)`` first."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        return add_hook(self._load_state_dict_pre_hooks, _PreLoadHook(hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the lists of keys in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)


def _load_tree(module, entries, prefix, metadata, assign, problems):
    """Load ``module`` and everything below it from the ``entries``, whose keys start with ``prefix``."""
    missing, unexpected, errors = problems
    # A copy: what is noted here must not stay in the dictionary for the next one who loads it.
    local_metadata = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
    if assign:
        local_metadata["assign_to_params_buffers"] = assign
    # Strict here means "collect every key"; what to do about them is decided at the end.
    module._load_from_state_dict(entries, prefix, local_metadata, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            of_child = {key: value for key, value in entries.items() if key.startswith(below)}
            _load_tree(child, of_child, below, metadata, assign, problems)
    for hook in module._load_state_dict_post_hooks.values():
        if hook(module, _IncompatibleKeys(missing, unexpected)) is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values: "
                "change the lists of incompatible_keys in place instead"
            )


def _load_one(module, name, target, key, value, assign):
    """Give ``target`` the value of one entry; the message of what is wrong, if something is."""
    if not isinstance(value, Tensor):
        return (
            f'While copying the parameter named "{key}", expected arcgrad.Tensor or Tensor-like object from checkpoint '
            f"but received {type(value)}"
        )
    if not is_lazy(target):
        # Files of old hold scalars as one-element vectors.
        if target.ndim == 0 and value.ndim == 1 and len(value) == 1:
            value = value[0]
        if value.shape != target.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                f"the shape in current model is {target.shape}."
            )
        if target.is_meta and not value.is_meta and not assign:
            _warnings.warn(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, "
                "which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary to their "
                "corresponding key in the module instead of copying them in place?)"
            )
    try:
        with no_grad():
            if not assign:
                target.copy_(value)
            elif isinstance(target, Parameter):
                if not isinstance(value, Parameter):
                    value = Parameter(value, requires_grad=target.requires_grad)
                else:
                    value.requires_grad_(target.requires_grad)
                setattr(module, name, value)
            else:
                setattr(module, name, value)
    except Exception as error:  # copying may fail in as many ways as there are kinds of tensors
        return (
            f'While copying the parameter named "{key}", whose dimensions in the model are {target.size()} and '
            f"whose dimensions in the checkpoint are {value.size()}, an exception occurred : {error.args}."
        )
    return None


_names.describe(__name__)
