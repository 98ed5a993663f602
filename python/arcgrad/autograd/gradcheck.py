"""Checking gradients against finite differences: :func:`gradcheck` and :func:`gradgradcheck`.

The numerical side perturbs the inputs' memory through NumPy and never asks this library for a derivative; the two sides meet only in
the comparison.
"""

from __future__ import annotations

import functools
import warnings

import arcgrad as ag
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

#: pytest shows the line of the test that failed, and none of this file.
__tracebackhide__ = True


class GradcheckError(RuntimeError):
    """Raised by :func:`gradcheck` and :func:`gradgradcheck` when a gradient is wrong."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compares the gradients of ``func`` with central finite differences.

    For every differentiable output and every input that requires grad the Jacobian is worked out twice: by backward, one row of the
    identity at a time, and as ``(func(x + eps) - func(x - eps)) / (2 * eps)``, one input element at a time. Their elements
    have to agree within ``atol + rtol * |numerical|``. Further checks: running backward again gives the same
    gradients, a zero output gradient gives zero gradients, and an undefined one counts as zero.

    Args:
        func: takes the ``inputs`` and returns a tensor or a tuple or list of values; only tensors that require grad
            are checked.
        inputs: a tensor or a tuple of values. The checked tensors should be float64: the defaults are meant for it.
        eps: size of the perturbation.
        atol, rtol: tolerances of the comparison.
        raise_exception: if False, a wrong gradient gives ``False`` and not an error.
        nondet_tol: by how much two runs of backward may differ.
        check_undefined_grad: whether to run backward with undefined output gradients.
        check_grad_dtypes: whether a gradient has to have its input's dtype.
        fast_mode: compares one random projection ``vᵀ J u`` per pair of output and input: two evaluations and one
            backward, however large the tensors are.
        masked: has no effect: it concerns sparse tensors.

    Returns:
        True if everything agrees.

    Raises:
        GradcheckError: something does not; the message shows both Jacobians, of shape (input elements, output elements).
        ValueError: no input requires grad.
        RuntimeError: an input overlaps itself (a stride of 0), so that its elements cannot be perturbed one by one.
        NotImplementedError: for ``check_batched_grad``, ``check_batched_forward_grad``, ``check_forward_ad`` and complex
            tensors.

    >>> x = ag.tensor([0.5, -1.0, 2.0], dtype=ag.float64, requires_grad=True)
    >>> ag.autograd.gradcheck(lambda x: (x * x).sum(), (x,))
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise ValueError("gradcheck: at least one of check_forward_ad and check_backward_ad has to be True")
    for name, flag in (
        ("check_batched_grad", check_batched_grad),
        ("check_batched_forward_grad", check_batched_forward_grad),
        ("check_forward_ad", check_forward_ad),
    ):
        if flag:
            raise NotImplementedError(f"gradcheck: {name}=True is not supported yet")
    inputs = _as_tuple(inputs)
    checked = _checked_inputs(inputs)
    outputs = _differentiable_outputs(func(*inputs))
    try:
        if not outputs:
            _check_constant(func, inputs, checked, eps)
            return True
        if fast_mode:
            _check_projections(func, inputs, checked, outputs, eps, atol, rtol, nondet_tol, check_grad_dtypes)
        else:
            _check_jacobians(func, inputs, checked, outputs, eps, atol, rtol, nondet_tol, check_grad_dtypes)
        _check_zero_gradient(outputs, checked)
        if check_undefined_grad:
            _check_undefined_gradient(func, inputs, checked, len(outputs))
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Any] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Checks second derivatives: :func:`gradcheck` of the gradients of ``func``.

    The gradients are taken as a function of the inputs *and* of the output gradients. Arguments are those of :func:`gradcheck`, and

    Args:
        grad_outputs: the output gradients, one per differentiable output; drawn from a normal distribution if None.
        gen_non_contig_grad_outputs: whether the drawn ones are made non-contiguous.
        check_rev_over_rev: has to be True; ``check_fwd_over_rev`` needs forward mode and raises NotImplementedError.

    >>> x = ag.tensor([0.5, -1.0, 2.0], dtype=ag.float64, requires_grad=True)
    >>> ag.autograd.gradgradcheck(lambda x: x ** 3, (x,))
    True
    """
    if check_fwd_over_rev:
        raise NotImplementedError("gradgradcheck: check_fwd_over_rev=True is not supported yet")
    if not check_rev_over_rev:
        raise ValueError("gradgradcheck: at least one of check_fwd_over_rev and check_rev_over_rev has to be True")
    inputs = _as_tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable_outputs(func(*inputs))
        grad_outputs = tuple(_random_gradient(output, gen_non_contig_grad_outputs) for output in outputs)
    else:
        grad_outputs = _as_tuple(grad_outputs)
    count = len(grad_outputs)

    def gradients(*arguments):
        arguments, seeds = arguments[: len(arguments) - count], arguments[len(arguments) - count :]
        wanted = [x for x in arguments if isinstance(x, ag.Tensor) and x.requires_grad]
        outputs = _differentiable_outputs(func(*arguments))
        if len(outputs) != count:
            raise ValueError(f"gradgradcheck: func has {len(outputs)} differentiable outputs, but {count} grad_outputs are given")
        grads = ag.autograd.grad(outputs, wanted, seeds, create_graph=True, allow_unused=True)
        return tuple(grad for grad in grads if grad is not None)

    return gradcheck(
        gradients,
        inputs + grad_outputs,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        masked=masked,
    )


