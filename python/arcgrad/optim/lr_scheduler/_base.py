"""The base class of all schedules, and what they share."""

from __future__ import annotations

import copy

from arcgrad import Tensor, _warnings
from arcgrad.optim.optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: PyTorch's name for it, which programs filter warnings by.
EPOCH_DEPRECATION_WARNING = EPOCH_IS_OLD = (
    "The epoch parameter in `scheduler.step()` was not necessary and is deprecated: a schedule counts by itself"
)
_ORDER = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


def check_optimizer(optimizer):
    """Raise unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def copied(rate):
    """A learning rate; a copy of one that is a tensor, which is written to in place."""
    return rate.clone() if isinstance(rate, Tensor) else rate


def _current(group):
    """The group's learning rate."""
    return copied(group["lr"])


def set_rate(group, value):
    """Give the group a learning rate, in place if it is a tensor."""
    lr = group["lr"]
    if isinstance(lr, Tensor):
        lr.fill_(float(value))
    else:
        group["lr"] = value


class LRScheduler:
    """Base class of schedules: sets the learning rate of each group when it is made and at each :meth:`step`.

    Args:
        optimizer (Optimizer): whose groups are scheduled; their first rates are kept as ``'initial_lr'``.
        last_epoch (int): number of the last epoch that was run, to resume with an optimizer whose state was loaded and
            that has the rate of the epoch after it; -1 to begin. The other way to resume is :meth:`load_state_dict`.

    A subclass defines ``get_lr()``, the new rate of each group from the current one and ``last_epoch``.

    Call ``step()`` after the optimizer's, once per epoch::

        >>> import arcgrad as ag
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=1.0)
        >>> scheduler = ag.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> for epoch in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    base_lrs: list[Any]
    last_epoch: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _current(group))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler with "
                    "last_epoch >= 0: load the optimizer's state first"
                )
        self.optimizer = optimizer
        self.base_lrs = [copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        # From now on the optimizer notes that it has taken a step, for the check of the order in step().
        optimizer._hooked = True
        optimizer._opt_called = False
        self._get_lr_called_within_step = False
        self._initial_step()

    def _initial_step(self):
        """Set the first rates. A schedule that is made for a certain epoch leaves the rates that are there."""
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a :meth:`state_dict`.

        The optimizer's state is loaded on its own, after this schedule was made: making one sets the first rates.
        """
        self.__dict__.update(copy.deepcopy(state_dict))

    def get_last_lr(self) -> list[float]:
        """The rate of each group, as last computed."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rate of each group for the step ``last_epoch``. Every schedule defines it."""
        raise NotImplementedError

    def _called_by_step(self):
        if not self._get_lr_called_within_step:
            _warnings.warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.")

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step, or to step ``epoch``, and set the learning rates."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            # A step that was put into the optimizer itself does not note that it was taken.
            if "step" in vars(self.optimizer):
                _warnings.warn(
                    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization: "
                    f"whether it is called before `lr_scheduler.step()`, as it should, is not known. See more details at {_ORDER}"
                )
            else:
                _warnings.warn(
                    "Detected call of `lr_scheduler.step()` before `optimizer.step()`: in this order the first value of "
                    f"the schedule is skipped. Call `optimizer.step()` first. See more details at {_ORDER}"
                )
        self._step_count += 1
        if epoch is not None:
            _warnings.warn(EPOCH_IS_OLD)
        self._update_lr(epoch)

    def _update_lr(self, epoch=None):
        """Set the rates of the next epoch, or of a certain one, by the closed form if there is one."""
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                rates = getattr(self, "_get_closed_form_lr", self.get_lr)()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates):
            set_rate(group, rate)
        self._last_lr = [_current(group) for group in self.optimizer.param_groups]

    def _rates(self):
        """The current rate of each group."""
        return [_current(group) for group in self.optimizer.param_groups]

    @property
    def _is_resuming(self):
        """Whether the schedule is being made for an optimizer that has the rate of this epoch already."""
        return self._is_initial and self.last_epoch > 0

    def _scaled(self, factor):
        """The current rates times a factor."""
        return [rate * factor for rate in self._rates()]


def attributes_of(function):
    """What state can hold of a function: the attributes of an object that can be called, and nothing of a plain one."""
    return None if function is None or hasattr(function, "__code__") else dict(vars(function))


class _LRScheduler(LRScheduler):
    """The old name of :class:`LRScheduler`."""


def one_per_group(name, value, optimizer):
    """A list with a value for each group, of one value or of such a list; tensors are copied, since the program may go on with them."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {groups}."
        )
    return [copied(one) for one in value]
