"""utils.data: datasets, samplers, collation, loaders with and without workers. Orders for a seed are PyTorch's."""

import json
import os
import pathlib
import random
import time
from collections import OrderedDict, UserDict, UserList, defaultdict, namedtuple

import numpy as np
import pytest
from oracle import data as oracle

import arcgrad as ag
from arcgrad.utils import data
from arcgrad.utils.data import collate as collation

Pair = namedtuple("Pair", "a b")


def generator(seed=1):
    return ag.Generator().manual_seed(seed)


class Numbers(data.Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return index


class Counter(data.IterableDataset):
    """0, 1, …, size - 1; with several workers, each gives every n-th."""

    def __init__(self, size):
        self.size = size

    def __iter__(self):
        info = data.get_worker_info()
        return iter(range(self.size) if info is None else range(info.id, self.size, info.num_workers))


# ---- datasets ----


def test_tensor_dataset_gives_tuples_of_entries():
    dataset = data.TensorDataset(ag.arange(3), ag.arange(6.0).view(3, 2))
    number, row = dataset[-1]
    assert number.item() == 2 and row.tolist() == [4.0, 5.0] and len(dataset) == 3
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        data.TensorDataset(ag.zeros(2), ag.zeros(3))


def test_datasets_are_joined_cut_and_stacked():
    joined = Numbers(3) + Numbers(2)
    assert [joined[i] for i in (0, 3, -1, -5)] == [0, 0, 1, 0] and len(joined) == 5
    with pytest.raises(ValueError, match="absolute value of index"):
        joined[-6]
    with pytest.raises(IndexError):
        joined[5]
    assert data.Subset(joined, [4, 0])[0] == 1
    assert data.StackDataset(Numbers(2), Numbers(2))[1] == (1, 1)
    assert data.StackDataset(x=Numbers(2))[1] == {"x": 1}
    assert list(Counter(2) + Counter(3)) == [0, 1, 0, 1, 2]
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        data.ConcatDataset([Counter(2)])
    with pytest.raises(NotImplementedError):
        data.Dataset()[0]
    with pytest.raises(TypeError):
        len(data.Dataset())


def test_random_split_takes_lengths_and_fractions():
    parts = data.random_split(range(10), [3, 7], generator=generator())
    assert [part.indices for part in parts] == [[5, 6, 1], [2, 0, 8, 9, 3, 7, 4]]
    parts = data.random_split(range(10), [0.35, 0.35, 0.3], generator=generator())
    assert [part.indices for part in parts] == [[5, 6, 1, 2], [0, 8, 9], [3, 7, 4]]
    for lengths in ([2, 1], [0.5, 0.6]):
        with pytest.raises(ValueError, match="Sum of input lengths does not equal"):
            data.random_split(range(4), lengths)
    with pytest.raises(ValueError, match="Fraction at index 0"):
        data.random_split(range(4), [-0.5, 1.5])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        data.random_split(range(1), [0.5, 0.5])


# ---- samplers ----


def test_random_sampler_gives_pytorchs_orders():
    assert list(data.RandomSampler(range(7), generator=generator())) == [0, 6, 1, 3, 5, 2, 4]
    more = data.RandomSampler(range(7), num_samples=17, generator=generator())
    assert list(more) == [0, 6, 1, 3, 5, 2, 4, 0, 6, 1, 3, 2, 4, 5, 5, 6, 0]
    again = data.RandomSampler(range(7), replacement=True, num_samples=40, generator=generator())
    assert list(again)[:10] == [0, 3, 4, 3, 3, 6, 0, 5, 0, 3] and list(again)[-1] in range(7)
    assert len(more) == 17 and len(again) == 40


def test_random_sampler_leaves_the_given_generator_where_pytorch_does():
    state = generator()
    list(data.RandomSampler(range(7), generator=state))
    assert ag.rand(1, generator=state).item() == pytest.approx(0.6826, abs=1e-4)


def test_other_samplers_give_pytorchs_orders():
    assert list(data.SubsetRandomSampler([3, 4, 5], generator=generator())) == [4, 5, 3]
    assert list(data.SequentialSampler(range(3))) == [0, 1, 2]
    with_weights = data.WeightedRandomSampler([0.1, 0.9, 0.0], 50, generator=generator())
    drawn = list(with_weights)
    assert len(drawn) == 50 and set(drawn) <= {0, 1} and drawn.count(1) > 30


def test_batch_sampler_groups_indices():
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert len(data.BatchSampler(range(5), 2, False)) == 3 and len(data.BatchSampler(range(5), 2, True)) == 2


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: data.RandomSampler(range(0)), ValueError),
        (lambda: data.RandomSampler(range(3), num_samples=-1), ValueError),
        (lambda: data.RandomSampler(range(3), replacement=2), TypeError),
        (lambda: data.WeightedRandomSampler([1.0], 0), ValueError),
        (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError),
        (lambda: data.BatchSampler([1], 0, False), ValueError),
        (lambda: data.BatchSampler([1], True, False), ValueError),
        (lambda: data.BatchSampler([1], 1, 3), ValueError),
    ],
)
def test_bad_samplers_are_refused(make, error):
    with pytest.raises(error):
        make()


