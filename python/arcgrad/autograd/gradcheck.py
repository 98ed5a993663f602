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

__all__ = [
    "GradcheckError",
    "get_analytical_jacobian",
    "get_numerical_jacobian",
    "get_numerical_jacobian_wrt_specific_input",
    "gradcheck",
    "gradgradcheck",
]

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

    A complex tensor counts as twice as many real elements, its real and imaginary parts.

    Args:
        func: takes the ``inputs`` and returns a tensor or a tuple or list of values; only tensors that require grad
            are checked.
        inputs: a tensor or a tuple of values. The checked tensors should be float64 or complex128: the defaults are meant for
            these.
        eps: size of the perturbation.
        atol, rtol: tolerances of the comparison.
        raise_exception: if False, a wrong gradient gives ``False`` and not an error.
        nondet_tol: by how much two runs of backward may differ.
        check_undefined_grad: whether to run backward with undefined output gradients, and forward mode with undefined tangents.
        check_grad_dtypes: whether a gradient has to have its input's dtype, and a tangent its output's.
        check_batched_grad: whether gradients of a batch of output gradients have to be those of one after the other.
        check_batched_forward_grad: whether tangents of a batch of input tangents have to be those of one after the other.
        check_forward_ad: whether the Jacobian is worked out by forward mode, too, one column at a time.
        check_backward_ad: whether it is worked out by backward.
        fast_mode: compares one random projection ``vᵀ J u`` per pair of output and input: two evaluations and one
            backward, however large the tensors are.
        masked: of a sparse input the elements that have no value are left out; otherwise they are taken for zeros that may change.

    Returns:
        True if everything agrees.

    Raises:
        GradcheckError: something does not; the message shows both Jacobians, of shape (input elements, output elements).
        ValueError: no input requires grad.
        RuntimeError: an input overlaps itself (a stride of 0), so that its elements cannot be perturbed one by one.
        AssertionError: nothing is to be checked, or shape or dtype of an output depend on the inputs' values.

    >>> x = ag.tensor([0.5, -1.0, 2.0], dtype=ag.float64, requires_grad=True)
    >>> ag.autograd.gradcheck(lambda x: (x * x).sum(), (x,))
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    func, inputs = _of_values(func, _as_tuple(inputs), masked)
    checked = _checked_inputs(inputs)
    results = func(*inputs)
    outputs = _differentiable_outputs(results)
    compare = _check_projections if fast_mode else _check_jacobians
    try:
        if check_backward_ad:
            if outputs:
                products = _Backward(checked, outputs, check_grad_dtypes)
                compare(func, inputs, checked, _differentiable_outputs, outputs, products, eps, atol, rtol)
                products.check_repeatable(nondet_tol)
            else:
                _check_constant(func, inputs, checked, eps)
        if check_forward_ad and (values := _floating_outputs(results)):
            tangents = _Forward(func, inputs, checked, values, check_grad_dtypes)
            compare(func, inputs, checked, _floating_outputs, values, tangents, eps, atol, rtol)
            if check_undefined_grad:
                _check_undefined_tangents(func, inputs, checked)
        if check_batched_forward_grad:
            _check_batched_tangents(func, inputs, checked)
        if check_backward_ad and outputs:
            if check_batched_grad:
                for number, output in enumerate(outputs):
                    _check_batched_gradients(number, output, checked)
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
        check_fwd_over_rev: whether the gradients' derivative is worked out by forward mode.
        check_rev_over_rev: whether it is worked out by backward.

    >>> x = ag.tensor([0.5, -1.0, 2.0], dtype=ag.float64, requires_grad=True)
    >>> ag.autograd.gradgradcheck(lambda x: x ** 3, (x,))
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    inputs = _as_tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable_outputs(func(*inputs))
        grad_outputs = tuple(_random_gradient(output, gen_non_contig_grad_outputs) for output in outputs)
    else:
        grad_outputs = _as_tuple(grad_outputs)
    count = len(grad_outputs)
    # Forward mode is given detached tensors.
    required = [isinstance(value, ag.Tensor) and value.requires_grad for value in inputs + grad_outputs]

    def gradients(*arguments):
        arguments = [x.requires_grad_() if needed else x for x, needed in zip(arguments, required)]
        arguments, seeds = arguments[: len(arguments) - count], arguments[len(arguments) - count :]
        wanted = [x for x, needed in zip(arguments, required) if needed]
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
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


