"""gradcheck and gradgradcheck find wrong gradients and pass right ones; assert_close finds differences and says where."""

import inspect
import itertools
import random

import numpy as np
import pytest

import arcgrad as ag
from arcgrad.autograd import gradcheck, gradgradcheck
from arcgrad.autograd.gradcheck import GradcheckError
from arcgrad.testing import assert_allclose, assert_close


def leaf(*shape, dtype=None, seed=0):
    values = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    return ag.from_numpy(np.asarray(values)).to(dtype or ag.float64).requires_grad_()


def twice(rule, keeps_undefined=False):
    """The function x ↦ 2 x with a backward of one's own."""

    class Twice(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(not keeps_undefined)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return rule(grad)

    return Twice.apply


MODES = pytest.mark.parametrize("fast_mode", [False, True], ids=["slow", "fast"])


# ---- right gradients pass ----


@MODES
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x,
        lambda x: x.sin().sum(),
        lambda x: (x.exp(), x.sum()),
        lambda x: [x * 2, x.detach()],
        lambda x: x.t(),
        lambda x: x[:0],
        lambda x: x,
        lambda x: x.clone().mul_(3),
        lambda x: (x * 2, (x > 1).to(ag.int64)),
    ],
    ids=range(9),
)
def test_right_gradients_pass(function, fast_mode):
    assert gradcheck(function, (leaf(2, 3),), fast_mode=fast_mode) is True


@MODES
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0)])
def test_scalars_and_empty_tensors(shape, fast_mode):
    assert gradcheck(lambda x: x * 3, leaf(*shape), fast_mode=fast_mode)


@MODES
def test_several_inputs_and_inputs_that_are_not_checked(fast_mode):
    def function(x, factor, y, constant, nothing):
        return x * factor * y, (y * constant).sum()

    arguments = (leaf(3), 2.5, leaf(3, seed=1), ag.ones(3, dtype=ag.float64), None)
    assert gradcheck(function, arguments, fast_mode=fast_mode)


@MODES
def test_an_input_that_is_not_used_has_gradient_zero(fast_mode):
    assert gradcheck(lambda x, y: x * 2, (leaf(2), leaf(2, seed=1)), fast_mode=fast_mode)


@MODES
def test_inputs_that_are_not_contiguous(fast_mode):
    x = leaf(4, 6).detach()[::2, 1::2].requires_grad_()
    y = leaf(3, 2).detach().t().requires_grad_()
    assert gradcheck(lambda x, y: (x * y).sum(0), (x, y), fast_mode=fast_mode)


@MODES
def test_inputs_that_are_not_leaves(fast_mode):
    assert gradcheck(lambda x: x * x, (leaf(3) * 2,), fast_mode=fast_mode)


def test_inputs_keep_their_values_and_versions():
    x = leaf(3)
    before, version = x.detach().clone(), x._version
    gradcheck(lambda x: x * 2, (x,))
    with pytest.raises(ZeroDivisionError):
        # The third evaluation is in the middle of a perturbation.
        calls = itertools.count()
        gradcheck(lambda x: x * 2 if next(calls) < 2 else 1 / 0, (x,))
    assert bool((x == before).all())
    assert x._version == version
    assert x.grad is None


def test_functions_whose_outputs_need_no_gradient():
    assert gradcheck(lambda x: x.argmax(), (leaf(3),))
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: (x * 2).detach(), (leaf(3),))


def test_gradcheck_leaves_the_random_numbers_alone():
    ag.manual_seed(1)
    expected = ag.rand(3)
    ag.manual_seed(1)
    gradcheck(lambda x: x * 2, (leaf(3),), fast_mode=True)
    assert bool((ag.rand(3) == expected).all())


# ---- wrong gradients are found ----


def test_a_wrong_gradient_shows_both_jacobians():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(twice(lambda grad: grad * 3), (leaf(2),))
    assert str(caught.value) == (
        "Jacobian mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[2.0000, 0.0000],\n"
        "        [0.0000, 2.0000]], dtype=arcgrad.float64)\n"
        "analytical:tensor([[3., 0.],\n"
        "        [0., 3.]], dtype=arcgrad.float64)\n"
    )


