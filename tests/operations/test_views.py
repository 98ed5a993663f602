"""Views: what aliases, strides and offsets, contiguity, gradients of view ops."""

import arcgrad as ag
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

F64 = ag.float64


def arange(*shape):
    return ag.arange(int(np.prod(shape)), dtype=F64).reshape(shape).clone()


VIEWS = [
    ("view", lambda x: x.view(4, 6)),
    ("view -1", lambda x: x.view(-1)),
    ("reshape", lambda x: x.reshape(6, 4)),
    ("transpose", lambda x: x.transpose(0, 2)),
    ("mT", lambda x: x.mT),
    ("permute", lambda x: x.permute(2, 0, 1)),
    ("movedim", lambda x: x.movedim(0, -1)),
    ("select", lambda x: x[1]),
    ("slice", lambda x: x[:, 1:]),
    ("step", lambda x: x[..., ::2]),
    ("narrow", lambda x: x.narrow(2, 1, 2)),
    ("unsqueeze", lambda x: x.unsqueeze(1)),
    ("squeeze", lambda x: x[:1].squeeze(0)),
    ("expand", lambda x: x[:1].expand(5, 3, 4)),
    ("expand_as", lambda x: x[:1].expand_as(x)),
    ("broadcast_to", lambda x: ag.broadcast_to(x[:1], (2, 3, 4))),
    ("diagonal", lambda x: x.diagonal(0, 1, 2)),
    ("flatten", lambda x: x.flatten()),
    ("unflatten", lambda x: x.unflatten(2, (2, 2))),
    ("split", lambda x: x.split(2, 2)[1]),
    ("chunk", lambda x: x.chunk(2, 0)[1]),
    ("unbind", lambda x: x.unbind(1)[2]),
    ("view_as", lambda x: x.view_as(x)),
    ("detach", lambda x: x.detach()),
    ("swapaxes", lambda x: x.swapaxes(0, 1)),
    ("as_strided", lambda x: x.as_strided((2, 2), (1, 3), 2)),
    ("unfold", lambda x: x.unfold(2, 2, 1)),
]
NAMES = [v[0] for v in VIEWS]


@pytest.mark.parametrize("view", [v[1] for v in VIEWS], ids=NAMES)
def test_views_share_memory_with_their_base(view):
    x = arange(2, 3, 4)
    v = view(x)
    x.add_(100)
    assert v.min().item() >= 100
    if v.numel() and 0 not in v.stride():
        v[(0,) * v.dim()] = -1
        assert x.eq(-1).sum().item() == 1


@pytest.mark.parametrize("view", [v[1] for v in VIEWS], ids=NAMES)
def test_views_compute_like_copies(view):
    x = arange(2, 3, 4)
    v = view(x)
    c = v.clone()
    assert v.tolist() == c.tolist() == v.contiguous().tolist()
    assert (v * 2 + 1).tolist() == (c * 2 + 1).tolist() and v.sum().item() == c.sum().item()
    assert v.exp().tolist() == c.exp().tolist() and v.sum(-1).tolist() == c.sum(-1).tolist()
    assert v.numpy().tolist() == c.tolist()


DIFFERENTIABLE = [v for v in VIEWS if v[0] != "detach"]


@pytest.mark.parametrize("view", [v[1] for v in DIFFERENTIABLE], ids=[v[0] for v in DIFFERENTIABLE])
def test_gradients_of_views(view):
    """A view reads positions; its gradient adds the weights there."""
    x = arange(2, 3, 4).requires_grad_()
    v = view(x)
    weights = ag.arange(1.0, 1.0 + v.numel(), dtype=F64).reshape(v.shape)
    (g,) = ag.autograd.grad(v, x, weights)
    positions = view(ag.arange(24).reshape(2, 3, 4)).reshape(-1)
    expected = ag.zeros(24, dtype=F64).index_add_(0, positions, weights.reshape(-1)).reshape(2, 3, 4)
    assert g.tolist() == expected.tolist()


@pytest.mark.parametrize("view", [v[1] for v in DIFFERENTIABLE], ids=[v[0] for v in DIFFERENTIABLE])
def test_second_order_of_views(view):
    x = (arange(2, 3, 4) / 10).requires_grad_()
    assert ag.autograd.gradcheck(lambda t: view(t * t), (x,))
    assert ag.autograd.gradgradcheck(lambda t: view(t * t), (x,))


def test_strides_and_offsets():
    x = arange(2, 3, 4)
    assert x.stride() == (12, 4, 1) and x.stride(1) == 4 and x.stride(-1) == 1 and x.storage_offset() == 0
    assert x[1].storage_offset() == 12 and x[:, 1:, ::2].stride() == (12, 4, 2) and x[:, 1:].storage_offset() == 4
    assert x.transpose(0, 1).stride() == (4, 12, 1)
    assert x[None].stride()[1:] == (12, 4, 1) and x[:, :1].expand(2, 5, 4).stride() == (12, 0, 1)
    assert x[1, 2].data_ptr() == x.data_ptr() + (12 + 8) * 8
    with pytest.raises(IndexError):
        x.stride(3)