# ---- what goes in and out ----


def _as_tuple(values):
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _of_values(func, inputs, masked):
    """The function as one of the values of its sparse inputs, which are dense, and the inputs likewise."""
    given = {
        position: value
        for position, value in enumerate(inputs)
        if isinstance(value, ag.Tensor) and value.requires_grad and value.layout is not ag.strided
    }
    if not given:
        return func, inputs
    given = {position: value.detach() if masked else value._with_all_elements() for position, value in given.items()}

    def of_values(*arguments):
        arguments = list(arguments)
        for position, sparse in given.items():
            made = arguments[position] = sparse._with(arguments[position])
            if made.requires_grad:
                made.register_hook(functools.partial(_check_parts, sparse))
        return func(*arguments)

    # Values that are in memory once, to be perturbed there.
    values = {position: sparse._raw.clone().requires_grad_() for position, sparse in given.items()}
    return of_values, tuple(values.get(position, value) for position, value in enumerate(inputs))


def _check_parts(sparse, gradient):
    """The gradient of a sparse tensor is split into coordinates and values as the tensor is."""
    if gradient.layout is ag.strided:
        return
    for part in ("sparse_dim", "dense_dim"):
        found, expected = getattr(gradient, part)(), getattr(sparse, part)()
        if found != expected:
            raise GradcheckError(f"grad is sparse tensor, but has incorrect {part}: {found}, where the input has {expected}")


def _checked_inputs(inputs):
    """(position, tensor) of every input that requires grad, after making sure that it can be perturbed."""
    checked = []
    for position, value in enumerate(inputs):
        if not (isinstance(value, ag.Tensor) and value.requires_grad):
            continue
        if value.dtype not in (ag.float64, ag.complex128):
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


def _tensors(result):
    for position, value in enumerate(_as_tuple(result)):
        if not isinstance(value, ag.Tensor):
            # A number has left the graph: to pass would say that its gradient is right.
            raise TypeError(f"gradcheck: the function must return tensors, but output {position} is {type(value).__name__}")
        if value.layout is not ag.strided:
            raise ValueError(
                "Sparse output is not supported at gradcheck yet. Please call to_dense(masked_grad=...) on the output of fn for "
                "gradcheck."
            )
    return _as_tuple(result)


def _differentiable_outputs(result):
    """The outputs that backward is asked for."""
    return tuple(value for value in _tensors(result) if value.requires_grad)


def _floating_outputs(result):
    """The outputs that may have tangents."""
    return tuple(value for value in _tensors(result) if value.is_floating_point() or value.is_complex())


# ---- complex numbers as pairs of real ones ----


def _count(tensor):
    """The number of real numbers in a tensor."""
    return tensor.numel() * (2 if tensor.is_complex() else 1)


def _in_parts(tensor):
    """The same memory as real numbers, detached."""
    tensor = tensor.detach()
    return ag.view_as_real(tensor) if tensor.is_complex() else tensor


def _of_parts(values, like):
    """A tensor of the shape and the dtype of ``like`` from a flat array of its real numbers."""
    shape = (*like.shape, 2) if like.is_complex() else tuple(like.shape)
    tensor = ag.from_numpy(values.reshape(shape))
    return (ag.view_as_complex(tensor) if like.is_complex() else tensor).to(like.dtype)


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

    parts = [_in_parts(output if output.layout is ag.strided else output.to_dense()).to(ag.float64) for output in outputs]
    return [np.array(_Elements(part) if _is_left_to_class(part) else part.numpy(), dtype=np.float64).reshape(-1) for part in parts]


