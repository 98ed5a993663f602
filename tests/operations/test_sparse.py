"""Sparse tensors: the same as dense ones, as far as they go."""

import copy
import gc
import io
import pickle
import threading
import weakref

import pytest

import arcgrad as ag

I = [[0, 1, 1, 0], [2, 0, 2, 2]]
V = [3.0, 4.0, 5.0, 1.0]
DENSE = [[0.0, 0.0, 4.0], [4.0, 0.0, 5.0]]


def sparse(requires_grad=False, dtype=ag.float64):
    return ag.sparse_coo_tensor(I, V, (2, 3), dtype=dtype, requires_grad=requires_grad)


def test_coordinates_and_values():
    s = sparse()
    assert (s._nnz(), s.is_coalesced(), s.is_sparse, s.sparse_dim(), s.dense_dim(), tuple(s.shape)) == (
        4,
        False,
        True,
        2,
        0,
        (2, 3),
    )
    assert s.to_dense().tolist() == DENSE
    merged = s.coalesce()
    assert merged.indices().tolist() == [[0, 1, 1], [2, 0, 2]] and merged.values().tolist() == [4.0, 4.0, 5.0]
    assert merged.layout is ag.sparse_coo and merged.coalesce() is merged
    with pytest.raises(RuntimeError, match="uncoalesced"):
        s.indices()