def test_contiguity():
    x = arange(2, 3)
    assert (
        x.is_contiguous() and not x.t().is_contiguous() and x.t().t().is_contiguous() and not x[:, ::2].is_contiguous()
    )
    assert x[1].is_contiguous() and x[:1].is_contiguous() and x[:, :0].is_contiguous() and x[:1].t().is_contiguous()
    assert x.contiguous() is x
    c = x.t().contiguous()
    assert c.is_contiguous() and c.data_ptr() != x.data_ptr() and c.tolist() == x.t().tolist()


def test_view_needs_compatible_strides():
    x = arange(3, 4)
    with pytest.raises(RuntimeError, match="view size is not compatible with input tensor's size and stride"):
        x.t().view(12)
    with pytest.raises(RuntimeError, match=r"shape '\[5, 2\]' is invalid for input of size 12"):
        x.view(5, 2)
    with pytest.raises(RuntimeError, match="only one dimension can be inferred"):
        x.view(-1, -1)
    assert x.t().reshape(12).tolist() == x.t().flatten().tolist() and x[:, :2].view(3, 2, 1).shape == (3, 2, 1)


def test_reshape_is_a_view_when_it_can_be():
    x = arange(3, 4)
    assert x.reshape(12).data_ptr() == x.data_ptr() and x.t().reshape(12).data_ptr() != x.data_ptr()
    assert x[:, None].reshape(3, 4).data_ptr() == x.data_ptr() and x.flatten().data_ptr() == x.data_ptr()


def test_empty_reshapes():
    x = ag.zeros(0, 3)
    assert x.view(3, 0).shape == (3, 0) and x.reshape(-1, 3).shape == (0, 3) and x.view(0).shape == (0,)
    with pytest.raises(RuntimeError, match="(?i)ambiguous|unspecified dimension"):
        x.view(-1, 0)


def test_clone_keeps_or_makes_strides():
    x = arange(2, 3).t()
    assert x.clone().stride() == (1, 3) and x.clone(memory_format=ag.contiguous_format).stride() == (2, 1)
    assert x[:, :1].expand(3, 5).clone().is_contiguous() and (x + 1).stride() == (1, 3) and (x * x).stride() == (1, 3)


def test_size_objects():
    s = ag.ones(2, 3).shape
    assert (
        isinstance(s, tuple) and isinstance(s, ag.Size) and s == (2, 3) and s.numel() == 6 and s[0] == 2 and s[-1] == 3
    )
    assert isinstance(s[1:], ag.Size) and isinstance(s + (4,), (tuple, ag.Size)) and list(s) == [2, 3] and len(s) == 2
    assert repr(s) == f"{ag.__name__}.Size([2, 3])" and hash(s) == hash((2, 3))
    x = ag.ones(2, 3)
    assert x.size() == (2, 3) and x.size(0) == 2 and x.size(-1) == 3 and x.size(dim=1) == 3
    with pytest.raises(IndexError):
        x.size(2)
    assert x.dim() == x.ndim == x.ndimension() == 2 and x.numel() == x.nelement() == 6
    assert ag.Size([1, 2]) == (1, 2) and ag.Size((3,)).numel() == 3 and ag.Size([]).numel() == 1
    with pytest.raises(TypeError):
        ag.Size([1.5])


def test_transposing_tensors_of_other_ranks():
    assert arange(3).t().shape == (3,) and ag.tensor(1.0).t().shape == ()
    with pytest.raises(RuntimeError):
        arange(2, 3, 4).t()
    with pytest.raises(RuntimeError):
        arange(3).mT


def test_expand_rules():
    x = arange(3, 1)
    assert (
        x.expand(3, 4).stride() == (1, 0) and x.expand(-1, 4).shape == (3, 4) and x.expand(2, 3, 4).shape == (2, 3, 4)
    )
    with pytest.raises(RuntimeError, match="expanded size"):
        x.expand(4, 4)
    with pytest.raises(RuntimeError):
        x.expand(3)
    with pytest.raises(RuntimeError):
        x.expand(-1, 3, 4)


def test_as_strided_checks_its_bounds():
    x = arange(12)
    for size, stride, offset in (
        ((13,), (1,), 0),
        ((4,), (4,), 0),
        ((2,), (1,), 11),
        ((2, 2), (-1, 1), 5),
        ((2,), (1,), -1),
        ((2, 2), (1,), 0),
        ((2**62,), (2**62,), 0),
    ):
        with pytest.raises((RuntimeError, ValueError, MemoryError)):
            x.as_strided(size, stride, offset)


def test_resize():
    x = arange(6)
    assert x.resize_(2, 3) is x and x.shape == (2, 3) and x.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    x.resize_(2)
    assert x.tolist() == [0.0, 1.0]
    x.resize_(100)
    assert x.shape == (100,) and x[:6].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    with pytest.raises((RuntimeError, MemoryError)):
        x.resize_(-1)


def test_set_shares_memory():
    x, y = ag.zeros(2), ag.ones(3)
    x.set_(y)
    y[0] = 5
    assert x.tolist() == [5.0, 1.0, 1.0]