def _central_difference(func, inputs, choose, eps, shift):
    """``(func(x + eps·u) - func(x - eps·u)) / (2 eps)`` for each output of those that ``choose`` takes; ``shift(sign · eps)``
    perturbs the inputs."""
    sides, kinds = [], []
    for step in (eps, -eps):
        shift(step)
        try:
            outputs = choose(func(*inputs))
            sides.append(_values(outputs))
            kinds.append([(output.shape, output.dtype) for output in outputs])
        finally:
            shift(0.0)
    for (shape, dtype), (other_shape, other_dtype) in zip(*kinds, strict=True):
        for what, one, other in (("shape", shape, other_shape), ("dtype", dtype, other_dtype)):
            if one != other:
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed by {eps}, but got: "
                    f"{what}s {one} and {other}."
                )
    return [(plus - minus) / (2 * eps) for plus, minus in zip(*sides, strict=True)]


def _memory(tensor):
    """The tensor's own memory as an array. Writing there counts as no in-place change: the values are put back."""
    return _Elements(_in_parts(tensor.data)) if _is_left_to_class(tensor) else _in_parts(tensor).numpy()


def _is_left_to_class(tensor):
    """Whether only the tensor's class knows its data, and runs what is done with it."""
    return type(tensor).__torch_dispatch__ is not ag.Tensor.__torch_dispatch__


class _Elements:
    """The elements of a tensor that has no memory to be seen, as those of an array: each is read and written by itself."""

    def __init__(self, tensor):
        self.tensor, self.shape = tensor, tuple(tensor.shape)

    def __getitem__(self, index):
        import numpy as np

        return np.float64(self.tensor[index].item())

    def __setitem__(self, index, value):
        import numpy as np

        values = {index: value} if index is not ... else {place: value[place] for place in np.ndindex(self.shape)}
        with ag.no_grad():
            for place, value in values.items():
                self.tensor[place] = float(value)

    def copy(self):
        return self.__array__()

    def __array__(self, dtype=None, copy=None):
        import numpy as np

        values = np.empty(self.shape, dtype or np.float64)
        for index in np.ndindex(self.shape):
            values[index] = self[index]
        return values


def _numerical_jacobian(func, inputs, tensor, choose, outputs, eps):
    """One matrix (input elements, output elements) for each of the ``outputs``."""
    import numpy as np

    memory, rows = _memory(tensor), []
    for index in np.ndindex(memory.shape):
        value = memory[index].copy()

        def shift(step, index=index, value=value):
            memory[index] = value + step

        rows.append(_central_difference(func, inputs, choose, eps, shift))
    return [
        np.array([row[number] for row in rows]).reshape(len(rows), _count(output)) for number, output in enumerate(outputs)
    ]


def _check_constant(func, inputs, checked, eps):
    """No output requires grad: then no output that could may depend on the inputs."""

    outputs = _floating_outputs(func(*inputs))
    for position, tensor in checked:
        for jacobian in _numerical_jacobian(func, inputs, tensor, _floating_outputs, outputs, eps):
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
    flat = [np.zeros(_count(t)) if g is None else _values([g])[0] for t, g in zip(tensors, grads)]
    return flat, [None if g is None else g.dtype for g in grads]


def _one_hot(output, element):
    import numpy as np

    seed = np.zeros(_count(output))
    seed[element] = 1
    return _of_parts(seed, output)


class _Products:
    """Products with the Jacobians, each computed once; how it was is kept, to compute it again."""

    def __init__(self, checked, outputs, check_dtypes):
        self.checked, self.outputs, self.check_dtypes = checked, outputs, check_dtypes
        self.runs = {}

    def once(self, key, compute):
        if key not in self.runs:
            self.runs[key] = compute(), compute
        return self.runs[key][0]