def test_rows_are_input_elements_and_columns_output_elements():
    def function(x):
        return ag.cat([x * 2, x.detach() * 3])  # the second half hides its gradient

    with pytest.raises(GradcheckError) as caught:
        gradcheck(function, (leaf(1),))
    assert "numerical:tensor([[2.0000, 3.0000]]" in str(caught.value)
    assert "analytical:tensor([[2., 0.]]" in str(caught.value)


def test_the_fast_mode_shows_both_jacobians_too():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(twice(lambda grad: grad * 3), (leaf(2),), fast_mode=True)
    text = str(caught.value)
    assert text.startswith("Jacobian mismatch for output 0 with respect to input 0,\nnumerical:")
    assert "Numerical:\ntensor([[2.0000, 0.0000]," in text and "Analytical:\ntensor([[3., 0.]," in text
    assert "The max per-element difference (slow mode) is: 1.0" in text


@MODES
def test_a_wrong_gradient_names_output_and_input(fast_mode):
    bad = twice(lambda grad: grad * 3)
    with pytest.raises(GradcheckError, match="output 1 with respect to input 2"):
        gradcheck(lambda x, k, y: (x * y, bad(y)), (leaf(2), 1, leaf(2, seed=1)), fast_mode=fast_mode)


@MODES
def test_one_wrong_element_among_many_is_found(fast_mode):
    def rule(grad):
        result = grad * 2
        result[17] += 0.1 * grad[17]
        return result

    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(twice(rule), (leaf(40),), fast_mode=fast_mode)


@MODES
def test_a_missing_gradient_is_found(fast_mode):
    with pytest.raises(GradcheckError, match="with respect to input 1"):
        gradcheck(lambda x, y: x * y.detach(), (leaf(2), leaf(2, seed=1)), fast_mode=fast_mode)


@MODES
def test_a_gradient_that_is_nan_is_found(fast_mode):
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(twice(lambda grad: grad * float("nan")), (leaf(2),), fast_mode=fast_mode)


def test_tolerances_decide():
    function = twice(lambda grad: grad * 2.001)
    with pytest.raises(GradcheckError):
        gradcheck(function, (leaf(2),), rtol=1e-4)
    assert gradcheck(function, (leaf(2),), rtol=1e-3)
    assert gradcheck(function, (leaf(2),), rtol=0, atol=1e-2)


@MODES
def test_a_gradient_that_changes_from_run_to_run_is_found(fast_mode):
    generator = random.Random(0)
    function = twice(lambda grad: grad * (2 + 1e-7 * generator.random()))
    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(function, (leaf(2),), fast_mode=fast_mode)
    assert gradcheck(function, (leaf(2),), fast_mode=fast_mode, nondet_tol=1e-6)


def test_a_gradient_not_multiplied_by_what_comes_in_is_found():
    # Where the output has one element, a constant cannot be told from the gradient of a seed of one.
    function = twice(lambda grad: ag.full_like(grad, 2.0))
    with pytest.raises(GradcheckError, match="backward not multiplied by grad_output"):
        gradcheck(function, (leaf(1),))


@MODES
def test_undefined_gradients_have_to_be_handled(fast_mode):
    function = twice(lambda grad: grad * 2, keeps_undefined=True)
    warns = pytest.warns(UserWarning, match="New undefined gradient support checking")
    with warns, pytest.raises(GradcheckError, match="handle undefined output grads"):
        gradcheck(function, (leaf(2),), fast_mode=fast_mode)
    assert gradcheck(function, (leaf(2),), fast_mode=fast_mode, check_undefined_grad=False)
    careful = twice(lambda grad: None if grad is None else grad * 2, keeps_undefined=True)
    assert gradcheck(careful, (leaf(2),), fast_mode=fast_mode)


