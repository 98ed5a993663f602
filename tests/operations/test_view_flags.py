"""What views say of themselves, and which results are views."""

from __future__ import annotations

import arcgrad as ag
import pytest
import calls as registry

# ---- views from before gradients were asked for --------------------------------------------------------------------

VIEWS = {
    "slice": lambda x: x[1:],
    "select": lambda x: x[0],
    "several": lambda x: x[:, 1],
    "all": lambda x: x[...],
    "new axis": lambda x: x[None],
    "view": lambda x: x.view(-1),
    "reshape": lambda x: x.reshape(3, 2),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "unsqueeze": lambda x: x.unsqueeze(0),
    "expand": lambda x: x.unsqueeze(0).expand(2, 2, 3),
    "diagonal": lambda x: x.diagonal(),
    "unbind": lambda x: x.unbind(0)[0],
    "split": lambda x: x.split(1)[1],
    "unfold": lambda x: x.unfold(0, 1, 1),
    "as_strided": lambda x: x.as_strided((2,), (1,)),
    "view of a view": lambda x: x.t()[1:].unsqueeze(0),
}
USES = {
    "mul": lambda v: v * 2,
    "mul by itself": lambda v: v * v,
    "number first": lambda v: 2 - v,
    "exp": lambda v: v.exp(),
    "sum": lambda v: v.sum(),
    "amax": lambda v: v.amax(),
    "softmax": lambda v: v.softmax(-1),
    "cumsum": lambda v: v.cumsum(0),
    "sort": lambda v: v.sort()[0],
    "where": lambda v: ag.where(v > 0, v, -v),
    "stack": lambda v: ag.stack([v, v]),
    "matmul": lambda v: v.reshape(1, -1) @ v.reshape(-1, 1),
    "linear": lambda v: ag.nn.functional.linear(v.reshape(1, -1), v.reshape(1, -1)),
    "loss": lambda v: ag.nn.functional.mse_loss(v, ag.zeros(v.shape)),
    "index": lambda v: v.reshape(-1)[ag.tensor([0])],
    "mask": lambda v: v[v > 0],
    "clone": lambda v: v.clone(),
    "cast": lambda v: v.to(ag.float64),
    "alias": lambda v: v[...],
    "view": lambda v: v.unsqueeze(0),
    "unbind": lambda v: v.unbind(0)[0],
    "copy_": lambda v: ag.zeros(v.shape).copy_(v),
    "add_": lambda v: ag.zeros(v.shape).add_(v),
    "checkpointed": lambda v: _Double.apply(v),
}


