"""Nested tensors: several tensors computed with as one. The values are those of PyTorch 2.15, where it has the function."""

import copy
import pickle

import pytest

import arcgrad as ag

F = ag.nn.functional
A, B = ag.arange(6.0).view(3, 2), ag.arange(10.0).view(5, 2) + 1
LAYOUTS = pytest.mark.parametrize("layout", [ag.strided, ag.jagged], ids=str)


def parts(nested):
    return [part.tolist() for part in nested.unbind()]


@LAYOUTS
def test_it_is_made_of_copies_and_given_back(layout):
    nested = ag.nested.nested_tensor([A, B], layout=layout)
    assert isinstance(nested, ag.Tensor) and nested.is_nested and nested.layout is layout
    assert (len(nested), nested.ndim, nested.dim(), nested.size(0), nested.size(2), nested.numel()) == (2, 3, 3, 2, 2, 16)
    assert parts(nested) == [A.tolist(), B.tolist()] and nested[1].tolist() == B.tolist()
    assert nested.unbind()[0].data_ptr() != A.data_ptr()
    assert nested._nested_tensor_size().tolist() == [[3, 2], [5, 2]]
    assert [part.shape for part in nested] == [(3, 2), (5, 2)]
    assert nested.to_padded_tensor(-1.0)[0, 3:].tolist() == [[-1.0, -1.0]] * 2
    assert ag.nested.to_padded_tensor(nested, 0.0, (2, 6, 3)).shape == (2, 6, 3)
    assert not A.is_nested


def test_the_size_of_an_axis_that_has_several_is_known_by_what_it_is_made_of():
    nested = ag.nested.nested_tensor([A, B], layout=ag.jagged)
    other = ag.nested.nested_tensor([B, A], layout=ag.jagged)
    assert nested.size(1) == (2 * nested).size(1) != other.size(1) and nested.shape == (nested + nested).shape != other.shape
    assert repr(nested) == "NestedTensor(size=(2, j, 2), offsets=tensor([0, 3, 8]), contiguous=True)"
    assert nested.offsets().tolist() == [0, 3, 8] and nested.values().shape == (8, 2)
    with pytest.raises(RuntimeError, match="dimension 1 is irregular"):
        ag.nested.nested_tensor([A, B]).size(1)


@LAYOUTS
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + x,
        lambda x: 1 - x,
        lambda x: 2**x,
        lambda x: (x - 3).relu(),
        lambda x: x + ag.tensor([10.0, 20.0]),
        lambda x: F.linear(x, ag.ones(3, 2), ag.ones(3)),
        lambda x: F.layer_norm(x, [2]),
        lambda x: F.gelu(x),
        lambda x: ag.softmax(x, -1),
        lambda x: x.unsqueeze(-1).squeeze(-1),
        lambda x: x.unflatten(-1, (1, 2)).transpose(-2, -1).flatten(-2),
        lambda x: x @ ag.ones(2, 2),
        lambda x: x.mT.transpose(-1, -2),
        lambda x: x.cumsum(-1),
        lambda x: ag.cat([x, x], -1),
        lambda x: ag.stack([x, x], -1),
        lambda x: x.chunk(2, -1)[1],
        lambda x: ag.where(x > 2, x, 0.0),
        lambda x: x.clone().mul_(2),
        lambda x: ag.ones_like(x),
        lambda x: x.double(),
        lambda x: x.to(ag.float16),
        lambda x: x[..., 0],
        lambda x: x.sum(-1),
        lambda x: x.narrow(-1, 1, 1),
        lambda x: F.normalize(x, dim=-1),
    ],
)
def test_what_is_done_to_it_is_done_to_each(function, layout):
    result = function(ag.nested.nested_tensor([A, B], layout=layout))
    assert result.is_nested and result.layout is layout
    for got, part in zip(result.unbind(), (A, B)):
        # Axes are counted from the end, so that they are the same of one tensor.
        ag.testing.assert_close(got, function(part))