def test_values_may_be_tensors():
    s = ag.sparse_coo_tensor([[2, 0]], [[1.0, 2.0], [3.0, 4.0]], (3, 2))
    assert s.dense_dim() == 1 and s.to_dense().tolist() == [[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]
    assert (s + s).to_dense().tolist() == [[6.0, 8.0], [0.0, 0.0], [2.0, 4.0]]


@pytest.mark.parametrize(
    "of",
    [
        lambda s, d: s @ d,
        lambda s, d: ag.sparse.mm(s, d),
        lambda s, d: ag.spmm(s, d),
        lambda s, d: s @ d[:, 0],
        lambda s, d: d.t() @ s.t(),
        lambda s, d: s * 3,
        lambda s, d: s / 2,
        lambda s, d: -s,
        lambda s, d: s + s,
        lambda s, d: s - s * 2,
        lambda s, d: s * s,
        lambda s, d: s * d.t()[:, :3],
        lambda s, d: s.t(),
        lambda s, d: s @ s.t(),
        lambda s, d: ag.sparse.sum(s) if s.is_sparse else s.sum(),
        lambda s, d: ag.sparse.sum(s, 0) if s.is_sparse else s.sum(0),
        lambda s, d: ag.sparse.sum(s, [1]) if s.is_sparse else s.sum(1),
        lambda s, d: s.double(),
        lambda s, d: s.sin(),
        lambda s, d: s.neg().abs().sqrt(),
        lambda s, d: s**2,
        lambda s, d: s[1],
        lambda s, d: s[1, 2],
        lambda s, d: s.select(1, 2),
        lambda s, d: s.index_select(0, ag.tensor([1, 0, 1])),
        lambda s, d: s.unsqueeze(0),
        lambda s, d: s.unsqueeze(-1),
        lambda s, d: s.unsqueeze(0).bmm(d.unsqueeze(0)),
        lambda s, d: s.add(s, alpha=2),
        lambda s, d: s.sub(s * 2),
        lambda s, d: s.mv(d[:, 0]),
        lambda s, d: d.t()[:, :3] + s,
        lambda s, d: s.norm(),
    ],
)
@pytest.mark.arcgrad_only
def test_what_is_computed_is_what_dense_tensors_give(of):
    d = (ag.arange(6.0, dtype=ag.float64).reshape(3, 2) - 2.5).requires_grad_()
    s, whole = sparse(requires_grad=True), ag.tensor(DENSE, dtype=ag.float64, requires_grad=True)
    found, expected = of(s, d), of(whole, d)
    found = found.to_dense()
    assert found.tolist() == expected.tolist()
    weights = (ag.arange(expected.numel(), dtype=ag.float64) + 1).reshape(expected.shape)
    gradient = ag.autograd.grad((expected * weights).sum(), [whole, d], allow_unused=True)
    (found * weights).sum().backward()
    mask = whole.detach() != 0
    assert s.grad.to_dense()[mask].tolist() == gradient[0][mask].tolist()
    assert (d.grad is None) == (gradient[1] is None) and (d.grad is None or d.grad.to_dense().equal(gradient[1]))


def test_functions_of_dense_tensors_take_sparse_ones():
    s, whole = sparse(), ag.tensor(DENSE, dtype=ag.float64)
    d, other = ag.arange(6.0, dtype=ag.float64).reshape(3, 2), ag.ones(2, 3, dtype=ag.float64)
    for of in (
        lambda s: ag.mm(s, d),
        lambda s: ag.matmul(s, d),
        lambda s: ag.mm(d, s),
        lambda s: d @ s,
        lambda s: ag.mv(s, d[:, 0]),
        lambda s: ag.addmm(ag.ones(2, 2, dtype=ag.float64), s, d, beta=0.5, alpha=2),
        lambda s: ag.add(other, s),
        lambda s: ag.add(other, s, alpha=3),
        lambda s: ag.sub(other, s),
        lambda s: other - s,
        lambda s: ag.mul(s, other * 2),
        lambda s: other * s,
        lambda s: ag.add(s, s),
        lambda s: ag.sin(s),
        lambda s: ag.relu(s),
        lambda s: ag.sum(s),
        lambda s: ag.cat([s, s]),
        lambda s: ag.stack([s, s]),
        lambda s: ag.transpose(s, 0, 1),
        lambda s: ag.clone(s),
        lambda s: ag.norm(s),
        lambda s: other.clone().add_(s, alpha=2),
    ):
        assert ag.allclose(of(s).to_dense(), of(whole).to_dense())
    assert s.numel() == 6 and ag.zeros_like(s)._nnz() == 0
    with pytest.raises(NotImplementedError, match="aten::cumsum.*SparseCPU"):
        ag.cumsum(s, 0)


@pytest.mark.arcgrad_only
def test_sparse_tensors_are_joined():
    from arcgrad.sparse.functions import cat

    s, whole = sparse(), ag.tensor(DENSE, dtype=ag.float64)
    for axis in (0, 1, -1):
        assert cat([s, s * 2], axis).to_dense().equal(ag.cat([whole, whole * 2], axis))
    with pytest.raises(RuntimeError, match="differ elsewhere"):
        cat([s, s.t()])


@pytest.mark.arcgrad_only
def test_what_is_done_in_place_adds_to_the_dense_one():
    s, dense = sparse(), ag.zeros(3, 2, dtype=ag.float64).t()
    s.add_to_(dense, 2)
    assert dense.tolist() == [[0.0, 0.0, 8.0], [8.0, 0.0, 10.0]]
    assert s.picked_from(dense).tolist() == [8.0, 8.0, 10.0, 8.0]
    s.add_(s)
    assert s.to_dense().tolist() == [[0.0, 0.0, 8.0], [8.0, 0.0, 10.0]]
    assert s.mul_(0.5).to_dense().tolist() == DENSE and s.zero_().to_dense().sum() == 0 and s._nnz() == 0


def test_what_is_only_there_of_sparse_tensors_is_refused_of_dense_ones():
    for name in ("coalesce", "indices", "values", "is_coalesced"):
        with pytest.raises(RuntimeError, match=f"{name} expected sparse .*tensor layout but got Strided"):
            getattr(ag.ones(2), name)()
    assert ag.ones(2).to_sparse_coo().is_sparse


def test_gradients_of_any_order():
    d = ag.arange(6.0, dtype=ag.float64).reshape(3, 2).requires_grad_()
    values = ag.tensor(V, dtype=ag.float64, requires_grad=True)

    def of(values, d):
        return ag.sparse.mm(ag.sparse_coo_tensor(ag.tensor(I), values, (2, 3)), d).tanh()

    assert ag.autograd.gradcheck(of, (values, d)) and ag.autograd.gradgradcheck(of, (values, d))


def test_dense_tensors_become_sparse_ones_and_back():
    x = ag.tensor(DENSE, requires_grad=True)
    s = x.to_sparse()
    assert s.indices().tolist() == [[0, 1, 1], [2, 0, 2]] and s.is_coalesced()
    (s.to_dense() ** 2).sum().backward()
    assert x.grad.tolist() == (2 * x.detach()).tolist()
    assert x.to_sparse(1).dense_dim() == 1 and x.to_dense() is x
    assert ag.ones(2, 3).sparse_mask(s.detach()).to_dense().tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]]


