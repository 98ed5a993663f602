"""The base class of all optimizers."""

from __future__ import annotations

import copy
import functools
from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from arcgrad import Tensor, _core, _names, _warnings, enable_grad, no_grad
from arcgrad.utils.hooks import GlobalHandle, add_hook

from ._declared import CHECKS, NUMBERS, check_switches, initial_state, number, real_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arcgrad.utils.hooks import RemovableHandle

#: What an optimizer takes: parameters, or pairs of name and parameter, or groups.
ParamsT = Iterable[Tensor | tuple[str, Tensor] | dict[str, "Any"]]

_global_step_pre_hooks = OrderedDict()
_global_step_post_hooks = OrderedDict()


class _Required:
    """Stands for a setting that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def _with_hooks(step):
    """``step`` with the step hooks around it, if there are any."""

    @functools.wraps(step)
    def hooked_step(self, *args, **kwargs):
        if not self._hooked:
            return step(self, *args, **kwargs)
        # A step that calls that of its base class is one step: the hooks are the outermost one's.
        if type(self).step is not hooked_step:
            return step(self, *args, **kwargs)
        self._opt_called = True
        args = (self, *args)
        for hook in (*_global_step_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
            replaced = hook(self, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"an optimizer step pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {replaced}."
                    )
                args, kwargs = replaced
        result = step(*args, **kwargs)
        for hook in (*self._optimizer_step_post_hooks.values(), *_global_step_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    return hooked_step


def evaluate(closure: Callable[[], Any] | None) -> Any:
    """The loss that ``closure`` computes, with gradients recorded; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def _named(params):
    """Split a list of (name, parameter) pairs into parameters and names; names are None for plain parameters."""
    has_name = [isinstance(param, tuple) for param in params]
    if not any(has_name):
        return params, None
    if not all(has_name):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [param for _, param in params], [name for name, _ in params]