# ---- what goes in and out ----


def _as_tuple(values):
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _checked_inputs(inputs):
    """(position, tensor) of every input that requires grad, after making sure that it can be perturbed."""
    checked = []
    for position, value in enumerate(inputs):
        if not (isinstance(value, ag.Tensor) and value.requires_grad):
            continue
        _refuse_complex(value, f"input {position}")
        if value.dtype != ag.float64:
            warnings.warn(
                f"Input #{position} requires gradient and is not a double precision floating point or complex: it is "
                f"{value.dtype}. This check will likely fail.",
                stacklevel=4,
            )
        if value.numel() and any(stride == 0 and size > 1 for stride, size in zip(value.stride(), value.shape)):
            raise RuntimeError(
                f"The {position}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous on "
                "the input before passing it to gradcheck."
            )
        checked.append((position, value))
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    return checked


def _differentiable_outputs(result):
    for position, value in enumerate(_as_tuple(result)):
        if not isinstance(value, ag.Tensor):
            # A number has left the graph: to pass would say that its gradient is right.
            raise TypeError(f"gradcheck: the function must return tensors, but output {position} is {type(value).__name__}")
    outputs = tuple(value for value in _as_tuple(result) if value.requires_grad)
    for position, output in enumerate(outputs):
        _refuse_complex(output, f"output {position}")
    return outputs


def _refuse_complex(tensor, what):
    if tensor.dtype.is_complex:
        raise NotImplementedError(f"gradcheck: {what} has dtype {tensor.dtype}; only real tensors are supported yet")


def _random_gradient(output, non_contiguous):
    if non_contiguous and output.numel() > 1:
        # Every other element of a tensor twice as long.
        gradient = ag.randn([*output.shape, 2], dtype=output.dtype)[..., 0]
        return gradient.detach().requires_grad_()
    return ag.randn(output.shape, dtype=output.dtype).requires_grad_()


# ---- numerical side ----


def _values(outputs):
    """The outputs flattened, as float64 copies: an output may be an input, which is about to be perturbed again."""
    import numpy as np

    return [np.array(output.detach().numpy(), dtype=np.float64).reshape(-1) for output in outputs]


def _central_difference(func, inputs, eps, shift):
    """``(func(x + eps·u) - func(x - eps·u)) / (2 eps)`` for each output; ``shift(sign · eps)`` perturbs the inputs."""
    sides = []
    for step in (eps, -eps):
        shift(step)
        try:
            sides.append(_values(_differentiable_outputs(func(*inputs))))
        finally:
            shift(0.0)
    return [(plus - minus) / (2 * eps) for plus, minus in zip(*sides, strict=True)]


def _memory(tensor):
    """The tensor's own memory as an array. Writing there counts as no in-place change: the values are put back."""
    return tensor.detach().numpy()