def test_rows():
    c = ag.sparse_csr_tensor([0, 1, 3], [2, 0, 2], [4.0, 4.0, 5.0], (2, 3), requires_grad=True)
    assert c.to_dense().tolist() == DENSE and c.layout is ag.sparse_csr and c.is_sparse_csr
    assert c.crow_indices().tolist() == [0, 1, 3] and c.col_indices().tolist() == [2, 0, 2]
    (c @ ag.ones(3, 2)).sum().backward()
    assert ag.tensor(DENSE).to_sparse_csr().crow_indices().tolist() == [0, 1, 3]


def test_softmax_is_over_what_is_there():
    s = sparse().coalesce()
    soft = ag.sparse.softmax(s, 1).to_dense()
    ag.testing.assert_close(
        soft[1],
        ag.tensor([4.0, 0.0, 5.0]).sub(5).exp().mul(ag.tensor([1, 0, 1])).double() / (1 + ag.exp(ag.tensor(-1.0))).double(),
        rtol=1e-6,
        atol=1e-7,
    )
    ag.testing.assert_close(ag.sparse.log_softmax(s, 1).values().exp(), ag.sparse.softmax(s, 1).values())


def test_old_types():
    s = ag.sparse.FloatTensor(ag.tensor(I), ag.tensor(V), ag.Size([2, 3]))
    assert s.to_dense().tolist() == DENSE and isinstance(s, ag.sparse.FloatTensor)
    assert ag.sparse.DoubleTensor(2, 3).to_dense().tolist() == [[0.0] * 3] * 2


@pytest.mark.arcgrad_only
@pytest.mark.parametrize(
    ("indices", "values", "size", "message"),
    [
        ([[0, 5]], [1.0, 2.0], (3,), "size is inconsistent with indices: for dim 0, size is 3 but found index 5"),
        ([[0, -1]], [1.0, 2.0], (3,), "found negative index -1"),
        ([[0, 1]], [1.0], (3,), "must have same nnz"),
        ([0, 1], [1.0, 2.0], (3,), "must be sparse_dim x nnz"),
        ([[0, 1]], [1.0, 2.0], (3, 2), "number of dimensions must be sparse_dim"),
    ],
)
def test_what_does_not_fit_is_refused(indices, values, size, message):
    with pytest.raises(RuntimeError, match=message):
        ag.sparse_coo_tensor(indices, values, size)


@pytest.mark.arcgrad_only
def test_functions_of_dense_tensors_take_none():
    with pytest.raises(RuntimeError, match="add.* is not supported"):
        ag.add(sparse(), 1)


def test_sparse_tensors_are_tensors_to_programs_and_are_copied():
    s = sparse(requires_grad=True)
    assert isinstance(s, ag.Tensor) and s.layout is not ag.strided
    for made in (copy.deepcopy(s), pickle.loads(pickle.dumps(s)), pickle.loads(pickle.dumps(s.coalesce().detach()))):
        assert made.to_dense().tolist() == DENSE and made.is_sparse
    rows = pickle.loads(pickle.dumps(ag.tensor(DENSE).to_sparse_csr()))
    assert rows.to_dense().tolist() == DENSE and rows.layout is ag.sparse_csr
    assert ag.sparse_coo_tensor(size=(2, 3)).to_dense().tolist() == [[0.0] * 3] * 2


LAYOUTS = {
    "to_sparse": (),
    "to_sparse_csr": (),
    "to_sparse_csc": (),
    "to_sparse_bsr": (2,),
    "to_sparse_bsc": ((2, 2),),
}