@LAYOUTS
def test_reductions_leave_a_dense_tensor_where_one_size_of_each_axis_is_left(layout):
    nested = ag.nested.nested_tensor([A, B], layout=layout)
    assert nested.sum().item() == 70 and nested.mean().item() == 4.375 and (nested > 9).any().item()
    assert nested.sum(1).tolist() == [[6.0, 9.0], [25.0, 30.0]] and nested.mean(1).tolist() == [[2.0, 3.0], [5.0, 6.0]]
    assert nested.sum(1, keepdim=True).shape == (2, 1, 2) and nested.amax(dim=1).tolist() == [[4.0, 5.0], [9.0, 10.0]]
    values, indices = nested.max(1)
    assert values.tolist() == [[4.0, 5.0], [9.0, 10.0]] and indices.tolist() == [[2, 2], [4, 4]]


@LAYOUTS
def test_attention_is_that_of_each(layout):
    heads = ag.nested.nested_tensor([ag.randn(3, 8), ag.randn(5, 8)], layout=layout).unflatten(-1, (2, 4)).transpose(1, 2)
    result = F.scaled_dot_product_attention(heads, heads, heads)
    for got, part in zip(result.unbind(), heads.unbind()):
        ag.testing.assert_close(got, F.scaled_dot_product_attention(part, part, part))
    assert result.transpose(1, 2).flatten(-2).size(-1) == 8


def test_a_dense_tensor_with_as_many_axes_has_a_slice_for_each():
    nested = ag.nested.nested_tensor([A, B], layout=ag.jagged)
    sides = ag.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    assert parts(nested + sides) == [(A + sides[0]).tolist(), (B + sides[1]).tolist()]
    assert parts(nested * sides[:1]) == [(A * sides[0]).tolist(), (B * sides[0]).tolist()]


def test_products_of_two_are_those_of_each():
    nested = ag.nested.nested_tensor([A, B])
    assert parts(nested @ nested.mT) == [(A @ A.mT).tolist(), (B @ B.mT).tolist()]
    with pytest.raises(RuntimeError, match="only represents shapes"):
        jagged = ag.nested.nested_tensor([A, B], layout=ag.jagged)
        jagged @ jagged.mT  # noqa: B018 (it is computed)


def test_views_keep_the_first_axis():
    nested = ag.nested.nested_tensor([A, B], layout=ag.jagged)
    assert nested.view(2, -1, 1, 2).unbind()[1].shape == (5, 1, 2)
    assert nested.view(2, nested.size(1), 2, -1).unbind()[1].shape == (5, 2, 1)
    with pytest.raises(RuntimeError, match="first size"):
        nested.view(4, -1)


@LAYOUTS
def test_gradients_go_through_it(layout):
    leaf = ag.nested.nested_tensor([A, B], layout=layout, requires_grad=True)
    assert leaf.requires_grad and leaf.is_leaf and leaf.grad is None
    (leaf * leaf).to_padded_tensor(0.0).sum().backward()
    assert leaf.grad.is_nested and parts(leaf.grad) == parts(2 * leaf.detach())
    x = A.clone().requires_grad_()
    (3 * ag.nested.as_nested_tensor([x, B], layout=layout)).sum().backward()
    assert x.grad.tolist() == [[3.0, 3.0]] * 3


def test_layers_take_it_and_are_trained():
    model = ag.nn.Sequential(ag.nn.Linear(2, 4), ag.nn.LayerNorm(4), ag.nn.GELU(), ag.nn.Dropout(0.1), ag.nn.Linear(4, 1))
    model(ag.nested.nested_tensor([A, B], layout=ag.jagged)).mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    ids = ag.nested.nested_tensor([[0, 1], [1]], layout=ag.jagged)
    assert ag.nn.Embedding(2, 3)(ids).unbind()[1].shape == (1, 3)