def test_an_undefined_gradient_counts_as_zero():
    function = twice(lambda grad: ag.ones(2, dtype=ag.float64) if grad is None else grad * 2, keeps_undefined=True)
    warns = pytest.warns(UserWarning, match="New undefined gradient support checking")
    with warns, pytest.raises(GradcheckError, match="Expected all input grads to be undefined or zero"):
        gradcheck(function, (leaf(2),))


def test_raise_exception_false_answers_false():
    assert gradcheck(twice(lambda grad: grad * 3), (leaf(2),), raise_exception=False) is False
    with pytest.raises(ZeroDivisionError):  # not the function's own errors
        gradcheck(lambda x: 1 / 0, (leaf(2),), raise_exception=False)


def test_a_gradcheck_error_is_a_runtime_error():
    assert issubclass(GradcheckError, RuntimeError)


# ---- inputs that cannot be checked ----


def test_no_input_that_requires_grad():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, (ag.ones(2, dtype=ag.float64), 3))


def test_single_precision_warns():
    with pytest.warns(UserWarning, match="Input #1 requires gradient and is not a double precision"):
        gradcheck(lambda x, y: x * y.to(ag.float64), (leaf(2), leaf(2, dtype=ag.float32)), eps=1e-2, atol=1e-2)


def test_an_expanded_input_is_refused():
    with pytest.raises(RuntimeError, match="The 0th input has a dimension with stride 0"):
        gradcheck(lambda x: x * 2, (leaf(1).detach().expand(3).requires_grad_(),))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"check_backward_ad": False}, "Expected at least one of check_forward_ad or check_backward_ad to be True"),
        (
            {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
            "Setting check_batched_grad=True requires check_backward_ad to be True",
        ),
        ({"check_batched_forward_grad": True}, "Setting check_batched_forward_grad=True requires check_forward_ad to be True"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, text):
    with pytest.raises(AssertionError, match=text):
        gradcheck(lambda x: x, (leaf(2),), **options)


@MODES
def test_outputs_have_to_keep_shape_and_dtype(fast_mode):
    x = ag.ones(1, dtype=ag.float64).requires_grad_()
    with pytest.raises(AssertionError, match="return outputs with the same shape when inputs are perturbed"):
        gradcheck(lambda x: ag.cat([x, x]) if bool((x >= 1).all()) else x * 1, (x,), fast_mode=fast_mode)
    with pytest.raises(AssertionError, match="return outputs with the same dtype when inputs are perturbed"):
        gradcheck(lambda x: x.float() if bool((x >= 1).all()) else x * 1, (x,), fast_mode=fast_mode)


# ---- forward mode and batches ----


@MODES
def test_right_tangents_and_batches_pass(fast_mode):
    def function(x, factor, y):
        return (x * y.sum()).sin() * factor, y.exp(), (x > 1).to(ag.int64)

    arguments = (leaf(3), 2.5, leaf(3, seed=1))
    for options in (
        {"check_forward_ad": True},
        {"check_forward_ad": True, "check_backward_ad": False},
        {"check_forward_ad": True, "check_batched_forward_grad": True, "check_grad_dtypes": True},
        {"check_batched_grad": True},
        {"check_forward_ad": True, "check_undefined_grad": False, "check_batched_grad": True},
    ):
        assert gradcheck(function, arguments, fast_mode=fast_mode, **options), options
    assert gradcheck(lambda x, y: x * 2, (leaf(2), leaf(2, seed=1)), check_forward_ad=True, fast_mode=fast_mode)
    assert gradcheck(lambda x: x.sum(), (leaf(),), check_forward_ad=True, check_batched_grad=True, fast_mode=fast_mode)


@MODES
def test_a_wrong_tangent_is_found(fast_mode):
    import arcgrad.autograd.forward_ad as fw

    def function(x, y):
        if fw._current_level >= 0:
            value, tangent = fw.unpack_dual(y)
            y = value if tangent is None else fw.make_dual(value, tangent * 1.1)
        return x * y, y * 1

    arguments = (leaf(2), leaf(2, seed=1))
    assert gradcheck(function, arguments, fast_mode=fast_mode)
    text = "Jacobian computed with forward mode mismatch for output 0 with respect to input 1"
    with pytest.raises(GradcheckError, match=text):
        gradcheck(function, arguments, check_forward_ad=True, fast_mode=fast_mode)
    assert gradcheck(function, arguments, check_forward_ad=True, fast_mode=fast_mode, raise_exception=False) is False


def test_forward_mode_gets_inputs_that_require_no_gradient():
    import arcgrad.autograd.forward_ad as fw

    def function(x, y):
        if fw._current_level >= 0:
            assert not x.requires_grad and not y.requires_grad
        return x * y

    assert gradcheck(function, (leaf(2), leaf(2, seed=1)), check_forward_ad=True, check_backward_ad=False)


def test_only_inputs_that_require_gradients_get_tangents():
    import arcgrad.autograd.forward_ad as fw

    seen = []

    def function(x, y):
        if fw._current_level >= 0:
            seen.append(tuple(fw.unpack_dual(value).tangent is not None for value in (x, y)))
        return x * y

    arguments = (leaf(1), leaf(1, seed=1).detach())
    assert gradcheck(function, arguments, check_forward_ad=True, check_backward_ad=False, check_undefined_grad=False)
    assert seen == [(True, False)]


def test_an_undefined_tangent_counts_as_zeros():
    import arcgrad.autograd.forward_ad as fw

    def function(x, y):
        z = x * y
        if fw._current_level >= 0:
            value, tangent = fw.unpack_dual(z)
            one, other = fw.unpack_dual(x).tangent, fw.unpack_dual(y).tangent
            # Wrong where one of them is not there.
            if one is None or other is None:
                return fw.make_dual(value, tangent * 2)
        return z

    with pytest.raises(GradcheckError, match="Mismatch in tangent values for output with index: 0 when input: 0"):
        gradcheck(function, (leaf(2), leaf(2, seed=1)), check_forward_ad=True)
    assert gradcheck(function, (leaf(2), leaf(2, seed=1)), check_forward_ad=True, check_undefined_grad=False)


@MODES
def test_gradients_that_cannot_be_batched_are_found(fast_mode):
    def rule(grad):
        return grad * 2 if grad.sum().item() is not None else None

    function = twice(rule)
    assert gradcheck(function, (leaf(2),), fast_mode=fast_mode)
    text = "(?s)While computing batched gradients, got: .*failed while testing batched gradient computation"
    with pytest.raises(GradcheckError, match=text):
        gradcheck(function, (leaf(2),), fast_mode=fast_mode, check_batched_grad=True)
    assert gradcheck(function, (leaf(2),), fast_mode=fast_mode, check_batched_grad=True, raise_exception=False) is False


def test_gradients_that_are_wrong_in_batches_are_found():
    calls = itertools.count()

    def rule(grad):
        # The fourth call and those behind it are the batched ones of the one element.
        return grad * (2 if next(calls) < 4 else 3)

    with pytest.raises(GradcheckError, match="For output 0 and input 0:\n\ngot batched gradients:"):
        gradcheck(twice(rule), (leaf(1),), check_batched_grad=True)


# ---- second order ----


@MODES
def test_right_second_gradients_pass(fast_mode):
    assert gradgradcheck(lambda x, y: (x**3 * y, y.sin()), (leaf(2, 2), leaf(2, 2, seed=1)), fast_mode=fast_mode)
    assert gradgradcheck(lambda x: x * 2, (leaf(2),), fast_mode=fast_mode)  # a second derivative of zero
    assert gradgradcheck(lambda x: x**3, (leaf(2),), gen_non_contig_grad_outputs=True, fast_mode=fast_mode)


@MODES
def test_second_gradients_in_forward_mode_and_in_batches(fast_mode):
    arguments = (leaf(2, 2), leaf(2, 2, seed=1))

    def function(x, y):
        return x**3 * y.sum(), (x * y).sin()

    assert gradgradcheck(function, arguments, fast_mode=fast_mode, check_fwd_over_rev=True)
    assert gradgradcheck(function, arguments, fast_mode=fast_mode, check_batched_grad=True)
    options = {"check_fwd_over_rev": True, "check_rev_over_rev": False, "check_undefined_grad": False}
    assert gradgradcheck(function, arguments, fast_mode=fast_mode, **options)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"check_rev_over_rev": False}, "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"),
        ({"check_fwd_over_rev": True, "check_rev_over_rev": False}, "Setting check_undefined_grad=True requires"),
        (
            {"check_fwd_over_rev": True, "check_rev_over_rev": False, "check_undefined_grad": False, "check_batched_grad": True},
            "Setting check_batched_grad=True requires check_rev_over_rev to be True",
        ),
    ],
)
def test_options_of_the_second_order_that_do_not_fit_are_refused(options, text):
    with pytest.raises(AssertionError, match=text):
        gradgradcheck(lambda x: x, (leaf(2),), **options)


