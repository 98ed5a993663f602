"""nn.utils.parametrize and what is registered with it: weight and spectral normalisation, orthogonal matrices."""

import copy
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.utils import parametrizations, parametrize

F64 = ag.float64


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


class Exp(nn.Module):
    def forward(self, x):
        return x.exp()

    def right_inverse(self, x):
        return x.log()


class Double(nn.Module):
    def forward(self, x):
        return 2 * x


class Product(nn.Module):
    """Of two factors, one of which is the sign."""

    def forward(self, size, sign):
        return size * sign

    def right_inverse(self, x):
        return x.abs(), x.sign()


# ---- registering and removing ----


def test_a_parametrised_tensor_is_computed_and_what_it_is_computed_from_is_trained():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    assert parametrize.register_parametrization(layer, "weight", Symmetric()) is layer
    assert type(layer).__name__ == "ParametrizedLinear" and isinstance(layer, nn.Linear)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert layer.parametrizations.weight.original is weight
    assert ag.equal(layer.weight, layer.weight.T) and layer.weight is not layer.weight
    layer(ag.ones(2, 3)).sum().backward()
    assert weight.grad.tolist() == [[2.0, 4.0, 4.0], [0.0, 2.0, 4.0], [0.0, 0.0, 2.0]]
    assert "(parametrizations): ModuleDict(" in repr(layer)


def test_assigning_goes_through_the_inverse():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    layer.weight = ag.tensor([[1.0, 2.0], [2.0, 3.0]])
    assert layer.parametrizations.weight.original.tolist() == [[1.0, 2.0], [0.0, 3.0]]
    assert layer.weight.tolist() == [[1.0, 2.0], [2.0, 3.0]]
    parametrize.register_parametrization(layer, "bias", Double())
    with pytest.raises(RuntimeError, match="^parametrization Double does not implement right_inverse.$"):
        layer.bias = ag.zeros(2)


def test_several_parametrisations_are_applied_in_turn():
    layer = nn.Linear(2, 2).double()
    with ag.no_grad():
        layer.weight.copy_(ag.tensor([[1.0, 2.0], [2.0, 1.0]]))
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Exp())
    assert len(layer.parametrizations.weight) == 2
    assert ag.allclose(layer.weight, ag.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=F64).exp())
    layer.weight = ag.tensor([[2.0, 3.0], [3.0, 2.0]], dtype=F64)
    assert ag.allclose(layer.weight, ag.tensor([[2.0, 3.0], [3.0, 2.0]], dtype=F64))


def test_an_inverse_may_give_several_tensors():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Product())
    listed = layer.parametrizations.weight
    assert not listed.is_tensor and listed.ntensors == 2 and not hasattr(listed, "original")
    assert ag.equal(layer.weight, before) and ag.equal(listed.original0, before.abs())
    assert isinstance(listed.original1, nn.Parameter) and listed.original1.requires_grad
    with pytest.raises(ValueError, match="^Cannot leave unparametrized .* in terms of a sequence of tensors.$"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert ag.equal(layer.weight, before) and isinstance(layer.weight, nn.Parameter)


def test_buffers_can_be_parametrised():
    module = nn.Module()
    module.register_buffer("scale", ag.ones(2))
    parametrize.register_parametrization(module, "scale", Double())
    assert module.scale.tolist() == [2.0, 2.0] and [name for name, _ in module.named_parameters()] == []
    assert [name for name, _ in module.named_buffers()] == ["parametrizations.scale.original"]
    parametrize.remove_parametrizations(module, "scale")
    assert module.scale.tolist() == [2.0, 2.0] and list(module._buffers) == ["scale"]


@pytest.mark.parametrize("leave", [True, False])
def test_removing_leaves_value_class_and_parameter(leave):
    layer = nn.Linear(2, 2)
    weight, before = layer.weight, layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "bias", Double())
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
    assert parametrize.is_parametrized(layer) and not parametrize.is_parametrized(layer, "weight")
    assert layer.weight is weight and ag.equal(weight, 2 * before if leave else before)
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear and not hasattr(layer, "parametrizations")
    assert sorted(layer.state_dict()) == ["bias", "weight"]