# ---- collation ----


def test_collation_makes_tensors_of_numbers():
    assert data.default_collate([1, 2]).dtype == ag.int64
    assert data.default_collate([1.5, 2]).dtype == ag.float64
    assert data.default_collate([True, False]).dtype == ag.bool
    assert tuple(data.default_collate([ag.zeros(2), ag.ones(2)]).shape) == (2, 2)
    assert data.default_collate(["a", "b"]) == ["a", "b"]


def test_collation_goes_into_containers_and_keeps_their_types():
    first, second = data.default_collate([(1, 2.0), (3, 4.0)])
    assert first.tolist() == [1, 3] and second.dtype == ag.float64
    pair = data.default_collate([Pair(1, "x"), Pair(2, "y")])
    assert isinstance(pair, Pair) and pair.b == ("x", "y") or pair.b == ["x", "y"]
    table = data.default_collate([OrderedDict(a=1), OrderedDict(a=2)])
    assert isinstance(table, OrderedDict) and table["a"].tolist() == [1, 2]
    counts = defaultdict(int, a=1)
    assert data.default_collate([counts])["missing"] == 0


def test_collation_takes_numpy_arrays_and_scalars():
    numpy = pytest.importorskip("numpy")
    assert data.default_collate([numpy.zeros(2), numpy.ones(2)]).dtype == ag.float64
    assert data.default_collate([numpy.float32(1), numpy.float32(2)]).dtype == ag.float32
    assert data.default_collate([numpy.int64(3)]).tolist() == [3]
    with pytest.raises(TypeError, match="batch must contain tensors"):
        data.default_collate([numpy.array("a")])
    converted = data.default_convert({"x": numpy.ones(1), "y": (numpy.ones(1), 2, "z")})
    assert isinstance(converted["x"], ag.Tensor) and converted["y"][1:] == [2, "z"]


@pytest.mark.parametrize(
    ("batch", "error"), [([None], TypeError), ([{1}], TypeError), ([(1,), (1, 2)], RuntimeError), ([1j, 2j], TypeError)]
)
def test_what_can_not_be_collated_is_refused(batch, error):
    with pytest.raises(error):
        data.default_collate(batch)


# ---- loaders ----


def numbers(loader):
    return [batch.tolist() for batch in loader]


def test_a_seed_gives_pytorchs_batches():
    dataset = data.TensorDataset(ag.arange(7), ag.arange(7.0) * 2)
    ag.manual_seed(0)
    batches = list(data.DataLoader(dataset, 2, shuffle=True))
    assert [first.tolist() for first, _ in batches] == [[0, 4], [1, 5], [2, 6], [3]]
    assert batches[0][1].tolist() == [0.0, 8.0]
    assert ag.rand(1).item() == pytest.approx(0.3074, abs=1e-4)


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    state = ag.get_rng_state()
    assert numbers(data.DataLoader(Numbers(7), 2, shuffle=True, generator=generator())) == [[4, 3], [5, 0], [6, 1], [2]]
    assert ag.equal(ag.get_rng_state(), state)


