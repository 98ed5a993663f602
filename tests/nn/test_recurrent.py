"""Recurrent layers, cells and ``nn.utils.rnn``: values and gradients are in test_sequences_oracle.py, here is what they obey."""

import copy
import pickle
import warnings

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.utils import rnn

F64 = ag.float64
KINDS = ["RNN", "LSTM", "GRU"]


def states(hx):
    return hx if isinstance(hx, tuple) else (hx,)


def whole(parts):
    return parts if len(parts) > 1 else parts[0]


def some_state(kind, layers, batch, size=3):
    return whole(tuple(ag.randn(layers, batch, size, dtype=F64) for _ in range(2 if kind == "LSTM" else 1)))


# ---- what a layer computes ----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_its_cell_step_by_step(kind, bias):
    layer = getattr(nn, kind)(2, 3, bias=bias, dtype=F64)
    cell = getattr(nn, kind + "Cell")(2, 3, bias=bias, dtype=F64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x = ag.randn(4, 5, 2, dtype=F64)
    output, end = layer(x)
    hx = None
    for step, expected in zip(x, output):
        hx = cell(step, hx)
        assert ag.allclose(states(hx)[0], expected, atol=1e-14)
    for ours, expected in zip(states(hx), states(end)):
        assert ag.allclose(ours, expected[0], atol=1e-14)


def test_the_formula_of_an_lstm():
    layer = nn.LSTM(1, 1, dtype=F64)
    with ag.no_grad():
        for place, parameter in enumerate(layer.parameters()):
            parameter.copy_(ag.arange(parameter.numel(), dtype=F64).reshape(parameter.shape) * 0.1 + place * 0.01)
    x, h, c = 0.5, 0.25, -0.75
    gates = [(0.1 * k) * x + (0.1 * k + 0.01) * h + (0.1 * k + 0.02) + (0.1 * k + 0.03) for k in range(4)]
    i, f, g, o = (ag.tensor(gate, dtype=F64) for gate in gates)
    cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
    hidden = o.sigmoid() * cell.tanh()
    output, (h1, c1) = layer(ag.tensor([[x]], dtype=F64), (ag.tensor([[h]], dtype=F64), ag.tensor([[c]], dtype=F64)))
    assert output.item() == pytest.approx(hidden.item(), abs=1e-15)
    assert (h1.item(), c1.item()) == pytest.approx((hidden.item(), cell.item()), abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_the_way_back_is_the_way_forth_of_the_reversed_input(kind):
    both = getattr(nn, kind)(2, 3, bidirectional=True, dtype=F64)
    back = getattr(nn, kind)(2, 3, dtype=F64)
    reverse = {name: value for name, value in both.state_dict().items() if name.endswith("_reverse")}
    back.load_state_dict({name.removesuffix("_reverse"): value for name, value in reverse.items()})
    x = ag.randn(4, 5, 2, dtype=F64)
    output, _ = both(x)
    expected, _ = back(x.flip(0))
    assert ag.allclose(output[..., 3:], expected.flip(0), atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[4, 2, 1], [1, 4, 2], [2, 2, 2], [4]])
def test_a_packed_sequence_is_computed_as_if_it_were_alone(kind, batch_first, lengths):
    layer = getattr(nn, kind)(2, 3, 2, batch_first=batch_first, bidirectional=True, dtype=F64)
    sequences = [ag.randn(length, 2, dtype=F64) for length in lengths]
    hx = some_state(kind, 4, len(lengths))
    output, end = layer(rnn.pack_sequence(sequences, enforce_sorted=False), hx)
    for place, (one, got) in enumerate(zip(sequences, rnn.unpack_sequence(output))):
        alone, alone_end = layer(one, whole(tuple(part[:, place] for part in states(hx))))
        assert ag.allclose(got, alone, atol=1e-14)
        for ours, expected in zip(states(end), states(alone_end)):
            assert ag.allclose(ours[:, place], expected, atol=1e-14)


def test_packed_output_keeps_the_order_of_the_input():
    packed = rnn.pack_sequence([ag.randn(2, 4), ag.randn(3, 4)], enforce_sorted=False)
    output, _ = nn.GRU(4, 5)(packed)
    assert output.batch_sizes is packed.batch_sizes
    assert output.sorted_indices is packed.sorted_indices and output.unsorted_indices is packed.unsorted_indices


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_none_has_results_of_none(kind):
    output, end = getattr(nn, kind)(2, 3, 2)(ag.randn(4, 0, 2))
    assert tuple(output.shape) == (4, 0, 3) and all(tuple(part.shape) == (2, 0, 3) for part in states(end))
    cell = getattr(nn, kind + "Cell")(2, 3)
    assert tuple(states(cell(ag.randn(0, 2)))[0].shape) == (0, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_with_the_batch_first_and_without_a_batch(kind):
    layer = getattr(nn, kind)(2, 3, 2, batch_first=True, bidirectional=True)
    output, end = layer(ag.randn(5, 4, 2))
    assert tuple(output.shape) == (5, 4, 6) and tuple(states(end)[0].shape) == (4, 5, 3)
    output, end = layer(ag.randn(4, 2))
    assert tuple(output.shape) == (4, 6) and tuple(states(end)[0].shape) == (4, 3)


def test_dropout_is_between_layers_while_training():
    layer = nn.LSTM(2, 3, 2, dropout=1.0)
    x = ag.randn(4, 1, 2)
    output, _ = layer(x)
    # The second layer has only its biases and its own past.
    assert ag.equal(output, layer(ag.randn(4, 1, 2))[0])
    layer.eval()
    assert not ag.equal(layer(x)[0], output) and ag.equal(layer(x)[0], layer(x)[0])


def test_extreme_input_gives_no_nan():
    x = ag.full((3, 2, 2), 1e30)
    for kind in KINDS:
        layer = getattr(nn, kind)(2, 3)
        output, _ = layer(x)
        output.sum().backward()
        assert bool(output.isfinite().all()) and output.abs().max() <= 1
        assert not any(bool(p.grad.isnan().any()) for p in layer.parameters())


# ---- gradients ----


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("mode", ["RNN_TANH", "LSTM", "LSTM projected", "GRU"])
@pytest.mark.parametrize("batch_sizes", [[2, 2, 1], [2, 2, 2]], ids=["lengths", "one length"])
def test_gradients_of_a_sequence(mode, reverse, batch_sizes):
    from arcgrad.nn import _recurrence

    mode, _, projected = mode.partition(" ")
    cell = _recurrence.CELLS[mode]
    size = 1 if projected else 2

    def leaf(*shape):
        return ag.randn(*shape, dtype=F64).requires_grad_()

    weights = [leaf(2 * cell.gates, 2), leaf(2 * cell.gates, size), leaf(2 * cell.gates), leaf(2 * cell.gates)]
    if projected:
        weights.append(leaf(size, 2))
    state = [leaf(2, size), leaf(2, 2)][: cell.states]
    input = leaf(sum(batch_sizes), 2)

    def run(input, *rest):
        state, weights = rest[: cell.states], list(rest[cell.states :])
        if not projected:
            weights.append(None)
        return _recurrence.sequence(cell, input, batch_sizes, state, _recurrence.Weights(*weights), reverse)

    def outputs(*args):
        output, end = run(*args)
        return output, *end

    assert ag.autograd.gradcheck(outputs, (input, *state, *weights))
    assert ag.autograd.gradgradcheck(outputs, (input, *state, *weights))


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_the_operations_over_whole_sequences_are_the_steps_one_by_one(kind, reverse):
    """What runs under transformations and for gradients of gradients is the formula in steps."""
    from arcgrad._core import nn as core
    from arcgrad.func import grad, jvp, vmap

    size, gates = 5, 4 if kind == "lstm" else 3
    x, h = ag.randn(12, gates * size, dtype=F64), ag.randn(3, size, dtype=F64)
    c, w = ag.randn(3, size, dtype=F64), ag.randn(gates * size, size, dtype=F64)
    b = ag.randn(gates * size, dtype=F64)

    def run(x):
        if kind == "lstm":
            output, cell = core.lstm_sequence(x, h, c, w, reverse)
            return ag.cat((output, cell))
        return core.gru_sequence(x, h, w, b, reverse)

    whole = run(x)
    assert ag.allclose(vmap(run)(x[None])[0], whole, atol=1e-13)
    g = ag.randn(*whole.shape, dtype=F64)
    leaf = x.clone().requires_grad_()
    (run(leaf) * g).sum().backward()
    assert ag.allclose(grad(lambda x: (run(x) * g).sum())(x), leaf.grad, atol=1e-13)
    tangent = ag.randn(*x.shape, dtype=F64)
    value, slope = jvp(run, (x,), (tangent,))
    assert ag.allclose(value, whole, atol=1e-13)
    assert ag.allclose((slope * g).sum(), (tangent * leaf.grad).sum(), atol=1e-11)


@pytest.mark.arcgrad_only
def test_operations_over_whole_sequences_refuse_what_does_not_fit():
    from arcgrad._core import nn as core

    x, h, w = ag.randn(6, 8), ag.randn(2, 2), ag.randn(8, 2)
    for wrong in [(x[:5], h, h, w), (x, h, h[:1], w), (x, h, h, w[:6]), (x[:, :6], h, h, w), (x, h, h, w.double())]:
        with pytest.raises(RuntimeError, match="expected rows of gates"):
            core.lstm_sequence(*wrong)
    with pytest.raises(RuntimeError, match="expected rows of gates"):
        core.gru_sequence(x[:, :6], h, w[:6], ag.randn(5))


def test_padding_and_packing_have_gradients():
    x = ag.randn(4, 3, 2, dtype=F64).requires_grad_()

    def packed(x):
        return rnn.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False).data

    def there_and_back(x):
        return rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False), total_length=5)[0]

    assert ag.autograd.gradcheck(packed, (x,)) and ag.autograd.gradcheck(there_and_back, (x,))
    pair = tuple(ag.randn(length, 2, dtype=F64).requires_grad_() for length in (1, 3))
    assert ag.autograd.gradcheck(lambda *sequences: rnn.pad_sequence(sequences), pair)


