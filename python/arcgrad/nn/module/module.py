"""The base class of all layers and models: what is called, and in which mode. Its parts are in the other files."""

from __future__ import annotations

from collections import OrderedDict

from arcgrad import _names

from .convert import Conversion
from .hooks import Hooks
from .members import Members
from .state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ParamSpec, Protocol, Self, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R", covariant=True)

    class _Forward(Protocol[P, R]):
        """A module as a call sees it: what it takes and gives is what its ``forward`` takes and gives."""

        def forward(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


def _indent(text, spaces):
    """``text`` with every line but the first moved right."""
    return text.replace("\n", "\n" + " " * spaces)


def _new_tables():
    """The attributes every module starts with: members, hooks around the call, hooks around the state."""
    return dict(
        training=True,
        _parameters={},
        _buffers={},
        _non_persistent_buffers_set=set(),
        _modules={},
        _backward_pre_hooks=OrderedDict(),
        _backward_hooks=OrderedDict(),
        _is_full_backward_hook=None,
        _forward_hooks=OrderedDict(),
        _forward_hooks_with_kwargs=OrderedDict(),
        _forward_hooks_always_called=OrderedDict(),
        _forward_pre_hooks=OrderedDict(),
        _forward_pre_hooks_with_kwargs=OrderedDict(),
        _state_dict_hooks=OrderedDict(),
        _state_dict_pre_hooks=OrderedDict(),
        _load_state_dict_pre_hooks=OrderedDict(),
        _load_state_dict_post_hooks=OrderedDict(),
    )


class Module(Members, Hooks, State, Conversion):
    """Base class of layers and models.

    A subclass calls ``super().__init__()``, assigns its parameters, buffers and submodules as attributes, and
    defines ``forward``. Calling the module calls ``forward`` and the hooks registered on it.

    Attributes:
        training (bool): whether the module is in training mode; see :meth:`train` and :meth:`eval`.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 8)
        ...         self.out = nn.Linear(8, 1)
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).tanh())
        >>> net = Net()
        >>> tuple(net(ag.ones(3, 4)).shape)
        (3, 1)
        >>> [name for name, _ in net.named_parameters()]
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    _version = 1
    call_super_init = False
    training: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            name = type(self).__name__
            if kwargs:
                raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
            raise TypeError(f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given")
        # Written past __setattr__, which sorts parameters, buffers and modules and needs these tables to do so.
        self.__dict__.update(_new_tables())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # ---- calling ----

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self: _Forward[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        # An error in backward names the line that is to blame. Inside a layer that would be a line of this
        # library, so the caller's line is to be noted here, before forward records its first node.
        if self._hooked:
            return self._call_impl(*args, **kwargs)
        return self.forward(*args, **kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> Self:
        """Return the module, which goes on running as it is.

        PyTorch compiles here. The arguments are accepted so that programs run; what is computed is the same.
        """
        return self

    # ---- modes ----

    def train(self, mode: bool = True) -> Self:
        """Set training mode (dropout on, batch statistics in use) here and below. Returns the module."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """The same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Switch recording for all parameters. Returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros with ``set_to_none=False``."""
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    # ---- printing and copies ----

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self) -> str:
        """The text between the parentheses of ``repr``. Override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indent(repr(module), 2)}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        body = "\n  ".join(lines + children)
        return f"{self._get_name()}(\n  {body}\n)"

    def __setstate__(self, state):
        # Built on a fresh set of tables, so that files of an older version get those that came later.
        self.__dict__.update(_new_tables())
        self.__dict__.update(state)


_names.describe(__name__)
