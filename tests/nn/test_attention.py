"""Attention of several heads and transformers: figures are in test_sequences_oracle.py, here is what they obey and refuse."""

import copy
import inspect
import math
import pickle
import warnings

import numpy as np
import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import functional as F

F64 = ag.float64
NESTED = "enable_nested_tensor is True, but self.use_nested_tensor is False because "


def causal(size, dtype=None):
    return nn.Transformer.generate_square_subsequent_mask(size, dtype=dtype)


def bools(*shape):
    return ag.zeros(*shape, dtype=ag.bool)


# ---- what attention computes ----


@pytest.mark.parametrize("batch_first", [False, True])
def test_attention_is_the_formula_head_by_head(batch_first):
    attention = nn.MultiheadAttention(4, 2, batch_first=batch_first, dtype=F64)
    query, key, value = ag.randn(3, 2, 4, dtype=F64), ag.randn(5, 2, 4, dtype=F64), ag.randn(5, 2, 4, dtype=F64)
    given = [one.transpose(0, 1) for one in (query, key, value)] if batch_first else (query, key, value)
    output, weights = attention(*given, average_attn_weights=False)
    if batch_first:
        output = output.transpose(0, 1)
    projections = zip(attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3))
    q, k, v = (F.linear(one, *projection) for one, projection in zip((query, key, value), projections))
    for element in range(2):
        heads = []
        for head in range(2):
            own = slice(2 * head, 2 * head + 2)
            expected = (q[:, element, own] @ k[:, element, own].t() / math.sqrt(2)).softmax(-1)
            assert ag.allclose(weights[element, head], expected, atol=1e-14)
            heads.append(expected @ v[:, element, own])
        assert ag.allclose(output[:, element], attention.out_proj(ag.cat(heads, 1)), atol=1e-14)


@pytest.mark.parametrize("settings", [{}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 3, "vdim": 5}])
@pytest.mark.parametrize("mask", [None, "bool", "float", "of heads"])
@pytest.mark.parametrize("padded", [False, True])
def test_the_result_is_the_same_without_the_weights(settings, mask, padded):
    attention = nn.MultiheadAttention(4, 2, dtype=F64, **settings)
    query = ag.randn(3, 2, 4, dtype=F64)
    key, value = ag.randn(5, 2, attention.kdim, dtype=F64), ag.randn(5, 2, attention.vdim, dtype=F64)
    attn_mask = {
        None: None,
        "bool": ag.ones(3, 5).triu(1).bool(),
        "float": ag.randn(3, 5, dtype=F64),
        "of heads": ag.randn(4, 3, 5, dtype=F64),
    }[mask]
    padding = None
    if padded:
        padding = bools(2, 5)
        padding[1, 3:] = True
        if mask in ("float", "of heads"):
            padding = ag.zeros(2, 5, dtype=F64).masked_fill(padding, -math.inf)
    output, weights = attention(query, key, value, padding, attn_mask=attn_mask)
    other, none = attention(query, key, value, padding, attn_mask=attn_mask, need_weights=False)
    assert none is None and ag.allclose(output, other, atol=1e-14)
    assert ag.allclose(weights.sum(-1), ag.ones(2, 3, dtype=F64))
    if padded:
        assert bool((weights[1, :, 3:5] == 0).all())


def test_a_mask_given_as_bool_or_as_floats_is_the_same_mask():
    attention = nn.MultiheadAttention(4, 2, dtype=F64)
    x = ag.randn(3, 2, 4, dtype=F64)
    expected, weights = attention(x, x, x, attn_mask=causal(3, F64))
    output, _ = attention(x, x, x, attn_mask=ag.ones(3, 3).triu(1).bool())
    assert ag.equal(output, expected)
    assert bool((weights.triu(1) == 0).all())


