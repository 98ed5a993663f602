"""Recurrent layers over whole sequences, and their cells for one step."""

from __future__ import annotations

import math
from numbers import Number

from arcgrad import _names, _warnings, cat, empty, stack

from .. import _recurrence as recurrence
from .. import functional as F
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence, sizes_of_steps
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from arcgrad._core import DType, Device, Tensor


def _permuted(state, permutation):
    """State ``(layers, batch, size)`` with its sequences in another order; ``None`` leaves it."""
    return state if permutation is None else state.index_select(1, permutation)


def _uniform_by_hidden_size_(module):
    """Draw all parameters of ``module`` anew, uniform in ±1/√hidden_size."""
    bound = 1 / math.sqrt(module.hidden_size) if module.hidden_size > 0 else 0
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


class RNNBase(Module):
    """What :class:`RNN`, :class:`LSTM` and :class:`GRU` share: parameters, checks, the walk over layers and directions.

    Args:
        mode (str): ``'RNN_TANH'``, ``'RNN_RELU'``, ``'LSTM'`` or ``'GRU'``; the rest as :class:`LSTM`.
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_settings(dropout)
        directions = ("", "_reverse") if bidirectional else ("",)
        rows = recurrence.CELLS[mode].gates * hidden_size
        output_size = proj_size or hidden_size
        self._all_weights = []
        for layer in range(num_layers):
            features = input_size if layer == 0 else output_size * len(directions)
            for direction in directions:
                shapes = {"weight_ih": (rows, features), "weight_hh": (rows, output_size)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size > 0:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = {f"{kind}_l{layer}{direction}": shape for kind, shape in shapes.items()}
                for name, shape in names.items():
                    self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(names))
        self.reset_parameters()

    def _check_settings(self, dropout):
        if self.proj_size and self.mode != "LSTM":
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if not isinstance(dropout, Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            _warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
                f"greater than 1, but got dropout={dropout} and num_layers={self.num_layers}"
            )
        kinds = {"bias": bool, "batch_first": bool, "input_size": int, "hidden_size": int}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if self.mode not in recurrence.CELLS:
            raise ValueError(f"Unrecognized RNN mode: {self.mode}")

    # ---- parameters ----

    @property
    def _flat_weights_names(self):
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self):
        # Looked up by name each time: a name may be a parameter, a parametrisation or a plain tensor.
        return [getattr(self, name, None) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Has no effect: it is for other devices, where the weights are to lie in one block of memory."""

    def reset_parameters(self) -> None:
        """Draw all parameters anew, uniform in ±1/√hidden_size."""
        _uniform_by_hidden_size_(self)

    # ---- checks, of what forward is given ----

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raises where the input, packed if there are ``batch_sizes``, does not fit."""
        weight = self._flat_weights[0]
        if input.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.dim() != expected:
            raise RuntimeError(f"input must have {expected} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def _expected_state(self, input, batch_sizes, size):
        batch = batch_sizes[0] if batch_sizes is not None else input.size(0 if self.batch_first else 1)
        return self.num_layers * (2 if self.bidirectional else 1), int(batch), size

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Shape of the hidden state for this input."""
        return self._expected_state(input, batch_sizes, self.proj_size or self.hidden_size)

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raises where ``hx`` is not of that shape; ``msg`` is the text, with places for the two shapes."""
        if tuple(hx.size()) != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raises where input and state do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The state with its sequences in another order; ``None`` leaves it."""
        return _permuted(hx, permutation)

    # ---- the state as programs have it and as a tuple of its parts: the same for an LSTM ----

    def _parts(self, hx):
        return (hx,)

    def _whole(self, parts):
        return parts[0]

    def _part_sizes(self, input, batch_sizes):
        return [self.get_expected_hidden_size(input, batch_sizes)]

    def _check_axes(self, hx, expected, kind):
        if hx.dim() != expected:
            raise RuntimeError(
                f"For {kind} {expected}-D input, hx should also be {expected}-D but got {hx.dim()}-D tensor"
            )

    # ---- computation ----

    def _run(self, input, hx):
        """Body of ``forward``: input and state are taken and given as they come, packed, batched or not."""
        if isinstance(input, PackedSequence):
            data, batch_sizes, sorted_indices, unsorted_indices = input
            states = self._begin(data, hx if hx is None else self.permute_hidden(hx, sorted_indices), batch_sizes)
            output, states = self._layers(data, sizes_of_steps(input), states)
            output = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
            return output, self.permute_hidden(self._whole(states), unsorted_indices)
        if input.dim() not in (2, 3):
            tensor = " tensor" if self.mode.startswith("RNN") else ""
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {input.dim()}D{tensor} instead")
        batched = input.dim() == 3
        if hx is not None:
            self._check_axes(hx, input.dim(), "batched" if batched else "unbatched")
        if not batched:
            input = input.unsqueeze(0 if self.batch_first else 1)
            if hx is not None:
                hx = self._whole(tuple(part.unsqueeze(1) for part in self._parts(hx)))
        states = self._begin(input, hx, None)
        if self.batch_first:
            input = input.transpose(0, 1)
        length, batch, features = input.shape
        if length == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        output, states = self._layers(input.reshape(length * batch, features), [batch] * length, states)
        output = output.view(length, batch, output.shape[1])
        if not batched:
            return output.squeeze(1), self._whole(tuple(part.squeeze(1) for part in states))
        return output.transpose(0, 1) if self.batch_first else output, self._whole(states)

    def _begin(self, input, hx, batch_sizes):
        """The parts of the state to begin with: those of ``hx``, which must fit, or zeros."""
        if hx is not None:
            self.check_forward_args(input, hx, batch_sizes)
            return self._parts(hx)
        self.check_input(input, batch_sizes)
        return tuple(input.new_zeros(size) for size in self._part_sizes(input, batch_sizes))

    def _layers(self, input, batch_sizes, states):
        """All layers and directions over packed rows. Returns the rows of the last layer and the states at the ends."""
        cell = recurrence.CELLS[self.mode]
        # One tensor for each layer and direction, of each part of the state.
        starts = list(zip(*(state.unbind() for state in states)))
        ends = []
        for layer in range(self.num_layers):
            outputs = []
            for reverse in (False, True) if self.bidirectional else (False,):
                place = len(ends)
                output, end = recurrence.sequence(
                    cell, input, batch_sizes, starts[place], self._weights(place), reverse
                )
                outputs.append(output)
                ends.append(end)
            input = cat(outputs, 1) if len(outputs) > 1 else outputs[0]
            if self.dropout and layer < self.num_layers - 1:
                input = F.dropout(input, self.dropout, self.training)
        return input, tuple(stack(parts) for parts in zip(*ends))

    def _weights(self, place):
        values = [getattr(self, name) for name in self._all_weights[place]]
        projection = values.pop() if self.proj_size > 0 else None
        return recurrence.Weights(*(values if self.bias else [*values, None, None]), projection)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        return text

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("proj_size", 0)