def _numerical_jacobian(func, inputs, tensor, eps, outputs):
    """One matrix (input elements, output elements) for each of the ``outputs``."""
    import numpy as np

    memory, rows = _memory(tensor), []
    for index in np.ndindex(memory.shape):
        value = memory[index].copy()

        def shift(step, index=index, value=value):
            memory[index] = value + step

        rows.append(_central_difference(func, inputs, eps, shift))
    return [
        np.array([row[number] for row in rows]).reshape(len(rows), output.numel()) for number, output in enumerate(outputs)
    ]


def _check_constant(func, inputs, checked, eps):
    """No output requires grad: then no output that could may depend on the inputs."""

    def floating_outputs(*arguments):
        # Detached leaves stand in for the outputs, so that the same code path sees them.
        results = [x for x in _as_tuple(func(*arguments)) if isinstance(x, ag.Tensor) and x.dtype.is_floating_point]
        return tuple(x.detach().clone().requires_grad_() for x in results)

    outputs = floating_outputs(*inputs)
    for position, tensor in checked:
        for jacobian in _numerical_jacobian(floating_outputs, inputs, tensor, eps, outputs):
            if jacobian.any():
                raise GradcheckError(
                    "Numerical gradient for function expected to be zero: no output requires grad, but an output changes with "
                    f"input {position}"
                )


# ---- analytical side ----


def _gradients(output, checked, seed, retain_graph=True):
    """Flattened float64 gradients of every checked input (zeros where nothing flows), and their dtypes."""
    import numpy as np

    tensors = [tensor for _, tensor in checked]
    grads = ag.autograd.grad([output], tensors, [seed], retain_graph=retain_graph, allow_unused=True)
    flat = [np.zeros(t.numel()) if g is None else _values([g])[0] for t, g in zip(tensors, grads)]
    return flat, [None if g is None else g.dtype for g in grads]


def _one_hot(output, element):
    import numpy as np

    seed = np.zeros(output.numel())
    seed[element] = 1
    return ag.from_numpy(seed.reshape(output.shape)).to(output.dtype)


def _analytical_jacobians(output, checked, check_dtypes):
    """One matrix (input elements, output elements) for each checked input."""
    import numpy as np

    columns = []
    for element in range(output.numel()):
        flat, dtypes = _gradients(output, checked, _one_hot(output, element))
        if check_dtypes:
            _check_dtypes(checked, dtypes)
        columns.append(flat)
    return [
        np.array([column[i] for column in columns]).reshape(output.numel(), tensor.numel()).T
        for i, (_, tensor) in enumerate(checked)
    ]


def _check_dtypes(checked, dtypes):
    for (position, tensor), dtype in zip(checked, dtypes):
        if dtype is not None and dtype != tensor.dtype:
            raise GradcheckError(f"Gradient has dtype mismatch: input {position} is {tensor.dtype}, its gradient {dtype}")


# ---- comparing the two ----


def _check_jacobians(func, inputs, checked, outputs, eps, atol, rtol, nondet_tol, check_dtypes):
    numerical = [_numerical_jacobian(func, inputs, tensor, eps, outputs) for _, tensor in checked]
    for number, output in enumerate(outputs):
        analytical = _analytical_jacobians(output, checked, check_dtypes)
        again = _analytical_jacobians(output, checked, check_dtypes)
        for i, (position, _) in enumerate(checked):
            if not _close(analytical[i], numerical[i][number], atol, rtol):
                raise GradcheckError(_mismatch(number, position, numerical[i][number], analytical[i]))
        for (position, _), first, second in zip(checked, analytical, again):
            _check_repeatable(first, second, nondet_tol, position)


