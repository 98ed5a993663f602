"""Jacobians, Hessians and their products with vectors, of functions of tensors.

:mod:`arcgrad.func` has the same as functions that can be nested; here are those of older programs, which work out one result at a
point.
"""

from __future__ import annotations

from arcgrad import Tensor, _names, is_grad_enabled, ones_like, stack, zeros, zeros_like
from arcgrad._core import _autograd
from arcgrad.autograd.grad_mode import enable_grad, set_grad_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Tensors = Tensor | tuple[Tensor, ...]

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_OUTPUTS = "outputs of the user-provided function"
_NO_VECTOR = "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element."


# ---- what goes in and out ----


def _as_tuple(value, what, function):
    """``(whether it was a tuple, a tuple of tensors)``."""
    values = value if isinstance(value, tuple) else (value,)
    for position, each in enumerate(values):
        if not isinstance(each, Tensor):
            where = f"value at index {position}" if values is value else f"given {what}"
            raise TypeError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the {where} has type "
                f"{type(each)}."
            )
    return values is value, values


def _variables(inputs, create_graph):
    """Views of the inputs that require gradients; connected to the inputs if the result is to be differentiated."""
    variables = tuple(each.view_as(each) if create_graph else each.detach() for each in inputs)
    for each in variables:
        each.requires_grad = True
    return variables


def _refuse_within_transforms():
    """The graph of a function that is being transformed is not the program's: what ``requires_grad_`` says."""
    if _autograd.is_transforming():
        zeros(()).requires_grad_()


def _constants(vector, create_graph):
    return tuple(each.view_as(each) if create_graph else each.detach() for each in vector)


def _check_vector(vector, like, is_tuple):
    if len(vector) != len(like):
        if is_tuple:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vector)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for position, (each, other) in enumerate(zip(vector, like)):
        if each.shape != other.shape:
            entry = f"Entry {position} in " if is_tuple else ""
            raise RuntimeError(f"{entry}v has invalid size: should be torch.Size({list(other.shape)}) but got torch.Size({list(each.shape)}).")


def _vector_for(vector, inputs, is_tuple, function, create_graph):
    """The vector that a function of the inputs is multiplied with: 1 for a single number."""
    if vector is None:
        if len(inputs) != 1 or inputs[0].numel() != 1:
            raise RuntimeError(_NO_VECTOR)
        return (ones_like(inputs[0]),)
    _, vector = _as_tuple(vector, "v", function)
    vector = _constants(vector, create_graph)
    _check_vector(vector, inputs, is_tuple)
    return vector


def _result(tensors, is_tuple, create_graph):
    """A tuple of tensors as the program gets it."""
    if not create_graph:
        tensors = tuple(each.detach() for each in tensors)
    return tensors if is_tuple else tensors[0]


def _single_output(outputs, function):
    """The one number that a function has returned."""
    if len(outputs) != 1:
        raise RuntimeError(f"The function given to {function} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {function} should contain a single element")


# ---- strict mode ----


def _check_outputs_depend(outputs, strict):
    for position, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise RuntimeError(
                f"Output {position} of the user-provided function does not require gradients. The outputs must be computed in a "
                "differentiable manner from the input when running in strict mode."
            )


def _check_gradients_depend(gradients, strict, text):
    """``text`` says what is wrong with a gradient that does not depend on the inputs, by its position."""
    for position, gradient in enumerate(gradients):
        if strict and gradient is None:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {position}. This is not allowed in strict mode."
            )
        if strict and not gradient.requires_grad:
            raise RuntimeError(text.format(position))


_CONSTANT_JACOBIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is independent "
    "of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the "
    "jacobian depends on the inputs (this would be violated by a linear function for example)."
)
_CONSTANT_GRADIENT = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided function. This is not allowed in "
    "strict mode."
)
#: What is independent of entry {} where a gradient is missing, by the pass in which it is.
_INDEPENDENT = {
    "back": "The output of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double "
    "backward trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not "
    "allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.",
}


def _filled(gradients, like, strict, create_graph, stage):
    """Zeros for gradients that are missing; in strict mode an error."""
    for position, gradient in enumerate(gradients):
        if strict and gradient is None:
            raise RuntimeError(_INDEPENDENT[stage].format(position))
        if strict and create_graph and not gradient.requires_grad:
            what = "hessian" if stage.startswith("double") else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {position}. This is not allowed in strict mode "
                "when create_graph=True."
            )
    return tuple(zeros_like(other) if each is None else each for each, other in zip(gradients, like))