# ---- parameters ----

PARAMETERS = {
    ("LSTM", (("num_layers", 2), ("bidirectional", True), ("proj_size", 2))): [
        *("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"),
        *("weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse", "weight_hr_l0_reverse"),
        *("weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_hr_l1"),
        *("weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse", "weight_hr_l1_reverse"),
    ],
    ("GRU", (("bias", False),)): ["weight_ih_l0", "weight_hh_l0"],
}


@pytest.mark.parametrize(("kind", "settings"), PARAMETERS)
def test_names_of_parameters(kind, settings):
    module = getattr(nn, kind)(3, 4, **dict(settings))
    names = PARAMETERS[kind, settings]
    assert list(module.state_dict()) == names
    assert [name for name, _ in module.named_parameters()] == names
    listed = [parameter for parameters in module.all_weights for parameter in parameters]
    assert all(ours is getattr(module, name) for ours, name in zip(listed, names, strict=True))
    assert all(ours is expected for ours, expected in zip(module._flat_weights, listed, strict=True))


def test_parameters_have_the_dtype_asked_for():
    for module in (nn.LSTM(2, 3, dtype=F64, device="cpu"), nn.GRUCell(2, 3, dtype=F64), nn.RNNCell(2, 3, dtype=F64)):
        assert {parameter.dtype for parameter in module.parameters()} == {F64}
    assert nn.LSTM(2, 3).double()(ag.randn(4, 2, dtype=F64))[0].dtype == F64