def test_each_module_has_its_own_properties():
    one, two = nn.Linear(2, 2), nn.Linear(2, 2)
    parametrize.register_parametrization(one, "weight", Double())
    assert type(two) is nn.Linear and not parametrize.is_parametrized(two)
    assert parametrize.type_before_parametrizations(one) is nn.Linear is parametrize.type_before_parametrizations(two)


def test_modes_dtypes_and_states_reach_what_is_computed_from():
    source, target = (parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double()) for _ in range(2))
    target.load_state_dict(source.state_dict())
    assert ag.equal(source.weight, target.weight)
    assert source.double().weight.dtype == F64
    assert not source.eval().parametrizations.weight[0].training
    in_eval = parametrize.register_parametrization(nn.Linear(2, 2).eval(), "weight", Double())
    assert not in_eval.parametrizations.weight[0].training


def test_inside_cached_a_tensor_is_computed_once():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    with parametrize.cached():
        with parametrize.cached():
            first = layer.weight
        assert layer.weight is first
    assert layer.weight is not first


def test_a_copy_is_independent_and_pickling_is_refused():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    twin = copy.deepcopy(layer)
    assert ag.equal(twin.weight, layer.weight)
    with ag.no_grad():
        twin.parametrizations.weight.original.zero_()
    assert twin.weight.sum().item() == 0 != layer.weight.abs().sum().item()
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        pickle.dumps(layer)


@pytest.mark.arcgrad_only  # in PyTorch both lose the property
def test_a_copy_keeps_its_parametrisations_when_the_original_loses_them():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    twin = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert twin.weight.requires_grad and parametrize.is_parametrized(twin, "weight") and type(twin) is not type(layer)


def test_parametrisations_can_be_handed_on():
    source, target = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric()), nn.Linear(2, 2)
    parametrize.transfer_parametrizations_and_params(source, target)
    assert ag.equal(source.weight, target.weight) and parametrize.is_parametrized(target, "weight")
    assert target.parametrizations.weight.original is source.parametrizations.weight.original
    assert target.parametrizations.weight[0] is source.parametrizations.weight[0]


class Returns(nn.Module):
    """Gives what it was made with, or what a function makes of its input."""

    def __init__(self, forward=None, inverse=None):
        super().__init__()
        self.made, self.inverse = forward or (lambda x: x), inverse or (lambda x: x)

    def forward(self, x):
        return self.made(x)

    def right_inverse(self, x):
        return self.inverse(x)


