"""Reading a dataset by several processes, each its own part."""

from __future__ import annotations

import arcgrad
from arcgrad import _names

from .._generic import TypeVar
from .sampler import Sampler

T_co = TypeVar("T_co", covariant=True)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[T_co]):
    """The indices of one process of several that share a dataset: every ``num_replicas``-th of them.

    All processes get as many: those that would get one less take one from the beginning once more.

    Args:
        dataset (sized): what is sampled.
        num_replicas (int): how many processes there are.
        rank (int): number of this one, from 0.
        shuffle (bool): in random order, the same for all processes. Default: ``True``.
        seed (int): of the order; the same for all processes. Default: 0.
        drop_last (bool): leave out what does not divide evenly, rather than repeat some. Default: ``False``.

    The order is a function of ``seed`` and the epoch: call :meth:`set_epoch` before each pass, or all have the same order.

    Example::

        >>> from arcgrad.utils.data.distributed import DistributedSampler
        >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ValueError(
                "Default process group has not been initialized, please make sure to call init_process_group. "
                "There are none in arcgrad: give num_replicas and rank."
            )
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0
        whole, rest = divmod(len(dataset), num_replicas)
        self.num_samples = whole + bool(rest and not drop_last)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[T_co]:
        size = len(self.dataset)
        if self.shuffle:
            generator = arcgrad.Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = arcgrad.randperm(size, generator=generator).tolist()
        else:
            indices = list(range(size))
        if size:
            indices *= -(-self.total_size // size)  # from the beginning again, as often as needed
        mine = indices[self.rank : self.total_size : self.num_replicas]
        if len(mine) != self.num_samples:
            raise AssertionError(f"the dataset had {self.total_size} samples or so, and has {size} now")
        return iter(mine)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Another order: that of the pass number ``epoch``."""
        self.epoch = epoch


_names.describe(__name__)
