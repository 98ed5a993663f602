"""utils.data: datasets, samplers, collation, loaders with and without workers. Orders for a seed are PyTorch's."""

import os
import random
import time
from collections import OrderedDict, defaultdict, namedtuple

import pytest

import arcgrad as ag
from arcgrad.utils import data

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


@pytest.mark.parametrize("context", [None, "spawn"])
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