@pytest.mark.parametrize("back", LAYOUTS)
@pytest.mark.parametrize("there", ["to_dense", *LAYOUTS])
def test_every_layout_becomes_every_other_and_gradients_come_back_in_their_own(there, back):
    whole = ag.tensor([[1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 3.0, 4.0]])
    source = getattr(whole, there)(*LAYOUTS.get(there, ())).detach().requires_grad_()
    result = getattr(source, back)(*LAYOUTS[back])
    assert result.layout is not ag.strided and result.to_dense().equal(whole)
    (grad,) = ag.autograd.grad(result, source, getattr(whole * 2, back)(*LAYOUTS[back]))
    assert grad.layout is source.layout and grad.to_dense().equal(whole * 2)
    again = pickle.loads(pickle.dumps(result.detach()))
    assert again.layout is result.layout and again.to_dense().equal(whole) and repr(again).startswith("tensor(")
    assert (result * 3).layout is result.layout and (result + result).layout is result.layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_hold_every_layout(layout):
    file = io.BytesIO()
    saved = getattr(ag.tensor(DENSE)[:, :2], layout)(*LAYOUTS[layout])
    ag.save({"sparse": saved}, file)
    file.seek(0)
    read = ag.load(file)["sparse"]
    assert read.layout is saved.layout and read.to_dense().equal(saved.to_dense())
    assert not saved.is_sparse or read.is_coalesced()


def test_a_sparse_tensor_is_a_leaf_with_hooks_and_a_sparse_gradient():
    s = sparse(requires_grad=True)
    assert isinstance(s, ag.Tensor) and ag.is_tensor(s) and s.is_leaf and not s._values().requires_grad
    seen = []
    s.register_hook(lambda grad: seen.append(grad.is_sparse))
    y = s * 2
    y.retain_grad()
    (y + y).to_dense().sum().backward()
    assert seen == [True] and y.grad.is_sparse and s.grad.to_dense().tolist() == [[0.0, 0.0, 4.0], [4.0, 0.0, 4.0]]
    assert s.coalesce().values().grad_fn is not None and (s.detach() * 2).grad_fn is None
    with pytest.raises(RuntimeError, match="does not require grad"):
        s._values().sum().backward()


def test_what_is_only_in_memory_is_refused():
    s = sparse()
    for call, error in ((s.numpy, TypeError), (s.data_ptr, RuntimeError), (s.storage, NotImplementedError), (s.tolist, RuntimeError)):
        with pytest.raises(error):
            call()
    with pytest.raises(RuntimeError, match="incompatible tensor type"):
        ag.ones(2, 3, dtype=ag.float64).data = s
    with pytest.raises(RuntimeError, match="vmap"):
        ag.vmap(lambda values: ag.sparse_coo_tensor(ag.tensor(I), values, (2, 3)).to_dense())(ag.ones(2, 4))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradcheck_takes_sparse_inputs(layout, masked):
    x = getattr(ag.tensor(DENSE[0] + [0.0] + DENSE[1] + [0.0], dtype=ag.float64).reshape(2, 4), layout)(*LAYOUTS[layout])
    x = x.detach().requires_grad_()
    assert ag.autograd.gradcheck(lambda x: (x * 2).to_dense(masked_grad=masked).sin(), (x,), masked=masked)
    with pytest.raises(ValueError, match="Sparse output is not supported"):
        ag.autograd.gradcheck(lambda x: x * 2, (x,), masked=masked)


def test_values_saved_by_hooks_are_sparse():
    seen = []
    s = sparse(requires_grad=True)
    with ag.autograd.graph.saved_tensors_hooks(lambda x: seen.append(x.layout) or x, lambda x: x):
        y = s * s
    y.to_dense().sum().backward()
    assert seen == [ag.sparse_coo] * 2 and s.grad.to_dense().equal(2 * s.to_dense().detach())


def test_a_sparse_tensor_is_one_on_every_thread():
    s, seen = sparse(requires_grad=True), []

    def work():
        (s * 2).to_dense().sum().backward()
        seen.append(s.grad.is_sparse)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]


@pytest.mark.arcgrad_only
def test_tangents_go_through_sparse_tensors():
    import arcgrad.autograd.forward_ad as fwAD

    d = ag.arange(6.0, dtype=ag.float64).reshape(3, 2)
    values, tangent = ag.tensor(V, dtype=ag.float64), ag.tensor([1.0, 2.0, 3.0, 4.0], dtype=ag.float64)

    def of(values):
        s = ag.sparse_coo_tensor(ag.tensor(I), values, (2, 3))
        return ag.sparse.mm(s * s + s, d).sin()

    with fwAD.dual_level():
        found = fwAD.unpack_dual(of(fwAD.make_dual(values, tangent))).tangent
    _, expected = ag.autograd.functional.jvp(of, values, tangent)
    ag.testing.assert_close(found, expected)