class _OfOneState(RNNBase):
    """Layers whose state is the hidden state alone."""

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Input and, if not zeros, the hidden state to begin with → output of the last layer at every step, and the hidden
        states at the end."""
        return self._run(input, hx)

    if TYPE_CHECKING:

        @overload
        def __call__(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]: ...
        @overload
        def __call__(
            self, input: PackedSequence, hx: Tensor | None = None
        ) -> tuple[PackedSequence, Tensor]: ...


class RNN(_OfOneState):
    r"""Elman network: ``h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)``, in layers.

    Args:
        input_size (int): size of the input's last axis.
        hidden_size (int): size of the hidden state.
        num_layers (int): layers, each over the outputs of the one below. Default: 1.
        nonlinearity (str): ``'tanh'`` or ``'relu'``. Default: ``'tanh'``.
        bias (bool): whether biases are added. Default: ``True``.
        batch_first (bool): whether input and output are ``(batch, steps, features)``, not ``(steps, batch, features)``; the
            hidden state is not changed by it.
        dropout (float): probability of dropout on the outputs of each layer but the last, while training.
        bidirectional (bool): whether a second set of parameters goes from the last step to the first; outputs are joined.
        device, dtype: of the parameters.

    Shapes:
        input ``(steps, batch, input_size)``, without ``batch`` for a single sequence, or a
        :class:`~arcgrad.nn.utils.rnn.PackedSequence`; output the same with ``directions · hidden_size``; hidden state
        ``(layers · directions, batch, hidden_size)``. Parameters of layer k: ``weight_ih_lk``, ``weight_hh_lk``, ``bias_ih_lk``,
        ``bias_hh_lk``, those of the second direction with the suffix ``_reverse``; all start uniform in ±1/√hidden_size.

    Raises:
        ValueError: a setting is out of its range, or the input is of another dtype than the parameters.
        RuntimeError: the sizes of input or hidden state do not fit.

    Example::

        >>> import arcgrad as ag
        >>> output, h = ag.nn.RNN(10, 20, 2)(ag.randn(5, 3, 10))
        >>> tuple(output.shape), tuple(h.shape)
        ((5, 3, 20), (2, 3, 20))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # In this class alone a setting comes before `bias`: PyTorch's order.
        if len(args) > 3:
            nonlinearity, args = args[3], (*args[:3], *args[4:])
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity


