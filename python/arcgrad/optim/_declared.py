"""What an optimizer declares: the settings it takes with their bounds, and the state it keeps for a parameter.

``DEFAULTS = defaults_of(__init__)`` takes names and defaults from the signature, ``CHECKS`` names what a setting has to
fulfil, ``STATE`` gives for each entry of a parameter's state the function that makes it before the first step.
"""

from __future__ import annotations

from arcgrad import Tensor, _core, float32, float64, full_like, get_default_dtype, tensor, zeros_like

# ---- settings ----


def defaults_of(init):
    """The arguments of an ``__init__`` that have a default, and these."""
    code, values = init.__code__, init.__defaults__ or ()
    last = code.co_argcount
    return {**dict(zip(code.co_varnames[last - len(values) : last], values)), **(init.__kwdefaults__ or {})}


def at_least(bound, text):
    """A check that the value is ``bound`` or more, and no NaN."""

    def check(value):
        if not value >= bound:
            raise ValueError(f"{text}: {value}")

    return check


def learning_rate(text):
    """A check of a learning rate: a number, or a tensor of one element."""
    positive = at_least(0.0, text)

    def check(lr):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        positive(lr)

    return check


def _check_betas(betas):
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueError("betas must be either both floats or both Tensors")
    for index, beta in enumerate(betas):
        if isinstance(beta, Tensor) and beta.numel() != 1:
            raise ValueError(f"Tensor betas[{index}] must be 1-element")
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")


def _check_etas(etas):
    if not 0.0 < etas[0] < 1.0 < etas[1]:
        raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")


def _check_rho(rho):
    if not 0.0 <= rho <= 1.0:
        raise ValueError(f"Invalid rho value: {rho}")


#: What a setting of this name has to fulfil, in whatever optimizer it is.
CHECKS = {
    "lr": learning_rate("Invalid learning rate"),
    "eps": at_least(0.0, "Invalid epsilon value"),
    "betas": _check_betas,
    "etas": _check_etas,
    "rho": _check_rho,
    **{
        name: at_least(0.0, f"Invalid {name} value")
        for name in ("alpha", "initial_accumulator_value", "lambd", "lr_decay", "momentum", "momentum_decay", "weight_decay")
    },
}


def check_switches(settings):
    """Raise for combinations of the switches between implementations that there are not."""
    if settings.get("fused"):
        if settings.get("differentiable"):
            raise RuntimeError("`fused` does not support `differentiable`")
        if settings.get("foreach"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


# ---- state ----


#: The functions that make numbers, which keep their dtype when state is loaded: others get that of the parameter.
NUMBERS = set()


def makes_number(make):
    """Marks such a function."""
    NUMBERS.add(make)
    return make


def number(value):
    """A number of the state: a tensor, so that it is saved like the rest, and precise enough to count steps."""
    return tensor(float(value), dtype=float64 if get_default_dtype() is float64 else float32)


def count(param, group):
    """The number of steps done, as a plain number."""
    return 0


@makes_number
def zero(param, group):
    """A number, as that of the steps done."""
    return number(0.0)


@makes_number
def one(param, group):
    """A number that begins at 1."""
    return number(1.0)


def zeros(param, group):
    """Like the parameter."""
    return zeros_like(param)


def filled(param, value):
    """Like the parameter, with ``value`` everywhere: in both parts of complex numbers."""
    return full_like(param, complex(value, value) if param.is_complex() else value)


def unset(param, group):
    """Made by the first step."""
    return None


def when(setting, make):
    """State that there is only with a certain setting."""

    def made(param, group):
        return make(param, group) if group[setting] else ABSENT

    return made


#: Stands for an entry that the settings do not ask for.
ABSENT = object()


def initial_state(declared, param, group):
    """The state of a parameter before its first step."""
    made = {name: make(param, group) for name, make in declared.items()}
    return {name: value for name, value in made.items() if value is not ABSENT}


def fusible(params, grads, group):
    """Whether a step can be taken by the loop of the core, which records nothing and knows dense gradients alone."""
    return not group["differentiable"] and _core.is_fusible(params, grads)


def real_view(value):
    """Complex numbers as pairs of real ones in the same memory; anything else as it is."""
    if isinstance(value, Tensor) and value.is_complex():
        from arcgrad import view_as_real

        return view_as_real(value)
    return value


# ---- arithmetic with numbers that may be tensors ----


def value_of(group, name):
    """A setting as a number, or as the tensor it is if the step is to be differentiated by it."""
    value = group[name]
    return value.item() if isinstance(value, Tensor) and not group.get("differentiable") else value


def add_scaled(target, value, factor):
    """``target += factor * value``, in place."""
    if value.is_sparse:
        return value.add_to_(target, factor)
    return target.add_(value * factor) if isinstance(factor, Tensor) else target.add_(value, alpha=factor)


def add_quotient(target, over, under, factor):
    """``target += factor * over / under``, in place."""
    if isinstance(factor, Tensor):
        return target.add_(over / under * factor)
    return target.addcdiv_(over, under, value=factor)


def add_product(target, one, other, factor):
    """``target += factor * one * other``, in place."""
    if isinstance(factor, Tensor):
        return target.add_(one * other * factor)
    return target.addcmul_(one, other, value=factor)


def shrink(target, factor):
    """``target *= factor``, in place; a derivative by ``factor`` needs the values of before, hence the copy."""
    return target.copy_(target.clone() * factor) if isinstance(factor, Tensor) else target.mul_(factor)


def decay_gradient(param, grad, group):
    """The gradient with that of the L2 penalty ``weight_decay / 2 · |param|²``."""
    weight_decay = value_of(group, "weight_decay")
    if isinstance(weight_decay, Tensor):
        return grad + param.clone() * weight_decay
    return grad.add(param, alpha=weight_decay) if weight_decay else grad


def decay(param, grad, group):
    """Weight decay: of the parameter itself if ``decoupled_weight_decay`` says so, else through the gradient, which is returned."""
    if not group["decoupled_weight_decay"]:
        return decay_gradient(param, grad, group)
    decay_parameter(param, group)
    return grad


def decay_parameter(param, group):
    """Decoupled weight decay (Loshchilov and Hutter, 2019)."""
    weight_decay = value_of(group, "weight_decay")
    if isinstance(weight_decay, Tensor) or weight_decay:
        shrink(param, 1 - value_of(group, "lr") * weight_decay)


def betas_of(group):
    """β₁ and β₂."""
    beta1, beta2 = group["betas"]
    return (beta1, beta2) if group.get("differentiable") else (float(beta1), float(beta2))


def steps_after(state):
    """Count a step; the number of steps with this one."""
    return state["step"].add_(1).item()
