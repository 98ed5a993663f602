"""Names of PyTorch's private core that programs import, for what they are used for. Ours is ``_core``."""

from __future__ import annotations

from types import SimpleNamespace

from arcgrad import _absent, _names
from arcgrad._core._overrides import _disabled_torch_function_impl
from arcgrad._core import Generator, Size, Tensor, UntypedStorage, default_generator, device, dtype, layout, memory_format
from arcgrad._core import _autograd as _graph
from arcgrad._core._autograd import is_grad_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Generator", "Size", "StorageBase", "Tensor", "TensorBase", "default_generator", "device", "dtype", "layout", "memory_format"]

TensorBase = Tensor
StorageBase = UntypedStorage
#: The class of the class of tensors.
_TensorMeta = type(Tensor)


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _get_default_device() -> str:
    """The kind of device on which tensors are made."""
    from arcgrad import get_default_device

    return get_default_device().type


def _log_api_usage_once(event: str) -> None:
    """Does nothing: no use is counted."""


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """The device, dtype, ``non_blocking`` and memory format that arguments of ``Module.to`` mean; None for what is not said."""
    from arcgrad.nn.module import convert

    where, dtype, options = convert._parse_to(*args, **kwargs)
    if where is not None and not isinstance(where, device):
        where = device(where)
    return where, dtype, options.get("non_blocking", False), options.get("memory_format")


def _is_batchedtensor(tensor: Tensor) -> bool:
    """Whether a tensor stands for the examples of a batch, inside of :func:`arcgrad.vmap`."""
    from arcgrad.autograd._levels import thread

    batches = (number for number, size in thread.levels if size is not None)
    return any(_graph.unwrap_batched(tensor, number) is not None for number in batches)


def _will_engine_execute_node(node: Any) -> bool:
    """Whether the backward pass that runs gets to a node."""
    if not isinstance(node, _graph.Node):
        raise RuntimeError(f"_will_engine_execute_node expects an grad_fn, but got {type(node)}")
    if _graph.current_pass() == -1:
        raise RuntimeError("_will_engine_execute_node is only valid to be called during the backward pass")
    if _graph.is_capturing() and hasattr(node, "variable"):
        raise RuntimeError(
            "_will_engine_execute_node: the node of a leaf does not run while you are currently running autograd.grad(): its gradient "
            "is given back instead"
        )
    return _graph.will_execute(node)


def _current_graph_task_id() -> int:
    """The number of the backward pass that runs, -1 outside of any."""
    return _graph.current_pass()


def _current_autograd_node() -> Any:
    """The node that runs, within its hooks and its rule; None outside of them."""
    return _graph.current_node()