class _Backward(_Products):
    """Products from the left, by backward."""

    mode = ""

    def product(self, number, seed):
        """The gradients of all checked inputs, flattened."""
        flat, dtypes = _gradients(self.outputs[number], self.checked, seed)
        for (position, tensor), dtype in zip(self.checked, dtypes):
            if self.check_dtypes and dtype is not None and dtype != tensor.dtype:
                raise GradcheckError(f"Gradient has dtype mismatch: input {position} is {tensor.dtype}, its gradient {dtype}")
        return flat

    def jacobian(self, number, i):
        """The matrix (input elements, output elements) of an output and a checked input."""
        return self.once(number, lambda: self._jacobians(number))[i]

    def _jacobians(self, number):
        import numpy as np

        output = self.outputs[number]
        columns = [self.product(number, _one_hot(output, element)) for element in range(_count(output))]
        return [
            np.array([column[i] for column in columns]).reshape(_count(output), _count(tensor)).T
            for i, (_, tensor) in enumerate(self.checked)
        ]

    def projection(self, number, i, direction, weight):
        """``weightᵀ J direction``."""
        output = self.outputs[number]
        seed = _of_parts(weight, output)
        return float(self.once(("of", number), lambda: self.product(number, seed))[i] @ direction)

    def check_repeatable(self, tolerance):
        for first, compute in self.runs.values():
            for (position, _), one, other in zip(self.checked, first, compute()):
                _check_repeatable(one, other, tolerance, position)


class _Forward(_Products):
    """Products from the right, by forward mode."""

    mode = "computed with forward mode "

    def __init__(self, func, inputs, checked, outputs, check_dtypes):
        super().__init__(checked, outputs, check_dtypes)
        self.func, self.inputs = func, inputs

    def product(self, i, tangent):
        """The tangents of all outputs, flattened."""
        import numpy as np

        position, tensor = self.checked[i]
        # The function may look at the tangents of all inputs.
        tangents = {other: ag.zeros_like(value) for other, value in self.checked}
        tangents[position] = tangent.to(tensor.dtype)
        pairs = _pushed(self.func, self.inputs, tangents)
        if self.check_dtypes and any(tangent is not None and tangent.dtype != value.dtype for value, tangent in pairs):
            raise GradcheckError("Forward AD gradient has dtype mismatch.")
        return [np.zeros(_count(value)) if tangent is None else _values([tangent])[0] for value, tangent in pairs]

    def jacobian(self, number, i):
        """The matrix (input elements, output elements) of an output and a checked input."""
        return self.once(i, lambda: self._jacobians(i))[number]

    def _jacobians(self, i):
        import numpy as np

        _, tensor = self.checked[i]
        rows = [self.product(i, _one_hot(tensor, element)) for element in range(_count(tensor))]
        return [
            np.array([row[number] for row in rows]).reshape(_count(tensor), _count(output))
            for number, output in enumerate(self.outputs)
        ]

    def projection(self, number, i, direction, weight):
        """``weightᵀ J direction``."""
        _, tensor = self.checked[i]
        tangent = _of_parts(direction, tensor)
        return float(weight @ self.once(("of", i), lambda: self.product(i, tangent))[number])


def _pushed(func, inputs, tangents):
    """``(value, tangent or None)`` of every output that may have one, for tangents by the position of their input."""
    from arcgrad.autograd import forward_ad

    with forward_ad.dual_level():
        arguments = [value.detach() if isinstance(value, ag.Tensor) else value for value in inputs]
        for position, tangent in tangents.items():
            arguments[position] = forward_ad.make_dual(arguments[position], tangent)
        return [tuple(forward_ad.unpack_dual(output)) for output in _floating_outputs(func(*arguments))]


# ---- comparing the two ----


def _check_jacobians(func, inputs, checked, choose, outputs, analytical, eps, atol, rtol):
    for i, (position, tensor) in enumerate(checked):
        for number, numerical in enumerate(_numerical_jacobian(func, inputs, tensor, choose, outputs, eps)):
            found = analytical.jacobian(number, i)
            if not _close(found, numerical, atol, rtol):
                part = _part(outputs[number], found, numerical, atol, rtol)
                raise GradcheckError(part + _mismatch(analytical.mode, number, position, numerical, found))