@pytest.mark.parametrize(
    ("parametrization", "message"),
    [
        (Returns(lambda x: 3), "^A parametrization must return a tensor. Got int.$"),
        (Returns(lambda x: x.double()), "Registering a parametrization may not change the dtype of the tensor, unless .*unsafe"),
        (Returns(lambda x: x[:1]), "Registering a parametrization may not change the shape of the tensor, unless .*unsafe"),
        (Returns(inverse=lambda x: 3), "^'right_inverse' must return a Tensor or a Sequence of tensors .* Got int$"),
        (Returns(inverse=lambda x: (x, 3)), "Got element 1 of the sequence with type int.$"),
        (Returns(inverse=lambda x: x.double()), "When `right_inverse` outputs one tensor, it may not change the dtype."),
        (Returns(lambda x: x[:1], lambda x: x + 1), "may not change the shape of the tensor"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(parametrization, message):
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    with pytest.raises(ValueError, match=message):
        parametrize.register_parametrization(layer, "weight", parametrization)
    assert type(layer) is nn.Linear and isinstance(layer.weight, nn.Parameter)
    assert ag.equal(layer.weight, before) or ag.__name__ == "torch"  # where it stays what the inverse gave


@pytest.mark.parametrize(
    ("parametrization", "message"),
    [
        (Returns(lambda x: 3), "^A parametrization must return a tensor. Got int.$"),
        (Returns(lambda x: x.double()), "may not change the dtype of the tensor, unless the `unsafe` flag is enabled.\nmodule.weight.dtype"),
        (Returns(lambda x: x[:1]), r"parametrization\(module.weight\).shape: "),
        (Returns(inverse=lambda x: 3), "^parametrization.right_inverse must return a tensor. Got: int$"),
        (Returns(inverse=lambda x: x.double()), "The tensor returned by parametrization.right_inverse must have the same dtype"),
        (Returns(inverse=lambda x: x[:1]), "The tensor returned by parametrization.right_inverse must have the same shape"),
    ],
)
def test_a_second_one_that_does_not_fit_is_refused(parametrization, message):
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    with pytest.raises(ValueError, match=message):
        parametrize.register_parametrization(layer, "weight", parametrization)
    assert len(layer.parametrizations.weight) == 1


def test_unsafe_ones_may_change_shape_and_dtype():
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Returns(lambda x: x[:1].double()), unsafe=True)
    assert tuple(layer.weight.shape) == (1, 2) and layer.weight.dtype == F64 and layer.parametrizations.weight.unsafe


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "^'right_inverse' must return a sequence of tensors. Got int.$"),
        ((1,), "^'right_inverse' must return a sequence of tensors of length 2. Got a sequence of length 1.$"),
        ((1, 2), "^.right_inverse. must return a sequence of tensors.* Got element 0 of type int"),
        ("doubles", "^Tensor 0 returned by `right_inverse` has dtype .*float64 while `original0` has dtype .*float32$"),
    ],
)
def test_an_inverse_of_another_kind_upon_assignment_is_refused(value, message):
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Product())
    if value == "doubles":
        value = (ag.zeros(2, 2, dtype=F64),) * 2
    layer.parametrizations.weight[0].right_inverse = lambda x: value
    with pytest.raises(ValueError, match=message):
        layer.weight = ag.zeros(2, 2)


def test_names_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="does not have a parameter, a buffer, or a parametrized element with name 'nope'$"):
        parametrize.register_parametrization(nn.Linear(1, 1), "nope", Double())
    with pytest.raises(ValueError, match="does not have a parametrization on weight$"):
        parametrize.remove_parametrizations(nn.Linear(1, 1), "weight")
    with pytest.raises(ValueError, match="^ParametrizationList requires one or more modules.$"):
        parametrize.ParametrizationList([], ag.zeros(1))


# ---- weight normalisation ----


@pytest.mark.parametrize("dim", [0, 1, -1, None])
@pytest.mark.parametrize("register", [parametrizations.weight_norm, nn.utils.weight_norm])
@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weight_norm_splits_magnitude_and_direction(register, dim):
    ag.manual_seed(0)
    layer = nn.Conv2d(3, 4, 2).double()
    before = layer.weight.detach().clone()
    register(layer, dim=dim)
    g, v = (
        (layer.parametrizations.weight.original0, layer.parametrizations.weight.original1)
        if register is parametrizations.weight_norm
        else (layer.weight_g, layer.weight_v)
    )
    shapes = {0: (4, 1, 1, 1), 1: (1, 3, 1, 1), -1: (), None: ()}
    assert tuple(g.shape) == shapes[dim] and ag.allclose(layer.weight, before)
    others = [axis for axis in range(4) if axis != dim]
    norm = before.square().sum() if dim in (-1, None) else before.square().sum(others, keepdim=True)
    assert ag.allclose(g, norm.sqrt())
    with ag.no_grad():
        g.mul_(2)
        v.mul_(5)
    x = ag.ones(1, 3, 2, 2, dtype=F64)
    assert ag.allclose(layer(x), nn.functional.conv2d(x, 2 * before, layer.bias))
    layer(x).sum().backward()
    # The direction has no gradient along itself.
    along = (v.grad * v).sum() if dim in (-1, None) else (v.grad * v).sum(others)
    assert along.abs().max() < 1e-12 and g.grad.abs().sum() > 0


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_the_old_weight_norm_is_taken_away_again():
    layer = nn.utils.weight_norm(nn.Linear(3, 2))
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    with pytest.raises(RuntimeError, match="^Cannot register two weight_norm hooks on the same parameter weight$"):
        nn.utils.weight_norm(layer)
    weight = layer.weight.detach().clone()
    assert nn.utils.remove_weight_norm(layer) is layer
    assert list(layer.state_dict()) == ["bias", "weight"] and ag.allclose(layer.weight, weight)
    assert isinstance(layer.weight, nn.Parameter) and len(layer._forward_pre_hooks) == 0
    with pytest.raises(ValueError, match="^weight_norm of 'weight' not found in Linear"):
        nn.utils.remove_weight_norm(layer)


