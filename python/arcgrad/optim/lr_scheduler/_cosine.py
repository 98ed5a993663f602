"""Schedules along half a cosine, once or again and again."""

from __future__ import annotations

import math

from ._base import LRScheduler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """From the first rate to ``eta_min`` in ``T_max`` steps along half a cosine (Loshchilov and Hutter, 2017).

    ``eta_min + (base - eta_min) (1 + cos(π epoch / T_max)) / 2``, written as a recursion on the current rate.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        self._called_by_step()
        if self._is_initial:
            return self._rates()
        epoch, period, floor = self.last_epoch, self.T_max, self.eta_min
        if (epoch - 1 - period) % (2 * period) == 0:
            # At the lowest point the quotient below is 0/0; what the step upwards adds is known.
            rise = (1 - math.cos(math.pi / period)) / 2
            return [rate + (base - floor) * rise for base, rate in zip(self.base_lrs, self._rates())]
        factor = (1 + math.cos(math.pi * epoch / period)) / (1 + math.cos(math.pi * (epoch - 1) / period))
        return [factor * (rate - floor) + floor for rate in self._rates()]

    def _get_closed_form_lr(self):
        cosine = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * cosine for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the first rate to ``eta_min``, and again from the beginning (Loshchilov and Hutter, 2017).

    ``eta_min + (base - eta_min) (1 + cos(π T_cur / T_i)) / 2``, T_cur being what has passed since the last restart and T_i
    the time from there to the next.

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        T_0 (int): steps until the first restart.
        T_mult (int): how much longer each next period is. Default: 1.
        eta_min (float): lowest rate. Default: 0.
        last_epoch (int): as of :class:`LRScheduler`.

    ``step(epoch)`` takes fractions of epochs, for a step after each batch::

        >>> import arcgrad as ag
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=1.0)
        >>> scheduler = ag.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> for batch in range(5):
        ...     optimizer.step()
        ...     scheduler.step(batch / 2)
        >>> scheduler.T_cur, scheduler.get_last_lr()
        (0.0, [1.0])
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at ``T_cur`` of the period."""
        self._called_by_step()
        cosine = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * cosine / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to ``epoch``, which may be a fraction, and set the learning rates."""
        if epoch is None and not self._is_initial:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch is None:
                epoch = self.last_epoch + 1
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._find_period(epoch)
        self._update_lr(math.floor(epoch))

    def _find_period(self, epoch):
        """Set ``T_cur`` and ``T_i`` for a time."""
        if self.T_mult == 1:
            self.T_cur, self.T_i = (epoch % self.T_0 if epoch >= self.T_0 else epoch), self.T_0
            return
        # Counted, not by a logarithm, which may come out just below a whole number.
        self.T_cur, self.T_i = epoch, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
