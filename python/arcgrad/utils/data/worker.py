"""What runs in a worker process of a :class:`DataLoader`, and how its answers come back."""

from __future__ import annotations

from itertools import islice

from arcgrad import Tensor, _names, manual_seed, set_num_threads, tensor

from .collate import default_collate
from .dataset import TensorDataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from typing import Any

_info = None


class WorkerInfo:
    """What :func:`get_worker_info` returns.

    Attributes:
        id (int): number of the worker, from 0.
        num_workers (int): how many there are.
        seed (int): of the worker's generators: the loader's base seed plus ``id``.
        dataset (Dataset): the worker's own copy.
    """

    def __init__(self, id: int, num_workers: int, seed: int, dataset: Any) -> None:
        self.id = id
        self.num_workers = num_workers
        self.seed = seed
        self.dataset = dataset

    def __repr__(self) -> str:
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed}, dataset={self.dataset})"


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a loader, a :class:`WorkerInfo`; elsewhere None."""
    return _info


class MapFetcher:
    """Reads samples by index."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        # Entries of tensors, stacked again, are what one indexing gives.
        self.whole_batch = type(dataset) is TensorDataset and collate_fn is default_collate

    def fetch(self, index: Any) -> Any:
        """The batch of a list of indices; without batches, the converted sample of one index."""
        if not self.auto_collation:
            return self.collate_fn(self.dataset[index])
        if self.whole_batch:
            rows = tensor(index)
            return [column[rows] for column in self.dataset.tensors]
        many = getattr(self.dataset, "__getitems__", None)
        samples = many(index) if callable(many) else [self.dataset[i] for i in index]
        return self.collate_fn(samples)


class IterableFetcher:
    """Reads samples from front to back."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> None:
        self.samples = iter(dataset)
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch, as long as the list ``index``; StopIteration at the end."""
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.samples))
        batch = list(islice(self.samples, len(index)))
        self.ended = len(batch) < len(index)
        if not batch or (self.ended and self.drop_last):
            raise StopIteration
        return self.collate_fn(batch)


class Exhausted:
    """A worker's answer when its iterable dataset has ended."""


class _PlainText(str):
    """Text that is printed as it is where a message is printed by ``repr``, as that of a KeyError is."""

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """A worker's answer when an exception was raised: its type and where it came from."""

    def __init__(self, error: Any, where: str) -> None:
        # Needed for failures only, and costs as much to import as all of this package.
        import traceback

        self.type = type(error)
        self.where = where
        self.details = "".join(traceback.format_exception(error))

    def reraise(self) -> NoReturn:
        """Raise the exception again, with the worker's traceback in its text."""
        message = f"Caught {self.type.__name__} {self.where}.\nOriginal {self.details}"
        if issubclass(self.type, KeyError):
            message = _PlainText(message)
        try:
            error = self.type(message)
        except Exception:  # a type whose constructor asks for something else
            error = RuntimeError(message)
        raise error


def _seed_generators(base_seed, worker_id):
    import random
    import sys

    seed = base_seed + worker_id
    random.seed(seed)
    manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # NumPy's seeds have 32 bits: its own way of making many words of few mixes the two numbers.
        words = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
        numpy.random.seed(numpy.random.SeedSequence(words).generate_state(4))


def _reduce_tensor(value):
    """Pickles a tensor that is sent to another process, if it takes nothing with it that stays behind."""
    if value.requires_grad and not value.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing process "
            "boundaries. If you just want to transfer the data, call detach() on the tensor before serializing."
        )
    return value.__reduce_ex__(5)


def run(
    connection: Any,
    foreign: Any,
    dataset: Any,
    make_fetcher: Any,
    base_seed: int,
    worker_id: int,
    num_workers: int,
    init_fn: Any,
) -> None:
    """The main program of a worker: answers each (number, index) that comes in with (number, batch).

    Args:
        connection: to the loader.
        foreign (list): inherited ends of connections that are not this worker's; while they are open here, the
            end of the loader's process would go unnoticed.
        make_fetcher: makes a fetcher of the dataset.

    The message (None, None) begins another pass, None ends the program.
    """
    global _info
    for end in foreign:
        end.close()
    try:
        from multiprocessing.reduction import ForkingPickler

        ForkingPickler.register(Tensor, _reduce_tensor)
        set_num_threads(1)  # the workers share the machine
        _seed_generators(base_seed, worker_id)
        _info = WorkerInfo(worker_id, num_workers, base_seed + worker_id, dataset)
        fetcher = failure = None
        try:
            if init_fn is not None:
                init_fn(worker_id)
            fetcher = make_fetcher(dataset)
        except Exception as error:
            failure = Failure(error, f"in DataLoader worker process {worker_id}")
        ended = False
        tasks = _receive_in_background(connection)
        while (task := tasks.get()) is not None:
            number, index = task
            if number is None:
                ended = False
                failure = None
                try:
                    fetcher = make_fetcher(dataset)
                except Exception as error:
                    failure = Failure(error, f"in DataLoader worker process {worker_id}")
                continue
            if ended:
                continue
            if failure is not None:
                answer, failure = failure, None
            else:
                try:
                    answer = fetcher.fetch(index)
                except StopIteration:
                    answer, ended = Exhausted(), True
                except Exception as error:
                    answer = Failure(error, f"in DataLoader worker process {worker_id}")
            _send(connection, number, answer, worker_id)
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        # The loader has gone, or the program is being stopped: nobody waits for an answer.
        pass
    finally:
        connection.close()


def _send(connection, number, answer, worker_id):
    try:
        connection.send((number, answer))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # an answer that can't be pickled
        connection.send((number, Failure(error, f"when sending from DataLoader worker process {worker_id}")))


def _receive_in_background(connection):
    """A queue of what comes in, None at the end.

    Messages are taken in by a thread of their own, so that the loader never waits to send one while the worker
    waits to send its answer.
    """
    import queue
    import threading

    tasks = queue.SimpleQueue()

    def receive():
        try:
            while (task := connection.recv()) is not None:
                tasks.put(task)
        except (EOFError, OSError):
            pass
        tasks.put(None)

    threading.Thread(target=receive, daemon=True).start()
    return tasks


_names.describe(__name__)
