"""`einsum` with lists of numbers in place of letters."""

import numpy as np
import pytest

import arcgrad as ag

A, B = ag.arange(6.0).view(2, 3), ag.arange(12.0).view(3, 4)


@pytest.mark.parametrize(
    ("args", "equation"),
    [
        ((A, [0, 1], B, [1, 2], [0, 2]), "ij,jk->ik"),
        ((A, [0, 1], B, [1, 2]), "ij,jk"),
        ((A, [0, 1], [1, 0]), "ij->ji"),
        ((A, [0, 1], []), "ij->"),
        ((A, (0, 1), B, (1, 2), (0, 2)), "ij,jk->ik"),
        ((A, [..., 1], B, [1, 2], [..., 2]), "...j,jk->...k"),
        ((A, [0, ...], [..., 0]), "i...->...i"),
        ((A, [51, 25], [25, 51]), "ij->ji"),
        ((A, [25, 26]), "Za"),
        ((A, [26, 25]), "aZ"),
        ((B[0], [0], B[1], [0]), "i,i"),
        ((A, [np.int64(0), ag.tensor(1)], B, [True, 2], [0, 2]), "ij,jk->ik"),
        ((A, [0, 1], B, [1, 2], B.t(), [2, 3], [0, 3]), "ij,jk,kl->il"),
    ],
)
def test_lists_of_numbers_mean_the_same_as_letters(args, equation):
    operands = [arg for arg in args if isinstance(arg, ag.Tensor)]
    expected = np.einsum(equation, *(operand.numpy() for operand in operands))
    result = ag.einsum(*args)
    assert result.shape == expected.shape and np.allclose(result.numpy(), expected)
    assert ag.equal(ag.einsum(equation, *operands), result) and ag.equal(ag.einsum(equation, operands), result)


def test_gradients_flow_through_lists():
    a = A.clone().requires_grad_()
    ag.einsum(a, [0, 1], B, [1, 2], [0, 2]).sum().backward()
    assert ag.equal(a.grad, B.sum(1).expand(2, 3))


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((A,), "at least one operand and its subscripts list"),
        ((A, [0, 52]), "subscript 52 of operand 0 is not within the valid range"),
        ((A, [0, -1]), "subscript -1 of operand 0"),
        ((A, [0, 1.5]), "a subscript of operand 0 must be an integer or Ellipsis, but got float"),
        ((A, [0, 1], B), "a list of subscripts for the output, but got Tensor"),
        ((A, [0, 1], B, "jk"), "a list of subscripts for operand 1, but got str"),
    ],
)
def test_wrong_lists_say_which(args, text):
    with pytest.raises(ValueError, match=text):
        ag.einsum(*args)


def test_errors_of_the_sum_name_the_line_of_the_program():
    x = A.clone().requires_grad_()
    assert ag.einsum(x, [0, 1], B, [1, 2], [0, 2]).grad_fn.line()[2].strip().startswith("assert ag.einsum")