def every_layout(requires_grad=False):
    """A tensor of each layout with the elements of ``DENSE``, and one whose values are rows."""
    matrix = ag.tensor([row[:2] for row in DENSE])
    made = [getattr(matrix, name)(*arguments) for name, arguments in LAYOUTS.items()] + [matrix.to_sparse(1)]
    return [each.detach().requires_grad_(requires_grad) for each in made]


def test_zeroing_in_place_is_a_write_that_the_graph_knows():
    a = ag.tensor([1.0, 2.0], requires_grad=True)
    s = ag.sparse_coo_tensor([[0, 1]], a, (2,))
    product = s * s
    s.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        ag.autograd.grad(ag.sparse.sum(product), a)
    for leaf in every_layout(requires_grad=True):
        with pytest.raises(RuntimeError, match="leaf"):
            leaf.zero_()
        whole = leaf.detach().clone()
        assert whole.zero_() is whole and whole._nnz() == 0 and whole.layout is leaf.layout and not whole.to_dense().any()


def test_zeros_like_has_the_layout_and_takes_the_options():
    for s in every_layout():
        for function in (ag.zeros_like, ag.empty_like):
            made = function(s, dtype=ag.float64, requires_grad=True)
            assert (made.layout, made.shape, made.dtype, made.requires_grad) == (s.layout, s.shape, ag.float64, True)
        file = io.BytesIO()
        ag.save(ag.zeros_like(s), file)
        file.seek(0)
        assert ag.load(file).to_dense().equal(ag.zeros(2, 2)) and ag.zeros_like(s).dtype is s.dtype
    assert ag.zeros_like(sparse(), layout=ag.strided).equal(ag.zeros(2, 3, dtype=ag.float64))
    assert ag.zeros_like(sparse(), layout=ag.sparse_csr).crow_indices().tolist() == [0, 0, 0]


def test_columns_rise_within_each_row():
    options = {"check_invariants": True}
    for columns in ([1, 0], [1, 1]):
        with pytest.raises(RuntimeError, match="col_indices.* sorted and distinct"):
            ag.sparse_csr_tensor([0, 2, 2], columns, [1.0, 2.0], (2, 2), **options)
        with pytest.raises(RuntimeError, match="row_indices.* sorted and distinct"):
            ag.sparse_bsc_tensor([0, 2], columns, ag.ones(2, 1, 1), (2, 1), **options)
    assert ag.sparse_csr_tensor([0, 1, 1, 2], [1, 0], [1.0, 2.0], (3, 2), **options).to_dense().tolist() == [[0, 1], [0, 0], [2, 0]]


@pytest.mark.arcgrad_only
def test_columns_of_files_rise_within_each_row():
    file = io.BytesIO()
    parts = ag.tensor([0, 2]), ag.tensor([1, 0]), ag.ones(2)
    ag.save(ag.sparse.SparseCompressedTensor(*parts, (1, 2), ag.sparse_csr), file)
    file.seek(0)
    with pytest.raises(Exception, match="sorted and distinct"):
        ag.load(file)