def test_the_hint_stands_for_the_mask_only_where_there_are_neither_weights_nor_padding():
    attention = nn.MultiheadAttention(4, 2, dtype=F64)
    x = ag.randn(3, 2, 4, dtype=F64)
    nothing = ag.zeros(3, 3, dtype=F64)
    is_causal, _ = attention(x, x, x, attn_mask=causal(3, F64))
    is_not, _ = attention(x, x, x)
    # PyTorch believes the hint where it can, whatever the mask says.
    assert ag.allclose(attention(x, x, x, attn_mask=nothing, is_causal=True, need_weights=False)[0], is_causal)
    assert ag.allclose(attention(x, x, x, attn_mask=nothing, is_causal=True)[0], is_not)
    padding = ag.zeros(2, 3, dtype=F64)
    output, _ = attention(x, x, x, padding, attn_mask=nothing, is_causal=True, need_weights=False)
    assert ag.allclose(output, is_not)


def test_a_query_that_sees_no_key():
    attention = nn.MultiheadAttention(4, 2)
    x = ag.randn(3, 2, 4)
    nothing_seen = ag.ones(3, 3, dtype=ag.bool)
    output, weights = attention(x, x, x, attn_mask=nothing_seen)
    assert bool(output.isnan().all()) and bool(weights.isnan().all())
    output, _ = attention(x, x, x, attn_mask=nothing_seen, need_weights=False)
    assert ag.equal(output, ag.zeros(3, 2, 4))


def test_weights_are_dropped_while_training_only():
    attention = nn.MultiheadAttention(4, 2, dropout=0.5)
    x = ag.randn(8, 2, 4)
    _, weights = attention(x, x, x, average_attn_weights=False)
    assert bool((weights == 0).any())
    _, weights = attention.eval()(x, x, x, average_attn_weights=False)
    assert not bool((weights == 0).any())


def test_empty_sequences():
    attention = nn.MultiheadAttention(4, 2)
    output, weights = attention(ag.randn(0, 2, 4), ag.randn(3, 2, 4), ag.randn(3, 2, 4))
    assert tuple(output.shape) == (0, 2, 4) and tuple(weights.shape) == (2, 0, 3)
    output, weights = attention(ag.randn(5, 0, 4), ag.randn(3, 0, 4), ag.randn(3, 0, 4))
    assert tuple(output.shape) == (5, 0, 4) and tuple(weights.shape) == (0, 5, 3)
    output, weights = attention(ag.randn(5, 2, 4), ag.randn(0, 2, 4), ag.randn(0, 2, 4))
    assert ag.equal(output, ag.zeros(5, 2, 4)) and tuple(weights.shape) == (2, 5, 0)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("itself", [True, False])
def test_gradients_of_attention(need_weights, itself):
    def leaf(*shape):
        return ag.randn(*shape, dtype=F64).requires_grad_()

    weights = [leaf(12, 4), leaf(12), leaf(1, 1, 4), leaf(1, 1, 4), leaf(4, 4), leaf(4)]
    mask = leaf(2, 2 if itself else 3)

    def attend(*args):
        if itself:
            query, *rest = args
            key = value = query
        else:
            query, key, value, *rest = args
        weight, bias, bias_k, bias_v, out, out_bias, mask = rest
        result = F.multi_head_attention_forward(
            *(query, key, value, 4, 2, weight, bias, bias_k, bias_v, True, 0.0, out, out_bias),
            need_weights=need_weights,
            attn_mask=mask,
        )
        return result if need_weights else result[0]

    inputs = [leaf(2, 1, 4)] if itself else [leaf(2, 1, 4), leaf(3, 1, 4), leaf(3, 1, 4)]
    assert ag.autograd.gradcheck(attend, (*inputs, *weights, mask))
    assert ag.autograd.gradgradcheck(attend, (*inputs, *weights, mask))


def test_keys_and_values_that_are_given_by_head():
    x = ag.randn(3, 2, 4)
    weight, out = ag.randn(12, 4), ag.randn(4, 4)
    static = ag.randn(4, 7, 2)
    output, weights = F.multi_head_attention_forward(
        x, x, x, 4, 2, weight, None, None, None, False, 0.0, out, None, static_k=static, static_v=static
    )
    query = F.linear(x, weight[:4]).reshape(3, 4, 2).transpose(0, 1)
    expected = (query @ static.transpose(1, 2) / math.sqrt(2)).softmax(-1)
    assert ag.allclose(weights, expected.reshape(2, 2, 3, 7).mean(1), atol=1e-6)
    assert ag.allclose(output, (expected @ static).transpose(0, 1).reshape(3, 2, 4) @ out.t(), atol=1e-5)


