"""Checkpoints: parts of a program whose intermediate values are computed again in backward instead of being kept.

Memory is paid for with time: of a part that runs through :func:`checkpoint` only the arguments are kept.

    >>> import arcgrad as torch
    >>> from arcgrad.utils.checkpoint import checkpoint
    >>> x = torch.tensor([0.0, 1.0], requires_grad=True)
    >>> checkpoint(lambda x: x.exp().log(), x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([1., 1.])
"""

from __future__ import annotations

import enum
import weakref
from collections import defaultdict
from contextlib import contextmanager, nullcontext
from itertools import count

from arcgrad import Tensor, _names, autocast, empty, get_rng_state, set_rng_state
from arcgrad._core import _autograd
from arcgrad._core._overrides import OpOverload
from arcgrad.autograd.function import Function
from arcgrad.autograd.grad_mode import enable_grad, no_grad
from arcgrad.autograd.graph import saved_tensors_hooks
from arcgrad.utils._python_dispatch import TorchDispatchMode
from arcgrad.utils._pytree import tree_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "CheckpointPolicy",
    "SelectiveCheckpointContext",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]

_DEFAULT_CHECK = "default"

_early_stop = True
#: What :func:`set_checkpoint_debug_enabled` says; None leaves it to the call.
_debug: bool | None = None


class CheckpointError(RuntimeError):
    """What is computed again is not what was computed at first."""


class _Stop(Exception):
    """Everything that backward will ask for has been computed again."""


def noop_context_fn() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Two contexts that do nothing: what ``context_fn`` is by default."""
    return nullcontext(), nullcontext()


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Says, for the checkpoints made within a ``with`` block, whether computing again ends as soon as backward has all it needs.

    Args:
        enable: it does so unless switched off here.
    """
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Says, for the checkpoints made within a ``with`` block, whether they note the lines that save a tensor; ``None`` leaves that
    to the argument ``debug`` of :func:`checkpoint`."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors among ``inputs`` cut off from the graph, as leaves that require gradients where they did; the rest as it is.

    Raises:
        RuntimeError: ``inputs`` is no tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(
        value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value for value in inputs
    )


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices of the arguments that have generators of their own, and the states of those: none, since the CPU's one generator
    is asked by :func:`arcgrad.get_rng_state`.

    >>> get_device_states(empty(2), 3)
    ([], [])
    """
    return [], []


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Puts back what :func:`get_device_states` gave.

    Raises:
        RuntimeError: a device is named; there are none but the CPU.
    """
    if device_type != "meta" and len(devices):
        raise RuntimeError(f"set_device_states: there is no device {devices[0]!r}: arcgrad computes on the CPU only")


def check_backward_validity(inputs: Any) -> None:
    """Warns if none of the tensors among ``inputs`` requires a gradient."""
    if not any(value.requires_grad for value in inputs if isinstance(value, Tensor)):
        _warn("None of the inputs have requires_grad=True. Gradients will be None")


def _warn(text):
    from arcgrad._warnings import warn

    warn(text)


# ---- by another pass within backward --------------------------------------------------------------------------------