@pytest.mark.parametrize("name", ["div", "divide"])
def test_the_quotient_of_a_sum_is_rounded(name):
    values = ag.tensor([1.5, 1.5], requires_grad=True)
    s = ag.sparse_coo_tensor([[0, 0]], values, (2,))
    found = getattr(ag, name)(s, 2, rounding_mode="floor")
    assert found.to_dense().tolist() == [1.0, 0.0]
    assert ag.autograd.grad(found.to_dense().sum(), values)[0].tolist() == [0.0, 0.0]
    in_place = getattr(s.detach().clone(), f"{name}_")(2, rounding_mode="trunc")
    assert in_place.to_dense().tolist() == [1.0, 0.0] and (s / 2)._nnz() == 2 and s.div(2).to_dense().tolist() == [1.5, 0.0]
    whole = ag.sparse_coo_tensor([[0, 0]], [3, 3], (2,))
    assert (whole // 2).to_dense().tolist() == getattr(whole, name)(2, rounding_mode="floor").to_dense().tolist() == [3, 0]


def test_slices_that_are_not_there_are_refused():
    s = sparse()
    assert s.index_select(1, ag.tensor([-1, 0])).to_dense().equal(s.to_dense()[:, [2, 0]])
    for index in (3, -4):
        with pytest.raises(IndexError, match=rf"index contains {index} that is out of range for tensor of size \[2, 3\] at dimension 1"):
            s.index_select(1, ag.tensor([0, index]))


def test_a_norm_of_linalg_is_not_that_of_the_elements():
    s = sparse()
    with pytest.raises(NotImplementedError):
        ag.linalg.norm(s, 2)
    assert ag.linalg.norm(s).item() == ag.linalg.norm(s.to_dense()).item() == ag.norm(s, 2).item()


@pytest.mark.arcgrad_only
def test_functions_that_take_a_sparse_tensor_first_say_so():
    s = sparse()
    for call in (
        lambda: s.to_dense() ** s,
        lambda: ag.pow(2, s),
        lambda: ag.bmm(ag.ones(1, 3, 2, dtype=ag.float64), s.unsqueeze(0)),
        lambda: ag.index_select(s.to_dense(), 0, s),
    ):
        with pytest.raises(NotImplementedError, match="to_dense"):
            call()
    for tensors, position in (([s.to_dense(), s], 0), ([s, s.to_dense()], 1)):
        for function in (ag.cat, ag.stack):
            with pytest.raises(RuntimeError, match=f"a dense tensor was found at position {position}"):
                function(tensors)


@pytest.mark.arcgrad_only
def test_sparse_tensors_are_on_the_cpu_and_made_of_dense_ones():
    ones = ag.ones(1)
    for call in (
        lambda: ag.sparse_coo_tensor([[0]], [1.0], (2,), device="meta"),
        lambda: ag.sparse_coo_tensor([[0]], ones.to("meta"), (2,)),
        lambda: ag.sparse_csr_tensor([0, 1], [0], [1.0], device="meta"),
        lambda: ag.sparse_csr_tensor([0, 1], [0], ones.to("meta")),
        lambda: ag.zeros_like(sparse(), device="meta"),
        lambda: sparse().to("meta"),
    ):
        with pytest.raises(NotImplementedError, match="meta"):
            call()
    inner = ag.sparse_coo_tensor([[0]], [1.0], (1,))
    for call in (lambda: ag.sparse_coo_tensor([[0]], inner, (2,)), lambda: ag.sparse_csr_tensor([0, 1], [0], inner)):
        with pytest.raises(RuntimeError, match="expected values to be a dense tensor, but got values of layout Sparse"):
            call()


def test_what_stands_for_a_sparse_tensor_is_collected_with_it():
    s = sparse(requires_grad=True)
    s.itself = s
    (s * s).to_dense().sum().backward(create_graph=True)
    dead = weakref.ref(s)
    del s
    gc.collect()
    assert dead() is None


def test_data_of_a_sparse_tensor_are_exchanged():
    x = ag.nn.Parameter(ag.eye(2).to_sparse())
    x.data = (5 * ag.eye(2)).to_sparse()
    assert x.to_dense().tolist() == [[5, 0], [0, 5]] and x.requires_grad
    rows = ag.eye(2).to_sparse_csr()
    rows.data = rows.data * 3
    assert rows.to_dense().tolist() == [[3, 0], [0, 3]]
    table = ag.nn.Embedding(3, 2, sparse=True)
    table(ag.tensor([1])).sum().backward()
    assert table.half().weight.grad.dtype is ag.float16


def test_a_norm_is_of_all_elements_and_keeps_no_axes():
    s = sparse()
    whole = tuple(range(s.dim()))
    assert s.norm(dim=whole).item() == ag.norm(s, dim=()).item() == s.norm().item()
    for call in (lambda: ag.norm(s, keepdim=True), lambda: s.norm(dim=whole, keepdim=True), lambda: ag.norm(s, dim=0)):
        with pytest.raises(RuntimeError, match="norm_sparse currently"):
            call()