class _Double(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        assert ctx.needs_input_grad == (True,)
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


def under(mode):
    def make(view):
        leaf = ag.arange(6.0).reshape(2, 3).clone().requires_grad_()
        with mode():
            return leaf, view(leaf)

    return make


def before(view):
    leaf = ag.arange(6.0).reshape(2, 3).clone()
    shown = view(leaf)
    assert not shown.requires_grad and not (shown * 2).requires_grad
    return leaf.requires_grad_(), shown


MAKERS = {
    "under no_grad": under(ag.no_grad),
    "in inference mode": under(ag.inference_mode),
    "before requires_grad_": before,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_is_computed_from_a_view_requires_grad_as_the_view_does(make, view):
    leaf, shown = make(view)
    assert shown.requires_grad and shown.is_leaf and shown.grad_fn is None
    for name, use in USES.items():
        result = use(shown)
        assert result.requires_grad and not result.is_leaf, name
        # The gradient goes nowhere, and that is no error.
        result.sum().backward()
        assert leaf.grad is None and shown.grad is None, name
        with ag.no_grad():
            assert name == "checkpointed" or not use(shown).requires_grad or use(shown)._is_view(), name
    assert not shown.detach().requires_grad and not (shown > 0).requires_grad
    (gradient,) = ag.autograd.grad((shown * 2).sum(), leaf, allow_unused=True)
    assert gradient is None
    with shown.register_hook(lambda grad: None):
        (shown * 2).sum().backward()
    leaf.requires_grad_(False)
    assert not shown.requires_grad and not (shown * 2).requires_grad


# ---- results that are no views -------------------------------------------------------------------------------------

#: The operations whose results show the memory of an argument, by PyTorch's `_base`.
SHOWING = set(
    """adjoint as_strided atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to chunk diagonal expand expand_as
    flatten imag meshgrid movedim narrow permute ravel real reshape reshape_as select split split_with_sizes squeeze swapaxes t
    tensor_split transpose unbind unflatten unfold unsqueeze view view_as view_as_complex view_as_real
    """.split()
)
#: Single calls that are the other way round: diagonals, and bits as another dtype.
OTHERWISE = {("einsum", 2), ("view", 2)}


def tensors_of(value) -> list:
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in tensors_of(part)]
    return [value] if isinstance(value, ag.Tensor) else []


def samples(name):
    """The sample calls of an operation on plain tensors, with the tensors among the arguments."""
    function = registry.find(name)
    for index, (args, kwargs) in enumerate(registry.SAMPLES[name]):
        if any(isinstance(value, registry.Z) for value in args):
            continue  # a view itself, of its parts
        leaves: list = []
        args, kwargs = registry._arguments(args, kwargs, name, index, leaves)
        for leaf in leaves:
            leaf.requires_grad_(False)
        given = tensors_of(args) + tensors_of(list(kwargs.values()))
        yield index, lambda function=function, args=args, kwargs=kwargs: function(*args, **kwargs), given


@registry.only_here  # Some of PyTorch's results are views of what nobody sees.
@registry.every_sample
def test_a_result_is_a_view_of_an_argument_or_of_nothing(name):
    for index, call, given in samples(name):
        for mode in (ag.enable_grad, ag.no_grad):
            with mode():
                results = [result for result in tensors_of(call()) if not any(result is one for one in given)]
            showing = (name in SHOWING) is not ((name, index) in OTHERWISE)
            for result in results:
                assert result._is_view() is showing, (name, index)
                assert any(result._base is one for one in given) is showing, (name, index)
                if not showing and result.is_floating_point() and result.numel():
                    # Recorded, also where the result was made while nothing was.
                    weight = ag.ones((), requires_grad=True)
                    result.mul_(weight)
                    assert result.grad_fn.name() == "MulBackward0", (name, index)


@registry.only_here
@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.T.flatten(),
        lambda x: x.t().reshape(6),
        lambda x: x.t().reshape(-1, 1),
        lambda x: x.expand(2, 2, 3).reshape(4, 3),
        lambda x: x.t().ravel(),
        lambda x: x.quantile(0.5, 1),
        lambda x: ag.nn.functional.unfold(x.reshape(1, 1, 2, 3), 2),
        lambda x: ag.nn.functional.fold(x.t().reshape(1, 2, 3).repeat(1, 2, 1)[..., :2], (2, 3), 2),
        lambda x: ag.nn.functional.group_norm(x.reshape(1, 2, 3), 1),
        lambda x: ag.nn.functional.group_norm(x.t().reshape(1, 3, 2).transpose(1, 2), 1),
        lambda x: ag.nn.functional.instance_norm(x.reshape(1, 2, 3)),
        lambda x: ag.einsum("ij,kj->ik", x, x),
        lambda x: ag.tensordot(x, x.t(), 1),
        lambda x: ag.inner(x, x),
    ],
)
def test_copies_in_another_shape_may_be_written_to(call):
    leaf = ag.arange(6.0).reshape(2, 3).requires_grad_()
    with ag.no_grad():
        made = call(leaf)
    for result in (made, call(leaf)):
        assert not result._is_view() and result._base is None
        result.mul_(ag.tensor(2.0, requires_grad=True))
        assert result.grad_fn.name() == "MulBackward0"


def test_a_reshape_that_copies_has_the_node_of_a_view_that_is_none():
    x = ag.arange(6.0).reshape(2, 3).requires_grad_()
    y = x.t().reshape(6)
    assert y.grad_fn.name() == "UnsafeViewBackward0" and not y._is_view()
    (y * ag.arange(6.0)).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