class CheckpointFunction(Function):
    """A checkpoint that runs its function without recording it, and in backward once more, with a pass of its own."""

    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor | None, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any
    ) -> Any:
        """The function's value. ``anchor`` is a leaf that every pass through the whole graph gets to, and no other."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.rng_state = get_rng_state() if preserve_rng_state else None
        ctx.precision = _autograd.autocast_state()
        ctx.places = [place for place, value in enumerate(args) if isinstance(value, Tensor)]
        ctx.rest = [None if isinstance(value, Tensor) else value for value in args]
        ctx.save_for_backward(*(args[place] for place in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Runs the function again, recorded, and through it backward."""
        if not _autograd.will_execute(ctx.next_functions[0][0]):
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
                ".backward(), because the pass within would not know of it. Pass use_reentrant=False to checkpoint()."
            )
        given = list(ctx.rest)
        for place, tensor in zip(ctx.places, ctx.saved_tensors):
            given[place] = tensor
        args = detach_variable(tuple(given))
        with _random_numbers_of(ctx.rng_state), _region_of(ctx.precision), enable_grad():
            outputs = ctx.run_function(*args)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [(out, grad) for out, grad in zip(outputs, grads) if isinstance(out, Tensor) and out.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        _autograd.backward([out for out, _ in pairs], [grad for _, grad in pairs])
        return None, None, None, *(value.grad if isinstance(value, Tensor) else None for value in args)


@contextmanager
def _random_numbers_of(state):
    """The numbers that were drawn from ``state`` on, again; those of the program go on afterwards as if nothing had been drawn."""
    if state is None:
        yield
        return
    now = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(now)


def _region_of(state):
    """A region of the precision that operations had at first: backward runs outside of it."""
    enabled, lower, keeps = state
    return autocast("cpu", dtype=lower, enabled=enabled, cache_enabled=keeps)


# ---- by hooks on what is saved --------------------------------------------------------------------------------------


class _Token:
    """Stands for a value that is not kept. ``place`` is its number among those of its frame."""

    __slots__ = ("__weakref__", "given")

    def __init__(self):
        #: The passes in which it has been given out.
        self.given = set()


class _Keep(Function):
    """Keeps the arguments of a checkpoint, under the saved-tensor hooks that are in force around it."""

    @staticmethod
    def forward(anchor, kwargs, *args):
        return empty(0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, kwargs, *args = inputs
        places = [place for place, value in enumerate(args) if isinstance(value, Tensor)]
        rest = [None if isinstance(value, Tensor) else value for value in args]
        ctx.save_for_backward(*(args[place] for place in places))
        ctx.arguments = (places, rest, kwargs)

    @staticmethod
    def backward(ctx, *grads):
        raise AssertionError("nothing depends on what only keeps arguments")


class _Frame:
    """A checkpoint: what was saved in its forward pass, and what has been computed again of it, by pass."""

    def __init__(self, function, rng_state, again, early_stop, describe, debug):
        self.function = function
        self.rng_state = rng_state
        self.precision = _autograd.autocast_state()
        self.again = again
        self.early_stop = early_stop
        self.describe = describe
        self.tokens = []
        self.facts = []
        self.keeper = None
        self.completed = False
        #: By pass: values by token, facts about everything saved, and whether it is over.
        self.values = defaultdict(weakref.WeakKeyDictionary)
        self.facts_again = defaultdict(list)
        self.is_done = set()
        #: The lines that saved something, at first and again, where they are noted.
        self.lines = ([], []) if debug else None

    def compute_again(self, number):
        keeper = self.keeper.grad_fn
        places, rest, kwargs = keeper.arguments
        args = list(rest)
        for place, tensor in zip(places, keeper.saved_tensors):
            args[place] = tensor
        try:
            with _Again(weakref.ref(self), number), enable_grad(), _random_numbers_of(self.rng_state), _region_of(self.precision), self.again:
                self.function(*args, **kwargs)
        except _Stop:
            pass
        self.is_done.add(number)
        self.check(number)

    def check(self, number):
        """Compares what was saved again with what was saved at first."""
        again = self.facts_again.pop(number, [])
        if len(again) != len(self.tokens):
            self.refuse(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.tokens)}\n"
                f"Number of tensors saved during recomputation: {len(again)}."
            )
        if self.describe is None:
            return
        differing = [
            f"tensor at position {place}:\nsaved metadata: {first}\nrecomputed metadata: {second}"
            for place, (token, first, second) in enumerate(zip(self.tokens, self.facts, again))
            if token() is not None and first != second
        ]
        if differing:
            self.refuse(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward "
                "pass: the tensors have different metadata.\n" + "\n".join(differing)
            )

    def refuse(self, text):
        if self.lines is None:
            raise CheckpointError(f"{text}\nTip: pass debug=True to checkpoint() to see the lines that saved them.")
        first, again = ("".join(f"  {place}: {line}\n" for place, line in enumerate(lines)) for lines in self.lines)
        raise CheckpointError(
            "You are seeing this error because you passed `debug=True` to checkpoint and what was computed again is not what was "
            f"computed at first.\nSaved in the forward pass:\n{first}Saved when it was computed again:\n{again}{text}"
        )


def _line_of_program():
    from traceback import extract_stack

    here = __file__
    for frame in reversed(extract_stack()):
        if frame.filename != here:
            return f"{frame.filename}:{frame.lineno}  {frame.line}"
    return "unknown"


_outside = count(-2, -1)


class _Save(saved_tensors_hooks):
    """In the forward pass: a token is kept for each value."""

    def __init__(self, frame):
        def pack(tensor):
            token = _Token()
            frame.tokens.append(weakref.ref(token))
            frame.facts.append(None if frame.describe is None else frame.describe(tensor))
            if frame.lines is not None:
                frame.lines[0].append(_line_of_program())
            return token

        def unpack(token):
            number = _autograd.current_pass()
            if number == -1:
                # Somebody looks at a saved value outside of a pass: what is computed for that is not kept.
                number = next(_outside)
            if number not in frame.is_done:
                frame.compute_again(number)
            if number in token.given:
                raise CheckpointError(
                    "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you are calling "
                    "ctx.saved_tensors in backward, make sure to do so only once: what was computed again is let go of then."
                )
            values = frame.values[number]
            if token not in values:
                raise CheckpointError("torch.utils.checkpoint: a saved tensor has not been computed again")
            tensor = values.pop(token)
            token.given.add(number)
            if number < -1 or not values:
                del frame.values[number]
            return tensor

        super().__init__(pack, unpack)