def _check_projections(func, inputs, checked, outputs, eps, atol, rtol, nondet_tol, check_dtypes):
    import numpy as np

    generator = np.random.default_rng(0)
    # Positive and of length 1, as long as there are elements: no component can cancel another or be left out.
    directions = [_unit_vector(generator, tensor.numel()) for _, tensor in checked]
    weights = [_unit_vector(generator, output.numel()) for output in outputs]
    numerical = []
    for (_, tensor), direction in zip(checked, directions):
        memory = _memory(tensor)
        values, direction = memory.copy(), direction.reshape(memory.shape)

        def shift(step, memory=memory, values=values, direction=direction):
            memory[...] = values + step * direction

        numerical.append(_central_difference(func, inputs, eps, shift))
    for number, (output, weight) in enumerate(zip(outputs, weights)):
        seed = ag.from_numpy(weight.reshape(output.shape)).to(output.dtype)
        first, dtypes = _gradients(output, checked, seed)
        second, _ = _gradients(output, checked, seed)
        if check_dtypes:
            _check_dtypes(checked, dtypes)
        for i, (position, tensor) in enumerate(checked):
            expected, found = float(weight @ numerical[i][number]), float(first[i] @ directions[i])
            # Each element of the Jacobian may be off by atol, and enters weighted by both vectors.
            scaled_atol = atol * directions[i].sum() * weight.sum()
            if not _close(np.array(found), np.array(expected), scaled_atol, rtol):
                slow_numerical = _numerical_jacobian(func, inputs, tensor, eps, outputs)[number]
                slow_analytical = _analytical_jacobians(output, checked, False)[i]
                raise GradcheckError(
                    _mismatch(number, position, expected, found)
                    + "\nThe above quantities are one random projection of the two Jacobians (fast mode). The Jacobians in full:\n\n"
                    + f"Numerical:\n{_show(slow_numerical)}\nAnalytical:\n{_show(slow_analytical)}\n\n"
                    + f"The max per-element difference (slow mode) is: {np.abs(slow_numerical - slow_analytical).max()}.\n"
                )
            _check_repeatable(first[i], second[i], nondet_tol, position)


def _unit_vector(generator, size):
    vector = generator.random(size)
    length = (vector**2).sum() ** 0.5
    return vector / length if length > 0 else vector


def _close(analytical, numerical, atol, rtol):
    import numpy as np

    return bool(np.isclose(analytical, numerical, rtol=rtol, atol=atol).all())


def _show(value):
    return value if isinstance(value, float) else ag.tensor(value.tolist(), dtype=ag.float64).reshape(value.shape)


def _mismatch(output, position, numerical, analytical):
    return (
        f"Jacobian mismatch for output {output} with respect to input {position},\n"
        f"numerical:{_show(numerical)}\nanalytical:{_show(analytical)}\n"
    )


def _check_repeatable(first, second, tolerance, position):
    import numpy as np

    if not bool((np.abs(first - second) <= tolerance).all()):
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
            f"values, although analytical gradient matches numerical gradient: the gradient of input {position} changes by up "
            f"to {np.abs(first - second).max()}, the tolerance for nondeterminism was {tolerance}. Pass nondet_tol= if that "
            "is to be expected."
        )


def _check_zero_gradient(outputs, checked):
    import numpy as np

    for output in outputs:
        for (position, _), grad in zip(checked, _gradients(output, checked, ag.zeros_like(output))[0]):
            if np.any(grad != 0):
                raise GradcheckError(
                    "backward not multiplied by grad_output: an output gradient of zeros gives a gradient of input "
                    f"{position} that is not zero"
                )


# ---- undefined gradients ----


@functools.cache
def _undefined_gradient():
    """An identity whose backward passes no gradient on, so that the function before it meets an undefined one."""

    class UndefinedGradient(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, grad):
            return None

    return UndefinedGradient.apply


def _check_undefined_gradient(func, inputs, checked, count):
    import numpy as np

    tensors = [tensor for _, tensor in checked]
    # All of them undefined, then each alone beside gradients of zeros.
    cases = [set(range(count))] + [{number} for number in range(count) if count > 1]
    for undefined in cases:
        outputs = [
            _undefined_gradient()(output) if number in undefined else output
            for number, output in enumerate(_differentiable_outputs(func(*inputs)))
        ]
        try:
            grads = ag.autograd.grad(outputs, tensors, [ag.zeros_like(output) for output in outputs], allow_unused=True)
        except Exception as error:
            raise GradcheckError(
                f"Expected backward function to handle undefined output grads, but with outputs {sorted(undefined)} undefined it "
                f"raised {type(error).__name__}: {error}. An undefined gradient arrives as None and stands for zeros."
            ) from error
        for (position, _), grad in zip(checked, grads):
            if grad is not None and np.any(_values([grad])[0] != 0):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero, but the "
                    f"gradient of input {position} is not, with outputs {sorted(undefined)} undefined"
                )


_names.describe(__name__)
