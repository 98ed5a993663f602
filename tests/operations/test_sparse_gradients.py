"""Tables whose gradient is sparse, and the optimizers that take it. The numbers are PyTorch 2.15's."""

import copy

import pytest

import arcgrad as ag
from arcgrad import nn, optim
from arcgrad.nn import functional as F

INDEX = ag.tensor([[1, 2], [1, 4]])


def table(**options):
    return nn.Embedding(5, 2, sparse=True, _weight=ag.ones(5, 2), **options)


def weighted(rows):
    return (rows * ag.arange(8.0).view(2, 2, 2)).sum()


def test_the_gradient_has_the_rows_that_were_looked_up():
    e = table()
    weighted(e(INDEX)).backward()
    grad = e.weight.grad
    assert isinstance(grad, ag.Tensor) and grad.is_sparse and not grad.is_coalesced() and tuple(grad.shape) == (5, 2)
    assert grad._indices().tolist() == [[1, 2, 1, 4]]
    assert grad._values().tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]
    dense = nn.Embedding(5, 2, _weight=ag.ones(5, 2))
    weighted(dense(INDEX)).backward()
    assert grad.to_dense().equal(dense.weight.grad)


def test_gradients_add_up_and_a_dense_one_makes_the_whole_dense():
    e = table()
    e(INDEX).sum().backward()
    e(INDEX).sum().backward()
    assert e.weight.grad._indices().tolist() == [[1, 2, 1, 4, 1, 2, 1, 4]]
    e.weight.sum().backward()
    whole = [[1.0, 1.0], [5.0, 5.0], [3.0, 3.0], [1.0, 1.0], [3.0, 3.0]]
    assert not e.weight.grad.is_sparse and e.weight.grad.tolist() == whole
    e(INDEX).sum().backward()
    assert e.weight.grad[1].tolist() == [7.0, 7.0]
    # In one pass, in either order.
    for loss in (lambda: e(INDEX).sum() + e.weight.sum(), lambda: e.weight.sum() + e(INDEX).sum()):
        e.zero_grad()
        loss().backward()
        assert e.weight.grad[:3].tolist() == [[1.0, 1.0], [3.0, 3.0], [2.0, 2.0]]


def test_what_is_no_leaf_gets_the_same_gradient():
    w = ag.ones(5, 2, requires_grad=True)
    F.embedding(INDEX, w * 2, sparse=True).square().sum().backward()
    assert w.grad.is_sparse and w.grad.to_dense().tolist() == [[0.0, 0.0], [16.0, 16.0], [8.0, 8.0], [0.0, 0.0], [8.0, 8.0]]


def test_a_pass_that_gives_gradients_back_and_hooks_see_it_sparse():
    e = table()
    (grad,) = ag.autograd.grad(weighted(e(INDEX)), e.weight)
    assert grad.is_sparse and grad.to_dense().tolist()[1] == [4.0, 6.0] and e.weight.grad is None
    seen = []
    e.weight.register_hook(lambda g: seen.append(g.clone()) or g * 2)
    weighted(e(INDEX)).backward()
    assert seen[0].to_dense().equal(grad.to_dense()) and e.weight.grad.to_dense().equal(2 * grad.to_dense())


def test_a_pass_for_other_inputs_leaves_the_table_alone():
    e, other = table(), ag.tensor(2.0, requires_grad=True)
    (e(INDEX).sum() * other).backward(inputs=[other])
    assert e.weight.grad is None and other.grad.item() == 8.0


def test_second_derivatives():
    e = table()
    e(INDEX).pow(3).sum().backward(create_graph=True)
    (second,) = ag.autograd.grad(e.weight.grad.to_dense().sum(), e.weight)
    assert second.to_dense().tolist() == [[0.0, 0.0], [12.0, 12.0], [6.0, 6.0], [0.0, 0.0], [6.0, 6.0]]
    (first,) = ag.autograd.grad(e(INDEX).pow(3).sum(), e.weight, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), e.weight)
    assert second.to_dense().tolist()[1] == [12.0, 12.0]