def test_flatten_parameters_is_accepted():
    assert nn.LSTM(2, 3).flatten_parameters() is None


@pytest.mark.parametrize("kind", [*KINDS, "RNNCell", "LSTMCell", "GRUCell"])
def test_copies_compute_the_same_and_share_nothing(kind):
    module = getattr(nn, kind)(2, 3)
    x = ag.randn(4, 2)
    expected = states(module(x))[0]
    other = getattr(nn, kind)(2, 3)
    other.load_state_dict(module.state_dict())
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        assert ag.equal(states(copied(x))[0], expected)
        with ag.no_grad():
            copied.weight_ih.zero_() if kind.endswith("Cell") else copied.weight_ih_l0.zero_()
        assert not ag.equal(states(copied(x))[0], expected) and ag.equal(states(module(x))[0], expected)


def test_a_weight_in_a_parameters_place_is_used_and_trained():
    """Programs drop connections so: the parameter is kept under another name and a tensor made of it takes its place."""
    module = nn.LSTM(2, 3)
    raw = module.weight_hh_l0
    del module.weight_hh_l0
    module.register_parameter("weight_hh_l0_raw", raw)
    module.weight_hh_l0 = raw * 0.5
    output, _ = module(ag.randn(4, 1, 2))
    output.sum().backward()
    assert raw.grad is not None