# ---- products ----


def _gradients(outputs, inputs, cotangents=None, create_graph=False, retain_graph=None):
    """One gradient for each input; None where the outputs do not depend on it."""
    reached = [number for number, output in enumerate(outputs) if output is not None and output.requires_grad]
    if not reached:
        return (None,) * len(inputs)
    return _autograd.grad(
        [outputs[number] for number in reached],
        inputs,
        None if cotangents is None else [cotangents[number] for number in reached],
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=True,
    )


def _recorded(create_graph):
    return set_grad_enabled(create_graph or is_grad_enabled())


def vjp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, and the product of a vector with its Jacobian.

    Args:
        func: takes tensors and returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        v: the vector: of the outputs' shapes. It may be left out where there is one output of one element.
        create_graph: whether the result can be differentiated.
        strict: whether an output that does not depend on an input is an error; its derivative is zeros otherwise.

    Returns:
        ``(outputs, gradients)``; the gradients in the structure of the inputs.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.vjp(lambda x: x ** 2, x, torch.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    _refuse_within_transforms()
    with enable_grad():
        is_inputs_tuple, inputs = _as_tuple(inputs, "inputs", "vjp")
        inputs = _variables(inputs, create_graph)
        is_outputs_tuple, outputs = _as_tuple(func(*inputs), _OUTPUTS, "vjp")
        _check_outputs_depend(outputs, strict)
        if v is not None:
            _, v = _as_tuple(v, "v", "vjp")
            v = _constants(v, create_graph)
            _check_vector(v, outputs, is_outputs_tuple)
        elif len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
    with _recorded(create_graph):
        found = _gradients(outputs, inputs, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "back")
    return _result(outputs, is_outputs_tuple, create_graph), _result(found, is_inputs_tuple, create_graph)


def jvp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, and the product of its Jacobian with a vector.

    It is computed by two runs backward: a gradient is linear in the gradients of the outputs, and its own gradient with respect to
    these is the product. :func:`arcgrad.func.jvp` runs forward once.

    Args:
        func, inputs, create_graph, strict: as for :func:`vjp`.
        v: the vector: of the inputs' shapes. It may be left out where there is one input of one element.

    Returns:
        ``(outputs, products)``; the products in the structure of the outputs.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.jvp(lambda x: x.prod(), x, torch.tensor([1.0, 10.0]))
    (tensor(2.), tensor(12.))
    """
    _refuse_within_transforms()
    with enable_grad():
        is_inputs_tuple, inputs = _as_tuple(inputs, "inputs", "jvp")
        inputs = _variables(inputs, create_graph)
        v = _vector_for(v, inputs, is_inputs_tuple, "jvp", create_graph)
        is_outputs_tuple, outputs = _as_tuple(func(*inputs), _OUTPUTS, "jvp")
        _check_outputs_depend(outputs, strict)
        cotangents = tuple(zeros_like(output) for output in outputs)
        cotangents = tuple(each.requires_grad_() if each.is_floating_point() or each.is_complex() else each for each in cotangents)
        adjoint = _gradients(outputs, inputs, cotangents, create_graph=True)
        _check_gradients_depend(adjoint, strict, _CONSTANT_GRADIENT)
    with _recorded(create_graph):
        found = _gradients(adjoint, cotangents, v, create_graph)
        found = _filled(found, outputs, strict, create_graph, "back_trick")
    return _result(outputs, is_outputs_tuple, create_graph), _result(found, is_outputs_tuple, create_graph)


def _gradient_of_number(func, inputs, v, create_graph, strict, function):
    """``(whether the inputs were a tuple, inputs, vector, outputs, gradient that can be differentiated)``."""
    is_tuple, inputs = _as_tuple(inputs, "inputs", function)
    inputs = _variables(inputs, create_graph)
    v = _vector_for(v, inputs, is_tuple, function, create_graph)
    is_outputs_tuple, outputs = _as_tuple(func(*inputs), _OUTPUTS, function)
    _check_outputs_depend(outputs, strict)
    _single_output(outputs, function)
    gradient = _gradients(outputs, inputs, create_graph=True)
    _check_gradients_depend(gradient, strict, _CONSTANT_JACOBIAN)
    return is_tuple, inputs, v, (is_outputs_tuple, outputs), gradient


def vhp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, and the product of a vector with its Hessian: two runs backward.

    Args:
        func: takes tensors and returns a tensor of one element.
        inputs, create_graph, strict: as for :func:`vjp`.
        v: the vector: of the inputs' shapes. It may be left out where there is one input of one element.

    Returns:
        ``(output, products)``; the products in the structure of the inputs.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.vhp(lambda x: (x ** 3).sum(), x, torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    _refuse_within_transforms()
    with enable_grad():
        is_tuple, inputs, v, (is_outputs_tuple, outputs), gradient = _gradient_of_number(
            func, inputs, v, create_graph, strict, "vhp"
        )
    with _recorded(create_graph):
        found = _gradients(gradient, inputs, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "double_back")
    return _result(outputs, is_outputs_tuple, create_graph), _result(found, is_tuple, create_graph)


def hvp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of ``func``, and the product of its Hessian with a vector.

    The same as :func:`vhp` where second derivatives commute, which that relies on; this one runs backward once more.

    Args:
        func, inputs, v, create_graph, strict: as for :func:`vhp`.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), x, torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    _refuse_within_transforms()
    with enable_grad():
        is_tuple, inputs, v, (is_outputs_tuple, outputs), gradient = _gradient_of_number(
            func, inputs, v, create_graph, strict, "hvp"
        )
        cotangents = tuple(zeros_like(each).requires_grad_() for each in inputs)
        adjoint = _gradients(gradient, inputs, cotangents, create_graph=True)
        _check_gradients_depend(
            adjoint,
            strict,
            "The hessian of the user-provided function with respect to input {} is independent of the input. This is not allowed "
            "in strict mode. You should ensure that your function is thrice differentiable and that the hessian depends on the "
            "inputs.",
        )
    with _recorded(create_graph):
        found = _gradients(adjoint, cotangents, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "double_back_trick")
    return _result(outputs, is_outputs_tuple, create_graph), _result(found, is_tuple, create_graph)


# ---- matrices ----


def _check_strategy(strategy, hint=""):
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode".{hint}')


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of ``func``.

    Args:
        func, inputs, create_graph, strict: as for :func:`vjp`.
        vectorize: whether all rows are computed at once, as a batch.
        strategy: ``"reverse-mode"``, or ``"forward-mode"``, which needs ``vectorize``.

    Returns:
        A tensor of the output's shape followed by the input's. If the inputs are a tuple, a tuple of them; if the outputs are, a
        tuple of such.

    >>> import arcgrad as torch
    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy != "forward-mode":
        _refuse_within_transforms()
    return _jacobian(func, inputs, create_graph, strict, vectorize, strategy)


def _jacobian(func, inputs, create_graph, strict, vectorize, strategy):
    """:func:`jacobian`, within a transformation as well."""
    _check_strategy(
        strategy,
        ' Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to '
        'use "reverse-mode".',
    )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'arcgrad.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported '
                'together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _jacobian_forward(func, inputs, strict, vectorize)
    with enable_grad():
        is_inputs_tuple, inputs = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _variables(inputs, create_graph)
        is_outputs_tuple, outputs = _as_tuple(func(*inputs), _OUTPUTS, "jacobian")
        _check_outputs_depend(outputs, strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "arcgrad.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please "
                    "either set `strict=False` or `vectorize=False`."
                )
            rows = _rows_at_once(outputs, inputs, create_graph)
        else:
            rows = tuple(_rows_one_by_one(number, output, inputs, create_graph, strict) for number, output in enumerate(outputs))
    rows = tuple(_result(of_output, is_inputs_tuple, create_graph) for of_output in rows)
    return rows if is_outputs_tuple else rows[0]


def _rows_one_by_one(number, output, inputs, create_graph, strict):
    """The Jacobian of one output: a tensor for each input."""
    rows = []
    for element in range(output.numel()):
        seed = zeros_like(output).view(-1)
        seed[element] = 1
        found = _gradients((output,), inputs, (seed.view(output.shape),), create_graph, retain_graph=True)
        for position, gradient in enumerate(found):
            if strict and gradient is None:
                raise RuntimeError(
                    f"Output {number} of the user-provided function is independent of input {position}. This is not allowed in "
                    "strict mode."
                )
            if strict and create_graph and not gradient.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {position}. This is not allowed in strict "
                    "mode when create_graph=True."
                )
        rows.append([zeros_like(each) if gradient is None else gradient for gradient, each in zip(found, inputs)])
    if not rows:
        return tuple(each.new_zeros((*output.shape, *each.shape)) for each in inputs)
    return tuple(stack(column).view(output.shape + each.shape) for column, each in zip(zip(*rows), inputs))


def _rows_at_once(outputs, inputs, create_graph):
    """The Jacobians of all outputs, computed as a batch."""
    from arcgrad.func.jacobians import identity_rows, parts_along
    from arcgrad.func.batching import vmap

    sizes = [output.numel() for output in outputs]
    if not sum(sizes):
        return tuple(tuple(each.new_zeros((*output.shape, *each.shape)) for each in inputs) for output in outputs)

    def product(*cotangents):
        found = _gradients(outputs, inputs, cotangents, create_graph, retain_graph=True)
        return tuple(zeros_like(each) if gradient is None else gradient for gradient, each in zip(found, inputs))

    wholes = vmap(product)(*identity_rows(outputs, 0, sum(sizes)))
    split = [parts_along(whole, sizes, 0) for whole in wholes]
    return tuple(
        tuple(parts[number].reshape(output.shape + each.shape) for parts, each in zip(split, inputs))
        for number, output in enumerate(outputs)
    )


def _construct_standard_basis_for(tensors, tensor_numels):
    """For each tensor its columns of an identity matrix over all elements, in its dtype: older programs differentiate along them."""
    from arcgrad.func.jacobians import identity_rows

    count = sum(tensor_numels)
    rows = identity_rows(tensors, 0, count)
    return tuple(row.reshape(count, numel) for row, numel in zip(rows, tensor_numels))


def _tuple_postprocess(results, to_unpack):
    """Results as a program gets them, as older programs ask for them: without the tuples that were none."""
    if isinstance(to_unpack, tuple):
        outputs, inputs = to_unpack
        rows = results if inputs else tuple(row[0] for row in results)
        return rows if outputs else rows[0]
    return results if to_unpack else results[0]


def _grad_postprocess(tensors, create_graph):
    """Tensors in tuples of any depth, detached unless they are to be differentiated."""
    if isinstance(tensors, Tensor):
        return tensors if create_graph else tensors.detach()
    return tuple(_grad_postprocess(each, create_graph) for each in tensors)


def _jacobian_forward(func, inputs, strict, vectorize):
    """The Jacobian, computed column by column as a batch, in forward mode."""
    from arcgrad.func.jacobians import jacfwd

    if strict:
        raise RuntimeError(
            'arcgrad.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). '
            'Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    is_inputs_tuple, inputs = _as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for `vectorize=True`."
        )
    found_tuple = []

    def checked(*inputs):
        is_tuple, outputs = _as_tuple(func(*inputs), _OUTPUTS, "jacobian")
        found_tuple.append(is_tuple)
        return outputs

    columns = jacfwd(checked, tuple(range(len(inputs))))(*inputs)
    columns = tuple(_result(of_output, is_inputs_tuple, create_graph=False) for of_output in columns)
    return columns if found_tuple[0] else columns[0]


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of ``func``: the Jacobian of its gradient.

    Args:
        func: takes tensors and returns a tensor of one element.
        inputs, create_graph, strict, vectorize: as for :func:`jacobian`.
        outer_jacobian_strategy: how the gradient is differentiated: ``"reverse-mode"``, or ``"forward-mode"``, which needs
            ``vectorize``.

    Returns:
        A tensor of the input's shape, twice; for a tuple of inputs a tuple of tuples of such.

    >>> import arcgrad as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _refuse_within_transforms()
    is_tuple, inputs = _as_tuple(inputs, "inputs", "hessian")
    _check_strategy(outer_jacobian_strategy)

    def number(*inputs):
        _, outputs = _as_tuple(func(*inputs), _OUTPUTS, "hessian")
        _check_outputs_depend(outputs, strict)
        _single_output(outputs, "hessian")
        return outputs[0].squeeze()

    def gradient(*inputs):
        rows = _jacobian(number, inputs, True, False, False, "reverse-mode")
        for position, row in enumerate(rows):
            if strict and not row.requires_grad:
                raise RuntimeError(_CONSTANT_JACOBIAN.format(position))
        return rows

    rows = _jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows if is_tuple else rows[0][0]


_names.describe(__name__)