def test_many_axes():
    x = ag.ones([1] * 20 + [2])
    assert x.dim() == 21 and x.squeeze().shape == (2,) and x.sum(0).dim() == 20 and (x + x).dim() == 21
    assert x.permute(*range(20, -1, -1)).shape[0] == 2 and x.expand([2] * 5 + [1] * 15 + [2]).numel() == 64


shapes = st.lists(st.integers(0, 4), min_size=0, max_size=5).map(tuple)


@settings(max_examples=150, deadline=None)
@given(shapes, st.data())
def test_permute_and_reshape_are_numpys(shape, data):
    a = np.arange(int(np.prod(shape)), dtype=np.float64).reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    x = ag.from_numpy(a.copy()).permute(order)
    b = a.transpose(order)
    assert x.tolist() == b.tolist() and x.reshape(-1).tolist() == b.reshape(-1).tolist()
    assert x.flatten().tolist() == b.flatten().tolist() and (x + 1).contiguous().tolist() == (b + 1).tolist()


@st.composite
def broadcastable(draw):
    full = draw(st.lists(st.integers(0, 4), min_size=0, max_size=4))

    def part():
        cut = draw(st.integers(0, len(full)))
        return tuple(1 if draw(st.booleans()) else n for n in full[cut:])

    return part(), part()


@settings(max_examples=150, deadline=None)
@given(broadcastable())
def test_broadcasting_is_numpys_and_gradients_are_summed_back(pair):
    left, right = pair
    a, b = (np.arange(1.0, 1 + int(np.prod(s))).reshape(s) for s in pair)
    x, y = (ag.from_numpy(v.copy()).requires_grad_() for v in (a, b))
    wanted = a * b
    out = x * y
    assert (
        tuple(out.shape) == wanted.shape == tuple(ag.broadcast_shapes(left, right))
        and out.tolist() == np.asarray(wanted).tolist()
    )
    if out.requires_grad:
        gx, gy = ag.autograd.grad(out.sum(), (x, y))

        def summed(values, shape):
            values = np.broadcast_to(values, wanted.shape)
            extra = values.ndim - len(shape)
            values = values.sum(tuple(range(extra)))
            kept = tuple(i for i, n in enumerate(shape) if n == 1)
            return np.asarray(values.sum(kept, keepdims=True) if kept else values)

        assert gx.tolist() == summed(b, left).tolist() and gy.tolist() == summed(a, right).tolist()


@settings(max_examples=80, deadline=None)
@given(shapes, shapes)
def test_shapes_that_do_not_broadcast_are_errors(left, right):
    try:
        wanted = np.broadcast_shapes(left, right)
    except ValueError:
        with pytest.raises(RuntimeError, match="(?i)must match the size|broadcast|do not fit"):
            ag.zeros(left) + ag.zeros(right)
        with pytest.raises(RuntimeError):
            ag.broadcast_shapes(left, right)
    else:
        assert tuple((ag.zeros(left) + ag.zeros(right)).shape) == wanted


def test_as_strided_scatter_writes_where_as_strided_looks():
    base = arange(20)
    for x in (base[::2].reshape(2, 5), base[4:16].reshape(3, 4), base.reshape(4, 5).t(), base.reshape(4, 5)[:, 1:3]):
        start = x.storage_offset()
        for place in (None, start, start + 1):
            wanted = base.clone().as_strided(x.shape, x.stride(), start)
            wanted.as_strided((2, 2), (1, 3), place).copy_(-ag.ones(2, 2))
            assert ag.as_strided_scatter(x, -ag.ones(2, 2, dtype=F64), (2, 2), (1, 3), place).equal(wanted)
        assert base.equal(arange(20))
        inputs = x.clone().as_strided(x.shape, x.stride()) if x.is_contiguous() else x.detach().requires_grad_()
        source = -ag.ones(2, 2, dtype=F64)
        assert ag.autograd.gradcheck(
            lambda v, s: ag.as_strided_scatter(v, s, (2, 2), (1, 3)), (inputs.detach().requires_grad_(), source.requires_grad_())
        )


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.expand(2**33, 2**33),
        lambda x: x.expand(2**62, 4),
        lambda x: ag.broadcast_to(x, (2**63 - 1, 3)),
        lambda x: x.expand(2**62).unfold(0, 4, 1),
        lambda x: ag.meshgrid(x.expand(2**33), x.expand(2**33), indexing="ij"),
        lambda x: ag.func.vmap(lambda row: row.expand(2**33, 2**33))(x[None]),
    ],
)
def test_a_view_of_more_elements_than_can_be_counted_is_refused(view):
    with pytest.raises(RuntimeError, match="numel: integer multiplication overflow"):
        view(ag.ones(1))


def test_a_view_without_elements_may_have_any_sizes():
    assert ag.ones(1, 1, 1).expand(0, 2**62, 2**62).numel() == 0
    # Of one element nobody takes a step, however long.
    assert ag.arange(3)[:: 2**62].tolist() == [0] and ag.arange(3)[: 1 : 2**63 - 1].tolist() == [0]