# ---- parameters ----

NAMES = {
    (): ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"],
    (("bias", False), ("add_bias_kv", True)): ["in_proj_weight", "bias_k", "bias_v", "out_proj.weight"],
    (("kdim", 3), ("vdim", 5), ("add_bias_kv", True)): [
        *("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "bias_k", "bias_v"),
        *("out_proj.weight", "out_proj.bias"),
    ],
}


@pytest.mark.parametrize("settings", NAMES)
def test_names_of_parameters(settings):
    attention = nn.MultiheadAttention(4, 2, **dict(settings))
    assert list(attention.state_dict()) == NAMES[settings]
    assert attention.q_proj_weight is None or attention.in_proj_weight is None


def test_repr_is_pytorchs():
    assert repr(nn.MultiheadAttention(4, 2)) == (
        "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)\n)"
    )
    assert repr(nn.TransformerDecoderLayer(4, 2, 8, bias=False, dtype=F64)) == (
        """TransformerDecoderLayer(
  (self_attn): MultiheadAttention(
    (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=False)
  )
  (multihead_attn): MultiheadAttention(
    (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=False)
  )
  (linear1): Linear(in_features=4, out_features=8, bias=False)
  (dropout): Dropout(p=0.1, inplace=False)
  (linear2): Linear(in_features=8, out_features=4, bias=False)
  (norm1): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=False)
  (norm2): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=False)
  (norm3): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=False)
  (dropout1): Dropout(p=0.1, inplace=False)
  (dropout2): Dropout(p=0.1, inplace=False)
  (dropout3): Dropout(p=0.1, inplace=False)
)"""
    )


MODULES = {
    "attention": (lambda: nn.MultiheadAttention(4, 2), 3),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, 0.0, nn.SiLU()), 1),
    "decoder layer": (lambda: nn.TransformerDecoderLayer(4, 2, 8, 0.0, norm_first=True), 2),
    "transformer": (lambda: nn.Transformer(4, 2, 1, 1, 8, 0.0, batch_first=True), 2),
}


@pytest.mark.parametrize("name", MODULES)
def test_copies_compute_the_same_and_share_nothing(name):
    make, inputs = MODULES[name]
    module, other = make(), make()
    other.load_state_dict(module.state_dict())
    x = ag.randn(3, 2, 4)

    def result(module):
        output = module(*[x] * inputs)
        return output[0] if isinstance(output, tuple) else output

    expected = result(module)
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        assert ag.equal(result(copied), expected)
        with ag.no_grad():
            next(copied.parameters()).zero_()
        assert not ag.equal(result(copied), expected) and ag.equal(result(module), expected)


@pytest.mark.arcgrad_only
def test_a_copy_keeps_the_activation_of_its_layer():
    layer = nn.TransformerDecoderLayer(4, 2, 8, activation=nn.ELU())
    assert isinstance(nn.TransformerDecoder(layer, 1).layers[0].activation, nn.ELU)


def test_a_stack_is_made_of_copies_of_its_layer():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    stack = nn.TransformerEncoder(layer, 3)
    assert len(stack.layers) == stack.num_layers == 3
    for one in stack.layers:
        assert one is not layer
        for ours, expected in zip(one.parameters(), layer.parameters(), strict=True):
            assert ours is not expected and ag.equal(ours, expected)


def test_parameters_have_the_dtype_asked_for():
    modules = (
        nn.MultiheadAttention(4, 2, add_bias_kv=True, kdim=3, dtype=F64),
        nn.Transformer(4, 2, 1, 1, 8, batch_first=True, device="cpu", dtype=F64),
    )
    for module in modules:
        assert {parameter.dtype for parameter in module.parameters()} == {F64}