def test_options_of_the_table():
    e = table(padding_idx=2)
    e(INDEX).sum().backward()
    assert e.weight.grad._indices().tolist() == [[1, 1, 4]]
    with pytest.raises(RuntimeError, match="scale_grad_by_freq not supported with sparse gradients"):
        table(scale_grad_by_freq=True)(INDEX).sum().backward()
    e = table(max_norm=1.0)
    e(INDEX).sum().backward()
    assert e.weight.grad.is_sparse and e.weight[1].norm().item() == pytest.approx(1.0) and e.weight[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("mode", "each"), [("sum", 1.0), ("mean", 0.5)])
def test_bags(mode, each):
    bag = nn.EmbeddingBag(5, 2, sparse=True, mode=mode)
    bag(INDEX).sum().backward()
    assert bag.weight.grad._indices().tolist() == [[1, 2, 1, 4]] and bag.weight.grad._values().tolist() == [[each, each]] * 4
    with pytest.raises(ValueError, match="max mode does not support sparse weights"):
        nn.EmbeddingBag(5, 2, sparse=True, mode="max")(INDEX)


def test_grad_can_be_assigned_copied_and_cleared():
    w = ag.ones(5, 2, requires_grad=True)
    sparse = ag.sparse_coo_tensor([[0]], [[1.0, 2.0]], (5, 2))
    w.grad = sparse
    assert w.grad is sparse
    copied = copy.deepcopy(w)
    assert copied.grad.to_dense().tolist()[0] == [1.0, 2.0] and copied.grad is not sparse
    with pytest.raises(RuntimeError, match=r"attempting to assign a gradient of size .* Please ensure that the gradient and the tensor are"):
        w.grad = ag.sparse_coo_tensor([[0]], [[1.0, 2.0]], (4, 2))
    w.grad = None
    assert w.grad is None
    w.grad = sparse
    w.grad = ag.zeros(5, 2)
    assert not w.grad.is_sparse
    w.grad = sparse
    del w.grad
    assert w.grad is None
    e = table()
    e(INDEX).sum().backward()
    optimizer = optim.SGD(e.parameters())
    optimizer.zero_grad(set_to_none=False)
    assert e.weight.grad._nnz() == 0
    e.zero_grad()
    assert e.weight.grad is None


def steps(make, count=2):
    e = table()
    optimizer = make(e.parameters())
    for _ in range(count):
        optimizer.zero_grad()
        e(INDEX).square().sum().backward()
        optimizer.step()
    return [row[0] for row in e.weight.tolist()], optimizer


@pytest.mark.parametrize(
    ("make", "count", "wanted"),
    [
        (lambda p: optim.SGD(p), 2, [1.0, 0.992016077041626, 0.996004045009613, 1.0, 0.996004045009613]),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9), 2, [1.0, 0.0, 0.46, 1.0, 0.46]),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), 2, [1.0, -0.2664, 0.2224, 1.0, 0.2224]),
        (lambda p: optim.SGD(p, lr=0.1, maximize=True), 2, [1.0, 1.96, 1.44, 1.0, 1.44]),
        (lambda p: optim.SparseAdam(p), 2, [1.0, 0.9980000257, 0.9980000257, 1.0, 0.9980000257]),
        (lambda p: optim.SparseAdam(p, maximize=True), 3, [1.0, 1.0030001402, 1.0030001402, 1.0, 1.0030001402]),
        (lambda p: optim.SparseAdam(p, lr=0.1, betas=(0.5, 0.9)), 3, [1.0, 0.7059824467, 0.7059824467, 1.0, 0.7059824467]),
        (lambda p: optim.Adagrad(p), 2, [1.0, 0.9829645753, 0.9829645753, 1.0, 0.9829645753]),
    ],
)
def test_optimizers_step_as_in_pytorch(make, count, wanted):
    found, _ = steps(make, count)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-7)