class GRU(_OfOneState):
    r"""Gated recurrent units (Cho et al., 2014), in layers.

    With ``r, z = sigmoid(W x_t + b + U h + c)``, each with its own parameters: ``n = tanh(W_n x_t + b_n + r · (U_n h + c_n))`` and
    ``h_t = (1 - z) · n + z · h``, where ``h`` is the hidden state one step before.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: as :class:`RNN`.

    Shapes:
        as :class:`RNN`; matrices have ``3 · hidden_size`` rows, for r, z and n.

    Example::

        >>> import arcgrad as ag
        >>> output, h = ag.nn.GRU(10, 20, bidirectional=True, batch_first=True)(ag.randn(3, 5, 10))
        >>> tuple(output.shape), tuple(h.shape)
        ((3, 5, 40), (2, 3, 20))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("GRU", *args, **kwargs)


class LSTM(RNNBase):
    r"""Long short-term memory (Hochreiter and Schmidhuber, 1997), in layers.

    With ``i, f, o = sigmoid(W x_t + b + U h + c)`` and ``g = tanh`` of the same, each with its own parameters:
    ``c_t = f · c + i · g`` and ``h_t = o · tanh(c_t)``, where ``h`` and ``c`` are the hidden and the cell state one step before.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: as :class:`RNN`.
        proj_size (int): if not 0, the hidden state is multiplied by a matrix ``weight_hr_lk`` and has this size
            (Sak et al., 2014).

    Shapes:
        input and output as :class:`RNN`; the state is a pair: hidden ``(layers · directions, batch, proj_size or hidden_size)``
        and cell ``(layers · directions, batch, hidden_size)``. Matrices have ``4 · hidden_size`` rows, for i, f, g and o.

    Example::

        >>> import arcgrad as ag
        >>> lstm = ag.nn.LSTM(10, 20)
        >>> output, (h, c) = lstm(ag.randn(5, 3, 10))
        >>> tuple(output.shape), tuple(h.shape), tuple(c.shape)
        ((5, 3, 20), (1, 3, 20), (1, 3, 20))
        >>> output, (h, c) = lstm(ag.randn(1, 3, 10), (h, c))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Shape of the cell state for this input."""
        return self._expected_state(input, batch_sizes, self.hidden_size)

    def check_forward_args(
        self, input: Tensor, hidden: tuple[Tensor, Tensor], batch_sizes: Tensor | None
    ) -> None:
        """Raises where input and state do not fit."""
        self.check_input(input, batch_sizes)
        for place, size in enumerate(self._part_sizes(input, batch_sizes)):
            self.check_hidden_size(hidden[place], size, f"Expected hidden[{place}] size {{}}, got {{}}")

    def permute_hidden(self, hx: tuple[Tensor, Tensor], permutation: Tensor | None) -> tuple[Tensor, Tensor]:
        """The state with its sequences in another order; ``None`` leaves it."""
        return _permuted(hx[0], permutation), _permuted(hx[1], permutation)

    def _parts(self, hx):
        return hx[0], hx[1]

    def _whole(self, parts):
        return parts

    def _part_sizes(self, input, batch_sizes):
        return [self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)]

    def _check_axes(self, hx, expected, kind):
        if hx[0].dim() != expected or hx[1].dim() != expected:
            raise RuntimeError(
                f"For {kind} {expected}-D input, hx and cx should also be {expected}-D "
                f"but got ({hx[0].dim()}-D, {hx[1].dim()}-D) tensors"
            )

    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Input and, if not zeros, the hidden and cell state to begin with → output of the last layer at every step, and the
        pair of states at the end."""
        return self._run(input, hx)

    if TYPE_CHECKING:

        @overload
        def __call__(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...
        @overload
        def __call__(
            self, input: PackedSequence, hx: tuple[Tensor, Tensor] | None = None
        ) -> tuple[PackedSequence, tuple[Tensor, Tensor]]: ...


class RNNCellBase(Module):
    """What :class:`RNNCell`, :class:`LSTMCell` and :class:`GRUCell` share: parameters and checks.

    Args:
        num_chunks (int): gates of the cell; the rest as :class:`RNNCell`.
    """

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, uniform in ±1/√hidden_size."""
        _uniform_by_hidden_size_(self)

    def _step(self, mode, input, states, names):
        """One step from ``states``, None for zeros; ``names`` are what messages call them."""
        if input.dim() not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        cell = recurrence.CELLS[mode]
        single = input.dim() == 1
        if states is not None:
            for state, name in zip(states, names):
                if state.dim() not in (1, 2):
                    raise ValueError(f"{self._get_name()}: Expected {name} to be 1D or 2D, got {state.dim()}D instead")
            if single:
                states = tuple(state.unsqueeze(0) for state in states)
        if single:
            input = input.unsqueeze(0)
        if states is None:
            states = (input.new_zeros((input.shape[0], self.hidden_size)),) * cell.states
        self._check_sizes(input, states)
        cell = cell(recurrence.Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, None))
        states = cell.step(cell.of_input(input), states)
        return tuple(state.squeeze(0) for state in states) if single else states

    def _check_sizes(self, input, states):
        batch, features = input.shape
        if features != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {features} expected {self.input_size}")
        for place, state in enumerate(states):
            if state.dim() != 2:
                raise RuntimeError(f"Expected 2D hidden{place} (batch x hidden_size), but got {state.dim()}D tensor")
            if state.shape[0] != batch:
                raise RuntimeError(
                    f"Input batch size {batch} doesn't match hidden{place} batch size {state.shape[0]}"
                )
            if state.shape[1] != self.hidden_size:
                raise RuntimeError(
                    f"hidden{place} has inconsistent hidden_size: got {state.shape[1]}, expected {self.hidden_size}"
                )

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        return text


class RNNCell(RNNCellBase):
    """One step of an :class:`RNN`.

    Args:
        input_size (int): size of the input's last axis.
        hidden_size (int): size of the hidden state.
        bias (bool): whether biases are added. Default: ``True``.
        nonlinearity (str): ``'tanh'`` or ``'relu'``. Default: ``'tanh'``.
        device, dtype: of the parameters.

    Shapes:
        input ``(batch, input_size)``, hidden state and result ``(batch, hidden_size)``, all of them without ``batch`` for a
        single step. Parameters ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``, uniform in ±1/√hidden_size.

    Example::

        >>> import arcgrad as ag
        >>> cell, h = ag.nn.RNNCell(10, 20), None
        >>> for x in ag.randn(6, 3, 10):
        ...     h = cell(x, h)
        >>> tuple(h.shape)
        (3, 20)
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Input and hidden state, zeros if not given → the next hidden state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        mode = f"RNN_{self.nonlinearity.upper()}"
        return self._step(mode, input, None if hx is None else (hx,), ("hidden",))[0]

    def extra_repr(self) -> str:
        text = super().extra_repr()
        if self.nonlinearity != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class LSTMCell(RNNCellBase):
    """One step of an :class:`LSTM`.

    Args:
        input_size, hidden_size, bias, device, dtype: as :class:`RNNCell`.

    Shapes:
        as :class:`RNNCell`; the state and the result are pairs of hidden and cell state.

    Example::

        >>> import arcgrad as ag
        >>> h, c = ag.nn.LSTMCell(10, 20)(ag.randn(3, 10))
        >>> tuple(h.shape), tuple(c.shape)
        ((3, 20), (3, 20))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Input and state, zeros if not given → the next hidden and cell state."""
        if hx is not None:
            if not isinstance(hx, (tuple, list)) or len(hx) != 2:
                raise TypeError(f"LSTMCell: hx must be a pair of tensors, not {type(hx).__name__}")
        return self._step("LSTM", input, hx, ("hx[0]", "hx[1]"))


class GRUCell(RNNCellBase):
    """One step of a :class:`GRU`.

    Args:
        input_size, hidden_size, bias, device, dtype: as :class:`RNNCell`.

    Shapes:
        as :class:`RNNCell`.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.GRUCell(10, 20)(ag.randn(3, 10)).shape)
        (3, 20)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Input and hidden state, zeros if not given → the next hidden state."""
        return self._step("GRU", input, None if hx is None else (hx,), ("hidden",))[0]


_names.describe(__name__)