# ---- transformers ----


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_layer_of_an_encoder_is_its_blocks(norm_first):
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0, ag.tanh, norm_first=norm_first, dtype=F64)
    x = ag.randn(3, 2, 4, dtype=F64)

    def attend(x):
        return layer.self_attn(x, x, x)[0]

    def feed(x):
        return layer.linear2(layer.linear1(x).tanh())

    if norm_first:
        between = x + attend(layer.norm1(x))
        expected = between + feed(layer.norm2(between))
    else:
        between = layer.norm1(x + attend(x))
        expected = layer.norm2(between + feed(between))
    assert ag.allclose(layer(x), expected, atol=1e-14)


def test_blocks_may_be_overridden():
    """Programs keep the weights of a layer's attention so."""

    class Keeps(nn.TransformerEncoderLayer):
        def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
            x, self.weights = self.self_attn(x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask)
            return self.dropout1(x)

    layer = Keeps(4, 2, 8)
    layer(ag.randn(3, 2, 4), src_mask=causal(3))
    assert tuple(layer.weights.shape) == (2, 3, 3) and bool((layer.weights.triu(1) == 0).all())


@pytest.mark.parametrize("mask", [causal(3), causal(3).isinf()], ids=["floats", "bool"])
def test_a_causal_mask_is_recognised(mask):
    """The result at a position does not depend on later ones, and the layers are told that the mask is causal."""
    told = []

    class Listens(nn.TransformerEncoderLayer):
        def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
            told.append(is_causal)
            return super().forward(src, src_mask, src_key_padding_mask, is_causal)

    encoder = nn.TransformerEncoder(Listens(4, 2, 8, 0.0), 2, enable_nested_tensor=False)
    x = ag.randn(3, 2, 4)
    output = encoder(x, mask)
    assert told == [True, True]
    y = x.clone()
    y[2] += 1
    assert ag.allclose(encoder(y, mask)[:2], output[:2], atol=1e-6)
    told.clear()
    assert ag.allclose(encoder(x, mask, is_causal=False), output, atol=1e-6)
    encoder(x, mask.roll(1, 0))
    encoder(x)
    assert told == [False] * 6


def test_padding_at_the_ends_is_zero_where_no_gradients_are_wanted():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), 2)
    x = ag.randn(2, 3, 4)
    padded = ag.tensor([[False, False, True], [False, False, False]])
    expected = encoder(x, src_key_padding_mask=padded)
    assert bool((expected != 0).all())
    encoder.eval()
    assert ag.allclose(encoder(x, src_key_padding_mask=padded), expected, atol=1e-6)
    zeroed = expected.masked_fill(padded.unsqueeze(-1), 0)
    with ag.no_grad():
        assert ag.allclose(encoder(x, src_key_padding_mask=padded), zeroed, atol=1e-6)
        added = ag.zeros(2, 3).masked_fill(padded, -math.inf)
        assert ag.allclose(encoder(x, src_key_padding_mask=added), zeroed, atol=1e-6)
        first = ag.tensor([[True, False, False], [False, False, False]])
        assert bool((encoder(x, src_key_padding_mask=first) != 0).all())
        assert bool((encoder(x, ag.zeros(3, 3), added) != 0).all())
    encoder.requires_grad_(False)
    assert ag.allclose(encoder(x, src_key_padding_mask=padded), zeroed, atol=1e-6)


def test_a_single_sequence_needs_no_batch():
    model = nn.Transformer(4, 2, 1, 1, 8, 0.0, batch_first=True)
    src, tgt = ag.randn(1, 3, 4), ag.randn(1, 2, 4)
    alone = model(src[0], tgt[0], tgt_mask=causal(2))
    assert ag.allclose(model(src, tgt, tgt_mask=causal(2))[0], alone, atol=1e-6)


def test_other_encoders_may_be_given():
    model = nn.Transformer(4, 2, custom_encoder=nn.Identity(), custom_decoder=nn.Identity())
    assert list(model.parameters()) == [] and isinstance(model.encoder, nn.Identity)


