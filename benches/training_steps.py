"""Training steps of whole programs, arcgrad against PyTorch in one run: forward, loss, backward and optimizer.

    python benches/training_steps.py                     every program, one thread and two
    python benches/training_steps.py --only 'gpt|cnn'    those whose name matches
    python benches/training_steps.py --steps 5 --threads 1

A line a program: milliseconds of a step in both libraries (the best of many, taken in turns), their ratio, and the bar
that the ratio is to keep below. A library that is not installed is left out. The programs are written once, over the
library they are given.
"""

import argparse
import importlib
import importlib.util
import json
import math
import re
import time
from collections.abc import Callable
from typing import Any

Step = Callable[[], Any]


def trainer(torch: Any, model: Any, loss: Callable[[], Any], **options: Any) -> Step:
    """One step of Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **options)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def block_of(torch: Any, width: int, heads: int) -> Any:
    """A block of a transformer: attention and a network of two layers, each behind a norm and added to its input."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            parts = self.attention(self.norm1(x)).view(batch, length, 3, heads, width // heads)
            q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.projection(y.transpose(1, 2).reshape(batch, length, width))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    return Block()


def gpt(torch: Any, batch: int, length: int, width: int, layers: int, heads: int, words: int = 65) -> Step:
    """A language model over tokens."""
    nn, F = torch.nn, torch.nn.functional

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(words, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(*(block_of(torch, width, heads) for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    model = Model()
    tokens = torch.randint(0, words, (batch, length + 1))

    def loss() -> Any:
        logits = model(tokens[:, :-1])
        return F.cross_entropy(logits.reshape(-1, words), tokens[:, 1:].reshape(-1))

    return trainer(torch, model, loss)


def cnn(torch: Any, batch: int = 32) -> Step:
    """A convolutional network on images of 28 × 28."""
    nn, F = torch.nn, torch.nn.functional
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(32 * 7 * 7, 10),
    )
    x, y = torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
    return trainer(torch, model, lambda: F.cross_entropy(model(x), y))


def resnet18(torch: Any, batch: int = 8) -> Step:
    """ResNet18 on images of 32 × 32."""
    nn, F = torch.nn, torch.nn.functional

    class Basic(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inside: int, outside: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
            self.norm1, self.norm2 = nn.BatchNorm2d(outside), nn.BatchNorm2d(outside)
            self.short = nn.Sequential()
            if stride != 1 or inside != outside:
                self.short = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

        def forward(self, x: Any) -> Any:
            y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
            return F.relu(y + self.short(x))

    layers: list[Any] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    inside = 64
    for outside, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Basic(inside, outside, stride), Basic(outside, outside, 1)]
        inside = outside
    model = nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(512, 10))
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    return trainer(torch, model, lambda: F.cross_entropy(model(x), y))


def mlp(torch: Any, batch: int = 64) -> Step:
    """A network of three layers on digits of 784 pixels."""
    nn, F = torch.nn, torch.nn.functional
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    x, y = torch.randn(batch, 784), torch.randint(0, 10, (batch,))
    return trainer(torch, model, lambda: F.cross_entropy(model(x), y))


def recurrent(torch: Any, kind: str, batch: int = 32, steps: int = 64, units: int = 128) -> Step:
    """A recurrent layer over a sequence."""
    model = getattr(torch.nn, kind)(units, units, batch_first=True)
    x = torch.randn(batch, steps, units)
    return trainer(torch, model, lambda: model(x)[0].square().mean())


def vae(torch: Any, batch: int = 64) -> Step:
    """A variational autoencoder of digits."""
    nn, F = torch.nn, torch.nn.functional
    encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40))
    decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))
    model = nn.ModuleList([encoder, decoder])
    x = torch.rand(batch, 784)

    def loss() -> Any:
        mean, log_variance = encoder(x).chunk(2, 1)
        code = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        fit = F.binary_cross_entropy_with_logits(decoder(code), x, reduction="sum")
        return fit - 0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()

    return trainer(torch, model, loss)


def physics(torch: Any, steps: int = 200) -> Step:
    """A pendulum, integrated in small steps and differentiated with respect to its start."""
    start = torch.tensor([1.0, 0.0], requires_grad=True)

    def step() -> None:
        angle, speed = start.unbind(0)
        for _ in range(steps):
            speed = speed - 0.01 * torch.sin(angle)
            angle = angle + 0.01 * speed
        start.grad = None
        (angle * angle + speed * speed).backward()

    return step


def encoder_layer(torch: Any) -> Step:
    """A layer of a transformer's encoder, 16 sequences of 128 places."""
    model = torch.nn.TransformerEncoderLayer(256, 8, 1024, dropout=0.0, batch_first=True)
    x = torch.randn(16, 128, 256)
    return trainer(torch, model, lambda: model(x).square().mean())


#: Name, program, and what its ratio is to keep below.
PROGRAMS: dict[str, tuple[Callable[[Any], Step], float]] = {
    "gpt 64×11×48": (lambda torch: gpt(torch, 64, 11, 48, 3, 3), 0.5),
    "gpt 6×384×256": (lambda torch: gpt(torch, 1, 256, 384, 6, 6), 0.85),
    "cnn 28²": (cnn, 0.8),
    "resnet18 32²": (resnet18, 0.9),
    "mlp 784": (mlp, 0.55),
    "lstm 32×64×128": (lambda torch: recurrent(torch, "LSTM"), 0.6),
    "gru 32×64×128": (lambda torch: recurrent(torch, "GRU"), 0.6),
    "vae 784": (vae, 0.6),
    "encoder layer 16×128×256": (encoder_layer, 0.9),
    "physics, 200 steps": (physics, 0.12),
}


def best(steps: dict[str, Step], seconds: float, least: int) -> dict[str, float]:
    """The shortest time of a step in milliseconds, the libraries taking turns."""
    for step in steps.values():
        step()
    shortest = dict.fromkeys(steps, math.inf)
    end, rounds = time.perf_counter() + seconds * len(steps), 0
    while rounds < least or time.perf_counter() < end:
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            shortest[name] = min(shortest[name], time.perf_counter() - start)
        rounds += 1
    return {name: 1e3 * value for name, value in shortest.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=".", help="a regular expression")
    parser.add_argument("--threads", type=int, action="append", help="1 and 2 unless given")
    parser.add_argument("--seconds", type=float, default=1.0, help="per program and library")
    parser.add_argument("--steps", type=int, default=3, help="at least so many")
    parser.add_argument("--json", help="a file for the same as data")
    options = parser.parse_args()
    libraries = {name: importlib.import_module(name) for name in ("arcgrad", "torch") if importlib.util.find_spec(name)}
    found = []
    for threads in options.threads or [1, 2]:
        for library in libraries.values():
            library.set_num_threads(threads)
        for name, (program, bar) in PROGRAMS.items():
            if not re.search(options.only, name):
                continue
            steps = {}
            for key, library in libraries.items():
                library.manual_seed(0)
                steps[key] = program(library)
            times = best(steps, options.seconds, options.steps)
            ratio = times["arcgrad"] / times["torch"] if len(times) == 2 else math.nan
            told = "  ".join(f"{key} {value:9.3f} ms" for key, value in times.items())
            verdict = "" if math.isnan(ratio) else f"  ratio {ratio:5.2f}  bar {bar:4.2f}  {'ok' if ratio <= bar else 'OVER'}"
            print(f"{name:26} {threads} thread{'s' if threads > 1 else ' '}  {told}{verdict}", flush=True)
            found.append({"program": name, "threads": threads, "ms": times, "ratio": ratio, "bar": bar})
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