def test_parts_of_one_tensor_are_a_nested_one():
    values = ag.arange(8.0).view(8, 1)
    offsets = ag.tensor([0, 3, 8])
    make = ag.nested.nested_tensor_from_jagged
    assert [len(part) for part in make(values, offsets).unbind()] == [3, 5]
    assert parts(make(values, offsets, lengths=ag.tensor([2, 4]))) == [[[0.0], [1.0]], [[3.0], [4.0], [5.0], [6.0]]]
    assert [len(part) for part in make(values, lengths=ag.tensor([3, 5])).unbind()] == [3, 5]
    with pytest.raises(RuntimeError, match="At least one of offsets or lengths"):
        make(values)
    source = ag.arange(12.0).view(2, 3, 2)
    cut = ag.nested.narrow(source, 1, ag.tensor([0, 1]), ag.tensor([2, 1]), layout=ag.jagged)
    assert parts(cut) == [[[0.0, 1.0], [2.0, 3.0]], [[8.0, 9.0]]]
    mask = ag.tensor([[True, False, True], [False, False, True]])
    assert parts(ag.nested.masked_select(ag.arange(6.0).view(2, 3), mask)) == [[0.0, 2.0], [5.0]]


def test_it_is_copied_and_pickled():
    nested = ag.nested.nested_tensor([A, B], layout=ag.jagged)
    for other in (copy.deepcopy(nested), pickle.loads(pickle.dumps(nested))):
        assert other.layout is ag.jagged and ag.equal(other, nested) and other.unbind()[0].data_ptr() != nested.unbind()[0].data_ptr()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ag.nested.nested_tensor([]), "empty tensor list"),
        (lambda: ag.nested.nested_tensor([A, A[0]]), "must have the same dimension. Found dimension 1 for Tensor at index 1"),
        (lambda: ag.nested.nested_tensor([A, ag.ones(2, 3)], layout=ag.jagged), "jagged layout only represents"),
        (lambda: ag.nested.nested_tensor([A], layout=ag.sparse_coo), "layout is unsupported"),
        (lambda: ag.nested.nested_tensor([A, B]).sum(0), "along the axis 0"),
        (lambda: ag.nested.nested_tensor([A, B]).transpose(0, 1), "batch dimension"),
        (lambda: ag.nested.nested_tensor([A, B]).numpy(), "no memory of its own"),
        (lambda: ag.nested.nested_tensor([A, B]) + ag.nested.nested_tensor([A]), "of 2 and of 1 tensors"),
        (lambda: ag.nested.nested_tensor([A, B]).to_padded_tensor(0.0, (2, 4, 2)), "Truncation is not supported"),
    ],
)
def test_what_cannot_be_is_said(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()


def test_what_is_not_there_for_nested_tensors_says_so():
    with pytest.raises(NotImplementedError, match="conv1d is not there for nested tensors"):
        F.conv1d(ag.nested.nested_tensor([A, B]), ag.ones(1, 1, 1))


def of(*parts, **options):
    return ag.nested.nested_tensor(list(parts), layout=ag.jagged, **options)


@LAYOUTS
@pytest.mark.parametrize(
    "call, words",
    [
        (lambda two, one: ag.cat([two, one], -1), "matching ragged structures"),
        (lambda two, one: ag.cat([one, two], 1), "matching ragged structures"),
        (lambda two, one: ag.stack([two, one], -1), "same nested structure"),
        (lambda two, one: F.scaled_dot_product_attention(two, one, one), "as many tensors, but are of 2, 1 and 1"),
        (lambda two, one: two + ag.ones(5, 1, 2), "a slice for each of the 2 tensors"),
        (lambda two, one: ag.ones(7, 1, 2) * two, "a slice for each of the 2 tensors"),
        (lambda two, one: two @ ag.ones(5, 2, 2), "a slice for each of the 2 tensors"),
        (lambda two, one: two.clone().mul_(ag.ones(5, 1, 2)), "a slice for each of the 2 tensors"),
        (lambda two, one: ag.where(ag.ones(5, 1, 1) > 0, two, 0.0), "a slice for each of the 2 tensors"),
        (lambda two, one: two + ag.ones(2, 1, 1, 2), "a slice for each of the 2 tensors"),
        (lambda two, one: two + two.sum(-1), "cannot call it with nested tensors of shapes"),
        (lambda two, one: setattr(two, "grad", one), "of 1 tensors, for one of 2"),
        (lambda two, one: ag.ones(1, 1, 2).add_(two), "cannot be written into"),
        (lambda two, one: two.transpose_(1, 2), "transpose_ is not there"),
        (lambda two, one: two.unsqueeze_(-1), "unsqueeze_ is not there"),
        (lambda two, one: two.sum(-1) @ ag.ones(2, 2), "three axes at least"),
    ],
)
def test_what_does_not_belong_together_is_refused_not_cut_off(call, words, layout):
    two, one = (ag.nested.nested_tensor(parts, layout=layout) for parts in ([A, B], [A]))
    with pytest.raises((RuntimeError, NotImplementedError), match=words):
        call(two, one)


@LAYOUTS
def test_functions_that_read_what_it_is_know(layout):
    nested = ag.nested.nested_tensor([A, B], layout=layout)
    other = ag.nested.nested_tensor([B, A], layout=layout)
    assert ag.numel(nested) == ag.numel(input=nested) == nested.numel() == nested.nelement() == 16
    assert (nested.nbytes, nested.element_size(), nested.itemsize, ag.get_device(nested), nested.type()) == (64, 4, 4, -1, A.type())
    assert ag.is_same_size(nested, nested) and nested.is_same_size(nested)
    assert not any((ag.is_same_size(nested, other), nested.is_same_size(other), ag.is_same_size(nested, A), ag.is_same_size(A, nested)))
    for name in ("is_complex", "is_floating_point", "is_signed", "is_conj", "is_neg", "is_inference"):
        answers = getattr(ag, name)(nested), getattr(ag, name)(A)
        assert answers[0] is answers[1], name
    assert not nested.is_complex() and nested.is_floating_point() and not nested.long().is_floating_point()
    assert ag.is_tensor(nested) and ag.result_type(nested, 1) is ag.float32 and not ag.isnan(nested).any()
    assert ag.numel(A) == 6 and ag.is_same_size(A, A + 1) and not ag.is_same_size(A, B)
    with pytest.raises(TypeError, match="must be Tensor"):
        ag.numel(3)


def test_the_axis_of_several_sizes_is_known_where_all_are_equal():
    x = of(*[ag.arange(12.0).view(4, 3)] * 2).transpose(1, 2)
    for made, shape, axis in (
        (x.view(2, 1, 3, x.size(2)), (1, 3, 4), 3),
        (x.view(2, -1, 1, 3), (4, 1, 3), 1),
        (x[:, 0], (4,), 1),
        (x[:, None], (1, 3, 4), 3),
        (x[..., [0, 2], :], (2, 4), 2),
        (x.unsqueeze(1).sum((1, 2)), (4,), 1),
        (x.unsqueeze(-1).unsqueeze(1).sum((1, 4)), (3, 4), 2),
        (x.unsqueeze(-1).unsqueeze(1).squeeze((1, 4)), (3, 4), 2),
        (x.unflatten(2, (-1, 1)), (3, 4, 1), 2),
        (x.mT @ ag.ones(3, 5), (4, 5), 1),
    ):
        assert made.unbind()[0].shape == shape and repr(made.size(axis)) == "j" and made.offsets().tolist() == [0, 4, 8]
        assert [repr(size) for size in made.shape].count("j") == 1
    # Without that axis, it is a tensor like any other.
    for made, shape in ((x[..., 0], (2, 3)), (x @ x.mT, (2, 3, 3)), (x.bmm(ag.ones(2, 4, 5)), (2, 3, 5))):
        assert not made.is_nested and made.shape == shape
    for refused in (
        lambda: x.view(2, 3, 2, 2),
        lambda: x.view(2, 3, of(A).size(1)),
        lambda: x.mT.view(2, 4, -1, -1),
        lambda: x.mT @ x,
        lambda: x + of(ag.ones(3, 4), ag.ones(3, 4)),
    ):
        with pytest.raises(RuntimeError, match="cannot view shape|not supported between|cannot call it"):
            refused()


def test_products_of_batches_are_those_of_each():
    nested = of(A, B)
    assert parts(nested.bmm(ag.ones(2, 2, 3))) == [(A @ ag.ones(2, 3)).tolist(), (B @ ag.ones(2, 3)).tolist()]
    assert (nested.mT @ nested).tolist() == [(A.mT @ A).tolist(), (B.mT @ B).tolist()]
    assert parts(ag.ones(2, 2) @ nested.mT) == [(ag.ones(2, 2) @ A.mT).tolist(), (ag.ones(2, 2) @ B.mT).tolist()]


@pytest.mark.parametrize(
    "function",
    [lambda x: 7 % x, lambda x: 7 // x, lambda x: x % 2, lambda x: x // 2, lambda x: 1 << x, lambda x: 6 & x, lambda x: x >> 1],
)
def test_operators_are_there_on_both_sides(function):
    assert parts(function(of(A.long() + 1, B.long()))) == [function(A.long() + 1).tolist(), function(B.long()).tolist()]


def test_what_is_told_other_than_one_axis_is_heard():
    nested = of(A, B)
    assert nested.std(True).item() == nested.std().item() != nested.std(False).item()
    assert parts(nested.flip(1, 2)) == [A.flip(0, 1).tolist(), B.flip(0, 1).tolist()]
    assert parts(ag.cat([nested, nested], axis=-1)) == [ag.cat([A, A], -1).tolist(), ag.cat([B, B], -1).tolist()]
    assert nested.sum([]).item() == nested.sum().item() and ag.amax(nested, (), keepdim=True).tolist() == [[[10.0]]]
    assert parts(nested.max(2).values) == [A.amax(1).tolist(), B.amax(1).tolist()]
    kept = nested.clone()
    assert kept.cumsum_(-1) is kept and parts(kept) == [A.cumsum(-1).tolist(), B.cumsum(-1).tolist()]


@LAYOUTS
def test_gradients_are_given_as_values(layout):
    leaf = ag.nested.nested_tensor([A, B], layout=layout, requires_grad=True)
    (found,) = ag.autograd.grad((leaf * leaf).sum(), leaf)
    assert found.is_nested and found.layout is layout and parts(found) == parts(2 * leaf.detach()) and leaf.grad is None
    factor = ag.ones(2, requires_grad=True)
    of_factor, of_leaf = ag.autograd.grad(leaf * factor, [factor, leaf], grad_outputs=leaf.detach())
    assert of_factor.tolist() == ((A * A).sum(0) + (B * B).sum(0)).tolist() and parts(of_leaf) == parts(leaf)
    (first,) = ag.autograd.grad((leaf**3).sum(), leaf, create_graph=True)
    assert parts(ag.autograd.grad(first.sum(), leaf)[0]) == parts(6 * leaf.detach())
    # It is one tensor: what is not used of it has the gradient zero, and what is not used at all has none.
    assert parts(ag.autograd.grad(leaf.unbind()[0].sum(), leaf)[0]) == [ag.ones(3, 2).tolist(), ag.zeros(5, 2).tolist()]
    assert ag.autograd.grad(factor.sum(), [leaf, factor], allow_unused=True)[0] is None
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        ag.autograd.grad(factor.sum(), leaf)
    leaf.unbind()[0].sum().backward()
    assert parts(leaf.grad) == [ag.ones(3, 2).tolist(), ag.zeros(5, 2).tolist()]


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "ASGD"])
def test_optimizers_step_as_for_its_tensors(name):
    nested = of(A, B, requires_grad=True)
    plain = [part.clone().requires_grad_() for part in (A, B)]
    optimizers = [getattr(ag.optim, name)(params, lr=0.1) for params in ([nested], plain)]
    for _ in range(2):
        for optimizer in optimizers:
            optimizer.zero_grad()
        (nested * nested).sum().backward()
        sum((part * part).sum() for part in plain).backward()
        for optimizer in optimizers:
            optimizer.step()
    for got, part in zip(nested.unbind(), plain):
        ag.testing.assert_close(got, part)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: of(A, B).split(2, 1), "several numbers of parts"),
        (lambda: ag.nested.nested_tensor_from_jagged(ag.ones(8, 2), ag.tensor([0, 3, 5])), "parts end at 5"),
        (lambda: ag.nested.nested_tensor_from_jagged(ag.ones(8, 2), lengths=ag.tensor([1, 2])), "parts end at 3"),
        (lambda: ag.nested.nested_tensor_from_jagged(ag.ones(8, 2), ag.tensor([0, 3, 8]), ag.tensor([1])), "batch sizes must match"),
    ],
)
def test_no_part_is_left_out_unsaid(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()