def test_causal_masks():
    inf = math.inf
    assert causal(3).tolist() == [[0, -inf, -inf], [0, 0, -inf], [0, 0, 0]]
    assert causal(2, F64).dtype == F64 and tuple(causal(0).shape) == (0, 0)


REASONS = [
    ({}, "encoder_layer.self_attn.batch_first was not True(use batch_first for better inference performance)"),
    ({"norm_first": True}, "encoder_layer.norm_first was True"),
    ({"batch_first": True, "bias": False}, "encoder_layer.self_attn was passed bias=False"),
    ({"batch_first": True, "activation": ag.tanh}, "encoder_layer.activation_relu_or_gelu was not True"),
    ({"batch_first": True, "nhead": 1}, "encoder_layer.self_attn.num_heads is odd"),
]


@pytest.mark.parametrize(("settings", "reason"), REASONS)
def test_why_nothing_is_left_out(settings, reason):
    layer = nn.TransformerEncoderLayer(**{"d_model": 4, "nhead": 2, "dim_feedforward": 8, **settings})
    with pytest.warns(UserWarning) as warned:
        stack = nn.TransformerEncoder(layer, 1)
    assert [str(one.message) for one in warned] == [NESTED + reason]
    assert stack.enable_nested_tensor is True and stack.use_nested_tensor is False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        for activation in ("relu", "gelu", nn.ReLU(), nn.GELU()):
            layer = nn.TransformerEncoderLayer(4, 2, 8, activation=activation, batch_first=True)
            assert nn.TransformerEncoder(layer, 1, None, True, True).use_nested_tensor is True


def test_other_layers_may_be_stacked():
    with pytest.warns(UserWarning, match="encoder_layer was not TransformerEncoderLayer"):
        nn.TransformerEncoder(nn.TransformerDecoderLayer(4, 2, 8), 1)


def test_parameters_are_where_programs_expect_them():
    parameters = list(inspect.signature(F.multi_head_attention_forward).parameters)
    assert parameters[:6] == ["query", "key", "value", "embed_dim_to_check", "num_heads", "in_proj_weight"]
    assert parameters[-3:] == ["static_v", "average_attn_weights", "is_causal"]


# ---- what is refused ----

