"""The order in which samples are read.

The draws follow PyTorch's one by one: the same seed gives the same order.
"""

from __future__ import annotations

from itertools import islice

import arcgrad
from arcgrad import _names

from .._generic import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Sized

    from arcgrad._core import Generator, Tensor

T_co = TypeVar("T_co", covariant=True)

#: Draws with replacement are made in blocks of this size, as PyTorch makes them.
_BLOCK = 32


def draw_seed(generator: Generator | None = None) -> int:
    """A seed for another generator, drawn from ``generator`` or the default one."""
    return int(arcgrad.empty((), dtype=arcgrad.int64).random_(generator=generator).item())


def _check_positive(name, value):
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


class Sampler(Generic[T_co]):
    """Base class of samplers: a subclass defines ``__iter__()``, which gives indices or lists of them."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")


class SequentialSampler(Sampler[int]):
    """All indices of ``data_source`` in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices of ``data_source`` in random order.

    Args:
        data_source (sized): what is sampled.
        replacement (bool): draw each index independently. Default: ``False``.
        num_samples (int, optional): how many to draw. Default: all; without replacement, further ones come from
            further permutations.
        generator (Generator, optional): where the draws come from; else a generator is made for each pass, with a
            seed drawn from the default one.

    Example::

        >>> from arcgrad.utils.data import RandomSampler
        >>> sorted(RandomSampler(range(4)))
        [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        _check_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices a pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = arcgrad.Generator()
            generator.manual_seed(draw_seed())
        if self.replacement:
            left = self.num_samples
            while left > 0:
                block = min(left, _BLOCK)
                yield from arcgrad.randint(0, size, (block,), dtype=arcgrad.int64, generator=generator).tolist()
                left -= block
        else:
            whole, rest = divmod(self.num_samples, size)
            for _ in range(whole):
                yield from arcgrad.randperm(size, generator=generator).tolist()
            yield from arcgrad.randperm(size, generator=generator).tolist()[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for position in arcgrad.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """``num_samples`` indices, index i with a probability proportional to ``weights[i]``."""

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        weights = arcgrad.as_tensor(weights, dtype=arcgrad.double)
        if weights.ndim != 1:
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {tuple(weights.shape)}")
        self.weights = weights
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = arcgrad.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler["list[int]"]):
    """Lists of ``batch_size`` consecutive indices of another sampler.

    Args:
        sampler (iterable): of indices.
        batch_size (int): length of the lists.
        drop_last (bool): leave out a last list that is shorter.

    Example::

        >>> from arcgrad.utils.data import BatchSampler
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _check_positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + bool(rest and not self.drop_last)


_names.describe(__name__)
