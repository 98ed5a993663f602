"""A custom function says how it is computed and differentiated."""

from typing import Any

import arcgrad as ag
from arcgrad import Tensor
from arcgrad.autograd import Function
from arcgrad.autograd.function import FunctionCtx, once_differentiable


class Exp(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, scale: float = 1.0) -> Tensor:
        y = (x * scale).exp()
        ctx.save_for_backward(x, y)
        ctx.scale = scale
        return y

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
        _, y = ctx.saved_tensors
        return grad * y * ctx.scale, None


class Clip(Function):
    @staticmethod
    def forward(x: Tensor, low: float) -> Tensor:
        return x.clamp(min=low)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, ctx.low = inputs
        ctx.save_for_backward(x)
        ctx.set_materialize_grads(False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None]:
        (x,) = ctx.saved_tensors
        return (grad * (x > ctx.low) if ctx.needs_input_grad[0] else None), None


def exp(x: Tensor) -> Tensor:
    result: Tensor = Exp.apply(x, 2.0)
    return result


x = ag.tensor([0.0, 1.0], requires_grad=True)
(exp(x) + Clip.apply(x, 0.5)).sum().backward()
print(x.grad.tolist())
