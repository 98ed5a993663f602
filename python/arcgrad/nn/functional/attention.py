"""Attention of several heads as one function: projections, masks of every kind, and the weights where they are wanted."""

from __future__ import annotations

import math

import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["multi_head_attention_forward"]


def added_mask(mask, name, dtype, other=None, other_name=""):
    """A mask in the form that is added to scores: of ``dtype``, −∞ where a bool mask is true. ``None`` and masks of floats stay.

    Raises AssertionError for other dtypes, warns where the ``other`` mask is of the other kind.
    """
    if mask is None:
        return None
    if mask.dtype != arcgrad.bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype != mask.dtype:
        _warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead."
        )
    if mask.is_floating_point():
        return mask
    return mask.new_zeros(mask.shape, dtype=dtype).masked_fill_(mask, -math.inf)


def _check_axes(query, key, value, key_padding_mask, attn_mask, num_heads):
    """Raises where the axes do not go together. Returns whether there is an axis of the batch."""
    axes = query.dim()
    if axes not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {axes}-D query tensor"
        )
    kind = "batched (3-D)" if axes == 3 else "unbatched (2-D)"
    if key.dim() != axes or value.dim() != axes:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {axes}-D "
            f"but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != axes - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {axes - 1}-D "
            f"but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D "
                f"but found {attn_mask.dim()}-D tensor instead"
            )
        if axes == 2 and attn_mask.dim() == 3:
            expected = (num_heads, query.shape[0], key.shape[0])
            if tuple(attn_mask.shape) != expected:
                raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    return axes == 3


def _projected(query, key, value, weight, bias):
    """Query, key and value times their parts of one weight ``(3 E, E)``, in as few products as there are different tensors."""
    size = query.shape[-1]
    if key is value:
        if query is key:
            return _core.linear(query, weight, bias).chunk(3, -1)
        weights = weight.split((size, 2 * size))
        biases = (None, None) if bias is None else bias.split((size, 2 * size))
        return _core.linear(query, weights[0], biases[0]), *_core.linear(key, weights[1], biases[1]).chunk(2, -1)
    return _projected_apart(query, key, value, weight.chunk(3), bias)


def _projected_apart(query, key, value, weights, bias):
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return tuple(map(_core.linear, (query, key, value), weights, biases))


def _check_separate_weights(query, key, value, weights):
    size = query.shape[-1]
    named = (("query", "q", query), ("key", "k", key), ("value", "v", value))
    for (_, short, _), weight in zip(named, weights):
        if weight is None:
            raise AssertionError(f"use_separate_proj_weight is True but {short}_proj_weight is None")
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    for (name, _, tensor), weight in zip(named, weights):
        expected = (size, tensor.shape[-1])
        if tuple(weight.shape) != expected:
            raise AssertionError(f"expecting {name} weights shape of {expected}, but got {weight.shape}")


def _of_heads(static, name, batch, heads, size):
    """A key or value given by head, ``(batch · heads, S, size)``, as ``(batch, heads, S, size)``."""
    for axis, expected in ((0, batch * heads), (2, size)):
        if static.size(axis) != expected:
            raise AssertionError(f"expecting static_{name}.size({axis}) of {expected}, but got {static.size(axis)}")
    return static.unflatten(0, (batch, heads))