def _is_alias_of(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors show the same block of memory."""
    return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()


class _WeakTensorRef:
    """A weak reference to a tensor that does not keep it alive, whatever becomes of the object that stands for it."""

    def __init__(self, tensor: Tensor) -> None:
        import weakref

        self._reference = weakref.ref(tensor)

    def expired(self) -> bool:
        """Whether the tensor is gone."""
        return self._reference() is None


def _unsafe_set_version_counter(tensors: Any, versions: Any) -> None:
    """Says which versions tensors have: see :class:`arcgrad.autograd.grad_mode._unsafe_preserve_version_counter`."""
    from arcgrad.autograd import grad_mode

    grad_mode._unsafe_set_version_counter(tensors, versions)


def _infer_size(first: Size, second: Size) -> Size:
    """The shape of what tensors of two shapes are broadcast to."""
    from arcgrad import broadcast_shapes

    return broadcast_shapes(first, second)


def _saved_tensors_hooks_is_enabled() -> bool:
    """Whether saved-tensor hooks may be used on this thread."""
    return not _graph.saved_tensors_hooks_are_disabled()


#: Whether warnings of a loop in the place of a batching rule were asked for. There is no such loop, so none is given.
_fallback_warnings = False


def _debug_only_display_vmap_fallback_warnings(enabled: bool) -> None:
    """Remembers whether :func:`arcgrad.vmap` is to warn where it loops over the examples. It never does: an operation without a
    rule is an error."""
    global _fallback_warnings
    _fallback_warnings = enabled


def _debug_only_are_vmap_fallback_warnings_enabled() -> bool:
    """What :func:`_debug_only_display_vmap_fallback_warnings` was told last."""
    return _fallback_warnings


def _reshape_dim_into(src: int, dst: int, x: Tensor) -> Tensor:
    """An axis put in front of another one, and the two made one."""
    src, dst = src % x.ndim, dst % (x.ndim - 1)
    return x.movedim(src, dst).flatten(dst, dst + 1)


def _reshape_dim_outof(src: int, size1: int, x: Tensor) -> Tensor:
    """An axis made two, of which the first has the given size."""
    return x.unflatten(src, (size1, -1))


def _is_vmap_fallback_enabled() -> bool:
    """False: no operation loops over the examples of a batch."""
    return False


def _set_vmap_fallback_enabled(enabled: bool) -> None:
    """Nothing to be turned off; turning it on is an error."""
    if enabled:
        raise RuntimeError("vmap has no fallback in arcgrad: an operation without a batching rule is an error")


def _is_fwd_grad_enabled() -> bool:
    """Whether operations of this thread compute tangents: see :func:`arcgrad.autograd.forward_ad._is_fwd_grad_enabled`."""
    from arcgrad.autograd import forward_ad

    return forward_ad._is_fwd_grad_enabled()


def _set_fwd_grad_enabled(enabled: bool) -> None:
    """Says whether operations of this thread compute tangents."""
    from arcgrad.autograd import forward_ad

    forward_ad._set_fwd_grad_enabled(enabled).__enter__()


def _current_graph_task_execution_order() -> list[Any]:
    """The nodes that the backward pass which runs on this thread runs, in the order in which it does."""
    order = _graph.execution_order()
    if order is None:
        raise RuntimeError("_current_graph_task_execution_order should only be called during the backward pass")
    return order


class _Functions:
    """What ``torch._C._nn`` holds: the functions of layers, as they are called there."""

    _parse_to = staticmethod(_parse_to)

    def __getattr__(self, name: str) -> Any:
        from arcgrad.nn import functional

        if name[:2] != "__" and callable(found := getattr(functional, name, None)):
            return found
        raise AttributeError(f"module 'arcgrad._C._nn' has no attribute {name!r}", name=name, obj=self)


_nn = _Functions()
_autograd_names = SimpleNamespace(
    SavedTensor=_graph.SavedTensor,
    _get_current_graph_task_keep_graph=lambda: bool(_graph.keeps_graph()),
    _saved_tensors_hooks_is_enabled=_saved_tensors_hooks_is_enabled,
    _unsafe_set_version_counter=_unsafe_set_version_counter,
)
#: Matrices are decomposed here whatever PyTorch's builds are made with.
has_lapack = True
_functorch = SimpleNamespace(
    is_batchedtensor=_is_batchedtensor,
    reshape_dim_into=_reshape_dim_into,
    reshape_dim_outof=_reshape_dim_outof,
    _is_vmap_fallback_enabled=_is_vmap_fallback_enabled,
    _set_vmap_fallback_enabled=_set_vmap_fallback_enabled,
)


if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "_autograd":
            return _autograd_names
        if name == "_functions":
            from arcgrad.autograd import _functions

            return _functions
        if name == "_LinAlgError":
            from arcgrad.linalg import LinAlgError

            return LinAlgError
        if name in ("DisableTorchFunction", "DisableTorchFunctionSubclass", "_EnableTorchFunction"):
            from arcgrad import overrides

            return getattr(overrides, name)
        raise _names.missing(__name__, name, lambda: __all__)


# After `__getattr__`, which stays.
_absent.declare(
    __name__,
    "arcgrad has no graphs of scripted programs",
    "Argument Block CompilationUnit FunctionSchema Graph Node ScriptFunction ScriptModule Type Value",
)