def _check_projections(func, inputs, checked, choose, outputs, analytical, eps, atol, rtol):
    import numpy as np

    generator = np.random.default_rng(0)
    # Positive and of length 1, as long as there are elements: no component can cancel another or be left out.
    directions = [_unit_vector(generator, _count(tensor)) for _, tensor in checked]
    weights = [_unit_vector(generator, _count(output)) for output in outputs]
    for i, ((position, tensor), direction) in enumerate(zip(checked, directions)):
        memory = _memory(tensor)
        values, step = memory.copy(), direction.reshape(memory.shape)

        def shift(size, memory=memory, values=values, step=step):
            memory[...] = values + size * step

        numerical = _central_difference(func, inputs, choose, eps, shift)
        for number, weight in enumerate(weights):
            expected, found = float(weight @ numerical[number]), analytical.projection(number, i, direction, weight)
            # Each element of the Jacobian may be off by atol, and enters weighted by both vectors.
            if _close(np.array(found), np.array(expected), atol * direction.sum() * weight.sum(), rtol):
                continue
            slow_numerical = _numerical_jacobian(func, inputs, tensor, choose, outputs, eps)[number]
            slow_analytical = analytical.jacobian(number, i)
            raise GradcheckError(
                _mismatch(analytical.mode, number, position, expected, found)
                + "\nThe above quantities relating the numerical and analytical jacobians are computed in fast mode: they are one "
                + "random projection of the two Jacobians. The Jacobians in full:\n\n"
                + f"Numerical:\n{_show(slow_numerical)}\nAnalytical:\n{_show(slow_analytical)}\n\n"
                + f"The max per-element difference (slow mode) is: {np.abs(slow_numerical - slow_analytical).max()}.\n"
            )


def _unit_vector(generator, size):
    vector = generator.random(size)
    length = (vector**2).sum() ** 0.5
    return vector / length if length > 0 else vector


def _close(analytical, numerical, atol, rtol):
    import numpy as np

    return bool(np.isclose(analytical, numerical, rtol=rtol, atol=atol).all())


def _part(output, analytical, numerical, atol, rtol):
    """Which part of a complex output is looked at, for a message: the one that is off, the imaginary one before the other."""
    if not output.is_complex():
        return ""
    part = "real" if _close(analytical[:, 1::2], numerical[:, 1::2], atol, rtol) else "imaginary"
    return f"While considering the {part} part of complex outputs only, "


def _show(value):
    return value if isinstance(value, float) else ag.tensor(value.tolist(), dtype=ag.float64).reshape(value.shape)