REPRS = {
    "LSTM(3, 4)": lambda: nn.LSTM(3, 4),
    "LSTM(3, 4, proj_size=2, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)": (
        lambda: nn.LSTM(3, 4, 2, False, True, 0.5, True, 2)
    ),
    "GRU(3, 4, num_layers=2, dropout=0.1, bidirectional=True)": lambda: nn.GRU(3, 4, 2, True, False, 0.1, True),
    "RNN(3, 4)": lambda: nn.RNN(3, 4, 1, "relu"),
    "RNN(3, 4, batch_first=True)": lambda: nn.RNN(3, 4, 1, "relu", True, True),
    "RNNCell(3, 4)": lambda: nn.RNNCell(3, 4),
    "RNNCell(3, 4, nonlinearity=relu)": lambda: nn.RNNCell(3, 4, nonlinearity="relu"),
    "LSTMCell(3, 4, bias=False)": lambda: nn.LSTMCell(3, 4, False),
    "RNNBase(3, 4)": lambda: nn.RNNBase("LSTM", 3, 4),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr_is_pytorchs(text):
    assert repr(REPRS[text]()) == text


def test_attributes_that_programs_read():
    module = nn.RNN(3, 4, nonlinearity="relu")
    assert (module.mode, module.nonlinearity) == ("RNN_RELU", "relu")
    module = nn.LSTM(3, 4, 2, dropout=0.5, batch_first=True)
    read = (module.mode, module.input_size, module.hidden_size, module.num_layers, module.bias, module.batch_first)
    assert read == ("LSTM", 3, 4, 2, True, True)
    assert (module.dropout, module.bidirectional, module.proj_size) == (0.5, False, 0)
    assert isinstance(module, nn.RNNBase) and isinstance(nn.GRUCell(1, 1), nn.RNNCellBase)


# ---- what is refused ----

DROPOUT = "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
WRONG_SETTINGS = [
    (lambda: nn.LSTM(3, 4, dropout=2), ValueError, DROPOUT),
    (lambda: nn.LSTM(3, 4, dropout=True), ValueError, DROPOUT),
    (lambda: nn.LSTM(3, 4.0), TypeError, "hidden_size should be of type int, got: float"),
    (lambda: nn.LSTM(3.5, 4), TypeError, "input_size should be of type int, got: float"),
    (lambda: nn.GRU(3, 4, 1, 1), TypeError, "bias should be of type bool, got: int"),
    (lambda: nn.GRU(3, 4, batch_first=1), TypeError, "batch_first should be of type bool, got: int"),
    (lambda: nn.LSTM(3, 0), ValueError, "hidden_size must be greater than zero"),
    (lambda: nn.LSTM(-3, 4), ValueError, "input_size must be greater than zero"),
    (lambda: nn.LSTM(3, 4, 0), ValueError, "num_layers must be greater than zero"),
    (
        lambda: nn.LSTM(3, 4, proj_size=-1),
        ValueError,
        "proj_size should be a positive integer or zero to disable projections",
    ),
    (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "proj_size has to be smaller than hidden_size"),
    (
        lambda: nn.GRU(3, 4, proj_size=2),
        ValueError,
        "proj_size argument is only supported for LSTM, not RNN or GRU",
    ),
    (
        lambda: nn.RNN(3, 4, nonlinearity="x"),
        ValueError,
        "Unknown nonlinearity 'x'. Select from 'tanh' or 'relu'.",
    ),
    (lambda: nn.RNNBase("FOO", 3, 4), ValueError, "Unrecognized RNN mode: FOO"),
    (lambda: nn.RNN(3, 4, foo=1), TypeError, "RNNBase.__init__() got an unexpected keyword argument 'foo'"),
    (
        lambda: nn.RNNBase("GRU", 3, 4)(ag.ones(1, 3)),
        NotImplementedError,
        'Module [RNNBase] is missing the required "forward" function',
    ),
]


@pytest.mark.parametrize(("make", "kind", "text"), WRONG_SETTINGS, ids=[text for _, _, text in WRONG_SETTINGS])
def test_wrong_settings(make, kind, text):
    with pytest.raises(kind) as error:
        make()
    assert str(error.value) == text


def test_dropout_of_a_single_layer_warns():
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer.*dropout=0.5 and num_layers=1"):
        nn.LSTM(3, 4, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.LSTM(3, 4, 2, dropout=0.5)


def z(*shape):
    return ag.zeros(*shape)


WRONG_INPUTS = [
    (lambda m: m(z(3)), ValueError, "{}: Expected input to be 2D or 3D, got 1D instead"),
    (lambda m: m(z(1, 2, 3, 4)), ValueError, "{}: Expected input to be 2D or 3D, got 4D instead"),
    (lambda m: m(z(5, 2, 4)), RuntimeError, "input.size(-1) must be equal to input_size. Expected 3, got 4"),
    (lambda m: m(z(0, 2, 3)), RuntimeError, "Expected sequence length to be larger than 0 in RNN"),
    (
        lambda m: m(z(5, 2, 3).double()),
        ValueError,
        "RNN input dtype (DTYPE.float64) does not match weight dtype (DTYPE.float32). "
        "Convert input: input.to(DTYPE.float32), or convert model: model.to(DTYPE.float64)",
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("call", "error", "text"), WRONG_INPUTS, ids=[text for _, _, text in WRONG_INPUTS])
def test_wrong_inputs(kind, call, error, text):
    if kind == "RNN":
        text = text.replace("D instead", "D tensor instead")
    with pytest.raises(error) as raised:
        call(getattr(nn, kind)(3, 4))
    assert str(raised.value) == text.format(kind).replace("DTYPE", str(ag.float64).partition(".")[0])


WRONG_STATES = [
    ((5, 2, 3), (1, 4), "For batched 3-D input, hx should also be 3-D but got 2-D tensor"),
    ((5, 3), (1, 1, 4), "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor"),
    ((5, 2, 3), (1, 3, 4), "Expected hidden size (1, 2, 4), got [1, 3, 4]"),
    ((5, 2, 3), (2, 2, 4), "Expected hidden size (1, 2, 4), got [2, 2, 4]"),
    ((5, 2, 3), (1, 2, 5), "Expected hidden size (1, 2, 4), got [1, 2, 5]"),
    ((5, 3), (1, 5), "Expected hidden size (1, 1, 4), got [1, 1, 5]"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("input", "state", "text"), WRONG_STATES, ids=[text for _, _, text in WRONG_STATES])
def test_wrong_states(kind, input, state, text):
    hx = z(*state)
    if kind == "LSTM":
        hx = (hx, hx)
        text = text.replace("hidden size", "hidden[0] size").replace("hx should", "hx and cx should")
        text = text.replace("got 2-D tensor", "got (2-D, 2-D) tensors").replace("got 3-D tensor", "got (3-D, 3-D) tensors")
    with pytest.raises(RuntimeError) as error:
        getattr(nn, kind)(3, 4)(z(*input), hx)
    assert str(error.value) == text


def test_the_cell_state_is_looked_at_too():
    with pytest.raises(RuntimeError, match=r"^Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 5\]$"):
        nn.LSTM(3, 4)(z(5, 2, 3), (z(1, 2, 4), z(1, 2, 5)))
    with pytest.raises(RuntimeError, match=r"^Expected hidden\[0\] size \(1, 2, 2\), got \[1, 2, 4\]$"):
        nn.LSTM(3, 4, proj_size=2)(z(5, 2, 3), (z(1, 2, 4), z(1, 2, 4)))


def test_packed_sequences_that_do_not_fit():
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        nn.GRU(3, 4)(rnn.pack_padded_sequence(z(5, 2, 3), [5, 3]), z(1, 3, 4))
    with pytest.raises(RuntimeError, match="input must have 2 dimensions, got 3"):
        nn.GRU(3, 4)(rnn.PackedSequence(z(5, 2, 3), ag.tensor([5])))


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [[2, 3, 3], [1, 3, 4], [4, 4, 4], [2, 2], [4, 5, -1], [4, 0, 4]])
def test_batch_sizes_that_are_none_are_refused(kind, sizes):
    with pytest.raises(RuntimeError, match="Expected batch_sizes that never grow and sum to the 8 rows of data"):
        getattr(nn, kind)(3, 4)(rnn.PackedSequence(z(8, 3), ag.tensor(sizes)))


CELL_ERRORS = [
    (lambda m: m(z(1, 2, 3)), ValueError, "{}: Expected input to be 1D or 2D, got 3D instead"),
    (lambda m: m(ag.tensor(1.0)), ValueError, "{}: Expected input to be 1D or 2D, got 0D instead"),
    (lambda m: m(z(2, 4)), RuntimeError, "input has inconsistent input_size: got 4 expected 3"),
    ((z(2, 3), z(3, 4)), RuntimeError, "Input batch size 2 doesn't match hidden0 batch size 3"),
    ((z(2, 3), z(1, 4)), RuntimeError, "Input batch size 2 doesn't match hidden0 batch size 1"),
    ((z(2, 3), z(2, 5)), RuntimeError, "hidden0 has inconsistent hidden_size: got 5, expected 4"),
    ((z(2, 3), z(4)), RuntimeError, "Expected 2D hidden0 (batch x hidden_size), but got 1D tensor"),
    ((z(3), z(1, 4)), RuntimeError, "Expected 2D hidden0 (batch x hidden_size), but got 3D tensor"),
    ((z(2, 3), z(1, 2, 4)), ValueError, "{}: Expected HX to be 1D or 2D, got 3D instead"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("call", "error", "text"), CELL_ERRORS, ids=[text for _, _, text in CELL_ERRORS])
def test_wrong_calls_of_cells(kind, call, error, text):
    module = getattr(nn, kind + "Cell")(3, 4)
    with pytest.raises(error) as raised:
        if isinstance(call, tuple):
            input, hx = call
            module(input, (hx, hx) if kind == "LSTM" else hx)
        else:
            call(module)
    assert str(raised.value) == text.format(kind + "Cell").replace("HX", "hx[0]" if kind == "LSTM" else "hidden")


def test_the_state_of_an_lstm_cell_is_a_pair():
    module = nn.LSTMCell(3, 4)
    with pytest.raises(TypeError):
        module(z(2, 3), z(2, 4))
    with pytest.raises(RuntimeError, match="^hidden1 has inconsistent hidden_size: got 3, expected 4$"):
        module(z(2, 3), (z(2, 4), z(2, 3)))


def test_an_unknown_nonlinearity_of_a_cell():
    with pytest.raises(RuntimeError, match="^Unknown nonlinearity: foo$"):
        nn.RNNCell(3, 4, nonlinearity="foo")(z(2, 3))


# ---- nn.utils.rnn ----


def test_packing_a_padded_batch():
    x = ag.arange(10.0).reshape(5, 2)
    packed = rnn.pack_padded_sequence(x, [5, 3])
    assert packed.data.tolist() == [0, 1, 2, 3, 4, 5, 6, 8]
    assert packed.batch_sizes.tolist() == [2, 2, 2, 1, 1] and packed.batch_sizes.dtype == ag.int64
    assert packed.sorted_indices is None and packed.unsorted_indices is None
    packed = rnn.pack_padded_sequence(x.t(), ag.tensor([3, 5]), batch_first=True, enforce_sorted=False)
    assert packed.data.tolist() == [1, 0, 3, 2, 5, 4, 7, 9]
    assert packed.sorted_indices.tolist() == [1, 0] and packed.unsorted_indices.tolist() == [1, 0]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[4, 3, 1], [1, 4, 3], [2, 2, 2], (3, 1, 1)])
def test_padding_undoes_packing(batch_first, lengths):
    x = ag.randn(3, 4, 2) if batch_first else ag.randn(4, 3, 2)
    packed = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
    padded, back = rnn.pad_packed_sequence(packed, batch_first, padding_value=-1.0, total_length=4)
    seen = ag.arange(4) < ag.tensor(lengths).unsqueeze(1)
    seen = (seen if batch_first else seen.t()).unsqueeze(-1)
    assert back.tolist() == list(lengths) and ag.equal(padded, ag.where(seen, x, ag.tensor(-1.0)))


@pytest.mark.parametrize("kind", [[5.0, 3.0], ag.tensor([5.0, 3.0]), ag.tensor([5, 3], dtype=ag.int32), (5, 3)])
def test_lengths_may_be_any_numbers(kind):
    assert rnn.pack_padded_sequence(z(5, 2, 3), kind).batch_sizes.tolist() == [2, 2, 2, 1, 1]


SORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to "
    "pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability."
)
POSITIVE = "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
WRONG_SEQUENCES = [
    (
        lambda: rnn.pack_padded_sequence(z(5, 2, 3), [5]),
        RuntimeError,
        "Expected `len(lengths)` to be equal to batch_size, but got 1 (batch_size=2)",
    ),
    (lambda: rnn.pack_padded_sequence(z(5, 2, 3), [3, 5]), RuntimeError, SORTED),
    (lambda: rnn.pack_sequence([z(1), z(2)]), RuntimeError, SORTED),
    (lambda: rnn.pack_padded_sequence(z(5, 2, 3), [5, 0]), RuntimeError, POSITIVE),
    (lambda: rnn.pack_padded_sequence(z(5, 2, 3), [5, -1]), RuntimeError, POSITIVE),
    (lambda: rnn.pack_sequence([z(3), z(0)]), RuntimeError, POSITIVE),
    (lambda: rnn.pack_padded_sequence(z(0, 2, 3), [0, 0]), RuntimeError, "Cannot pack empty tensors."),
    (
        lambda: rnn.pack_padded_sequence(z(5, 2, 3), ag.tensor([[5, 3]])),
        RuntimeError,
        "'lengths' argument should be a 1D CPU int64 tensor, but got 2D cpu Long tensor",
    ),
    (
        lambda: rnn.pad_packed_sequence(rnn.pack_padded_sequence(z(5, 2, 3), [5, 3]), total_length=4),
        ValueError,
        "Expected total_length to be at least the length of the longest sequence in input, but got total_length=4 and max "
        "sequence length being 5",
    ),
    (
        lambda: rnn.pad_packed_sequence(rnn.PackedSequence(z(5, 3), ag.tensor([], dtype=ag.int64))),
        RuntimeError,
        "batch_sizes can not be empty",
    ),
    (lambda: rnn.pad_sequence([]), RuntimeError, "received an empty list of sequences"),
    (lambda: rnn.pack_sequence([]), RuntimeError, "received an empty list of sequences"),
    (
        lambda: rnn.pad_sequence(3),
        RuntimeError,
        "pad_sequence: Expected iterable for input sequences, but got arg of type: <class 'int'>",
    ),
    (
        lambda: rnn.pad_sequence([z(2)], padding_side="x"),
        RuntimeError,
        "Expected padding_side to be one of left or right, but got x.",
    ),
    (lambda: rnn.pad_sequence([1, 2]), TypeError, "expected Tensor as element 0 in argument 0, but got int"),
    (
        lambda: rnn.PackedSequence(z(2)),
        AssertionError,
        "Expected data to be a list or tuple of length 2",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), WRONG_SEQUENCES)
def test_wrong_sequences(call, kind, text):
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == text


@pytest.mark.arcgrad_only
def test_lengths_beyond_the_input_are_refused():
    with pytest.raises(RuntimeError, match="Expected lengths of at most 5, the steps of the input, but got 6"):
        rnn.pack_padded_sequence(z(5, 2, 3), [6, 3])


@pytest.mark.parametrize(
    "sequences", [[z(2), z(2, 2)], [z(2, 2), z(3, 3)], [ag.tensor(1.0)], ag.tensor([1.0])], ids=["axes", "sizes", "0-d", "rows of 0-d"]
)
def test_sequences_must_be_alike(sequences):
    with pytest.raises(RuntimeError):
        rnn.pad_sequence(sequences)


def test_padding_sequences():
    a, b, c = ag.tensor([1, 2, 3]), ag.tensor([4, 5]), ag.tensor([6])
    assert rnn.pad_sequence([a, b, c]).tolist() == [[1, 4, 6], [2, 5, 0], [3, 0, 0]]
    assert rnn.pad_sequence((a, b, c), True, 9).tolist() == [[1, 2, 3], [4, 5, 9], [6, 9, 9]]
    assert rnn.pad_sequence(iter([a, b, c]), True, 9, "left").tolist() == [[1, 2, 3], [9, 4, 5], [9, 9, 6]]
    assert tuple(rnn.pad_sequence(z(5, 2, 3)).shape) == (2, 5, 3)
    assert rnn.pad_sequence([z(0), ag.ones(2)], True).tolist() == [[0, 0], [1, 1]]
    assert rnn.pad_sequence([a, b.double()]).dtype == ag.int64
    assert rnn.pad_sequence([a.double(), b]).dtype == F64
    assert rnn.pad_sequence([a, b], True, 1.5).tolist() == [[1, 2, 3], [4, 5, 1]]


def test_unpadding_gives_the_sequences_back_and_leaves_the_batch_alone():
    x = ag.arange(30.0).reshape(5, 2, 3)
    first, second = rnn.unpad_sequence(x.clone(), ag.tensor([2, 1]))
    assert ag.equal(first, x[:2, 0]) and ag.equal(second, x[:1, 1])
    with pytest.raises(ValueError, match="argument 2 is shorter than argument 1"):
        rnn.unpad_sequence(x.clone(), ag.tensor([2]))


def test_unpacking_gives_the_sequences_back():
    sequences = [ag.randn(length, 2) for length in (1, 3, 2)]
    back = rnn.unpack_sequence(rnn.pack_sequence(sequences, enforce_sorted=False))
    assert all(ag.equal(one, other) for one, other in zip(sequences, back, strict=True))


def test_inverse_permutations():
    assert rnn.invert_permutation(ag.tensor([2, 0, 1])).tolist() == [1, 2, 0]
    assert rnn.invert_permutation(None) is None
    with pytest.raises(RuntimeError, match="out of bounds"):
        rnn.invert_permutation(ag.tensor([5, 0, 1]))


def test_a_packed_sequence_is_a_tuple_that_converts():
    packed = rnn.pack_sequence([ag.ones(1), ag.ones(2)], enforce_sorted=False)
    assert isinstance(packed, tuple) and len(packed) == 4 and packed[0] is packed.data
    assert packed.to("cpu") is packed and packed.float() is packed and packed.cpu() is packed
    double = packed.double()
    assert isinstance(double, rnn.PackedSequence) and double.data.dtype == F64
    assert double.sorted_indices.tolist() == packed.sorted_indices.tolist()
    assert packed.to(F64).data.dtype == packed.to(dtype=F64).data.dtype == F64
    assert (packed.int().data.dtype, packed.long().data.dtype) == (ag.int32, ag.int64)
    assert (packed.short().data.dtype, packed.char().data.dtype, packed.byte().data.dtype) == (ag.int16, ag.int8, ag.uint8)
    assert packed.is_cuda is False and packed.is_pinned() is False
    pair = rnn.PackedSequence((packed.data, packed.batch_sizes))
    assert pair.data is packed.data and pair.sorted_indices is None
    assert rnn.PackedSequence(*packed[:3]).unsorted_indices.tolist() == [1, 0]
    for copied in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert type(copied) is rnn.PackedSequence
        assert all(ag.equal(one, other) for one, other in zip(copied, packed))


def test_the_list_of_weights_may_be_set():
    first, second = nn.GRU(2, 3), nn.GRU(2, 3)
    first._flat_weights = list(second._flat_weights)
    assert all(mine is other for mine, other in zip(first.parameters(), second.parameters()))
    x = ag.ones(4, 1, 2)
    assert ag.equal(first(x)[0], second(x)[0])
