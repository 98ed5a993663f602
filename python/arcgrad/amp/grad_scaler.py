"""Scaling losses, so that small gradients are not lost in a lower precision."""

from __future__ import annotations

import enum
import warnings

import arcgrad
from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad.optim import Optimizer

__all__ = ["GradScaler", "OptState"]


class OptState(enum.Enum):
    """What was done with the gradients of an optimizer since the last :meth:`GradScaler.update`."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


class GradScaler:
    """Multiplies losses by a scale, divides gradients by it again before a step, and leaves out steps whose gradients are not finite.

    The scale halves after a step with such gradients, and doubles after ``growth_interval`` steps without. For a device that is not
    there (the default is ``'cuda'``) the scaler is disabled: it hands losses through and calls ``optimizer.step()``.

    Args:
        device (str): where the gradients lie; ``'cpu'`` for a scaler that works.
        init_scale, growth_factor, backoff_factor (float): the first scale, and what it is multiplied by.
        growth_interval (int): steps with finite gradients before the scale grows.
        enabled (bool): False disables it.

    >>> import arcgrad as ag
    >>> scaler = ag.amp.GradScaler("cpu", init_scale=4.0)
    >>> scaler.scale(ag.tensor(1.5))
    tensor(6.)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and arcgrad.device(device).type != "cpu":
            warnings.warn(f"GradScaler is disabled: there is no device '{device}'.", stacklevel=2)
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._device = device
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0
        #: Of each optimizer, by its identity: what was done, and whether its gradients were finite.
        self._states: dict[int, tuple[OptState, bool]] = {}

    def scale(self, outputs: Any) -> Any:
        """A tensor, or each of a list or tuple of tensors, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            scaled = [self.scale(output) for output in outputs]
            # A named tuple takes its fields one by one.
            return type(outputs)(*scaled) if hasattr(outputs, "_fields") else type(outputs)(scaled)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divides the gradients of an optimizer's parameters by the scale, to clip them before :meth:`step`.

        Raises:
            RuntimeError: for the second time since the last :meth:`update`, or after :meth:`step`.
        """
        if not self._enabled:
            return
        state, _ = self._state(optimizer)
        if state is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if state is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        gradients = [
            parameter.grad for group in optimizer.param_groups for parameter in group["params"] if parameter.grad is not None
        ]
        finite = True
        with arcgrad.no_grad():
            for gradient in gradients:
                finite = finite and bool(gradient.isfinite().all())
                gradient.mul_(1.0 / self._scale)
        self._states[id(optimizer)] = (OptState.UNSCALED, finite)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Unscales the gradients if that was not done, and calls ``optimizer.step(*args, **kwargs)`` if they are finite.

        Raises:
            RuntimeError: a closure is given, or for the second time since the last :meth:`update`.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        if self._state(optimizer)[0] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if self._state(optimizer)[0] is OptState.READY:
            self.unscale_(optimizer)
        finite = self._state(optimizer)[1]
        result = optimizer.step(*args, **kwargs) if finite else None
        self._states[id(optimizer)] = (OptState.STEPPED, finite)
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Ends an iteration: changes the scale by what the steps found, or sets it.

        Raises:
            AssertionError: no gradients were looked at since the last call, and no scale is given.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            if not self._states:
                raise AssertionError("No inf checks were recorded prior to update.")
            if all(finite for _, finite in self._states.values()):
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    self._scale *= self._growth_factor
                    self._growth_tracker = 0
            else:
                self._scale *= self._backoff_factor
                self._growth_tracker = 0
        self._states.clear()

    def is_enabled(self) -> bool:
        """Whether losses are scaled."""
        return self._enabled

    def get_scale(self) -> float:
        """The scale, or 1 of a scaler that is disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale is multiplied by when it grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied by when it grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by when gradients are not finite."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied by when gradients are not finite."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """Steps with finite gradients before the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Sets the steps with finite gradients before the scale grows."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """Scale, factors and counters; empty if the scaler is disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Sets what :meth:`state_dict` gave.

        Raises:
            RuntimeError: the dictionary is empty, being that of a disabled scaler.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._scale = state_dict["scale"]
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]

    def _state(self, optimizer):
        return self._states.get(id(optimizer), (OptState.READY, True))


_names.describe(__name__)
