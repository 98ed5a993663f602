"""The names of nodes: PyTorch numbers the overloads of an operation, so that a name tells which one was called.

One line per call: an expression in which ``x``, ``y`` are vectors that require a gradient, ``m`` such a matrix and ``number`` a
tensor without axes, and the name of the node of what it gives.
"""

import arcgrad as ag
import pytest

F = ag.nn.functional

NAMES = """
x + y                                    AddBackward0
x + 2                                    AddBackward0
x - y                                    SubBackward0
2 - x                                    RsubBackward1
ag.rsub(x, y)                            RsubBackward0
ag.rsub(x, y, alpha=2)                   RsubBackward0
ag.rsub(x, 2)                            RsubBackward1
ag.rsub(x, 2, alpha=3)                   RsubBackward1
x.div(y)                                 DivBackward0
x.div(y, rounding_mode='floor')          DivBackward2
x.div(2, rounding_mode='trunc')          DivBackward2
x.remainder(y)                           RemainderBackward1
x.remainder(2)                           RemainderBackward0
x % y                                    RemainderBackward1
x.remainder_(2)                          RemainderBackward0
x.fmod(y)                                FmodBackward1
x.fmod(2)                                FmodBackward0
x.fmod_(y)                               FmodBackward1
x.copysign(y)                            CopysignBackward0
x.copysign(-1)                           CopysignBackward1
x.copysign_(-1)                          CopysignBackward1
x.sign()                                 SignBackward0
x.sgn()                                  SgnBackward0
x.sgn_()                                 SgnBackward0
x.clamp(y, y)                            ClampBackward0
x.clamp(y)                               ClampBackward0
x.clamp(max=y)                           ClampBackward0
x.clamp(0, 1)                            ClampBackward1
x.clamp(0)                               ClampBackward1
x.clamp(max=1)                           ClampBackward1
x.clamp_(y, y)                           ClampBackward0
x.clamp_min(y)                           ClampMinBackward1
x.clamp_min(0)                           ClampMinBackward0
x.clamp_max(y)                           ClampMaxBackward1
x.clamp_max(0)                           ClampMaxBackward0
x.masked_fill(x > 1, 1.0)                MaskedFillBackward0
x.masked_fill(x > 1, number)             MaskedFillBackward1
x.masked_fill_(x > 1, number)            MaskedFillBackward1
x.fill_(3)                               FillBackward2
x.fill_(number)                          FillBackward3
x.zero_()                                ZeroBackward0
x.copy_(y)                               arcgrad::CopyBackwards
x.sum()                                  SumBackward0
x.sum(None)                              SumBackward1
x.sum(dim=None)                          SumBackward1
x.sum(0)                                 SumBackward1
x.mean()                                 MeanBackward0
x.mean(dtype=ag.float64)                 MeanBackward0
x.mean(dim=None)                         MeanBackward1
x.mean(0)                                MeanBackward1
x.var()                                  VarBackward0
x.std()                                  StdBackward0
ag.var_mean(x)[0]                        VarMeanBackward0
ag.var_mean(x)[1]                        VarMeanBackward0
ag.std_mean(m, 0)[0]                     StdMeanBackward0
ag.std_mean(m, 0, True)[1]               StdMeanBackward0
F.relu(x, inplace=True)                  ReluBackward0
F.relu6(x)                               HardtanhBackward0
F.relu6(x, inplace=True)                 HardtanhBackward0
F.hardtanh(x, -1, 1, True)               HardtanhBackward0
F.hardtanh_(x)                           HardtanhBackward0
F.leaky_relu(x)                          LeakyReluBackward0
F.leaky_relu(x, inplace=True)            LeakyReluBackward1
F.leaky_relu_(x, 0.5)                    LeakyReluBackward1
F.elu(x)                                 EluBackward0
F.elu(x, 2.0, True)                      EluBackward1
F.elu_(x)                                EluBackward1
F.selu(x)                                EluBackward0
F.selu(x, inplace=True)                  EluBackward1
F.celu(x)                                CeluBackward0
F.celu(x, inplace=True)                  CeluBackward1
ag.celu_(x, 0.5)                         CeluBackward1
F.silu(x, inplace=True)                  SiluBackward0
F.mish(x, inplace=True)                  MishBackward0
F.hardswish(x, inplace=True)             HardswishBackward0
F.hardsigmoid(x, inplace=True)           HardsigmoidBackward0
F.threshold(x, 1, 2)                     ThresholdBackward0
F.threshold(x, 1, 2, True)               ThresholdBackward1
ag.threshold_(x, 1, 2)                   ThresholdBackward1
m.reshape(-1)                            ViewBackward0
m.t().reshape(-1)                        UnsafeViewBackward0
m[:, ::2].reshape(-1)                    ReshapeAliasBackward0
m[:, ::2].flatten()                      ReshapeAliasBackward0
m[:, ::2].reshape_as(x)                  ReshapeAliasBackward0
x @ m                                    SqueezeBackward4
x @ y                                    DotBackward0
m.t() @ x                                MvBackward0
ag.kron(x, y)                            UnsafeViewBackward0
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines(), ids=lambda line: line.split("  ")[0])
def test_the_name_tells_the_overload(line):
    expression, name = line.rsplit(None, 1)
    x, y = (ag.tensor(values, requires_grad=True).clone() for values in ([-1.5, 0.5, 2.5, -0.5], [2.0, 0.5, 1.0, 3.0]))
    m = ag.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], requires_grad=True).clone()
    if ", ::2" in expression:
        m = ag.arange(8.0).reshape(2, 4).requires_grad_().clone()
    number = ag.tensor(2.0, requires_grad=True).clone()
    result = eval(expression, {"ag": ag, "F": F, "x": x, "y": y, "m": m, "number": number})
    assert result.grad_fn.name() == name
    # What is printed has no prefix.
    assert repr(result).endswith(f"grad_fn=<{name.removeprefix('arcgrad::')}>)")


def test_moment_and_mean_are_two_outputs_of_one_node():
    x = ag.tensor([1.0, 2.0, 4.0], requires_grad=True)
    for function in (ag.var_mean, ag.std_mean):
        moment, mean = function(x)
        assert moment.grad_fn is mean.grad_fn and (moment.output_nr, mean.output_nr) == (0, 1)
        assert mean.grad_fn.next_functions[0][0].variable is x
