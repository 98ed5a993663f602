"""Collecting the state of a tree of modules into one flat dictionary, and putting it back."""

from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from arcgrad import Tensor, no_grad

from ..parameter import Parameter

#: Key under which :meth:`Module.get_extra_state` is stored.
EXTRA_STATE_KEY = "_extra_state"


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The result of :meth:`Module.load_state_dict`: the keys that found no partner."""

    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def local_state(module):
    """Name → tensor for the parameters and persistent buffers of ``module`` itself."""
    state = {name: value for name, value in module._parameters.items() if value is not None}
    for name, value in module._buffers.items():
        if value is not None and name not in module._non_persistent_buffers_set:
            state[name] = value
    return state


def has_extra_state(module, method, base):
    """Whether the class of ``module`` overrides ``base``'s ``method`` (one of the two for extra state)."""
    return getattr(type(module), method) is not getattr(base, method)


def collect(module, destination, prefix, keep_vars):
    """Fill ``destination`` with the state of ``module`` and everything below it. Returns it."""
    local_metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = local_metadata
    for hook in module._state_dict_pre_hooks.values():
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook in module._state_dict_hooks.values():
        replacement = hook(module, destination, prefix, local_metadata)
        if getattr(hook, "_from_public_api", False):
            if replacement is not None:
                raise RuntimeError("state_dict post-hook must return None")
        elif replacement is not None:
            destination = replacement
    return destination


def restore(module, state_dict, strict, assign):
    """Body of :meth:`Module.load_state_dict`."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    missing, unexpected, errors = [], [], []
    metadata = getattr(state_dict, "_metadata", None)
    state = OrderedDict(state_dict)
    if metadata is not None:
        state._metadata = metadata

    def load(target, entries, prefix):
        # A copy: what is noted here must not stay in the dictionary for the next one who loads it.
        local_metadata = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
        if assign:
            local_metadata["assign_to_params_buffers"] = assign
        # Strict here means "collect every key"; what to do about them is decided at the end.
        target._load_from_state_dict(entries, prefix, local_metadata, True, missing, unexpected, errors)
        for name, child in target._modules.items():
            if child is not None:
                child_prefix = f"{prefix}{name}."
                load(child, {k: v for k, v in entries.items() if k.startswith(child_prefix)}, child_prefix)
        incompatible = _IncompatibleKeys(missing, unexpected)
        for hook in target._load_state_dict_post_hooks.values():
            if hook(target, incompatible) is not None:
                raise AssertionError(
                    "Hooks registered with register_load_state_dict_post_hook must not return a value: "
                    "change the lists of incompatible_keys in place instead"
                )

    load(module, state, "")
    if strict:
        for kind, keys in (("Missing", missing), ("Unexpected", unexpected)):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                errors.insert(0 if kind == "Missing" else bool(missing), f"{kind} key(s) in state_dict: {listed}. ")
    if errors:
        details = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {module._get_name()}:\n\t{details}")
    return _IncompatibleKeys(missing, unexpected)


def load_local(module, base, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs):
    """Copy the entries that belong to ``module`` itself; append to the three lists what went wrong."""
    for hook in module._load_state_dict_pre_hooks.values():
        hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
    assign = local_metadata.get("assign_to_params_buffers", False)
    targets = local_state(module)
    for name, target in targets.items():
        key = prefix + name
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            continue
        error = _load_one(module, name, target, key, state_dict[key], assign)
        if error is not None:
            error_msgs.append(error)

    extra_key = prefix + EXTRA_STATE_KEY
    if has_extra_state(module, "set_extra_state", base):
        if extra_key in state_dict:
            module.set_extra_state(state_dict[extra_key])
        elif strict:
            missing_keys.append(extra_key)
    elif strict and extra_key in state_dict:
        unexpected_keys.append(extra_key)

    if strict:
        for key in state_dict:
            if key.startswith(prefix) and key != extra_key:
                name, _, rest = key[len(prefix) :].partition(".")
                if name not in (module._modules if rest else targets):
                    unexpected_keys.append(key)


def _load_one(module, name, target, key, value, assign):
    """Give ``target`` the value of one entry; the message of what is wrong, if something is."""
    if not isinstance(value, Tensor):
        return (
            f'While copying the parameter named "{key}", expected a Tensor from checkpoint '
            f"but received {type(value)}"
        )
    # Files of old hold scalars as one-element vectors.
    if target.ndim == 0 and tuple(value.shape) == (1,):
        value = value[0]
    if tuple(value.shape) != tuple(target.shape):
        return (
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
            f"the shape in current model is {target.shape}."
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
            f'While copying the parameter named "{key}", whose dimensions in the model are {target.shape} and '
            f"whose dimensions in the checkpoint are {value.shape}, an exception occurred: {error}."
        )
    return None