def test_the_old_weight_norm_says_that_it_is_old():
    with pytest.warns(FutureWarning, match="parametrizations.weight_norm"):
        nn.utils.weight_norm(nn.Linear(3, 2))


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_the_new_weight_norm_reads_the_state_of_the_old():
    old, new = nn.utils.weight_norm(nn.Linear(3, 2)), parametrizations.weight_norm(nn.Linear(3, 2))
    new.load_state_dict(old.state_dict())
    assert ag.allclose(new.weight, old.weight)


# ---- spectral normalisation ----


def largest(matrix):
    """The largest singular value, by many steps of the power method."""
    v = ag.ones(matrix.size(1), dtype=F64)
    for _ in range(2000):
        v = matrix.T @ (matrix @ v)
        v = v / v.norm()
    return (matrix @ v).norm().item()


@pytest.mark.parametrize("register", [parametrizations.spectral_norm, nn.utils.spectral_norm])
def test_spectral_norm_makes_the_largest_singular_value_one(register):
    ag.manual_seed(0)
    layer = nn.Linear(5, 3).double()
    before = layer.weight.detach().clone()
    register(layer)
    for _ in range(200):
        layer(ag.ones(5, dtype=F64))
    assert ag.allclose(layer.weight, before / largest(before), atol=1e-8)
    layer.eval()
    layer(ag.ones(5, dtype=F64))
    value = layer.weight.detach().clone()
    layer(ag.ones(5, dtype=F64))
    assert ag.equal(layer.weight, value)


def test_spectral_norm_of_a_vector_is_its_norm():
    module = nn.Module()
    module.weight = nn.Parameter(ag.tensor([3.0, 4.0]))
    parametrizations.spectral_norm(module)
    assert module.weight.tolist() == pytest.approx([0.6, 0.8]) and len(list(module.buffers())) == 0


def test_the_old_spectral_norm_is_taken_away_again():
    layer = nn.utils.spectral_norm(nn.Linear(3, 2))
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    assert layer.state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}
    with pytest.raises(RuntimeError, match="^Cannot register two spectral_norm hooks on the same parameter weight$"):
        nn.utils.spectral_norm(layer)
    twin = nn.utils.spectral_norm(nn.Linear(3, 2))
    twin.load_state_dict(layer.state_dict())
    assert ag.equal(twin.eval()(ag.ones(3)), layer.eval()(ag.ones(3)))
    nn.utils.remove_spectral_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight"] and isinstance(layer.weight, nn.Parameter)
    assert len(layer._forward_pre_hooks) == len(layer._state_dict_hooks) == 0
    with pytest.raises(ValueError, match="^spectral_norm of 'weight' not found in Linear"):
        nn.utils.remove_spectral_norm(layer)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: parametrizations.spectral_norm(m, "nope"), ValueError, "has no parameter or buffer with name 'nope'"),
        (lambda m: parametrizations.spectral_norm(m, n_power_iterations=0), ValueError, "to be positive, but got n_power_iterations=0"),
        (lambda m: nn.utils.spectral_norm(m, n_power_iterations=0), ValueError, "to be positive, but got n_power_iterations=0"),
        (lambda m: parametrizations.spectral_norm(m, dim=2), IndexError, r"expected to be in range of \[-2, 1\] but got 2"),
        (lambda m: parametrizations.orthogonal(m, "nope"), ValueError, "has no parameter or buffer with name 'nope'"),
        (lambda m: parametrizations.orthogonal(m, "bias"), ValueError, "Expected a matrix or batch of matrices. Got a tensor of 1"),
        (lambda m: parametrizations.orthogonal(m, orthogonal_map="x"), ValueError, "orthogonal_map has to be one of .*Got: x"),
    ],
)
def test_what_normalisations_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Linear(3, 2))