class Optimizer:
    """Base class of optimizers: keeps groups of parameters with their settings, and state per parameter.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or dictionaries with the key ``'params'`` and
            settings of their own.
        defaults (dict): the settings of groups that don't say otherwise.

    A subclass defines ``step(closure=None)``, which reads ``param_groups`` and keeps what it needs in
    ``state[parameter]``. Those of this package declare ``DEFAULTS``, ``CHECKS`` and ``STATE`` instead and define the
    update of one parameter, ``_update(param, grad, state, group)``; the rest is done here.

    Settings that many of them have:

    - ``maximize``: climb instead of descend.
    - ``differentiable``: record the update, so that what is computed from the new parameters has derivatives by the gradients and
      the state; the parameters are then no leaves.
    - ``foreach``, ``fused``, ``capturable``: accepted; where nothing else is said there is one implementation, in operations on one
      parameter after the other.

    Attributes:
        param_groups (list of dict): the settings of each group and, under ``'params'``, its parameters.
        state (dict): parameter → dictionary.
    """

    #: Settings and their defaults, what they have to fulfil, and how each entry of a parameter's state begins.
    DEFAULTS = {}
    CHECKS = CHECKS
    STATE = {}

    #: Whether the formula has a meaning for sparse gradients, and what to use if it has none.
    _takes_sparse = False
    _for_sparse = ""
    #: Whether the real and imaginary parts of a complex parameter are updated each for itself.
    _in_real_parts = True

    # True on an optimizer once it has hooks or a scheduler, and on the class while there are hooks for all:
    # the one thing a step without them has to look at.
    _hooked = False

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, Any]

    def __init__(
        self,
        params: ParamsT,
        defaults: dict[str, Any],
    ) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {params.type()}"
            )
        self.defaults = defaults
        self.__dict__.update(_new_tables())
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _start(self, params, given):
        """What ``__init__`` does where ``DEFAULTS`` are declared; ``given`` are its local variables."""
        settings = {name: given.get(name, default) for name, default in self.DEFAULTS.items()}
        self._check(settings)
        Optimizer.__init__(self, params, settings)

    def _check(self, settings):
        """Raise if a setting is out of bounds or does not go with another."""
        for name, value in settings.items():
            if name in self.CHECKS:
                self.CHECKS[name](value)
        check_switches(settings)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])

    @_with_hooks
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. An optimizer that declares no update defines it.

        Args:
            closure (callable, optional): computes the loss again, gradients included, and returns it.

        Returns:
            What the closure returned, or None.
        """
        if not self.DEFAULTS:
            raise NotImplementedError(f"{type(self).__name__} does not define step()")
        loss = evaluate(closure)
        for group in self.param_groups:
            params, grads = _core.with_gradients(group["params"])
            if params:
                self._update_group(params, grads, group)
        return loss

    def _states(self, params, group):
        """The state of each parameter, made if this is its first step."""
        states = [*map(self.state.get, params)]
        if not all(states):
            for index, param in enumerate(params):
                if not states[index]:
                    states[index] = state = initial_state(self.STATE, param, group)
                    if state:
                        self.state[param] = state
        return states

    def _update_group(self, params, grads, group):
        """One step of the parameters of a group: each for itself."""
        states = self._states(params, group)
        differentiable = group.get("differentiable", False)
        with enable_grad() if differentiable else no_grad():
            for param, grad, state in zip(params, grads, states):
                if grad.is_sparse and not self._takes_sparse:
                    raise RuntimeError(f"{type(self).__name__} does not support sparse gradients{self._for_sparse}")
                if differentiable:
                    # What earlier steps have saved for their gradients must stay as it was.
                    state.update((name, value.clone()) for name, value in state.items() if isinstance(value, Tensor))
                if group.get("maximize"):
                    grad = -grad
                if self._in_real_parts and param.is_complex():
                    param, grad = real_view(param), real_view(grad)
                    state = {name: real_view(value) for name, value in state.items()}
                self._update(param, grad, state, group)

    def _update(self, param, grad, state, group):
        """One step of one parameter, in place; ``grad`` is not to be changed."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros with ``set_to_none=False``."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                    continue
                grad = param.grad
                if grad is not None:
                    if grad.grad_fn is not None:
                        grad.detach_()
                    else:
                        grad.requires_grad_(False)
                    grad.zero_()

    # ---- groups ----

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group: a dictionary with ``'params'`` and the settings that differ from the defaults.

        Raises:
            TypeError: it is no dictionary, or holds something other than tensors, or a set of them.
            ValueError: a parameter is the result of a computation or in another group already, or a setting
                without default is missing.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections: a set has another order in every "
                "run. Use a list"
            )
        elif not isinstance(params, Iterable):
            raise TypeError(f"'params' should be a Tensor or an iterable of Tensors, but got {type(params).__name__}")
        params, names = _named(list(params))
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}"
                )
            if not (self.defaults.get("differentiable") or param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        if len({id(param) for param in params}) != len(params):
            _warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error"
            )
        known = {id(param) for group in self.param_groups for param in group["params"]}
        if any(id(param) in known for param in params):
            raise ValueError("some parameters appear in more than one parameter group")
        if self.param_groups and (names is None) != ("param_names" not in self.param_groups[0]):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'without' if names is None else 'with'} names to the optimizer"
            )
        group = {**param_group, "params": params}
        if names is not None:
            group["param_names"] = names
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        self.param_groups.append(group)

    # ---- hooks ----

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; a tuple it returns replaces the arguments."""
        self._hooked = True
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        self._hooked = True
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before :meth:`state_dict`."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after :meth:`state_dict`; what it returns replaces the result."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend=prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; what it returns is loaded instead."""
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend=prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after loading."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend=prepend)

    # ---- state ----

    def state_dict(self) -> dict[str, Any]:
        """State and settings, with each parameter replaced by its number.

        Returns:
            dict: ``'state'``: number → state, ``'param_groups'``: list of settings with ``'params'``: numbers.
            The tensors share memory with the optimizer.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers = {}
        groups = []
        for group in self.param_groups:
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {(numbers[id(key)] if isinstance(key, Tensor) else key): value for key, value in self.state.items()}
        result = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            replaced = hook(self, result)
            if replaced is not None:
                result = replaced
        return result

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a :meth:`state_dict` of an optimizer with the same groups, of the same sizes.

        State gets the dtype of its parameter if that is a float, but for the number of steps and the like. No memory is shared with the
        optimizer that the state comes from.

        Raises:
            ValueError: the number or the sizes of the groups differ.
        """
        state_dict = dict(state_dict)
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            replaced = hook(self, state_dict)
            if replaced is not None:
                state_dict = replaced
        saved = copy.deepcopy(list(state_dict["param_groups"]))
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        by_number = {}
        groups = []
        for group, loaded in zip(self.param_groups, saved):
            if len(group["params"]) != len(loaded["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                )
            by_number.update(zip(loaded["params"], group["params"]))
            loaded["params"] = group["params"]
            # Names belong to the parameters, which stay.
            if "param_names" in group:
                loaded["param_names"] = group["param_names"]
            groups.append(loaded)
        state = defaultdict(dict)
        numbers = {"step", *(name for name, make in self.STATE.items() if make in NUMBERS)}
        with no_grad():
            for key, value in state_dict["state"].items():
                if key in by_number:
                    param = by_number[key]
                    state[param] = _copy_state(param, value, numbers)
                else:
                    state[key] = copy.deepcopy(value)
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        for name, table in _new_tables().items():
            self.__dict__.setdefault(name, table)
        self.__dict__.setdefault("defaults", {})
        # Files of old lack later settings, and hold the number of steps as a plain number.
        for group in self.param_groups:
            for name, default in self.DEFAULTS.items():
                group.setdefault(name, default)
            for param in group["params"]:
                values = self.state.get(param)
                for name in self.STATE.keys() & values if self.STATE and values else ():
                    if isinstance(values[name], (int, float)):
                        values[name] = number(values[name])

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for name in sorted(group):
                if name != "params":
                    text += f"    {name}: {group[name]}\n"
        return text + ")"


def _new_tables():
    """The tables of hooks every optimizer starts with."""
    return {
        "_optimizer_step_pre_hooks": OrderedDict(),
        "_optimizer_step_post_hooks": OrderedDict(),
        "_optimizer_state_dict_pre_hooks": OrderedDict(),
        "_optimizer_state_dict_post_hooks": OrderedDict(),
        "_optimizer_load_state_dict_pre_hooks": OrderedDict(),
        "_optimizer_load_state_dict_post_hooks": OrderedDict(),
    }


def _copy_state(param, value, numbers, name=None):
    """A copy of ``value``, with the tensors in it in the dtype of ``param``, but for those called one of ``numbers``."""
    if isinstance(value, Tensor):
        # The number of steps must not lose precision to a half-precision parameter.
        dtype = param.dtype if name not in numbers and param.is_floating_point() else value.dtype
        return value.to(dtype, copy=True)
    if type(value) in (dict, defaultdict, OrderedDict):
        copied = copy.copy(value)
        for key, item in value.items():
            copied[key] = _copy_state(param, item, numbers, key)
        return copied
    if type(value) in (list, tuple):
        return type(value)(_copy_state(param, item, numbers) for item in value)
    return copy.deepcopy(value)


def _add_global_hook(hooks, hook):
    return GlobalHandle(add_hook(hooks, hook), Optimizer, (_global_step_pre_hooks, _global_step_post_hooks))


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer."""
    return _add_global_hook(_global_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer."""
    return _add_global_hook(_global_step_post_hooks, hook)


_names.describe(__name__)
