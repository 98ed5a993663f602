"""What is decorated is called as before."""

import arcgrad as ag
from arcgrad import Tensor


@ag.no_grad()
def scaled(x: Tensor, by: float) -> Tensor:
    return x * by


@ag.inference_mode()
def count(x: Tensor) -> int:
    return len(x)


@ag.set_grad_enabled(True)
def name(x: Tensor) -> str:
    return str(x)


x = ag.ones(2)
scaled(x)  # wrong
scaled(x, by="2")  # wrong
scaled(x, 2.0).foo  # wrong
count(x).foo  # wrong
name(x) + 1  # wrong
ag.set_grad_enabled("yes")  # wrong
with ag.no_grad() as mode:
    pass