def test_state_of_sparse_adam():
    _, optimizer = steps(lambda p: optim.SparseAdam(p, lr=0.1, betas=(0.5, 0.9)), 3)
    state = optimizer.state_dict()["state"][0]
    assert state["step"] == 3
    assert state["exp_avg"][:, 0].tolist() == pytest.approx([0.0, 3.0032, 1.5016, 0.0, 1.5016], abs=1e-4)
    assert state["exp_avg_sq"][:, 0].tolist() == pytest.approx([0.0, 3.4905, 0.8726, 0.0, 0.8726], abs=1e-4)


def test_rows_that_are_not_named_stay_as_they_are():
    """Dense Adam moves every row by what it remembers; this one does not."""
    e = table()
    optimizer = optim.SparseAdam(e.parameters(), lr=0.1)
    e(ag.tensor([1])).sum().backward()
    optimizer.step()
    before = e.weight[1].tolist()
    optimizer.zero_grad()
    e(ag.tensor([3])).sum().backward()
    optimizer.step()
    assert e.weight[1].tolist() == before and e.weight[3].tolist() != [1.0, 1.0]


@pytest.mark.parametrize("name", "Adam AdamW RMSprop Adadelta Adamax NAdam RAdam Rprop ASGD Adafactor Muon".split())
def test_other_optimizers_refuse_sparse_gradients(name):
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        steps(getattr(optim, name))


def test_clipping_by_the_norm():
    e = table()
    e(INDEX).sum().backward()
    total = nn.utils.clip_grad_norm_(e.parameters(), 1.0)
    # Rows that occur twice count with their sum.
    assert total.item() == pytest.approx(12**0.5)
    assert e.weight.grad.norm().item() == pytest.approx(1.0, rel=1e-5)


def test_memory_of_the_gradient_is_that_of_the_rows():
    big = nn.Embedding(100_000, 4, sparse=True)
    big(ag.tensor([3, 7])).sum().backward()
    assert big.weight.grad._values().numel() == 8


def test_a_sparse_gradient_keeps_its_indices_when_the_program_goes_on_with_them():
    e, index = table(), ag.tensor([4, 1])
    e(index).sum().backward()
    index[0] = 0
    assert e.weight.grad._indices().tolist() == [[4, 1]]
    empty = nn.Embedding(0, 0, sparse=True)
    empty(ag.zeros(0, dtype=ag.int64)).sum().backward()
    assert empty.weight.grad.is_sparse


def test_the_first_gradient_stays_the_object_that_it_is_while_sparse_ones_are_added():
    w = ag.ones(4, requires_grad=True)
    w.grad = kept = ag.sparse_coo_tensor([[1, 1]], [1.0, 1.0], (4,))
    w.backward(ag.sparse_coo_tensor([[0]], [2.0], (4,)))
    assert w.grad is kept and kept.to_dense().tolist() == [2.0, 2.0, 0.0, 0.0]
    w.backward(ag.ones(4))
    assert w.grad is not kept and w.grad.tolist() == [3.0, 3.0, 1.0, 1.0]
    # A dense gradient takes sparse ones in where it lies, and others while any is alive.
    dense = w.grad
    w.backward(kept)
    assert w.grad is dense and dense.tolist() == [5.0, 5.0, 1.0, 1.0]


def test_a_custom_function_may_give_a_sparse_gradient():
    class Fixed(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, gradient):
            ctx.save_for_backward(gradient)
            return x.clone()

        @staticmethod
        def backward(ctx, _):
            return ctx.saved_tensors[0], None

    one, other = ag.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (3,)), ag.sparse_coo_tensor([[2]], [5.0], (3,))
    for gradients in ([one, other], [one, ag.ones(3), other], [ag.ones(3), one, other]):
        x = ag.zeros(3, requires_grad=True)
        sum(Fixed.apply(x, gradient) for gradient in gradients).sum().backward()
        expected = sum(gradient.to_dense() for gradient in gradients)
        assert x.grad.is_sparse is (len(gradients) == 2) and x.grad.to_dense().equal(expected)
