"""Averages of a model's weights over training, and the schedule for it."""

from __future__ import annotations

import copy

from arcgrad import Tensor, _names, no_grad, tensor
from arcgrad.nn import Module
from arcgrad.nn.modules.batchnorm import _BatchNorm

from .lr_scheduler import LRScheduler
from .lr_scheduler._base import one_per_group
from .lr_scheduler._cyclic import ANNEAL, check_anneal_strategy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .optimizer import Optimizer

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay):
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """The function ``(average, new, count) → decay · average + (1 - decay) · new``: an exponential moving average.

    Raises:
        ValueError: ``decay`` is not from 0 to 1.
    """
    _check_decay(decay)

    def average(averaged: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        with no_grad():
            return decay * averaged + (1 - decay) * new

    return average


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """The function ``(average, new, count) → average + (new - average) / (count + 1)``: the mean of all so far."""

    def average(averaged: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        with no_grad():
            return averaged + (new - averaged) / (count + 1)

    return average


def _copy_all(targets, values):
    for target, value in zip(targets, values):
        target.copy_(value)


def _lerp_all(averaged, new, weight):
    """Towards ``new``, in place; integers are rounded towards zero."""
    with no_grad():
        for old, value in zip(averaged, new):
            if old.is_floating_point() or old.is_complex():
                old.lerp_(value, weight)
            else:
                old.copy_(old + (value - old) * weight)


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[list[Tensor], list[Tensor], Tensor | int], None]:
    """As :func:`get_ema_avg_fn`, for lists of tensors and in place.

    Raises:
        ValueError: ``decay`` is not from 0 to 1.
    """
    _check_decay(decay)

    def average(averaged: list[Tensor], new: list[Tensor], count: Tensor | int) -> None:
        _lerp_all(averaged, new, 1 - decay)

    return average


def get_swa_multi_avg_fn() -> Callable[[list[Tensor], list[Tensor], Tensor | int], None]:
    """As :func:`get_swa_avg_fn`, for lists of tensors and in place."""

    def average(averaged: list[Tensor], new: list[Tensor], count: Tensor | int) -> None:
        _lerp_all(averaged, new, 1 / (float(count) + 1))

    return average


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over training (Izmailov et al., 2018).

    Args:
        model (Module): is copied.
        device: where the averages are; the CPU.
        avg_fn (callable): ``(average, new, count)`` → the next average of one tensor; the mean of all unless given.
        multi_avg_fn (callable): ``(averages, news, count)``, which changes lists of tensors in place; instead of
            ``avg_fn``.
        use_buffers (bool): average the buffers as well. Otherwise they are those of the model.

    Attributes:
        module (Module): the copy, which a call of this one calls.
        n_averaged (Tensor): how many times :meth:`update_parameters` was called; a buffer.

    Example::

        >>> import arcgrad as ag
        >>> model = ag.nn.Linear(1, 1, bias=False)
        >>> averaged = ag.optim.swa_utils.AveragedModel(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = ag.nn.init.constant_(model.weight, value)
        ...     averaged.update_parameters(model)
        >>> averaged(ag.ones(1)).item()
        3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Tensor | int], Tensor] | None = None,
        multi_avg_fn: Callable[[list[Tensor], list[Tensor], Tensor | int], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model makes of the arguments."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters of ``model`` into the averages; the first ones are taken as they are."""
        averaged, new = list(self.module.parameters()), list(model.parameters())
        if self.use_buffers:
            averaged += self.module.buffers()
            new += model.buffers()
        averaged, new = [value.detach() for value in averaged], [value.detach() for value in new]
        with no_grad():
            self._average(averaged, new)
            if not self.use_buffers:
                _copy_all(self.module.buffers(), model.buffers())
        self.n_averaged += 1

    def _average(self, averaged, new):
        if self.n_averaged == 0:
            _copy_all(averaged, new)
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(averaged, new, self.n_averaged)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            _copy_all(averaged, [average(kept, value, self.n_averaged) for kept, value in zip(averaged, new)])


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the statistics of the batch norms of ``model`` anew, as means over one pass through the data.

    Args:
        loader (iterable): of batches; of a list or tuple the first element is the input.
        model (Module): averaged weights need statistics of their own.
        device: where the inputs are put; the CPU.

    Example::

        >>> import arcgrad as ag
        >>> model = ag.nn.BatchNorm1d(1)
        >>> ag.optim.swa_utils.update_bn([ag.tensor([[1.0], [2.0]]), ag.tensor([[4.0], [5.0]])], model)
        >>> model.running_mean
        tensor([3.])
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        # Without a momentum, the mean of all batches.
        norm.momentum = None
    with no_grad():
        for batch in loader:
            if isinstance(batch, (list, tuple)):
                batch = batch[0]
            model(batch if device is None else batch.to(device))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the current rates to ``swa_lr`` within ``anneal_epochs`` steps, and on with that (Izmailov et al., 2018).

    Args:
        optimizer (Optimizer): whose groups are scheduled.
        swa_lr (float or list): last rate, of all groups or of each.
        anneal_epochs (int): steps there; 0 for at once. Default: 10.
        anneal_strategy (str): ``'cos'`` or ``'linear'``.
        last_epoch (int): as of :class:`LRScheduler`.

    Example::

        >>> import arcgrad as ag
        >>> optimizer = ag.optim.SGD([ag.nn.Parameter(ag.zeros(1))], lr=1.0)
        >>> scheduler = ag.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, rate in zip(optimizer.param_groups, one_per_group("swa_lr", swa_lr, optimizer)):
            group["swa_lr"] = rate
        check_anneal_strategy(anneal_strategy)
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step):
        """How much of the way is done after ``step`` steps, from 0 to 1."""
        return ANNEAL[self._anneal_strategy](0.0, 1.0, max(0, min(1, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[float]:
        """The rate of each group, from the current one: other schedules may have changed where it began."""
        self._called_by_step()
        if self._is_resuming:
            return self._rates()
        step = self.last_epoch
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        rates = []
        for group in self.optimizer.param_groups:
            last, rate = group["swa_lr"], group["lr"]
            first = last if before == 1 else (rate - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates


_names.describe(__name__)