X, Y = ag.ones(5, 2, 4), ag.ones(3, 2, 4)
CAUSAL_HINT = (
    "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
    "`generate_square_subsequent_mask` to create this mask."
)
SIZE = "ag.Size"
REFUSED = {
    "dims of key": (
        lambda m: m(X[:, 0], X, X),
        AssertionError,
        "For unbatched (2-D) `query`, expected `key` and `value` to be 2-D but found 3-D and 3-D tensors respectively",
    ),
    "dims of query": (
        lambda m: m(X[None], X[None], X[None]),
        AssertionError,
        "query should be unbatched 2D or batched 3D tensor but received 4-D query tensor",
    ),
    "key and value": (
        lambda m: m(X, Y, X),
        AssertionError,
        f"key shape {SIZE}([3, 2, 4]) does not match value shape {SIZE}([5, 2, 4])",
    ),
    "features": (
        lambda m: m(ag.ones(5, 2, 3), X, X),
        AssertionError,
        "was expecting embedding dimension of 4, but got 3",
    ),
    "padding's batch": (
        lambda m: m(X, Y, Y, bools(3, 2)),
        AssertionError,
        "Expected key_padded_mask.shape[0] to be 2, but got 3",
    ),
    "padding's keys": (
        lambda m: m(X, Y, Y, bools(2, 5)),
        AssertionError,
        "Expected key_padded_mask.shape[1] to be 3, but got 5",
    ),
    "padding's axes": (
        lambda m: m(X, Y, Y, bools(3)),
        AssertionError,
        "For batched (3-D) `query`, expected `key_padding_mask` to be `None` or 2-D but found 1-D tensor instead",
    ),
    "padding's axes without a batch": (
        lambda m: m(X[:, 0], Y[:, 0], Y[:, 0], bools(1, 3)),
        AssertionError,
        "For unbatched (2-D) `query`, expected `key_padding_mask` to be `None` or 1-D but found 2-D tensor instead",
    ),
    "padding's dtype": (
        lambda m: m(X, Y, Y, ag.zeros(2, 3, dtype=ag.int32)),
        AssertionError,
        "only bool and floating types of key_padding_mask are supported",
    ),
    "mask's dtype": (
        lambda m: m(X, Y, Y, attn_mask=ag.zeros(5, 3, dtype=ag.uint8)),
        AssertionError,
        "only bool and floating types of attn_mask are supported",
    ),
    "mask of heads": (
        lambda m: m(X, Y, Y, attn_mask=bools(2, 5, 3)),
        RuntimeError,
        f"The shape of the 3D attn_mask is {SIZE}([2, 5, 3]), but should be (4, 5, 3).",
    ),
    "mask": (
        lambda m: m(X, Y, Y, attn_mask=bools(3, 5)),
        RuntimeError,
        f"The shape of the 2D attn_mask is {SIZE}([3, 5]), but should be (5, 3).",
    ),
    "mask's axes": (
        lambda m: m(X, Y, Y, attn_mask=bools(2, 2, 5, 3)),
        AssertionError,
        "For batched (3-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found 4-D tensor instead",
    ),
    "mask of heads without a batch": (
        lambda m: m(X[:, 0], Y[:, 0], Y[:, 0], attn_mask=bools(1, 5, 3)),
        AssertionError,
        f"Expected `attn_mask` shape to be (2, 5, 3) but got {SIZE}([1, 5, 3])",
    ),
    "hint alone": (lambda m: m(X, Y, Y, is_causal=True), RuntimeError, CAUSAL_HINT),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_attention_refuses(name):
    call, kind, text = REFUSED[name]
    with pytest.raises(kind) as error:
        call(nn.MultiheadAttention(4, 2))
    assert str(error.value) == text.replace(SIZE, repr(X.shape).partition("(")[0])


@pytest.mark.parametrize("batch", [1, 3])
def test_keys_of_another_batch_are_not_broadcast(batch):
    with pytest.raises(RuntimeError, match="is invalid for input of size"):
        nn.MultiheadAttention(4, 2)(X, ag.ones(3, batch, 4), ag.ones(3, batch, 4))


APART = {
    "key weights": (lambda m: m(X, X, X), r"expecting key weights shape of \(4, 4\), but got .*\(\[4, 3\]\)"),
    "value weights": (
        lambda m: m(X, ag.ones(5, 2, 3), ag.ones(5, 2, 3)),
        r"expecting value weights shape of \(4, 3\), but got .*\(\[4, 5\]\)",
    ),
    "sequences": (
        lambda m: m(X, ag.ones(5, 2, 3), ag.ones(3, 2, 5)),
        r"key's sequence and batch dims .*\(\[5, 2\]\) do not match value's .*\(\[3, 2\]\)",
    ),
}


@pytest.mark.parametrize("name", APART)
def test_what_attention_with_other_sizes_refuses(name):
    call, text = APART[name]
    with pytest.raises(AssertionError, match=text):
        call(nn.MultiheadAttention(4, 2, kdim=3, vdim=5))


def test_wrong_settings_of_attention():
    with pytest.raises(AssertionError, match="^embed_dim must be divisible by num_heads$"):
        nn.MultiheadAttention(4, 3)
    text = "embed_dim and num_heads must be greater than 0, got embed_dim=0 and num_heads=1 instead"
    with pytest.raises(ValueError, match=f"^{text}$"):
        nn.MultiheadAttention(0, 1)


ONES = ag.ones(1, 1, 4)
PIECES = {
    "heads": ({"num_heads": 3}, "embed_dim 4 not divisible by num_heads 3"),
    "embedding": ({"embed_dim_to_check": 5}, "was expecting embedding dimension of 5, but got 4"),
    "weight": ({"in_proj_weight": None}, "use_separate_proj_weight is False but in_proj_weight is None"),
    "query weight": ({"use_separate_proj_weight": True}, "use_separate_proj_weight is True but q_proj_weight is None"),
    "bias of values": ({"bias_k": ONES}, "bias_k is set but bias_v is None"),
    "bias of keys": ({"bias_v": ONES}, "bias_v is set but bias_k is None"),
    "rows of keys": ({"static_k": ag.ones(3, 7, 2)}, "expecting static_k.size(0) of 4, but got 3"),
    "features of values": ({"static_v": ag.ones(4, 7, 3)}, "expecting static_v.size(2) of 2, but got 3"),
    "bias of static keys": (
        {"static_k": ag.ones(4, 7, 2), "bias_k": ONES, "bias_v": ONES},
        "bias cannot be added to static key.",
    ),
}


@pytest.mark.parametrize("name", PIECES)
def test_what_the_function_refuses(name):
    changes, text = PIECES[name]
    pieces = {
        **{"query": X, "key": Y, "value": Y, "embed_dim_to_check": 4, "num_heads": 2},
        **{"in_proj_weight": ag.ones(12, 4), "in_proj_bias": None, "bias_k": None, "bias_v": None},
        **{"add_zero_attn": False, "dropout_p": 0.0, "out_proj_weight": ag.ones(4, 4), "out_proj_bias": None},
    }
    with pytest.raises(AssertionError) as error:
        F.multi_head_attention_forward(**{**pieces, **changes})
    assert str(error.value) == text


def test_masks_of_two_kinds_warn():
    with pytest.warns(UserWarning, match="^Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type"):
        nn.MultiheadAttention(4, 2)(X, Y, Y, bools(2, 3), attn_mask=ag.zeros(5, 3))
    with pytest.warns(UserWarning, match="^Support for mismatched src_key_padding_mask and src_mask is deprecated"):
        nn.TransformerEncoderLayer(4, 2, 8)(X, ag.zeros(5, 5), bools(2, 5))
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 1, enable_nested_tensor=False)
    with pytest.warns(UserWarning, match="^Support for mismatched src_key_padding_mask and mask is deprecated"):
        stack(X, ag.zeros(5, 5), bools(2, 5))


