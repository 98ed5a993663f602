"""Transformers (Vaswani et al., 2017): layers of encoder and decoder, stacks of them, and both together."""

from __future__ import annotations

import copy
import math

from arcgrad import _names, _warnings, full, is_grad_enabled, triu

from .. import functional as F
from .. import init
from ..functional.attention import added_mask
from .activation import GELU, ReLU
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad._core import DType, Device, Tensor


def _get_clones(module, N):
    return ModuleList(copy.deepcopy(module) for _ in range(N))


def _get_activation_fn(activation):
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return getattr(F, activation)


def _generate_square_subsequent_mask(sz, device=None, dtype=None):
    return triu(full((sz, sz), -math.inf, dtype=dtype, device=device), 1)


def _get_seq_len(src, batch_first):
    return src.size(1 if batch_first and src.dim() == 3 else 0)


def _detect_is_causal_mask(mask, is_causal, size):
    """Whether the mask is the causal one: as ``is_causal`` says, or if that is None as the mask itself shows."""
    if is_causal is not None or mask is None:
        return is_causal is True
    if tuple(mask.shape) != (size, size):
        return False
    causal = triu(full((size, size), True), 1)
    # A mask of floats is −∞ where a bool one is true, and 0 elsewhere.
    return bool((mask == (causal if mask.dtype == causal.dtype else _generate_square_subsequent_mask(size))).all())


def _batch_first(layers):
    """Whether a stack's layers have the batch first; layers of another make say nothing about it."""
    first = next(iter(layers), None)
    return getattr(getattr(first, "self_attn", None), "batch_first", False)


class _Layer(Module):
    """What :class:`TransformerEncoderLayer` and :class:`TransformerDecoderLayer` share: the settings and the feed-forward block."""

    __constants__ = ["norm_first"]

    # What attends to what, and the names of the normalisations in order; each has a dropout of the same number.
    _attentions = ()

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        for name in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias=bias, batch_first=batch_first, **place)
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **place)
        self.norm_first = norm_first
        blocks = range(1, len(self._attentions) + 2)
        for block in blocks:
            self.add_module(f"norm{block}", LayerNorm(d_model, layer_norm_eps, bias=bias, **place))
        for block in blocks:
            self.add_module(f"dropout{block}", Dropout(dropout))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def _feed_forward(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def __setstate__(self, state):
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu


class TransformerEncoderLayer(_Layer):
    r"""A layer of an encoder: attention of the sequence to itself, then two linear layers with an activation between them; each
    of the two blocks is added to its input and normalised.

    Args:
        d_model (int): features of input and result.
        nhead (int): heads of the attention.
        dim_feedforward (int): features between the linear layers. Default: 2048.
        dropout (float): probability of dropout, on the attention's weights too. Default: 0.1.
        activation (str or callable): ``'relu'``, ``'gelu'`` or a function of one tensor. Default: ReLU.
        layer_norm_eps (float): ``eps`` of the normalisations. Default: 1e-5.
        batch_first (bool): whether the batch is the first axis, not the second.
        norm_first (bool): whether a block's input is normalised, not the sum (Xiong et al., 2020).
        bias (bool): whether linear layers and normalisations have biases. Default: ``True``.
        device, dtype: of the parameters.

    Shapes:
        input and result ``(S, N, d_model)``, without ``N`` for a single sequence.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> tuple(layer(ag.randn(3, 5, 8)).shape)
        (3, 5, 8)
    """

    _attentions = ("self_attn",)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Input → result of the same shape; masks and the hint ``is_causal`` as in :class:`MultiheadAttention`."""
        padding = added_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, src_mask, "src_mask")
        mask = added_mask(src_mask, "src_mask", src.dtype)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal=is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal=is_causal))
        return self.norm2(x + self._ff_block(x))

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        x, _ = self.self_attn(
            x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal, need_weights=False
        )
        return self.dropout1(x)

    def _ff_block(self, x):
        return self.dropout2(self._feed_forward(x))


class TransformerDecoderLayer(_Layer):
    r"""A layer of a decoder: attention of the sequence to itself, then to the encoder's result, then two linear layers; each of
    the three blocks is added to its input and normalised.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype: as
            :class:`TransformerEncoderLayer`.

    Shapes:
        input and result ``(T, N, d_model)``, what is attended to ``(S, N, d_model)``; without ``N`` for a single sequence.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> tuple(layer(ag.randn(3, 5, 8), ag.randn(3, 7, 8)).shape)
        (3, 5, 8)
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Input and the encoder's result → result of the input's shape; masks and hints as in :class:`MultiheadAttention`, for the
        attention to itself and for that to ``memory``."""
        itself = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *itself)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *itself))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        return self.norm3(x + self._ff_block(x))

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        x, _ = self.self_attn(
            x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal, need_weights=False
        )
        return self.dropout1(x)

    def _mha_block(self, x, mem, attn_mask, key_padding_mask, is_causal=False):
        x, _ = self.multihead_attn(
            x, mem, mem, attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal, need_weights=False
        )
        return self.dropout2(x)

    def _ff_block(self, x):
        return self.dropout3(self._feed_forward(x))


def _is_relu_or_gelu(activation):
    return activation in (F.relu, F.gelu) or isinstance(activation, (ReLU, GELU))


def _why_not_nested(layer):
    """Why an encoder of this layer does not leave out what is padded, None if it does."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    reasons = (
        (layer.norm_first, "encoder_layer.norm_first was True"),
        (
            not attention.batch_first,
            "encoder_layer.self_attn.batch_first was not True(use batch_first for better inference performance)",
        ),
        (not attention._qkv_same_embed_dim, "encoder_layer.self_attn._qkv_same_embed_dim was not True"),
        (attention.in_proj_bias is None, "encoder_layer.self_attn was passed bias=False"),
        (not _is_relu_or_gelu(layer.activation), "encoder_layer.activation_relu_or_gelu was not True"),
        (layer.norm1.eps != layer.norm2.eps, "encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps"),
        (attention.num_heads % 2 == 1, "encoder_layer.self_attn.num_heads is odd"),
    )
    return next((reason for holds, reason in reasons if holds), None)


