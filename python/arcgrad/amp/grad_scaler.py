"""Scaling losses, so that small gradients are not lost in a lower precision."""

from __future__ import annotations

import enum
import inspect
import warnings
from collections import defaultdict

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
        # The tensors are made when something is first scaled; programs look at them.
        self._init_scale = float(init_scale)
        self._scale: Tensor | None = None
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker = 0
        self._growth_tracker: Tensor | None = None
        #: Of each optimizer, by its identity: what was done, and for each device whether its gradients were finite.
        self._per_optimizer_states: dict[int, dict[str, Any]] = defaultdict(_refresh_per_optimizer_state)

    def _check_scale_growth_tracker(self, funcname: str) -> tuple[Tensor, Tensor]:
        fix = "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the iteration."
        assert self._scale is not None, f"Attempted {funcname} but _scale is None.  {fix}"
        assert self._growth_tracker is not None, f"Attempted {funcname} but _growth_tracker is None.  {fix}"
        return self._scale, self._growth_tracker

    def _lazy_init_scale_growth_tracker(self, dev: Any) -> None:
        assert self._growth_tracker is None, "_growth_tracker initialized before _scale"
        self._scale = arcgrad.full((), self._init_scale, dtype=arcgrad.float32, device=dev)
        self._growth_tracker = arcgrad.full((), self._init_growth_tracker, dtype=arcgrad.int32, device=dev)

    def scale(self, outputs: Any) -> Any:
        """A tensor, or each of a list or tuple of tensors, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                self._lazy_init_scale_growth_tracker(outputs.device)
            return outputs * self._scale  # type: ignore[operator]
        if isinstance(outputs, (list, tuple)):
            scaled = [self.scale(output) for output in outputs]
            # A named tuple takes its fields one by one.
            return type(outputs)(*scaled) if hasattr(outputs, "_fields") else type(outputs)(scaled)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _unscale_grads_(
        self, optimizer: Optimizer, inv_scale: Tensor, found_inf: Tensor, allow_fp16: bool
    ) -> dict[Any, Tensor]:
        """Multiplies an optimizer's gradients by ``inv_scale``, and says for each device whether there was one that is not finite."""
        found: dict[Any, Tensor] = {}
        for group in optimizer.param_groups:
            for param in group["params"]:
                grad = param.grad
                if grad is None:
                    continue
                if not allow_fp16 and grad.dtype == arcgrad.float16:
                    raise ValueError("Attempting to unscale FP16 gradients.")
                if grad.is_sparse:
                    # Equal positions are added first: their sum may be what overflows.
                    grad = param.grad = grad.coalesce() if grad.dtype is arcgrad.float16 else grad
                    grad = grad._values()
                at = found.setdefault(grad.device, found_inf.clone())
                _amp_foreach_non_finite_check_and_unscale_([grad], at, inv_scale)
        return found

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divides the gradients of an optimizer's parameters by the scale, to clip them before :meth:`step`.

        Raises:
            RuntimeError: for the second time since the last :meth:`update`, or after :meth:`step`.
            ValueError: a gradient is a ``float16`` one: parameters are kept in a wider dtype.
        """
        if not self._enabled:
            return
        scale, _ = self._check_scale_growth_tracker("unscale_")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = scale.double().reciprocal().float()
        state["found_inf_per_device"] = self._unscale_grads_(optimizer, inverse, arcgrad.zeros_like(scale), False)
        state["stage"] = OptState.UNSCALED

    def _maybe_opt_step(self, optimizer: Optimizer, optimizer_state: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The step, if all gradients were finite."""
        if sum(found.item() for found in optimizer_state["found_inf_per_device"].values()):
            return None
        return optimizer.step(*args, **kwargs)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Unscales the gradients if that was not done, and calls ``optimizer.step(*args, **kwargs)`` if they are finite.

        Raises:
            RuntimeError: a closure is given, or for the second time since the last :meth:`update`.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            result = self._step_that_scales(optimizer, state, args, kwargs)
        else:
            if state["stage"] is OptState.READY:
                self.unscale_(optimizer)
            assert state["found_inf_per_device"], "No inf checks were recorded for this optimizer."
            result = self._maybe_opt_step(optimizer, state, *args, **kwargs)
        state["stage"] = OptState.STEPPED
        return result

    def _step_that_scales(self, optimizer, state, args, kwargs):
        """The step of an optimizer of the program's own that unscales its gradients itself: it is told by what."""
        if "grad_scaler" in inspect.signature(optimizer.step).parameters:
            warnings.warn(
                "GradScaler is going to stop passing itself as a keyword argument to the passed optimizer, which is to read "
                "`grad_scale: Tensor` and `found_inf: Tensor` from its own attributes.",
                FutureWarning,
                stacklevel=3,
            )
            return optimizer.step(*args, **{**kwargs, "grad_scaler": self})
        if state["stage"] is OptState.READY:
            self._check_inf_per_device(optimizer)
        found = list(state["found_inf_per_device"].values())
        optimizer.grad_scale = None if state["stage"] is OptState.UNSCALED else self._get_scale_async()
        optimizer.found_inf = sum(found[1:], found[0]) if found else arcgrad.zeros(())
        try:
            return optimizer.step(*args, **kwargs)
        finally:
            del optimizer.grad_scale, optimizer.found_inf

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Ends an iteration: changes the scale by what the steps found, or sets it.

        Raises:
            AssertionError: no gradients were looked at since the last call, and no scale is given.
        """
        if not self._enabled:
            return
        scale, growth_tracker = self._check_scale_growth_tracker("update")
        if new_scale is not None:
            scale.copy_(new_scale) if isinstance(new_scale, Tensor) else scale.fill_(new_scale)
        else:
            found = [one for state in self._per_optimizer_states.values() for one in state["found_inf_per_device"].values()]
            if not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            _amp_update_scale_(
                scale, growth_tracker, sum(found[1:], found[0]), self._growth_factor, self._backoff_factor, self._growth_interval
            )
        self._per_optimizer_states.clear()

    def _get_scale_async(self) -> Tensor | None:
        return self._scale

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        return self._init_growth_tracker if self._growth_tracker is None else int(self._growth_tracker.item())

    def _check_inf_per_device(self, optimizer: Optimizer) -> dict[Any, Tensor]:
        """Looks at an optimizer's gradients without changing them."""
        scale, _ = self._check_scale_growth_tracker("_check_inf_per_device")
        found = self._unscale_grads_(optimizer, arcgrad.ones_like(scale), arcgrad.zeros_like(scale), True)
        self._per_optimizer_states[id(optimizer)]["found_inf_per_device"] = found
        return found

    def _found_inf_per_device(self, optimizer: Optimizer) -> dict[Any, Tensor]:
        return self._per_optimizer_states[id(optimizer)]["found_inf_per_device"]  # type: ignore[no-any-return]

    def is_enabled(self) -> bool:
        """Whether losses are scaled."""
        return self._enabled

    def get_scale(self) -> float:
        """The scale, or 1 of a scaler that is disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()  # type: ignore[return-value]

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
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
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
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(state_dict["_growth_tracker"])

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if self._enabled:
            assert not self._per_optimizer_states, (
                "A GradScaler instance may only be pickled at the beginning of an iteration, or at the end after scaler.update()."
            )
            # The tensors are made anew, from these.
            state.update(_init_scale=self.get_scale(), _init_growth_tracker=self._get_growth_tracker())
            state.update(_scale=None, _growth_tracker=None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _refresh_per_optimizer_state() -> dict[str, Any]:
    """What is known of an optimizer before its gradients are looked at."""
    return {"stage": OptState.READY, "found_inf_per_device": {}}


def _amp_foreach_non_finite_check_and_unscale_(self: list[Tensor], found_inf: Tensor, inv_scale: Tensor) -> None:
    """Multiplies gradients by a number, and writes 1 to ``found_inf`` if one is not finite."""
    with arcgrad.no_grad():
        for gradient in self:
            if not gradient.isfinite().all():
                found_inf.fill_(1.0)
            gradient.mul_(inv_scale.to(gradient.device))


def _amp_update_scale_(
    self: Tensor, growth_tracker: Tensor, found_inf: Tensor, scale_growth_factor: float, scale_backoff_factor: float, growth_interval: int
) -> Tensor:
    """Changes a scale by whether gradients were finite, and the count of the steps since it grew."""
    if found_inf.item():
        self.mul_(scale_backoff_factor)
        growth_tracker.zero_()
        return self
    growth_tracker.add_(1)
    if growth_tracker.item() == growth_interval:
        grown = self * scale_growth_factor
        if grown.isfinite():
            self.copy_(grown)
        growth_tracker.zero_()
    return self


_names.describe(__name__)