def _merged_mask(attn_mask, key_padding_mask, batch, heads, queries, keys):
    """Both masks as one that broadcasts to ``(batch, heads, queries, keys)``, or None."""
    if attn_mask is not None:
        expected = (queries, keys) if attn_mask.dim() == 2 else (batch * heads, queries, keys)
        if tuple(attn_mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the {attn_mask.dim()}D attn_mask is {attn_mask.shape}, but should be {expected}."
            )
        attn_mask = attn_mask[None, None] if attn_mask.dim() == 2 else attn_mask.unflatten(0, (batch, heads))
    if key_padding_mask is None:
        return attn_mask
    for axis, expected in ((0, batch), (1, keys)):
        if key_padding_mask.shape[axis] != expected:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{axis}] to be {expected}, but got {key_padding_mask.shape[axis]}"
            )
    padding = key_padding_mask[:, None, None]
    return padding if attn_mask is None else attn_mask + padding


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """What :class:`~arcgrad.nn.MultiheadAttention` computes, of parameters that are given.

    Args:
        query, key, value (Tensor): ``(L, N, E)``, ``(S, N, Ek)`` and ``(S, N, Ev)``, or without the axis ``N`` of the batch.
        embed_dim_to_check (int): E.
        num_heads (int): heads, each of E / num_heads features.
        in_proj_weight, in_proj_bias (Tensor): ``(3 E, E)`` and ``(3 E,)``: the projections of query, key and value, in this order.
        bias_k, bias_v (Tensor, optional): ``(1, 1, E)``, one more key and value.
        add_zero_attn (bool): whether a key and a value of zeros are added.
        dropout_p (float): probability of dropout on the weights while ``training``.
        out_proj_weight, out_proj_bias (Tensor): the projection of the result.
        key_padding_mask (Tensor, optional): ``(N, S)``: true where a key is not seen, or what is added to its scores.
        need_weights (bool): whether the weights are returned, too.
        attn_mask (Tensor, optional): ``(L, S)`` or ``(N · num_heads, L, S)``: true where a query does not see a key, or what is
            added to the scores.
        use_separate_proj_weight (bool): whether the projections are ``q_proj_weight`` ``(E, E)``, ``k_proj_weight`` ``(E, Ek)`` and
            ``v_proj_weight`` ``(E, Ev)``, not parts of ``in_proj_weight``.
        static_k, static_v (Tensor, optional): ``(N · num_heads, S, E / num_heads)``, in place of the projected key and value.
        average_attn_weights (bool): whether the weights are the mean over the heads.
        is_causal (bool): a hint that ``attn_mask``, which must be given, is the causal one.

    Returns:
        the result ``(L, N, E)``, and the weights ``(N, L, S)``, ``(N, num_heads, L, S)`` if not averaged, or None.

    Raises:
        AssertionError, RuntimeError: sizes or masks do not fit.
    """
    batched = _check_axes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        # The one tensor that all three may be must stay one: it is projected once.
        query, key, value = _same(lambda tensor: tensor.unsqueeze(1), query, key, value)
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    queries, batch, size = query.shape
    key_padding_mask = added_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        is_causal = False
        attn_mask = added_mask(attn_mask, "attn_mask", query.dtype)

    if size != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {size}")
    of_head = size // num_heads
    if of_head * num_heads != size:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {num_heads}")

    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        _check_separate_weights(query, key, value, weights)
        query, key, value = _projected_apart(query, key, value, weights, in_proj_bias)
    else:
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        query, key, value = _projected(query, key, value, in_proj_weight, in_proj_bias)

    more = 0
    if bias_k is not None and bias_v is not None:
        for static, name in ((static_k, "key"), (static_v, "value")):
            if static is not None:
                raise AssertionError(f"bias cannot be added to static {name}.")
        key, value = (arcgrad.cat((own, bias.expand(1, batch, size))) for own, bias in ((key, bias_k), (value, bias_v)))
        more += 1
    elif bias_k is not None or bias_v is not None:
        there, missing = ("k", "v") if bias_v is None else ("v", "k")
        raise AssertionError(f"bias_{there} is set but bias_{missing} is None")

    def heads(tensor):
        # A view, so that keys of another batch are refused and not broadcast.
        return tensor.view(tensor.shape[0], batch, num_heads, of_head).permute(1, 2, 0, 3)

    query = heads(query)
    key = heads(key) if static_k is None else _of_heads(static_k, "k", batch, num_heads, of_head)
    value = heads(value) if static_v is None else _of_heads(static_v, "v", batch, num_heads, of_head)
    mask = _merged_mask(attn_mask, key_padding_mask, batch, num_heads, queries, key.shape[2] - more)
    if add_zero_attn:
        nothing = key.new_zeros((batch, num_heads, 1, of_head))
        key, value = arcgrad.cat((key, nothing), 2), arcgrad.cat((value, nothing), 2)
        more += 1
    if mask is not None and more:
        # What was added is seen by all.
        mask = _core.pad(mask, (0, more))

    if not training:
        dropout_p = 0.0
    weights = None
    if need_weights:
        scores = (query * math.sqrt(1.0 / of_head)) @ key.transpose(2, 3)
        weights = _core.softmax(scores if mask is None else scores + mask, -1)
        if dropout_p > 0.0:
            weights = _core.dropout(weights, dropout_p)
        output = weights @ value
    else:
        output = _core.scaled_dot_product_attention(query, key, value, mask, dropout_p, is_causal)
    output = _core.linear(output.permute(2, 0, 1, 3).flatten(2), out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if batched:
        return output, weights
    return output.squeeze(1), weights if weights is None else weights.squeeze(0)


def _same(fn, query, key, value):
    """``fn`` of each, called once for a tensor that is several of them."""
    changed = {id(tensor): fn(tensor) for tensor in (query, key, value)}
    return tuple(changed[id(tensor)] for tensor in (query, key, value))


_names.describe(__name__)
