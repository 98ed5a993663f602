"""Schedules made of others."""

from __future__ import annotations

import copy
from bisect import bisect_right

from ._base import LRScheduler, copied, set_rate
from ._plateau import ReduceLROnPlateau

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from arcgrad.optim.optimizer import Optimizer


class _Composed(LRScheduler):
    """A schedule that leaves the rates to others of one optimizer."""

    _schedulers: list[LRScheduler]

    def _check(self, schedulers, optimizer):
        """Raise unless all of ``schedulers`` can be stepped, and are for ``optimizer``."""
        name = type(self).__name__
        for index, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name} at index {index} should have `optimizer` as its attribute.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                    f"specified when calling `step`, but got one at index {index} in the given schedulers sequence."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(scheduler).__name__} at index {index} has {scheduler.optimizer}, which is different from "
                    f"{type(optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the states of the schedules."""
        state = super().state_dict()
        del state["_schedulers"]
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a :meth:`state_dict` of a schedule made of the same ones."""
        state = {name: value for name, value in state_dict.items() if name != "_schedulers"}
        self.__dict__.update(copy.deepcopy(state))
        for scheduler, values in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(values)


class SequentialLR(_Composed):
    """One schedule after the other, each from its own beginning.

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        schedulers (list of LRScheduler): all for this optimizer.
        milestones (list of int): the steps at which the next schedule begins, one fewer.
        last_epoch (int): number of the last epoch that was run. Default: -1.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=1.0)
        >>> parts = [ConstantLR(optimizer, factor=0.25, total_iters=2), ExponentialLR(optimizer, gamma=0.5)]
        >>> scheduler = SequentialLR(optimizer, parts, milestones=[2])
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.25, 0.25, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError("SequentialLR expects at least one scheduler, but got no scheduler.")
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone "
                f"points, but got number of schedulers {len(schedulers)} and the number of milestones to be equal to "
                f"{len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each of them has set its first rate when it was made: back, and only the first one again.
        _first_rates(optimizer)
        for scheduler in schedulers:
            _take_back(scheduler)
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def step(self) -> None:  # type: ignore[override]  # there is no closed form to go to an epoch with
        """Go on to the next step, and set the learning rates."""
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def _update_lr(self, epoch=None):
        """Begin anew, as part of another one."""
        self.last_epoch = 0
        self._schedulers[0]._update_lr(0)
        self._last_lr = self._schedulers[0].get_last_lr()


def _take_back(scheduler):
    """Undo the step that a schedule, or each that it is made of, takes when it is made."""
    if isinstance(scheduler, _Composed):
        for part in scheduler._schedulers:
            _take_back(part)
    else:
        scheduler.last_epoch -= 1


def _first_rates(optimizer):
    """Set the rates of the beginning."""
    for group in optimizer.param_groups:
        set_rate(group, copied(group["initial_lr"]))


class ChainedScheduler(_Composed):
    """Several schedules, of which each takes a step on the rates the one before has set.

    Args:
        schedulers (sequence of LRScheduler): all for one optimizer.
        optimizer (Optimizer): that optimizer, if it is to be checked.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=1.0)
        >>> warm = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> scheduler = ChainedScheduler([warm, ExponentialLR(optimizer, gamma=0.5)])
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        if optimizer is None:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self._check(schedulers, optimizer)
        self._schedulers = list(schedulers)
        self.optimizer = optimizer
        self._last_lr = self._rates()

    def step(self) -> None:  # type: ignore[override]  # there is no closed form to go to an epoch with
        """Let each schedule take a step."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def _update_lr(self, epoch=None):
        """Begin anew, as part of another one: each with the rates that the one before has set."""
        _first_rates(self.optimizer)
        for scheduler in self._schedulers:
            scheduler.last_epoch = -1
            scheduler._initial_step()
        self._last_lr = self._rates()
