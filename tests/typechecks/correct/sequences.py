"""Sequences: a tagger of packed sentences, a decoder written step by step, a small language model of transformer layers."""

import arcgrad as ag
from arcgrad import Tensor, nn, optim
from arcgrad.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence, pad_sequence


class Tagger(nn.Module):
    def __init__(self, words: int, tags: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 6, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.out = nn.Linear(12, tags)

    def forward(self, sentences: Tensor, lengths: list[int]) -> Tensor:
        packed = pack_padded_sequence(self.embed(sentences), lengths, batch_first=True, enforce_sorted=False)
        output, (h, c) = self.lstm(packed)
        padded, _ = pad_packed_sequence(output, batch_first=True)
        return self.out(padded) + 0 * (h.sum() + c.sum())


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTMCell(4, 6)
        self.second = nn.GRUCell(6, 4)

    def forward(self, x: Tensor, steps: int) -> Tensor:
        state: tuple[Tensor, Tensor] | None = None
        outputs = []
        for _ in range(steps):
            state = self.first(x, state)
            x = self.second(state[0])
            outputs.append(x)
        return ag.stack(outputs, dim=1)


class Language(nn.Module):
    def __init__(self, words: int, width: int = 8) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        layer = nn.TransformerEncoderLayer(width, nhead=2, dim_feedforward=16, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.out = nn.Linear(width, words)

    def forward(self, tokens: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.size(1))
        return self.out(self.layers(self.embed(tokens), mask=mask, is_causal=True))


sentences = [ag.tensor([1, 2, 3]), ag.tensor([4]), ag.tensor([5, 6])]
batch = pad_sequence(sentences, batch_first=True)
tagger = Tagger(7, 3)
optimizer = optim.SGD(tagger.parameters(), lr=0.1)
scores = tagger(batch, [len(one) for one in sentences])
loss = nn.functional.cross_entropy(scores.transpose(1, 2), batch % 3)
loss.backward()
optimizer.step()

decoded = Decoder()(ag.randn(2, 4), steps=3)
logits = Language(7)(batch)
packed: PackedSequence = pack_padded_sequence(ag.randn(3, 2, 5), ag.tensor([3, 2]))
seen, h = nn.GRU(5, 4)(packed)
attended, weights = nn.MultiheadAttention(8, 2, batch_first=True)(ag.randn(2, 3, 8), ag.randn(2, 5, 8), ag.randn(2, 5, 8))
translated = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)(ag.randn(2, 5, 8), ag.randn(2, 3, 8))
print(scores.shape, decoded.shape, logits.argmax(-1), seen.data.shape, h.shape, attended.shape, weights is None, translated.mean())
