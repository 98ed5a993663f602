"""Random numbers come from generators, and every function that draws takes one."""

import arcgrad as ag
from arcgrad import Generator, Tensor

generator = Generator().manual_seed(7)
state: Tensor = generator.get_state()
draws: list[Tensor] = [
    ag.rand(2, 3, generator=generator),
    ag.randn((2, 3), dtype=ag.float64),
    ag.randint(10, (4,)),
    ag.randint(0, 10, (4,), generator=generator),
    ag.randperm(5),
    ag.normal(0.0, 1.0, (3,)),
    ag.normal(ag.zeros(3), ag.ones(3)),
    ag.bernoulli(ag.full((3,), 0.5)),
    ag.multinomial(ag.tensor([0.2, 0.8]), 3, replacement=True),
    ag.empty(3).uniform_(-1, 1, generator=generator),
    ag.empty(3).normal_(mean=0, std=0.02),
    ag.empty(3).exponential_(),
    ag.rand_like(ag.ones(2)),
]
generator.set_state(state)
seed: int = generator.initial_seed() + ag.initial_seed()
everything = ag.get_rng_state()
ag.set_rng_state(everything)
with ag.random.fork_rng():
    ag.manual_seed(seed)
    noise = ag.randn(2)


def shuffled(x: Tensor, source: Generator | None = None) -> Tensor:
    return x[ag.randperm(len(x), generator=source)]


def sample(logits: Tensor, temperature: float = 1.0, top: int | None = None) -> int:
    scaled = logits / temperature
    if top is not None:
        threshold = scaled.topk(top).values[-1]
        scaled = scaled.masked_fill(scaled < threshold, float("-inf"))
    index: int = ag.multinomial(scaled.softmax(-1), 1).item()
    return index


print(shuffled(ag.arange(4), generator), sample(ag.randn(5), top=2), noise, len(draws))
