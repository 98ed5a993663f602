"""Attention of several heads (Vaswani et al., 2017)."""

from __future__ import annotations

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..functional.attention import _same
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import DType, Device, Tensor


class MultiheadAttention(Module):
    r"""Attention of several heads: for each, ``softmax(q kᵀ / √d) v`` with its own projections ``q, k, v`` of d features of query,
    key and value; what the heads give is joined and projected once more (Vaswani et al., 2017).

    Args:
        embed_dim (int): E, the features of query and result.
        num_heads (int): heads, of d = E / num_heads features each.
        dropout (float): probability of dropout on the weights while training. Default: 0.
        bias (bool): whether the projections add biases. Default: ``True``.
        add_bias_kv (bool): whether there is one more key and value, which are parameters.
        add_zero_attn (bool): whether there is one more key and value, of zeros.
        kdim, vdim (int, optional): features of key and value, E if not given.
        batch_first (bool): whether the batch is the first axis of query, key, value and result, not the second.
        device, dtype: of the parameters.

    Shapes:
        query ``(L, N, E)``, key ``(S, N, kdim)``, value ``(S, N, vdim)``; result ``(L, N, E)``; all of them without ``N`` for a single
        sequence. Parameters: ``in_proj_weight`` ``(3 E, E)``, or ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight`` where
        kdim or vdim is not E, start as :func:`~arcgrad.nn.init.xavier_uniform_` draws them, ``in_proj_bias`` and
        ``out_proj.bias`` at zero, ``bias_k`` and ``bias_v`` by :func:`~arcgrad.nn.init.xavier_normal_`.

    Raises:
        ValueError, AssertionError: ``embed_dim`` or ``num_heads`` is not positive, or the one is no multiple of the other.

    Example::

        >>> import arcgrad as ag
        >>> attention = ag.nn.MultiheadAttention(8, 2, batch_first=True)
        >>> x = ag.randn(3, 5, 8)
        >>> output, weights = attention(x, x, x)
        >>> tuple(output.shape), tuple(weights.shape)
        ((3, 5, 8), (3, 5, 5))
    """

    __constants__ = ["batch_first"]

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def parameter(*shape):
            return Parameter(empty(shape, device=device, dtype=dtype))

        apart = not self._qkv_same_embed_dim
        sizes = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
        for name, size in sizes.items():
            self.register_parameter(f"{name}_proj_weight", parameter(embed_dim, size) if apart else None)
        self.register_parameter("in_proj_weight", None if apart else parameter(3 * embed_dim, embed_dim))
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, parameter(1, 1, embed_dim) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self):
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The result, and the weights if they are needed; without them less is computed.

        Args:
            query, key, value (Tensor): see the class.
            key_padding_mask (Tensor, optional): ``(N, S)``: true where a key is not seen, or what is added to its scores.
            need_weights (bool): whether the weights are returned, or None.
            attn_mask (Tensor, optional): ``(L, S)`` or ``(N · num_heads, L, S)``: true where a query does not see a key, or what is
                added to the scores.
            average_attn_weights (bool): whether the weights are the mean over the heads, ``(N, L, S)``, not
                ``(N, num_heads, L, S)``.
            is_causal (bool): a hint that ``attn_mask``, which must be given, is the causal one.

        Raises:
            AssertionError, RuntimeError: sizes or masks do not fit.
        """
        turned = self.batch_first and query.dim() == 3
        if turned and key.dim() == 3 and value.dim() == 3:
            query, key, value = _same(lambda tensor: tensor.transpose(0, 1), query, key, value)
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return output.transpose(0, 1) if turned else output, weights

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("_qkv_same_embed_dim", True)


_names.describe(__name__)
