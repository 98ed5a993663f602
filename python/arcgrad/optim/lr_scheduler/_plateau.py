"""A schedule that looks at how training goes."""

from __future__ import annotations

import math

from arcgrad import _warnings

from ._base import EPOCH_IS_OLD, LRScheduler, check_optimizer, set_rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Times ``factor`` when a metric has stopped improving for more than ``patience`` steps.

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        mode (str): ``'min'`` or ``'max'``: which way the metric improves.
        factor (float): below 1. Default: 0.1.
        patience (int): how many steps without improvement are put up with. Default: 10.
        threshold (float): smaller improvements don't count. Default: 1e-4.
        threshold_mode (str): ``'rel'``: relative to the best value, or ``'abs'``.
        cooldown (int): how many steps after a reduction nothing is counted. Default: 0.
        min_lr (float or list): lower bound, of all groups or of each. Default: 0.
        eps (float): smaller changes of the rate are left out. Default: 1e-8.

    Call ``step(metric)``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != groups:
                raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.default_min_lr = None
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.optimizer = optimizer
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self._reset()

    def _reset(self):
        """Forget the metrics so far."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:
        """Take note of the metric and reduce the rates if it is time."""
        current = float(metrics)
        if epoch is None:
            self.last_epoch += 1
        else:
            _warnings.warn(EPOCH_IS_OLD)
            self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()

    def _reduce_lr(self, epoch=None):
        """Lower the rates, to the bounds at most."""
        groups = self.optimizer.param_groups
        if len(groups) > len(self.min_lrs):
            # Groups were added since.
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when `ReduceLROnPlateau` was "
                    f"initialized ({len(self.min_lrs)}), usually due to a new param group being added to the optimizer: give "
                    "`min_lrs` a value for each"
                )
            self.min_lrs = self.min_lrs + [self.default_min_lr] * (len(groups) - len(self.min_lrs))
        for group, minimum in zip(groups, self.min_lrs):
            old = float(group["lr"])
            new = max(old * self.factor, minimum)
            if old - new > self.eps:
                set_rate(group, new)

    @property
    def in_cooldown(self) -> bool:
        """Whether the last reduction is less than ``cooldown`` steps ago."""
        return self.cooldown_counter > 0

    def _is_better(self, a, best):
        """Whether the metric ``a`` is an improvement over ``best``."""
        if self.threshold_mode == "rel":
            sign = -1 if self.mode == "min" else 1
            limit = best * (1.0 + sign * self.threshold)
        else:
            limit = best - self.threshold if self.mode == "min" else best + self.threshold
        return a < limit if self.mode == "min" else a > limit
