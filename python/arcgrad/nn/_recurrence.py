"""The recurrences: one layer of an RNN, LSTM or GRU going one way over sequences that may end at different steps.

A layer multiplies all of its input at once by the input's weights; each step then adds the hidden state times its weights and
applies the cell's formula. Sequences lie packed: the rows of the first step, then those of the second, and so on, with
``batch_sizes`` rows each, the longest sequences first. A batch of equal lengths is the case of equal batch sizes: LSTM and GRU
do that in one operation of the core.
"""

from __future__ import annotations

from collections import namedtuple

from arcgrad import addmm, cat, lerp
from arcgrad._core import nn as _core

from . import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

#: The parameters of one layer and direction: matrices ``(gates · H, features)`` of input and hidden state, their biases
#: ``(gates · H,)`` or None, and the matrix ``(P, H)`` that the output of an LSTM is projected by, or None.
Weights = namedtuple("Weights", ["input", "hidden", "input_bias", "hidden_bias", "projection"])


class Tanh:
    """``h' = tanh(W x + b + U h + c)`` (Elman, 1990)."""

    gates = 1
    states = 1

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        # Seen the right way round once, not at each step.
        self.hidden = weights.hidden.t()

    def of_input(self, input: Tensor) -> Tensor:
        """What the input has to say, for rows of any number of steps. Both biases are added to it where they are only summed."""
        weights = self.weights
        bias = weights.input_bias
        return F.linear(input, weights.input, bias if bias is None else bias + weights.hidden_bias)

    def step(self, of_input: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The state after one step; its first tensor is the output."""
        return (addmm(of_input, state[0], self.hidden).tanh(),)

    def whole(self, of_input: Tensor, state: tuple[Tensor, ...], reverse: bool) -> tuple[Tensor, ...] | None:
        """All steps of sequences of one length in one operation: the outputs, and the parts of the last state behind the
        first. None where there is no such operation."""
        return None


class ReLU(Tanh):
    """``h' = max(0, W x + b + U h + c)``."""

    def step(self, of_input, state):
        return (addmm(of_input, state[0], self.hidden).relu(),)


class LSTM(Tanh):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gates by Gers et al., 2000; projections by Sak et al., 2014).

    With gates ``i, f, o = sigmoid(...)`` and ``g = tanh(...)`` of ``W x + b + U h + c``: ``c' = f · c + i · g`` and
    ``h' = o · tanh(c')``, times the projection if there is one. The rows of the weights are in the order i, f, g, o.
    """

    gates = 4
    states = 2

    def step(self, of_input, state):
        hidden, cell = state
        enter, keep, new, leave = addmm(of_input, hidden, self.hidden).chunk(4, 1)
        cell = keep.sigmoid() * cell + enter.sigmoid() * new.tanh()
        hidden = leave.sigmoid() * cell.tanh()
        if self.weights.projection is not None:
            hidden = F.linear(hidden, self.weights.projection)
        return hidden, cell

    def whole(self, of_input, state, reverse):
        if self.weights.projection is not None:
            return None
        return _core.lstm_sequence(of_input, *state, self.weights.hidden, reverse)


class GRU(Tanh):
    """Gated recurrent unit (Cho et al., 2014), its reset gate behind the product with the hidden state.

    ``r, z = sigmoid(...)`` of ``W x + b + U h + c``, ``n = tanh(Wₙ x + bₙ + r · (Uₙ h + cₙ))``, ``h' = (1 - z) · n + z · h``. The
    rows of the weights are in the order r, z, n.
    """

    gates = 3

    def of_input(self, input):
        return F.linear(input, self.weights.input, self.weights.input_bias)

    def step(self, of_input, state):
        weights, (hidden,) = self.weights, state
        of_hidden = F.linear(hidden, weights.hidden, weights.hidden_bias)
        size = hidden.shape[1]
        reset, update = (of_input[:, : 2 * size] + of_hidden[:, : 2 * size]).sigmoid().chunk(2, 1)
        new = (of_input[:, 2 * size :] + reset * of_hidden[:, 2 * size :]).tanh()
        return (lerp(new, hidden, update),)

    def whole(self, of_input, state, reverse):
        weights = self.weights
        return (_core.gru_sequence(of_input, state[0], weights.hidden, weights.hidden_bias, reverse),)


#: By the names that modules have for them.
CELLS = {"RNN_TANH": Tanh, "RNN_RELU": ReLU, "LSTM": LSTM, "GRU": GRU}


def sequence(
    cell: type[Tanh],
    input: Tensor,
    batch_sizes: list[int],
    state: tuple[Tensor, ...],
    weights: Weights,
    reverse: bool = False,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer over packed rows ``(rows, features)``, from the first step to the last, or back with ``reverse``.

    ``state`` holds what each sequence starts with, ``(batch_sizes[0], size)``. Returns the outputs, packed as the input is, and
    the state each sequence ends with.
    """
    cell = cell(weights)
    of_input = cell.of_input(input)
    size = batch_sizes[0]
    # Any one dtype of real numbers, and at least one element: else the steps say what is wrong, or that there is nothing.
    if size == batch_sizes[-1] and of_input.numel() and of_input.is_floating_point():
        if all(tensor.dtype == of_input.dtype for tensor in (*state, weights.hidden)):
            whole = cell.whole(of_input, state, reverse)
            if whole is not None:
                output, *rest = whole
                return output, (output[:size] if reverse else output[-size:], *rest)
    steps = of_input.split(batch_sizes)
    return (_back if reverse else _forth)(cell, steps, batch_sizes, state)


def _forth(cell, steps, batch_sizes, state):
    running = batch_sizes[0]
    outputs, ended = [], []
    for of_input, size in zip(steps, batch_sizes):
        if size < running:
            # The last rows are those of the sequences that end first.
            ended.append([part[size:] for part in state])
            state = tuple(part[:size] for part in state)
            running = size
        state = cell.step(of_input, state)
        outputs.append(state[0])
    if ended:
        ended.append(state)
        state = tuple(cat(parts) for parts in zip(*reversed(ended)))
    return cat(outputs), state


def _back(cell, steps, batch_sizes, state):
    running = batch_sizes[-1]
    first, state = state, tuple(part[:running] for part in state)
    outputs = []
    for of_input, size in zip(reversed(steps), reversed(batch_sizes)):
        if size > running:
            state = tuple(cat((part, start[running:size])) for part, start in zip(state, first))
            running = size
        state = cell.step(of_input, state)
        outputs.append(state[0])
    outputs.reverse()
    return cat(outputs), state
