"""Batches of samples, read in this process or by others."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import partial

from arcgrad import _names, _warnings

from .._generic import Generic, TypeVar
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed
from .worker import Exhausted, Failure, IterableFetcher, MapFetcher, run

T_co = TypeVar("T_co", covariant=True)

# What a loader is given to join samples, and to begin a worker with.
_collate_fn_t = Callable[[list], object]
_worker_init_fn_t = Callable[[int], None]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from arcgrad._core import Generator

    from .dataset import _Indexed


#: How long a worker that has been told to stop may take before it is stopped by force, in seconds.
_PATIENCE = 5.0
#: How many batches each worker has under way unless said otherwise.
_PREFETCH = 2


class _Endless(Sampler["None"]):
    """Stands in for the sampler of an iterable dataset, which has no indices."""

    def __iter__(self):
        return itertools.repeat(None)


def _check_workers(number: int) -> None:
    """Warns where there are more workers than processors that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if cores is not None and number > cores:
        _warnings.warn(
            f"This DataLoader will create {number} worker processes in total. Our suggested max number of worker in current "
            f"system is {cores}, which is smaller than what this DataLoader is going to create. Excessive worker creation might "
            "get DataLoader running slow or even freeze: lower the worker number to avoid that."
        )


class DataLoader(Generic[T_co]):
    """Reads a dataset in batches.

    Args:
        dataset (Dataset): anything with ``__getitem__`` and ``__len__``, or an :class:`IterableDataset`.
        batch_size (int, optional): samples per batch. Default: 1. None switches batching off: samples come one by
            one, as ``collate_fn`` returns them.
        shuffle (bool, optional): read in a new random order at each pass. Default: ``False``.
        sampler (iterable, optional): the order of the indices; excludes ``shuffle``.
        batch_sampler (iterable, optional): lists of indices; excludes the four arguments that make them.
        num_workers (int): number of processes that read; 0 (default): this one does. The batches are the same and
            in the same order; random draws *inside* the dataset come from the workers' own generators, with the
            seeds ``base_seed + worker``. Dataset, ``collate_fn`` and batches must be picklable, except that the
            start method ``'fork'`` does not pickle the first two.
        collate_fn (callable, optional): makes a batch of a list of samples. Default: :func:`default_collate`, or
            :func:`default_convert` without batching.
        pin_memory (bool): accepted; has no effect where there is no accelerator, and warns.
        drop_last (bool): leave out a last batch that is smaller.
        timeout (float): seconds to wait for a worker's batch; 0: no limit.
        worker_init_fn (callable, optional): called in each worker with its number.
        multiprocessing_context (str or context, optional): how workers are started. Default: the system's way.
        generator (Generator, optional): where the order and the workers' base seed come from.
        prefetch_factor (int, optional): batches each worker has under way. Default: 2.
        persistent_workers (bool): keep the workers for the next pass.
        in_order (bool): with workers, give batches in order, not as they come. Default: ``True``.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.utils.data import DataLoader, TensorDataset
        >>> loader = DataLoader(TensorDataset(ag.arange(5)), batch_size=2)
        >>> [batch.tolist() for (batch,) in loader]
        [[0, 1], [2, 3], [4]]
    """

    _initialised = False
    # What the iterators are made of: changing them afterwards would have no effect or half of one.
    _FIXED = frozenset(("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"))

    dataset: Dataset[T_co]

    def __init__(
        self,
        dataset: Dataset[T_co] | _Indexed[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[T_co]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(
                "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
            )
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing. "
                "Let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        _check_workers(num_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = _PREFETCH if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.in_order = in_order
        self.multiprocessing_context = multiprocessing_context

        iterable = isinstance(dataset, IterableDataset)
        if iterable:
            # shuffle=False is the default of many programs and asks for nothing.
            for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
            drop_last = False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            if iterable:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        # What len() said of an iterable dataset, which nobody has counted yet.
        self._promised = None
        self._workers_kept = None
        self._initialised = True

    @property
    def multiprocessing_context(self):
        """The context that starts the workers, or None for the system's default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context):
        if context is not None and self.num_workers == 0:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), "
                f"but got num_workers={self.num_workers}"
            )
        if isinstance(context, str):
            import multiprocessing

            methods = multiprocessing.get_all_start_methods()
            if context not in methods:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {methods!r}, "
                    f"but got multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        elif context is not None and not hasattr(context, "Process"):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string specifying the start method, but got "
                f"multiprocessing_context={context}"
            )
        self._multiprocessing_context = context

    def __setattr__(self, name, value):
        if self._initialised and name in self._FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _auto_collation(self):
        return self.batch_sampler is not None

    @property
    def _index_sampler(self):
        return self.batch_sampler if self._auto_collation else self.sampler

    def _make_fetcher(self):
        """A function that makes the reader of a dataset; it is sent to the workers."""
        kind = IterableFetcher if isinstance(self.dataset, IterableDataset) else MapFetcher
        return partial(
            kind, auto_collation=self._auto_collation, collate_fn=self.collate_fn, drop_last=self.drop_last
        )

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            _warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used."
            )
        if self.num_workers == 0 or not self.persistent_workers:
            return self._get_iterator()
        if self._workers_kept is None:
            self._workers_kept = _WithWorkers(self)
        else:
            self._workers_kept.begin_again(self)
        return self._workers_kept

    def _get_iterator(self):
        """A pass of its own; loaders that read in another way override it."""
        return _InProcess(self) if self.num_workers == 0 else _WithWorkers(self)

    def __len__(self) -> int:
        """The number of batches; for an iterable dataset, as far as it knows its own length."""
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        length = len(self.dataset)
        if self.batch_size is not None:
            whole, rest = divmod(length, self.batch_size)
            length = whole + bool(rest and not self.drop_last)
        self._promised = length
        return length


class _Pass:
    """One pass over a loader's dataset."""

    _given = 0

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._loader._index_sampler)

    def _count(self):
        """Takes note of a batch: an iterable dataset may give more of them than its length says."""
        promised = self._loader._promised
        if promised is None:
            return
        self._given += 1
        if self._given == promised + 1:
            advice = "" if self._loader.num_workers == 0 else " Does each worker read the whole of it? See get_worker_info()."
            _warnings.warn(
                f"Length of IterableDataset {type(self._loader.dataset).__name__} was reported to be {promised} (when accessing "
                f"len(dataloader)), but {self._given} samples have been fetched.{advice}"
            )


class _InProcess(_Pass):
    """One pass over a loader's dataset, read in this process."""

    def __init__(self, loader):
        if loader.timeout != 0:
            raise AssertionError("timeout needs workers: a loader with num_workers=0 waits for nobody")
        self._indices = iter(loader._index_sampler)
        # Drawn although no worker needs it, so that a program draws the same with and without workers.
        draw_seed(loader.generator)
        self._fetcher = loader._make_fetcher()(loader.dataset)
        self._loader = loader

    def __next__(self):
        batch = self._fetcher.fetch(next(self._indices))
        self._count()
        return batch


class _WithWorkers(_Pass):
    """One pass over a loader's dataset, read by worker processes; several passes if they are kept.

    Batch number n goes to the next worker in turn. Each worker has one connection of its own, so none can stop
    the others, however it ends.
    """

    def __init__(self, loader):
        import multiprocessing

        self._connections = []
        self._processes = []
        #: The same under PyTorch's name, also when they have ended.
        self._workers = []
        self._owner = os.getpid()
        self._loader = loader
        context = loader.multiprocessing_context or multiprocessing.get_context()
        # PyTorch asks the sampler before it draws the seed, and once more when the workers run: what draws when it is asked goes on
        # as there.
        iter(loader._index_sampler)
        base_seed = draw_seed(loader.generator)
        forks = context.get_start_method() == "fork"
        for number in range(loader.num_workers):
            ours, theirs = context.Pipe()
            self._connections.append(ours)
            # A forked process has copies of all ends that are open here.
            foreign = list(self._connections) if forks else []
            process = context.Process(
                target=run,
                args=(
                    theirs,
                    foreign,
                    loader.dataset,
                    loader._make_fetcher(),
                    base_seed,
                    number,
                    loader.num_workers,
                    loader.worker_init_fn,
                ),
                daemon=True,
            )
            process.start()
            theirs.close()
            self._processes.append(process)
            self._workers.append(process)
        self._begin(loader)

    def begin_again(self, loader):
        """Start another pass with the same workers. Their generators go on where they are."""
        # A pass that was not finished has answers under way; they are taken in and dropped.
        while self._under_way:
            self._receive_any()
        for connection in self._connections:
            connection.send((None, None))
        self._begin(loader)

    def _begin(self, loader):
        self._given = 0
        self._indices = iter(loader._index_sampler)
        self._in_order = loader.in_order
        self._timeout = loader.timeout or None
        self._most = max(1, loader.prefetch_factor) * loader.num_workers
        self._active = [True] * loader.num_workers
        self._turn = itertools.cycle(range(loader.num_workers))
        self._sent = 0
        self._next = 0
        self._under_way = {}  # number of a batch → worker that has been asked for it
        self._arrived = {}  # number of a batch → worker and batch
        for _ in range(self._most):
            self._ask()

    def _ask(self):
        """Ask the next worker in turn for the next batch, if there is one."""
        if not any(self._active):
            return
        try:
            index = next(self._indices)
        except StopIteration:
            return
        worker = next(number for number in self._turn if self._active[number])
        try:
            self._connections[worker].send((self._sent, index))
        except (BrokenPipeError, ConnectionResetError):
            self._died(worker)
        self._under_way[self._sent] = worker
        self._sent += 1

    def __next__(self):
        while True:
            number = self._next_number()
            if number is None:
                if not self._loader.persistent_workers:
                    self._shut_down()
                raise StopIteration
            worker, batch = self._arrived.pop(number)
            if self._in_order:
                self._next = number + 1
            if isinstance(batch, Exhausted):
                self._active[worker] = False
                # It will not answer what it has been asked since.
                for asked in [asked for asked, by in self._under_way.items() if by == worker]:
                    del self._under_way[asked]
                self._ask()
                continue
            self._ask()
            if isinstance(batch, Failure):
                batch.reraise()
            self._count()
            return batch

    def _next_number(self):
        """The number of the batch to give next, which has arrived; None at the end."""
        if not self._in_order:
            while not self._arrived:
                if not self._under_way:
                    return None
                self._receive_any()
            return next(iter(self._arrived))
        while self._next < self._sent:
            if self._next in self._arrived:
                return self._next
            worker = self._under_way.get(self._next)
            if worker is None:
                # Asked of a worker whose dataset had ended.
                self._next += 1
            else:
                self._receive([worker])
        return None

    def _receive_any(self):
        self._receive(sorted(set(self._under_way.values())))

    def _receive(self, workers):
        """Wait for one of ``workers`` and take in what it has sent."""
        from multiprocessing.connection import wait

        connections = [self._connections[worker] for worker in workers]
        sentinels = [self._processes[worker].sentinel for worker in workers]
        ready = wait(connections + sentinels, self._timeout)
        if not ready:
            self._shut_down()
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        for worker, connection in zip(workers, connections):
            if connection in ready:
                try:
                    number, batch = connection.recv()
                except (EOFError, ConnectionResetError):
                    self._died(worker)
                self._under_way.pop(number, None)
                self._arrived[number] = (worker, batch)
                return
        for worker, sentinel in zip(workers, sentinels):
            if sentinel in ready and not self._connections[worker].poll():
                self._died(worker)

    def _died(self, worker):
        process = self._processes[worker]
        process.join(_PATIENCE)
        pid, code = process.pid, process.exitcode
        self._shut_down()
        raise RuntimeError(f"DataLoader worker (pid(s) {pid}) exited unexpectedly with exit code {code}")

    def _shut_down(self):
        self._under_way.clear()
        self._sent = self._next
        for connection in self._connections:
            try:
                connection.send(None)
            except OSError:
                pass  # it has gone already
            connection.close()
        for process in self._processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.terminate()
                process.join()
        self._connections = []
        self._processes = []
        if self._loader._workers_kept is self:
            self._loader._workers_kept = None

    def __del__(self):
        # A process forked since has a copy of this object, but the workers are not its own to stop.
        if getattr(self, "_processes", None) and hasattr(self, "_under_way") and os.getpid() == self._owner:
            self._shut_down()


# Under PyTorch's names, by which packages know them.
_BaseDataLoaderIter, _SingleProcessDataLoaderIter, _MultiProcessingDataLoaderIter = _Pass, _InProcess, _WithWorkers

_names.describe(__name__)