class TransformerEncoder(Module):
    r"""A stack of ``num_layers`` copies of a layer.

    Args:
        encoder_layer (TransformerEncoderLayer): what is copied; all copies start with its parameters.
        num_layers (int): copies.
        norm (Module, optional): applied to the result.
        enable_nested_tensor (bool): whether padding at the ends of the sequences may be left out of the computation where no
            gradients are wanted: the layers' result is zero there. Default: ``True``.
        mask_check (bool): whether that is only done where the padding is at the ends. It always is; accepted for programs that
            say so.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> encoder = ag.nn.TransformerEncoder(layer, 3)
        >>> tuple(encoder(ag.randn(3, 5, 8)).shape)
        (3, 5, 8)
    """

    __constants__ = ["norm"]

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _why_not_nested(encoder_layer)
        self.use_nested_tensor = enable_nested_tensor and reason is None
        if enable_nested_tensor and reason is not None:
            _warnings.warn(f"enable_nested_tensor is True, but self.use_nested_tensor is False because {reason}")

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Input → result of the same shape.

        Args:
            src (Tensor): the input of the first layer.
            mask, src_key_padding_mask (Tensor, optional): given to each layer.
            is_causal (bool, optional): whether ``mask`` is the causal one; found out if not given.
        """
        padding = added_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask, "mask")
        mask = added_mask(mask, "mask", src.dtype)
        is_causal = _detect_is_causal_mask(mask, is_causal, _get_seq_len(src, _batch_first(self.layers)))
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        if mask is None and padding is not None and self._leaves_out(src, padding):
            output = output.masked_fill((padding != 0).unsqueeze(-1), 0)
        return output if self.norm is None else self.norm(output)

    def _leaves_out(self, src, padding):
        """Whether what is padded is no part of the result: no gradients, and padding at the ends of the sequences only."""
        if not self.use_nested_tensor or src.dim() != 3 or not len(self.layers) or self.layers[0].training:
            return False
        if is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in self.layers[0].parameters())):
            return False
        padded = padding != 0
        return not bool((padded[:, :-1] & ~padded[:, 1:]).any())


class TransformerDecoder(Module):
    r"""A stack of ``num_layers`` copies of a layer.

    Args:
        decoder_layer (TransformerDecoderLayer): what is copied; all copies start with its parameters.
        num_layers (int): copies.
        norm (Module, optional): applied to the result.

    Example::

        >>> import arcgrad as ag
        >>> decoder = ag.nn.TransformerDecoder(ag.nn.TransformerDecoderLayer(8, 2, 16), 3)
        >>> tuple(decoder(ag.randn(5, 3, 8), ag.randn(7, 3, 8)).shape)
        (5, 3, 8)
    """

    __constants__ = ["norm"]

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Input and the encoder's result → result of the input's shape. Masks and hints are given to each layer;
        ``tgt_is_causal`` is found out if not given."""
        tgt_is_causal = _detect_is_causal_mask(tgt_mask, tgt_is_causal, _get_seq_len(tgt, _batch_first(self.layers)))
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    r"""Encoder and decoder (Vaswani et al., 2017).

    Args:
        d_model (int): features of input and result. Default: 512.
        nhead (int): heads. Default: 8.
        num_encoder_layers, num_decoder_layers (int): layers. Default: 6.
        dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype: as
            :class:`TransformerEncoderLayer`.
        custom_encoder, custom_decoder (Module, optional): in place of those made here.

    Shapes:
        ``src`` ``(S, N, d_model)``, ``tgt`` and result ``(T, N, d_model)``; without ``N`` for single sequences.

    All matrices start as :func:`~arcgrad.nn.init.xavier_uniform_` draws them.

    Example::

        >>> import arcgrad as ag
        >>> model = ag.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> tuple(model(ag.randn(3, 5, 8), ag.randn(3, 4, 8)).shape)
        (3, 4, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        settings = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            layer = TransformerEncoderLayer(*settings, **place)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            layer = TransformerDecoderLayer(*settings, **place)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
            self.decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoder's result for ``tgt``, with the encoder's for ``src``. Masks and hints are for the attention within ``src``,
        within ``tgt`` and from ``tgt`` to ``src``; hints that are None are found out.

        Raises:
            RuntimeError: ``src`` and ``tgt`` differ in their batches, or have not ``d_model`` features.
        """
        if src.dim() == 3:
            batch = 0 if self.batch_first else 1
            if src.size(batch) != tgt.size(batch):
                raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Device = None, dtype: DType | None = None) -> Tensor:
        """The causal mask of ``sz`` positions: −∞ above the diagonal, 0 elsewhere.

        >>> import arcgrad as ag
        >>> ag.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return _generate_square_subsequent_mask(sz, device, dtype)

    def _reset_parameters(self):
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)


_names.describe(__name__)