class _Again(saved_tensors_hooks):
    """While it is computed again: each value belongs to the token of the same number."""

    def __init__(self, frame, number):
        def pack(tensor):
            owner = frame()
            facts = owner.facts_again[number]
            place = len(facts)
            if place >= len(owner.tokens):
                if owner.early_stop:
                    raise _Stop
                if not owner.completed:
                    # A pass within the forward pass: what is saved behind it is nothing that was asked for.
                    return tensor
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass."
                )
            facts.append(None if owner.describe is None else owner.describe(tensor))
            if owner.lines is not None:
                owner.lines[1].append(_line_of_program())
            token = owner.tokens[place]()
            if token is not None:
                owner.values[number][token] = tensor
            if owner.early_stop and place + 1 == len(owner.tokens):
                raise _Stop
            return tensor

        super().__init__(pack, lambda tensor: tensor)


def _facts(tensor):
    """What the determinism check compares."""
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


_CHECKS = {_DEFAULT_CHECK: _facts, "none": None}


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = _DEFAULT_CHECK,
    debug: bool = False,
    preserve_rng_state: bool = True,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, of which only the arguments are kept: what backward needs is computed again then.

    Args:
        function: called with the arguments. It has to compute the same whenever it is called with them.
        use_reentrant: whether backward runs a pass of its own for the part, as it was done at first. It then works with
            ``backward()`` of the whole graph only, ignores tensors in containers, and takes no ``kwargs``; an argument has to require
            a gradient. With ``False`` all of that is possible. Has to be given: a warning says so, and it is taken to be ``True``.
        context_fn: makes two context managers, one for the first run and one for each further.
        determinism_check: ``"default"`` compares shape and dtype of what is saved in both runs, ``"none"`` nothing.
        debug: whether the error of that check shows the lines that saved the tensors.
        preserve_rng_state: whether the second run draws the same random numbers as the first.
        early_stop: whether the second run ends as soon as it has computed what backward needs.

    Returns:
        What ``function`` returns.

    Raises:
        CheckpointError: in backward, when the second run did not save what the first did.
        ValueError: for arguments that do not go together.

    Example::

        >>> import arcgrad as torch
        >>> from arcgrad.utils.checkpoint import checkpoint
        >>> layer = torch.nn.Sequential(torch.nn.Linear(3, 100), torch.nn.Tanh(), torch.nn.Linear(100, 1))
        >>> checkpoint(layer, torch.ones(2, 3), use_reentrant=False).sum().backward()
        >>> layer[0].weight.grad.shape
        arcgrad.Size([100, 3])
    """
    if use_reentrant is None:
        _warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly: use_reentrant=False is recommended. It is "
            "taken to be True."
        )
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        recorded = any(value.requires_grad for value in args if isinstance(value, Tensor))
        return CheckpointFunction.apply(empty(0, requires_grad=True) if recorded else None, function, preserve_rng_state, *args)
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    first, again = context_fn()
    frame = _Frame(
        function,
        get_rng_state() if preserve_rng_state else None,
        again,
        early_stop and _early_stop,
        _CHECKS[determinism_check],
        debug if _debug is None else _debug,
    )
    frame.keeper = _Keep.apply(empty(0, requires_grad=True), kwargs, *args)
    if frame.keeper.grad_fn is None:
        # Nothing is recorded, so nothing is kept.
        return function(*args, **kwargs)
    with _Save(frame), first:
        result = function(*args, **kwargs)
    frame.completed = True
    return result


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True
) -> Any:
    """Runs functions one after the other, in ``segments`` parts of equal length, each but the last as a :func:`checkpoint`.

    Args:
        functions: a :class:`arcgrad.nn.Sequential`, or a sequence of modules or functions of one argument.
        segments: number of parts.
        input: what the first function gets.
        use_reentrant: as for :func:`checkpoint`.
        preserve_rng_state: likewise.

    Returns:
        What the last function returns.

    Example::

        >>> import arcgrad as torch
        >>> from arcgrad.utils.checkpoint import checkpoint_sequential
        >>> layers = [torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1)]
        >>> checkpoint_sequential(layers, 2, torch.ones(1, 2), use_reentrant=False).shape
        arcgrad.Size([1, 1])
    """
    if use_reentrant is None:
        _warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly: "
            "use_reentrant=False is recommended. It is taken to be True."
        )
        use_reentrant = True
    functions = list(functions.children()) if hasattr(functions, "children") else list(functions)
    length = len(functions) // segments

    def run(part: Sequence[Any]) -> Callable[[Any], Any]:
        def run_part(value: Any) -> Any:
            for function in part:
                value = function(value)
            return value

        return run_part

    last = length * (segments - 1)
    for start in range(0, last, length or 1):
        input = checkpoint(
            run(functions[start : start + length]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state
        )
    return run(functions[last:])(input)


# ---- keeping some results -------------------------------------------------------------------------------------------


class CheckpointPolicy(enum.Enum):
    """What becomes of a result in a selective checkpoint: it is kept, or computed again. Nobody chooses between the two but the
    program, so that what is preferred is done."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3