def test_what_transformers_refuse():
    with pytest.raises(RuntimeError, match="^activation should be relu/gelu, not foo$"):
        nn.TransformerEncoderLayer(4, 2, 8, activation="foo")
    with pytest.raises(AssertionError, match="^only bool and floating types of src_mask are supported$"):
        nn.TransformerEncoderLayer(4, 2, 8)(X, ag.zeros(5, 5, dtype=ag.int32))
    model = nn.Transformer(4, 2, 1, 1, 8, batch_first=True)
    with pytest.raises(RuntimeError, match="^the batch number of src and tgt must be equal$"):
        model(X, Y)
    with pytest.raises(RuntimeError, match="^the feature number of src and tgt must be equal to d_model$"):
        model(X, ag.ones(5, 2, 3))
    with pytest.raises(RuntimeError, match="Need attn_mask if specifying the is_causal hint"):
        model(X, X, tgt_is_causal=True)


@pytest.mark.parametrize("dtype, unit", [(ag.bfloat16, 2.0**-8), (ag.float16, 2.0**-11)])
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"attn_mask": True}], ids=["all", "causal", "mask"])
def test_attention_of_half_precision_rounds_its_results_and_gradients_once(dtype, unit, options):
    random = np.random.default_rng(0)
    values = [ag.from_numpy(random.standard_normal((2, 3, 33, 31)) * factor).to(dtype) for factor in (6, 1, 1, 1)]
    mask = {"attn_mask": ag.from_numpy(random.standard_normal((33, 33))).to(dtype)} if "attn_mask" in options else options
    found = []
    for wider in (dtype, ag.float64):
        query, key, value, cotangent = (part.to(wider) for part in values)
        leaves = [part.requires_grad_() for part in (query, key, value)]
        wide = {name: part.to(wider) if isinstance(part, ag.Tensor) else part for name, part in mask.items()}
        result = F.scaled_dot_product_attention(*leaves, **wide)
        found.append([part.double() for part in (result.detach(), *ag.autograd.grad(result, leaves, cotangent))])
    for half, exact in zip(*found):
        assert (half - exact).abs().max() <= 1.02 * unit * exact.abs().max()