@MODES
def test_a_wrong_second_gradient_is_found(fast_mode):
    class Cube(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x * x.detach()  # right, but half of its own derivative is missing

    assert gradcheck(Cube.apply, (leaf(2),), fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradgradcheck(Cube.apply, (leaf(2),), fast_mode=fast_mode)
    assert gradgradcheck(Cube.apply, (leaf(2),), fast_mode=fast_mode, raise_exception=False) is False


def test_output_gradients_may_be_given():
    assert gradgradcheck(lambda x: x**2, (leaf(2),), leaf(2, seed=2))
    with pytest.raises(ValueError, match="1 differentiable outputs, but 2 grad_outputs"):
        gradgradcheck(lambda x: x**2, (leaf(2),), (leaf(2), leaf(2)))


def test_the_signatures_are_pytorchs():
    parameters = inspect.signature(gradcheck).parameters.values()
    bare = inspect.Signature([parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters])
    assert str(bare).replace(" ", "") == (
        "(func,inputs,*,eps=1e-06,atol=1e-05,rtol=0.001,raise_exception=True,nondet_tol=0.0,check_undefined_grad=True,"
        "check_grad_dtypes=False,check_batched_grad=False,check_batched_forward_grad=False,check_forward_ad=False,"
        "check_backward_ad=True,fast_mode=False,masked=None)"
    )
    assert list(inspect.signature(gradgradcheck).parameters)[:4] == ["func", "inputs", "grad_outputs", "eps"]


# ---- the Jacobians alone ----


def test_numerical_jacobians():
    from arcgrad.autograd.gradcheck import get_numerical_jacobian, get_numerical_jacobian_wrt_specific_input

    def function(inputs):
        x, y = inputs
        return 2 * x + y, x + 2 * y

    x, y = leaf(2, 2), leaf(2, 2, seed=1)
    with pytest.warns(FutureWarning, match="`get_numerical_jacobian` was part of PyTorch's private API"):
        first, second = get_numerical_jacobian(function, (x, y), eps=1e-6)
    assert_close(first, 2 * ag.eye(4, dtype=ag.float64))
    assert_close(second, ag.eye(4, dtype=ag.float64))
    with pytest.warns(FutureWarning):
        (only,) = get_numerical_jacobian(function, (x, y), target=y, eps=1e-6)
    assert_close(only, ag.eye(4, dtype=ag.float64))
    with pytest.warns(FutureWarning), pytest.raises(ValueError, match="Expected grad_out to be 1.0"):
        get_numerical_jacobian(function, (x, y), grad_out=2.0)
    found = get_numerical_jacobian_wrt_specific_input(lambda *inputs: function(inputs), 1, (x, y), function((x, y)), 1e-6)
    assert_close(found[0], ag.eye(4, dtype=ag.float64))
    assert_close(found[1], 2 * ag.eye(4, dtype=ag.float64))


def test_analytical_jacobians():
    from arcgrad.autograd.gradcheck import get_analytical_jacobian

    x, y = leaf(2, 2), leaf(2, 2, seed=1)
    with pytest.warns(FutureWarning, match="`get_analytical_jacobian` was part of PyTorch's private API"):
        (first, second), same, sizes, types = get_analytical_jacobian((x, y), 2 * x + y)
    assert_close(first, 2 * ag.eye(4, dtype=ag.float64))
    assert_close(second, ag.eye(4, dtype=ag.float64))
    assert same and sizes and types
    generator = random.Random(0)
    with pytest.warns(FutureWarning):
        _, same, _, _ = get_analytical_jacobian((x,), twice(lambda grad: grad * (2 + 1e-7 * generator.random()))(x))
    assert not same
    with pytest.warns(FutureWarning), pytest.raises(ValueError, match="Expected grad_out to be 1.0"):
        get_analytical_jacobian((x,), 2 * x, grad_out=2.0)


# ---- assert_close ----


def failure(*arguments, **options):
    with pytest.raises(AssertionError) as caught:
        assert_close(*arguments, **options)
    return str(caught.value)


def test_tolerances_follow_the_dtype():
    one = ag.ones(1)
    assert_close(one, one + 1e-5)
    failure(one, one + 2e-5)
    assert_close(one.double(), one.double() + 1e-7)
    failure(one.double(), one.double() + 3e-7)
    assert_close(one.double(), one + 1e-5, check_dtype=False)
    failure(one.long(), one.long() + 1)
    assert_close(one.long(), one.long() + 1, rtol=1, atol=0)


def test_the_message_says_how_many_how_much_and_where():
    text = failure(ag.tensor([[1.0, 2.0], [3.0, 5.0]]), ag.tensor([[1.0, 2.5], [3.0, 4.0]]))
    assert text == (
        "Tensor-likes are not close!\n\n"
        "Mismatched elements: 2 / 4 (50.0%)\n"
        "Greatest absolute difference: 1.0 at index (1, 1) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.25 at index (1, 1) (up to 1.3e-06 allowed)"
    )


def test_exact_comparison_says_equal():
    text = failure(ag.tensor([1, 2]), ag.tensor([1, 4]))
    assert text == (
        "Tensor-likes are not equal!\n\n"
        "Mismatched elements: 1 / 2 (50.0%)\n"
        "Greatest absolute difference: 2 at index (1,)\n"
        "Greatest relative difference: 0.5 at index (1,)"
    )


def test_large_integers_are_compared_exactly():
    big = ag.tensor([2**62])
    assert "Greatest absolute difference: 1" in failure(big + 1, big)
    failure(ag.tensor([2**63 - 1]), ag.tensor([-1]))
    failure(ag.tensor([-(2**63)]), ag.tensor([2**63 - 1]))
    failure(ag.tensor([0], dtype=ag.uint8), ag.tensor([255], dtype=ag.uint8))


def test_scalars():
    assert failure(ag.tensor(1.0), ag.tensor(2.0)) == (
        "Scalars are not close!\n\nExpected 2.0 but got 1.0.\n"
        "Absolute difference: 1.0 (up to 1e-05 allowed)\nRelative difference: 0.5 (up to 1.3e-06 allowed)"
    )
    assert failure(1, 2) == "Scalars are not equal!\n\nExpected 2 but got 1.\nAbsolute difference: 1\nRelative difference: 0.5"
    assert_close(1.0, 1.0 + 1e-8)
    assert "not close" in failure(1.0, float("inf"))
    assert_close(float("-inf"), float("-inf"))


def test_nan_is_equal_on_request_only():
    nan = ag.tensor([float("nan"), 1.0])
    failure(nan, nan)
    assert_close(nan, nan, equal_nan=True)
    failure(float("nan"), float("nan"))
    assert_close(float("nan"), float("nan"), equal_nan=True)


def test_infinities_are_equal_to_themselves_only():
    inf = ag.tensor([float("inf"), 1.0])
    assert_close(inf, inf)
    assert "1 / 2" in failure(inf, -inf * ag.tensor([1.0, -1.0]))
    assert "index (1,)" in failure(inf, inf + ag.tensor([0.0, 1.0]))


def test_shape_dtype_and_stride_have_to_agree():
    one = ag.ones(2)
    assert failure(one, ag.ones(1, 2)) == "The values for attribute 'shape' do not match: arcgrad.Size([2]) != arcgrad.Size([1, 2])."
    assert failure(one, one.double()) == "The values for attribute 'dtype' do not match: arcgrad.float32 != arcgrad.float64."
    square = ag.ones(2, 2).tril()
    assert_close(square, square.t().contiguous().t())
    assert "'stride()' do not match: (2, 1) != (1, 2)" in failure(square, square.t().contiguous().t(), check_stride=True)


def test_structures_are_compared_and_the_item_is_named():
    assert_close({"a": [ag.ones(1), (None, True)]}, {"a": (ag.ones(1), [None, True])})
    assert failure({"a": [1.0, 2.0]}, {"a": [1.0, 3.0]}).endswith("The failure occurred for item ['a'][1]")
    assert failure([1, 2], [1]) == "The length of the sequences mismatch: 2 != 1"
    assert failure({"a": 1}, {"b": 1}) == (
        "The keys of the mappings do not match:\nMissing keys in the actual mapping: ['b']\n"
        "Additional keys in the actual mapping: ['a']"
    )
    assert failure(None, 1) == "None mismatch: None is not 1"
    assert failure(True, False) == "Booleans mismatch: True is not False"


def test_what_cannot_be_compared_is_a_type_error():
    for pair in [("a", "a"), (ag.ones(1), 1.0), (ag.ones(1), np.ones(1)), ([1], 1), (object(), object())]:
        with pytest.raises(TypeError, match="No comparison pair was able to handle inputs of type"):
            assert_close(*pair)


def test_numpy_arrays_are_compared():
    assert_close(np.ones(2), np.ones(2))
    assert "2 / 2" in failure(np.ones(2), np.zeros(2))


def test_gradients_and_views_do_not_matter():
    assert_close(leaf(3), leaf(3).detach())
    assert_close(ag.ones(1).expand(3), ag.ones(3))
    assert_close(ag.ones(0), ag.ones(0))


def test_a_message_of_ones_own():
    assert failure(1, 2, msg="mine") == "mine"
    assert failure(1, 2, msg=lambda text: "mine\n" + text).startswith("mine\nScalars are not equal!")
    assert failure([1], [], msg="mine") == "mine"


def test_tolerances_come_in_pairs():
    with pytest.raises(ValueError, match="must be either specified or omitted, but got no atol"):
        assert_close(1, 1, rtol=0.1)
    with pytest.raises(ValueError, match="rtol must be at least 0"):
        assert_close(1, 1, rtol=-1, atol=0)


def test_assert_allclose_is_looser():
    assert_allclose(ag.ones(2), ag.ones(2).double() + 1e-4)
    assert_allclose([1.0, float("nan")], [1.0, float("nan")])
    with pytest.raises(AssertionError):
        assert_allclose(ag.ones(2), ag.ones(2) + 1e-3)


@pytest.mark.parametrize("function", [lambda x: 3.0, lambda x: (x.sum(), x.sum().item()), lambda x: None])
def test_functions_that_return_no_tensors_do_not_pass(function):
    with pytest.raises((TypeError, AttributeError)):
        gradcheck(function, ag.ones(2, dtype=ag.float64, requires_grad=True))


def test_custom_functions_of_old_are_checked_for_batches_of_tangents():
    class Cubed(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 3 * x * x * grad

        @staticmethod
        def jvp(ctx, tangent):
            (x,) = ctx.saved_tensors
            return 3 * x * x * tangent

    x = ag.tensor([0.5, 1.5], dtype=ag.float64, requires_grad=True)
    assert ag.autograd.gradcheck(Cubed.apply, x, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True)
