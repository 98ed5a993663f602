"""``share_memory_``: memory that processes started later see, and write to."""

import os

import pytest

import arcgrad as ag
from arcgrad import multiprocessing, nn

fork_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")


def in_a_fork(function):
    """Runs a function in a forked process; whether it came to its end."""
    child = os.fork()
    if child == 0:
        done = 1
        try:
            function()
            done = 0
        finally:
            os._exit(done)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@fork_only
@pytest.mark.parametrize("size", [1, 3, 100_000])
def test_a_forked_process_writes_to_the_same_memory(size):
    x, apart = ag.zeros(size), ag.zeros(size)
    assert not x.is_shared()
    assert x.share_memory_() is x and x.is_shared() and x.untyped_storage().is_shared()
    in_a_fork(lambda: (x.add_(1), apart.add_(1)))
    assert x.eq(1).all() and not apart.any()


@fork_only
def test_all_that_shows_the_memory_moves_with_it():
    x = ag.arange(6.0).reshape(2, 3)
    row, flat = x[1], x.detach().view(6)
    x.detach().share_memory_()
    assert row.is_shared() and flat.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    in_a_fork(lambda: flat.mul_(2))
    assert row.tolist() == [6.0, 8.0, 10.0] and x.sum() == 30


def test_values_versions_and_gradients_stay():
    x = ag.arange(4.0, requires_grad=True)
    y = x.square()
    x.detach().share_memory_()
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert x.share_memory_() is x
    assert ag.empty(0).share_memory_().is_shared()
    lent = ag.from_numpy(x.detach().numpy())
    assert lent.share_memory_().tolist() == [0.0, 1.0, 2.0, 3.0]


@fork_only
def test_a_module_is_trained_by_another_process():
    model = nn.Linear(3, 1)
    assert model.share_memory() is model and all(p.is_shared() for p in model.parameters())
    optimizer = ag.optim.SGD(model.parameters(), lr=0.5)

    def train():
        model(ag.ones(2, 3)).sum().backward()
        optimizer.step()

    before = model.weight.detach().clone()
    in_a_fork(train)
    assert ag.allclose(model.weight, before - 1)


def _write_own_element(rank, tensors):
    for tensor in tensors:
        with ag.no_grad():
            tensor[rank] += rank + 1


def _give_back(queue, wait):
    tensor = ag.zeros(5).share_memory_()
    queue.put(tensor[1:3])
    wait.get()
    tensor.add_(7)
    queue.put("done")
    wait.get()


def test_spawned_processes_are_given_the_memory():
    x, parameter = ag.zeros(4).share_memory_(), nn.Parameter(ag.zeros(2))
    parameter.share_memory_()
    multiprocessing.spawn(_write_own_element, args=([x[1:], parameter],), nprocs=2)
    assert x.tolist() == [0.0, 1.0, 2.0, 0.0] and parameter.tolist() == [1.0, 2.0]


@fork_only
def test_queues_hand_the_memory_on():
    context = multiprocessing.get_context("fork")
    queue, wait = context.Queue(), context.Queue()
    process = context.Process(target=_give_back, args=(queue, wait))
    process.start()
    part = queue.get(timeout=60)
    assert part.tolist() == [0.0, 0.0] and part.is_shared()
    wait.put(1)
    assert queue.get(timeout=60) == "done" and part.tolist() == [7.0, 7.0]
    wait.put(1)
    process.join(60)


def test_results_of_a_computation_do_not_cross_over():
    from multiprocessing.reduction import ForkingPickler

    y = (ag.ones(3, requires_grad=True) * 2).share_memory_()
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor which requires_grad"):
        ForkingPickler.dumps(y)


# ---- memory of files ----


def test_storages_are_mapped_from_files(tmp_path):
    path = str(tmp_path / "numbers")
    with open(path, "wb") as file:
        file.write(bytes(range(64)))
    whole = ag.UntypedStorage.from_file(path)
    assert whole.nbytes() == 64 and whole[3] == 3 and bytes(whole[60:]) == bytes(range(60, 64))
    part = ag.asarray(whole[8:16], dtype=ag.uint8)
    assert part.tolist() == list(range(8, 16)) and part.view(ag.int32).tolist() == [0x0B0A0908, 0x0F0E0D0C]
    # Private: what is written is seen through all of the storage, and not in the file.
    part.zero_()
    assert whole[8] == 0 and open(path, "rb").read()[8] == 8
    shared = ag.UntypedStorage.from_file(path, shared=True, nbytes=128)
    ag.asarray(shared[120:], dtype=ag.uint8).fill_(7)
    assert open(path, "rb").read()[-8:] == bytes([7] * 8)
    with pytest.raises(RuntimeError, match="fewer than the 1000|smaller than the required"):
        ag.UntypedStorage.from_file(path, nbytes=1000)
    with pytest.raises(RuntimeError, match="only a step of 1"):
        whole[::2]


def test_storages_are_buffers():
    x = ag.tensor([1.0, 2.0])
    view = memoryview(x.untyped_storage())
    assert view.nbytes == 8 and bytes(view) == bytes(x.numpy().data)
    view[0:4] = view[4:8]
    assert x.tolist() == [2.0, 2.0]
