"""Names of operations, and operations written in C++, which arcgrad cannot load.

``torch.ops.aten.mm.default`` is what a ``__torch_dispatch__`` is given as the function of an operation. Called by itself it is the
function of the package that has the name.
"""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["aten", "load_library", "loaded_libraries"]

#: The files that were loaded.
loaded_libraries: set[str] = set()


def load_library(path: str) -> None:
    """Raises NotImplementedError: a library made for PyTorch cannot work on the tensors of arcgrad."""
    raise NotImplementedError(f"{path}: arcgrad loads no libraries made for PyTorch")


def _convolution_backward(
    grad_output: Any,
    input: Any,
    weight: Any,
    bias_sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    output_mask: Any,
) -> tuple[Any, Any, Any]:
    """The gradients of a convolution for its input, its weight and its bias; None where ``output_mask`` wants none."""
    from arcgrad import convolution, func

    def forward(input: Any, weight: Any) -> Any:
        return convolution(input, weight, None, stride, padding, dilation, transposed, output_padding, groups)

    gradients = func.vjp(forward, input, weight)[1](grad_output) if any(output_mask[:2]) else (None, None)
    axes = [axis for axis in range(grad_output.ndim) if axis != 1]
    of_input, of_weight = (gradient if wanted else None for gradient, wanted in zip(gradients, output_mask))
    return of_input, of_weight, grad_output.sum(axes) if output_mask[2] else None


def _silu_backward(grad_output: Any, self: Any) -> Any:
    """The gradient of ``silu``."""
    from arcgrad import func
    from arcgrad.nn.functional import silu

    return func.vjp(silu, self)[1](grad_output)[0]


#: What has another name as a function of the package, or none.
_OTHERWISE = {
    "convolution_backward": _convolution_backward,
    "silu_backward": _silu_backward,
    "_local_scalar_dense": lambda tensor: tensor.item(),
    "_to_copy": lambda tensor, **kwargs: tensor.to(copy=True, **kwargs),
    "_unsafe_view": lambda tensor, size: tensor.reshape(size),
    "alias": lambda tensor: tensor.view_as(tensor),
    "slice": lambda tensor, dim=0, start=None, end=None, step=1: tensor[(slice(None),) * dim + (slice(start, end, step),)],
}


def _run(name: str, args: Any, kwargs: Any) -> Any:
    """Runs an operation by its name among PyTorch's: the function or the method of the package that is called so.

    Raises:
        NotImplementedError: there is none.
    """
    import arcgrad

    function = _OTHERWISE.get(name)
    if function is None:
        rooms = [arcgrad, arcgrad.Tensor, arcgrad.nn.functional]
        family, _, rest = name.partition("_")
        if rest and family in ("fft", "linalg", "special"):
            rooms, name = [getattr(arcgrad, family)], rest
        function = next((getattr(room, name) for room in rooms if callable(getattr(room, name, None))), None)
    if function is None:
        raise NotImplementedError(f"torch.ops.aten.{name}: no function of the package has this name")
    return function(*args, **(kwargs or {}))


class OpOverloadPacket:
    """An operation with all its overloads, which are its attributes."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        overload = _overrides.operation(self.__name__, name)
        setattr(self, name, overload)
        return overload

    def overloads(self) -> list[str]:
        """The names of the overloads that the program has mentioned."""
        return [name for name in vars(self) if name[:2] != "__"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _run(self.__name__, args, kwargs)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='aten.{self.__name__}')>"

    def __str__(self) -> str:
        return f"aten.{self.__name__}"


class _Aten:
    """The operations, by name."""

    def __getattr__(self, name: str) -> OpOverloadPacket:
        if name.startswith("__"):
            raise AttributeError(name)
        packet = OpOverloadPacket(name)
        setattr(self, name, packet)
        return packet


aten = _Aten()


class _Profiler:
    """``torch.ops.profiler``: a named part of the program, entered and left by hand."""

    def _record_function_enter(self, name: str, args: str | None = None) -> Any:
        from arcgrad.profiler import record_function

        handle = record_function(name, args)
        handle.__enter__()
        return handle

    _record_function_enter_new = _record_function_enter

    def _record_function_exit(self, handle: Any) -> None:
        handle.__exit__(None, None, None)


profiler = _Profiler()

_names.describe(__name__)