def test_an_unshuffled_pass_draws_one_seed_all_the_same():
    ag.manual_seed(0)
    list(data.DataLoader(Numbers(3)))
    assert ag.rand(1).item() == pytest.approx(0.0885, abs=1e-4)


def test_batches_have_the_size_and_order_asked_for():
    assert numbers(data.DataLoader(Numbers(5), 2)) == [[0, 1], [2, 3], [4]]
    assert numbers(data.DataLoader(Numbers(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert numbers(data.DataLoader(Numbers(5), sampler=[3, 1], batch_size=2)) == [[3, 1]]
    assert numbers(data.DataLoader(Numbers(5), batch_sampler=[[4], [0, 2]])) == [[4], [0, 2]]
    assert list(data.DataLoader(Numbers(3), batch_size=None)) == [0, 1, 2]
    assert list(data.DataLoader(["a", "b", "c"], 2, collate_fn=lambda batch: "".join(batch))) == ["ab", "c"]
    assert len(data.DataLoader(Numbers(5), 2)) == 3 and len(data.DataLoader(Numbers(5), 2, drop_last=True)) == 2
    assert len(data.DataLoader(Numbers(5), None)) == 5


def test_many_samples_are_read_at_once_where_the_dataset_can():
    class Many(Numbers):
        def __getitems__(self, indices):
            return [10 * index for index in indices]

    assert numbers(data.DataLoader(Many(3), 2)) == [[0, 10], [20]]
    assert numbers(data.DataLoader(data.Subset(Many(3), [2, 0]), 2)) == [[20, 0]]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_iterable_datasets_are_read_to_their_end(workers):
    loader = data.DataLoader(Counter(10), 3, num_workers=workers)
    assert sorted(sum(numbers(loader), [])) == list(range(10))
    if workers < 2:
        assert numbers(loader) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
        assert numbers(data.DataLoader(Counter(4), 3, num_workers=workers, drop_last=True)) == [[0, 1, 2]]
    if workers == 2:
        assert numbers(loader) == [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size should be a positive integer"),
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "could only be specified in multiprocessing"),
        ({"persistent_workers": True}, "needs num_workers > 0"),
        ({"shuffle": True, "sampler": [1]}, "mutually exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 3}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "mutually exclusive with drop_last"),
        ({"multiprocessing_context": "fork"}, "can only be used with multi-process loading"),
        ({"multiprocessing_context": "knife", "num_workers": 1}, "should specify a valid start method"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        data.DataLoader(Numbers(3), **settings)


def test_iterable_datasets_have_no_sampler():
    for settings in ({"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}):
        with pytest.raises(ValueError, match="DataLoader with IterableDataset"):
            data.DataLoader(Counter(3), **settings)
    assert numbers(data.DataLoader(Counter(2), shuffle=False)) == [[0], [1]]


def test_what_iterators_are_made_of_can_not_be_changed():
    loader = data.DataLoader(Numbers(3), 2)
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 3
    with pytest.raises(AssertionError, match="timeout"):
        iter(data.DataLoader(Numbers(3), timeout=1))


# ---- workers ----


def identity(batch):
    return batch


class Draws(Numbers):
    def __getitem__(self, index):
        info = data.get_worker_info()
        return index, ag.rand(()).item(), random.random(), info.id, info.seed, info.num_workers


class Failing(Numbers):
    def __getitem__(self, index):
        if index == 3:
            raise KeyError("no sample three")
        return index


class Dying(Numbers):
    def __getitem__(self, index):
        if index == 3:
            os._exit(7)
        return index


class Sleeping(Numbers):
    def __getitem__(self, index):
        if index == 0:
            time.sleep(0.5)
        return index


class Unsendable(Numbers):
    def __getitem__(self, index):
        return lambda: index


@pytest.mark.parametrize("context", [None, "spawn", "forkserver"])
def test_workers_give_the_same_batches_in_the_same_order(context):
    dataset = data.TensorDataset(ag.arange(11))
    orders = []
    for settings in ({}, {"num_workers": 2, "multiprocessing_context": context}):
        ag.manual_seed(0)
        loader = data.DataLoader(dataset, 2, shuffle=True, **settings)
        orders.append(([batch.tolist() for (batch,) in loader], ag.rand(1).item()))
    assert orders[0] == orders[1]


def test_workers_draw_from_generators_of_their_own():
    ag.manual_seed(3)
    first, second = data.DataLoader(Draws(4), 2, num_workers=2, collate_fn=identity)
    assert [sample[3] for sample in first + second] == [0, 0, 1, 1]
    assert second[0][4] == first[0][4] + 1 and first[0][5] == 2
    for _, drawn, by_python, worker, seed, _ in (first[0], second[0]):
        assert drawn == ag.rand((), generator=generator(seed)).item()
        assert by_python == random.Random(seed).random()
    assert data.get_worker_info() is None


def test_persistent_workers_serve_every_pass():
    loader = data.DataLoader(Draws(4), 2, num_workers=2, collate_fn=identity, persistent_workers=True)
    passes = [[sample for batch in loader for sample in batch] for _ in range(2)]
    assert [[sample[0] for sample in one] for one in passes] == [[0, 1, 2, 3]] * 2
    assert passes[0][0][1] != passes[1][0][1]
    next(iter(loader))
    assert [sample[0] for batch in loader for sample in batch] == [0, 1, 2, 3]


def test_an_error_in_a_worker_is_raised_here_with_its_traceback():
    batches = iter(data.DataLoader(Failing(6), 2, num_workers=2))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(KeyError, match="(?s)Caught KeyError in DataLoader worker process 1.*no sample three"):
        next(batches)
    assert next(batches).tolist() == [4, 5]


def test_a_worker_that_dies_is_named():
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"):
        list(data.DataLoader(Dying(6), 2, num_workers=2))


def test_a_worker_that_takes_too_long_is_given_up():
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.1 seconds"):
        list(data.DataLoader(Sleeping(2), num_workers=1, timeout=0.1))


def test_a_batch_that_can_not_be_sent_is_an_error_not_a_hang():
    with pytest.raises(Exception, match="when sending from DataLoader worker process 0"):
        list(data.DataLoader(Unsendable(2), num_workers=1, collate_fn=identity))


def test_batches_may_come_as_they_are_ready():
    loader = data.DataLoader(Sleeping(4), num_workers=2, in_order=False)
    order = sum(numbers(loader), [])
    assert sorted(order) == [0, 1, 2, 3] and order[0] != 0


def test_large_index_lists_and_batches_do_not_lock_each_other_out():
    size = 300_000
    loader = data.DataLoader(range(2 * size), size, num_workers=1)
    assert [tuple(batch.shape) for batch in loader] == [(size,), (size,)]


def test_leaving_a_pass_early_stops_its_workers():
    batches = iter(data.DataLoader(Numbers(100), num_workers=2))
    next(batches)
    processes = batches._processes
    start = time.perf_counter()
    del batches
    assert time.perf_counter() - start < 4
    assert not any(process.is_alive() for process in processes)


def test_workers_call_the_init_function():
    with pytest.raises(ValueError, match="worker 0 refuses"):
        list(data.DataLoader(Numbers(2), num_workers=1, worker_init_fn=refuse))


def refuse(worker):
    raise ValueError(f"worker {worker} refuses")


# ---- what PyTorch gives ----


def test_orders_and_draws_are_pytorchs():
    """Of every sampler and loader, with and without workers, for given seeds."""
    expected = json.loads((pathlib.Path(oracle.__file__).with_suffix(".json")).read_text())
    found = oracle.orders(ag)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == value, name


def test_distributed_samplers_know_their_place():
    with pytest.raises(ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"):
        data.DistributedSampler([1], 2, 2)
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        data.DistributedSampler([1])
    assert list(data.DistributedSampler([], 2, 0)) == []
    parts = [list(data.DistributedSampler(range(8), 4, rank, seed=1)) for rank in range(4)]
    assert sorted(sum(parts, [])) == list(range(8))


@pytest.mark.parametrize(
    ("weights", "count", "replacement"),
    [([1.0, -1.0], 2, True), ([1.0, float("inf")], 2, True), ([1.0, float("nan")], 2, True), ([0.0, 0.0], 2, True), ([1.0, 2.0], 3, False)],
)
def test_weights_that_cannot_be_drawn_by_are_refused(weights, count, replacement):
    with pytest.raises(RuntimeError):
        list(data.WeightedRandomSampler(weights, count, replacement))


@pytest.mark.arcgrad_only
def test_what_has_no_weight_is_not_drawn_instead():
    with pytest.raises(RuntimeError, match="not enough"):
        list(data.WeightedRandomSampler([1.0, 0.0], 2, replacement=False))


# ---- more of collation ----


class Words(UserList):
    """A mutable sequence that knows more than its elements."""

    language = "en"


class Record(UserDict):
    """A mapping as TensorDict is one: mutable, copied with what it has besides its entries."""

    def __init__(self, entries=(), device="here"):
        super().__init__(entries)
        self.device = device


def test_containers_of_other_types_keep_their_types():
    words = [Words([1, 2.0]), Words([3, 4.0])]
    words[0].language = "de"
    batch = data.default_collate(words)
    assert type(batch) is Words and batch.language == "de" and batch[0].tolist() == [1, 3] and words[0][0] == 1
    batch = data.default_collate([Record({"x": ag.ones(2)}, "there"), Record({"x": ag.zeros(2)}, "there")])
    assert type(batch) is Record and batch.device == "there" and batch["x"].shape == (2, 2)
    assert type(data.default_convert(Words([1]))) is Words
    assert [entry.tolist() for entry in data.default_collate([range(2), range(2)])] == [[0, 0], [1, 1]]


def test_functions_of_a_program_make_batches():
    class Image:
        pass

    def count(batch, *, collate_fn_map=None):
        return len(batch)

    assert collation.collate([(Image(), "a"), (Image(), "b")], collate_fn_map={Image: count, (int, str): count}) == [2, 2]
    with pytest.raises(TypeError, match="found <class 'str'>"):
        collation.collate(["a"], collate_fn_map={Image: count})
    with pytest.raises(TypeError, match="found <class '.*Image'>"):
        data.default_collate([Image()])
    collation.default_collate_fn_map[Image] = count
    try:
        loader = data.DataLoader([Image(), Image(), Image()], batch_size=2)
        assert list(loader) == [2, 1]
    finally:
        del collation.default_collate_fn_map[Image]


@pytest.mark.parametrize("sample", [None, ag.float32, 1 + 2j, frozenset([1]), np.datetime64("2026-01-01"), np.array([None]), np.array(["a"])])
def test_what_is_no_data_is_named(sample):
    with pytest.raises(TypeError, match="batch must contain tensors, numpy arrays, numbers, dicts or lists; found "):
        data.default_collate([sample, sample])


def test_pytorchs_places_of_collation_are_there():
    from arcgrad.utils.data._utils.collate import default_collate, default_collate_fn_map
    from arcgrad.utils.data._utils.worker import get_worker_info
    from arcgrad.utils.data.dataloader import default_collate as other

    assert default_collate is other is data.default_collate and get_worker_info() is None
    assert default_collate_fn_map is collation.default_collate_fn_map


# ---- more of datasets ----


class Many(Numbers):
    """Says how many samples were asked for at once."""

    def __getitems__(self, indices):
        return [(index, len(indices)) for index in indices]


def test_stacked_datasets_are_read_many_at_once():
    stacked = data.StackDataset(Many(3), [7, 8, 9])
    assert stacked.__getitems__([0, 2]) == [((0, 2), 7), ((2, 2), 9)]
    named = data.StackDataset(a=Many(3), b=[7, 8, 9])
    assert named.__getitems__([1]) == [{"a": (1, 1), "b": 8}]
    with pytest.raises(ValueError, match="both types are given"):
        data.StackDataset([1], a=[1])
    assert data.Subset(Many(5), [3, 4]).__getitems__([1, 0]) == [(4, 2), (3, 2)]


def test_base_classes_say_what_to_define():
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        data.Dataset()[0]
    with pytest.raises((NotImplementedError, TypeError)):
        iter(data.IterableDataset())
    with pytest.warns(FutureWarning, match="cumulative_sizes"):
        assert data.ConcatDataset([[1], [2]]).cummulative_sizes == [1, 2]


# ---- more of loaders ----


@pytest.mark.parametrize("context", [3, "no method", object()])
def test_contexts_that_start_nothing_are_refused(context):
    with pytest.raises((TypeError, ValueError), match="multiprocessing_context option should"):
        data.DataLoader([1], num_workers=1, multiprocessing_context=context)


def test_pinning_is_accepted_and_changes_nothing():
    loader = data.DataLoader([1, 2], batch_size=2, pin_memory=True)
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert [batch.tolist() for batch in loader] == [[1, 2]]


def test_a_longer_iterable_than_it_said_is_warned_of():
    class Long(Counter):
        def __len__(self):
            return 2

    loader = data.DataLoader(Long(5), batch_size=None)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2 .*but 3 samples have been fetched"):
        assert len(list(loader)) == 5


class Threads(Numbers):
    def __getitem__(self, index):
        return ag.get_num_threads()


class FailingStream(data.IterableDataset):
    def __iter__(self):
        yield 1
        raise KeyError("missing key")


class Picky(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


class FailingPickily(Numbers):
    def __getitem__(self, index):
        raise Picky("one", "two")


def fail(worker):
    raise ValueError(f"worker {worker} does not start")


def fail_to_collate(batch):
    raise OSError("no batch")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"dataset": FailingStream(), "batch_size": None}, KeyError, "missing key"),
        ({"dataset": FailingPickily(2)}, RuntimeError, "Caught Picky"),
        ({"dataset": Numbers(2), "worker_init_fn": fail}, ValueError, "worker 0 does not start"),
        ({"dataset": Numbers(2), "collate_fn": fail_to_collate}, OSError, "no batch"),
    ],
)
def test_errors_of_workers_say_where_they_come_from(options, error, text):
    loader = data.DataLoader(num_workers=1, multiprocessing_context="fork", **options)
    with pytest.raises(error) as caught:
        list(loader)
    message = str(caught.value)
    assert text in message and "in DataLoader worker process 0.\nOriginal Traceback (most recent call last)" in message


def test_persistent_workers_survive_an_error_and_an_early_end():
    loader = data.DataLoader(Failing(6), batch_size=1, num_workers=2, persistent_workers=True, multiprocessing_context="fork")
    for _ in range(2):
        passing = iter(loader)
        next(passing)
        with pytest.raises(KeyError, match="no sample three"):
            list(passing)
    processes = loader._workers_kept._processes
    assert all(process.is_alive() for process in processes)


def test_each_worker_computes_with_one_thread():
    assert list(data.DataLoader(Threads(2), batch_size=None, num_workers=1, multiprocessing_context="fork")) == [1, 1]


class Recorded(Numbers):
    def __getitem__(self, index):
        return ag.ones(2, requires_grad=True) * 2


def test_a_graph_does_not_leave_its_process():
    loader = data.DataLoader(Recorded(1), batch_size=None, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        list(loader)
    (batch,) = data.DataLoader(Recorded(1), batch_size=None)
    assert not batch.is_leaf


def test_the_processes_of_workers_are_known_also_when_they_have_ended():
    passed = iter(ag.utils.data.DataLoader(list(range(4)), num_workers=2))
    assert len(list(passed)) == 4
    assert len(passed._workers) == 2 and all(worker.pid and not worker.is_alive() for worker in passed._workers)