def _mismatch(mode, output, position, numerical, analytical):
    return (
        f"Jacobian {mode}mismatch for output {output} with respect to input {position},\n"
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

    tensors = [tensor for _, tensor in checked]
    for output in outputs:
        grads = ag.autograd.grad([output], tensors, [ag.zeros_like(output)], retain_graph=True, allow_unused=True)
        for (position, tensor), grad in zip(checked, grads):
            if grad is not None and grad.layout is not tensor.layout:
                raise GradcheckError(f"grad is incorrect layout: {grad.layout}, where input {position} has {tensor.layout}")
            if grad is not None and np.any(_values([grad])[0] != 0):
                raise GradcheckError(
                    "backward not multiplied by grad_output: an output gradient of zeros gives a gradient of input "
                    f"{position} that is not zero"
                )


# ---- batches ----

_BATCHED = (
    "gradcheck or gradgradcheck failed while testing batched gradient computation{how}. The gradients of several output gradients "
    "at once, by vmap, have to be those of one after the other. Pass {option}=False where that cannot be."
)
_BATCHED_GRADIENTS = _BATCHED.format(how="", option="check_batched_grad")
_BATCHED_TANGENTS = _BATCHED.format(how=" with forward-mode AD", option="check_batched_forward_grad")


def _check_batch(compute, like, what, explanation):
    """``compute(seed)`` gives a list of tensors: for two seeds at once it has to give what it gives for one and the other."""
    from arcgrad._vmap_internals import _vmap

    seeds = ag.stack([_random(like), _random(like)])
    expected = [ag.stack(pair) for pair in zip(compute(seeds[0]), compute(seeds[1]))]
    try:
        found = _vmap(lambda seed: tuple(compute(seed)))(seeds)
    except RuntimeError as error:
        # There is no randomness flag here that the message of vmap could name.
        is_random = "called random operation" in str(error)
        reason = "vmap: We do not yet support calling random operations inside of vmap" if is_random else error
        raise GradcheckError(f"While computing batched gradients, got: {reason}\n\n{explanation}") from error
    for number, (one, other) in enumerate(zip(found, expected)):
        if not ag.allclose(one, other):
            raise GradcheckError(
                f"For {what.format(number)}:\n\ngot batched gradients:\n{one}\nbut expected:\n{other}\n\n{explanation}"
            )


def _random(like):
    import numpy as np

    # From a generator of its own: the random numbers of the program are left alone.
    return _of_parts(np.random.default_rng(like.numel()).standard_normal(_count(like)), like)


def _check_batched_gradients(number, output, checked):
    tensors = [tensor for _, tensor in checked]

    def gradients(seed):
        found = ag.autograd.grad([output], tensors, [seed], retain_graph=True, allow_unused=True)
        return [ag.zeros_like(tensor) if gradient is None else gradient for tensor, gradient in zip(tensors, found)]

    _check_batch(gradients, output, f"output {number} and input {{}}", _BATCHED_GRADIENTS)


def _check_batched_tangents(func, inputs, checked):
    for position, tensor in checked:

        def tangents(direction, position=position):
            pairs = _pushed(func, inputs, {position: direction})
            return [ag.zeros_like(value) if tangent is None else tangent for value, tangent in pairs]

        _check_batch(tangents, tensor.detach(), f"output {{}} and input {position}", _BATCHED_TANGENTS)


# ---- undefined gradients ----


def _check_undefined_tangents(func, inputs, checked):
    """A tangent that is not there counts as zeros, beside random ones of the other inputs."""
    for position, tensor in checked:
        tangents = {other: _random(one) for other, one in checked if other != position}
        undefined = _pushed(func, inputs, tangents)
        zeros = _pushed(func, inputs, {**tangents, position: ag.zeros_like(tensor)})
        for number, ((_, one), (_, other)) in enumerate(zip(undefined, zeros)):
            if one is not None and other is not None and not ag.allclose(one, other):
                raise GradcheckError(
                    f"Mismatch in tangent values for output with index: {number} when input: {position} has an undefined tangent "
                    f"value. Got: {other} but expected: {one}"
                )


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


def _warn_of_undefined_gradients():
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break existing "
        "callers of this function. If this is true for you, you can call this function with \"check_undefined_grad=False\" to "
        "disable the feature",
        stacklevel=2,
    )


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
            _warn_of_undefined_gradients()
            raise GradcheckError(
                f"Expected backward function to handle undefined output grads, but with outputs {sorted(undefined)} undefined it "
                f"raised {type(error).__name__}: {error}. An undefined gradient arrives as None and stands for zeros."
            ) from error
        for (position, _), grad in zip(checked, grads):
            if grad is not None and np.any(_values([grad])[0] != 0):
                _warn_of_undefined_gradients()
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero, but the "
                    f"gradient of input {position} is not, with outputs {sorted(undefined)} undefined"
                )


# ---- the Jacobians alone, as older programs ask for them ----


