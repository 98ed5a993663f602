"""Schedules that rise and fall, of the momentum against the rate."""

from __future__ import annotations

import math

from ._base import LRScheduler, attributes_of, check_optimizer, one_per_group, set_rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arcgrad.optim.optimizer import Optimizer


class _WithMomentum(LRScheduler):
    """A schedule that may set the momentum as well: ``momentum``, or β₁ of the optimizers that have ``betas``."""

    cycle_momentum: bool

    def _cycle_momentum(self, optimizer, base_momentum, max_momentum, last_epoch):
        """Look for the momentum, and give each group bounds of it; the highest to begin with, unless training resumes."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        lowest = one_per_group("base_momentum", base_momentum, optimizer)
        highest = one_per_group("max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lowest, highest):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return lowest, highest

    def _set_momentum(self, group, momentum):
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """Up from ``base_lr`` to ``max_lr`` and down again in straight lines, over and over (Smith, 2017).

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        base_lr (float or list): lower bound, of all groups or of each.
        max_lr (float or list): upper bound, before scaling.
        step_size_up (int): steps upwards. Default: 2000.
        step_size_down (int): steps downwards; as many unless said otherwise.
        mode (str): how the height changes. ``'triangular'``: not; ``'triangular2'``: half of it with each cycle;
            ``'exp_range'``: times ``gamma`` with each step.
        gamma (float): of ``'exp_range'``. Default: 1.
        scale_fn (callable): factor of the height, in place of a mode.
        scale_mode (str): whether ``scale_fn`` is given the number of the ``'cycle'``, from 1 on, or of ``'iterations'``.
        cycle_momentum (bool): set the momentum as well, high where the rate is low. Default: True.
        base_momentum (float or list): lower bound of the momentum. Default: 0.8.
        max_momentum (float or list): upper bound of the momentum. Default: 0.9.
        last_epoch (int): as of :class:`LRScheduler`.

    Call ``step()`` after each batch::

        >>> import arcgrad as ag
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=0.1, momentum=0.9)
        >>> scheduler = ag.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
        >>> rates = []
        >>> for batch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        base_lrs = one_per_group("base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs):
                set_rate(group, rate)
        self.max_lrs = one_per_group("max_lr", max_lr, optimizer)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in _SCALES and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else _SCALES[mode][0]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._cycle_momentum(
                optimizer, base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The factor of the height in the ``x``-th cycle, or step."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return _SCALES[self.mode][1](x, self.gamma)

    def get_lr(self) -> list[float]:
        """The rate of each group for the step ``last_epoch``; sets the momentum."""
        self._called_by_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [base + (highest - base) * height * scale for base, highest in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of a function that was given, the attributes if it is an object, else nothing."""
        state = super().state_dict()
        state["_scale_fn_custom"] = attributes_of(self._scale_fn_custom)
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a :meth:`state_dict`; a function stays this schedule's."""
        function = self._scale_fn_custom
        super().load_state_dict(state_dict)
        attributes, self._scale_fn_custom = self._scale_fn_custom, function
        if attributes is not None:
            function.__dict__.update(attributes)


#: Mode of a cycle → what it counts, and the factor of the height.
_SCALES = {
    "triangular": ("cycle", lambda x, gamma: 1.0),
    "triangular2": ("cycle", lambda x, gamma: 1 / 2.0 ** (x - 1)),
    "exp_range": ("iterations", lambda x, gamma: gamma**x),
}


def cosine(start, end, part):
    """From ``start`` to ``end`` along half a cosine."""
    return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def linear(start, end, part):
    """From ``start`` to ``end`` in a straight line."""
    return (end - start) * part + start


#: How to get from one value to another.
ANNEAL = {"cos": cosine, "linear": linear}


def check_anneal_strategy(strategy):
    """Raise unless there is such a way."""
    if strategy not in ANNEAL:
        raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {strategy}")


class OneCycleLR(_WithMomentum):
    """Once up to ``max_lr``, and then down far below where it began (Smith and Topin, 2019).

    From ``max_lr / div_factor`` up to ``max_lr``, and down to ``max_lr / div_factor / final_div_factor``.

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        max_lr (float or list): highest rate, of all groups or of each.
        total_steps (int): steps of the whole; or else
        epochs, steps_per_epoch (int): whose product it is.
        pct_start (float): part of the steps that goes up. Default: 0.3.
        anneal_strategy (str): ``'cos'`` or ``'linear'``.
        cycle_momentum (bool): set the momentum as well, low where the rate is high. Default: True.
        base_momentum (float or list): lower bound of the momentum. Default: 0.85.
        max_momentum (float or list): upper bound of the momentum. Default: 0.95.
        div_factor (float): how much lower the first rate is. Default: 25.
        final_div_factor (float): how much lower than the first the last one is. Default: 1e4.
        three_phase (bool): come down to the first rate in as many steps as up, and in a third phase to the last.
        last_epoch (int): as of :class:`LRScheduler`.

    Call ``step()`` after each batch::

        >>> import arcgrad as ag
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=0.1, momentum=0.9)
        >>> scheduler = ag.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
        >>> for batch in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        check_anneal_strategy(anneal_strategy)
        up = pct_start * self.total_steps
        phases = [(up - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
        if three_phase:
            phases.append((2 * up - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"))
            phases.append((self.total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"))
        else:
            phases.append((self.total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"))
        names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
        self._schedule_phases = [dict(zip(names, phase)) for phase in phases]
        self._anneal_func_type = anneal_strategy
        max_lrs = one_per_group("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._cycle_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group for the step ``last_epoch``; sets the momentum.

        Raises:
            ValueError: it is past the last step.
        """
        self._called_by_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        start = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        part = (step - start) / (phase["end_step"] - start)
        anneal = ANNEAL[self._anneal_func_type]
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part))
        return [anneal(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in self.optimizer.param_groups]


def _total_steps(total_steps, epochs, steps_per_epoch):
    """The number of steps, which may be given as a product."""

    def check(name, value):
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")

    if total_steps is not None:
        check("total_steps", total_steps)
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    check("epochs", epochs)
    check("steps_per_epoch", steps_per_epoch)
    return epochs * steps_per_epoch