_KEPT = (CheckpointPolicy.MUST_SAVE, CheckpointPolicy.PREFER_SAVE)


class SelectiveCheckpointContext:
    """What a policy is told beside the operation.

    Attributes:
        is_recompute: whether the operation is being computed again.
    """

    def __init__(self, *, is_recompute: bool) -> None:
        self.is_recompute = is_recompute


class _KeptResult:
    """A result that is kept, and its version."""

    def __init__(self, value):
        self.val = value.detach() if isinstance(value, Tensor) else value
        self.version = value._version if isinstance(value, Tensor) else None

    def value(self, allow_mutation):
        if self.version is not None and not allow_mutation and self.val._version != self.version:
            raise RuntimeError("Tensor cached during selective activation checkpoint has been mutated")
        return self.val


def _is_kept(policy):
    if isinstance(policy, bool):
        return policy
    return policy in _KEPT


class _CachingTorchDispatchMode(TorchDispatchMode):
    """In the forward pass: keeps the results that the policy says are kept, in their order."""

    def __init__(self, policy: Any, storage: Any) -> None:
        self.policy_fn = policy
        self.storage = storage

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        kept = _is_kept(self.policy_fn(SelectiveCheckpointContext(is_recompute=False), func, *args, **kwargs))
        out = func(*args, **kwargs)
        if kept:
            self.storage[func].append(tree_map(_KeptResult, out))
        return out


class _CachedTorchDispatchMode(TorchDispatchMode):
    """While it is computed again: what was kept takes the place of what would be computed."""

    def __init__(self, policy: Any, storage: Any, allow_cache_entry_mutation: bool) -> None:
        self.policy_fn = policy
        self.storage = storage
        self.allow_cache_entry_mutation = allow_cache_entry_mutation

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not _is_kept(self.policy_fn(SelectiveCheckpointContext(is_recompute=True), func, *args, **kwargs)):
            return func(*args, **kwargs)
        if func not in self.storage:
            raise RuntimeError(f"{func} encountered during backward, but not found in storage")
        results = self.storage[func]
        if not results:
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under selective "
                "activation checkpoint."
            )
        return tree_map(lambda result: result.value(self.allow_cache_entry_mutation), results.pop(0))


def create_selective_checkpoint_contexts(policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False) -> tuple[Any, Any]:
    """The ``context_fn`` of a checkpoint that keeps the results of some operations, so that they are not computed again.

    Args:
        policy_fn_or_list: a function ``policy(ctx, op, *args, **kwargs)`` that returns a :class:`CheckpointPolicy` for a call of an
            operation (or True for one whose result is kept), or a list of the operations whose results are kept.
        allow_cache_entry_mutation: whether what was kept may have been changed in place since; it is an error otherwise.

    Returns:
        Two contexts, for the first run and for the second.

    Raises:
        TypeError: the policy is neither.
        ValueError: the list has something else than operations.

    Example::

        >>> import functools
        >>> import arcgrad as torch
        >>> from arcgrad.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts
        >>> keep = functools.partial(create_selective_checkpoint_contexts, [torch.ops.aten.mm.default])
        >>> x = torch.ones(2, 2, requires_grad=True)
        >>> checkpoint(lambda x: x.cos().mm(x).sin(), x, use_reentrant=False, context_fn=keep).sum().backward()
        >>> x.grad.shape
        arcgrad.Size([2, 2])
    """
    if isinstance(policy_fn_or_list, list):
        from arcgrad.library import _Overload

        for op in policy_fn_or_list:
            if not isinstance(op, (OpOverload, _Overload)):
                hint = (
                    "Please update the OpOverloadPacket to a specific OpOverload, such as torch.ops.aten.sin.default."
                    if hasattr(op, "overloads")
                    else ""
                )
                raise ValueError(
                    f"Expected op in `op_list` to be an OpOverload but got: {op} of type {type(op)}. {hint}".rstrip()
                )

        def policy(ctx: Any, op: Any, *args: Any, **kwargs: Any) -> CheckpointPolicy:
            return CheckpointPolicy.MUST_SAVE if op in policy_fn_or_list else CheckpointPolicy.PREFER_RECOMPUTE

    elif callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
    storage: dict[Any, list[Any]] = defaultdict(list)
    return (
        _CachingTorchDispatchMode(policy, storage),
        _CachedTorchDispatchMode(policy, storage, allow_cache_entry_mutation),
    )


_names.describe(__name__)