# ---- orthogonal matrices ----


def deviation(matrix):
    """How far the columns (the rows of a wide matrix) are from orthonormal."""
    tall = matrix.mT if matrix.size(-2) < matrix.size(-1) else matrix
    return (tall.mT @ tall - ag.eye(tall.size(-1), dtype=F64)).abs().max().item()


class Holds(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(ag.randn(*shape, dtype=F64))


SHAPES = [(1, 1), (4, 4), (5, 3), (3, 5), (2, 4, 4), (2, 5, 2), (2, 2, 5)]


@pytest.mark.parametrize("trivialized", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
def test_orthogonal_matrices_are_orthogonal(name, shape, trivialized):
    ag.manual_seed(0)
    module = Holds(*shape)
    parametrizations.orthogonal(module, orthogonal_map=name, use_trivialization=trivialized)
    original = module.parametrizations.weight.original
    assert deviation(module.weight) < 1e-13
    with ag.no_grad():
        # A step from anywhere stays orthogonal; the diagonal holds the signs of reflections.
        diagonal = original.diagonal(dim1=-2, dim2=-1).clone()
        original.add_(ag.randn(*shape, dtype=F64))
        original.diagonal(dim1=-2, dim2=-1).copy_(diagonal)
    assert deviation(module.weight) < 1e-13 or (name, trivialized) == ("householder", False)
    module.weight.sum().backward()
    assert ag.isfinite(original.grad).all()


@pytest.mark.parametrize(("name", "trivialized"), [("matrix_exp", True), ("cayley", True), ("householder", True), ("householder", False)])
@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal_matrices_can_be_assigned(name, shape, trivialized):
    ag.manual_seed(1)
    module, other = (parametrizations.orthogonal(Holds(*shape), orthogonal_map=m) for m in (None, "matrix_exp"))
    wanted = other.weight.detach()
    module = parametrizations.orthogonal(Holds(*shape), orthogonal_map=name, use_trivialization=trivialized)
    module.weight = wanted
    assert ag.allclose(module.weight, wanted, atol=1e-13)
    with pytest.raises(ValueError, match="^Expected a matrix or batch of matrices of shape"):
        module.weight = ag.zeros(7, 7, dtype=F64)


@pytest.mark.parametrize("name", ["matrix_exp", "cayley"])
def test_maps_without_a_base_cannot_be_assigned_to(name):
    module = parametrizations.orthogonal(Holds(3, 3), orthogonal_map=name, use_trivialization=False)
    with pytest.raises(NotImplementedError, match="^It is not possible to assign to the matrix exponential or the Cayley"):
        module.weight = ag.eye(3, dtype=F64)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2)])
@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
def test_gradients_of_the_maps(name, shape):
    ag.manual_seed(2)
    module = parametrizations.orthogonal(Holds(*shape), orthogonal_map=name, use_trivialization=False)
    map_, x = module.parametrizations.weight[0], ag.randn(*shape, dtype=F64)
    x.diagonal().fill_(-1.0)
    mask = 1 - ag.eye(*shape, dtype=F64)  # the signs on the diagonal have no gradient
    x.requires_grad_()
    assert ag.autograd.gradcheck(lambda x: map_(x * mask - ag.eye(*shape, dtype=F64)), x)
