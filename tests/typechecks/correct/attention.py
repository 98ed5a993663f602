"""Attention by hand: products of batches of matrices, masks, and views that put heads apart."""

import math

import arcgrad as ag
import arcgrad.nn.functional as F
from arcgrad import Tensor, nn


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.view(batch, length, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        weights = scores.softmax(dim=-1)
        joined = (weights @ v).transpose(1, 2).reshape(batch, length, width)
        return self.out(joined), weights


causal = ag.tril(ag.ones(5, 5))
layer = Attention(8, 2)
y, weights = layer(ag.randn(2, 5, 8), mask=causal)
again, _ = layer(ag.randn(2, 5, 8))
fused = F.scaled_dot_product_attention(y, y, y, is_causal=True)
table = nn.Embedding(10, 8, padding_idx=0)
tokens = table(ag.randint(10, (2, 5)))
positions = ag.arange(5).unsqueeze(0).expand(2, -1)
mixed = ag.einsum("bij,bjk->bik", weights[:, 0], tokens) + ag.bmm(weights[:, 1], tokens)
joined = ag.cat([y, again], dim=0).add_(1.0)
stacked = ag.stack((y, again)).sum(0)
grid = ag.meshgrid(ag.arange(2), ag.arange(3), indexing="ij")
print(fused.shape, positions[0], mixed.mean(), joined.shape, stacked.shape, len(grid))