def _deprecated(name, grad_out):
    warnings.warn(
        f"`{name}` was part of PyTorch's private API and not meant to be exposed: use autograd.functional.jacobian()",
        FutureWarning,
        stacklevel=3,
    )
    if grad_out != 1.0:
        raise ValueError(f"Expected grad_out to be 1.0. {name} no longer supports values of grad_out != 1.0.")


def _matrix(array, dtype):
    return ag.from_numpy(array.copy()).to(dtype.to_real())


def get_numerical_jacobian(
    fn: Callable[..., Any], inputs: Any, target: Any = None, eps: float = 1e-3, grad_out: float = 1.0
) -> tuple[Tensor, ...]:
    """The Jacobian of the first output of ``fn`` by finite differences. Deprecated.

    Args:
        fn: takes all ``inputs`` as one tuple.
        inputs: a tensor or a tuple of values.
        target: the tensor or tensors to perturb; those of ``inputs`` that require grad by default.
        eps: size of the perturbation.
        grad_out: has to be 1.

    Returns:
        A matrix (input elements, output elements) for each tensor.
    """
    _deprecated("get_numerical_jacobian", grad_out)
    inputs = _as_tuple(inputs)
    targets = inputs if target is None else _as_tuple(target)
    targets = [value for value in targets if isinstance(value, ag.Tensor) and value.requires_grad]
    outputs = _floating_outputs(fn(inputs))
    return tuple(
        _matrix(_numerical_jacobian(lambda *inputs: fn(inputs), inputs, each, _floating_outputs, outputs, eps)[0], each.dtype)
        for each in targets
    )


def get_numerical_jacobian_wrt_specific_input(
    fn: Callable[..., Any],
    input_idx: int,
    inputs: Any,
    outputs: Any,
    eps: float,
    input: Tensor | None = None,
    is_forward_ad: bool = False,
) -> tuple[Tensor, ...]:
    """The Jacobians of all outputs of ``fn`` with respect to one input, by finite differences.

    Args:
        fn: takes the ``inputs``.
        input_idx: the position of the input.
        inputs: a tuple of values.
        outputs: what ``fn`` returns for them.
        eps: size of the perturbation.
        input: the tensor to perturb, if it is not the input itself.
        is_forward_ad: whether all outputs that may have a tangent are taken, or those that require grad.

    Returns:
        A matrix (input elements, output elements) for each output.
    """
    choose = _floating_outputs if is_forward_ad else _differentiable_outputs
    tensor = inputs[input_idx] if input is None else input
    found = _numerical_jacobian(fn, _as_tuple(inputs), tensor, choose, choose(outputs), eps)
    return tuple(_matrix(jacobian, tensor.dtype) for jacobian in found)


def get_analytical_jacobian(
    inputs: Any, output: Tensor, nondet_tol: float = 0.0, grad_out: float = 1.0
) -> tuple[tuple[Tensor, ...], bool, bool, bool]:
    """The Jacobian of ``output`` by backward. Deprecated.

    Args:
        inputs: a tensor or a tuple of values, of which ``output`` was computed.
        output: a tensor.
        nondet_tol: by how much two runs of backward may differ.
        grad_out: has to be 1.

    Returns:
        ``(jacobians, same, sizes, types)``: a matrix (input elements, output elements) for each input that requires grad;
        whether a second run of backward gave the same; whether the gradients had the inputs' shapes and dtypes.
    """
    _deprecated("get_analytical_jacobian", grad_out)
    checked = [
        (position, value)
        for position, value in enumerate(_as_tuple(inputs))
        if isinstance(value, ag.Tensor) and value.requires_grad
    ]
    products = _Backward(checked, (output,), check_dtypes=False)
    first, second = products._jacobians(0), products._jacobians(0)
    same = all(bool((abs(one - other) <= nondet_tol).all()) for one, other in zip(first, second))
    # The engine refuses gradients of another shape, and casts those of another dtype.
    return tuple(_matrix(jacobian, tensor.dtype) for jacobian, (_, tensor) in zip(first, checked)), same, True, True


_names.describe(__name__)
