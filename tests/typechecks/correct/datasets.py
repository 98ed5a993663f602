"""Datasets say what their samples are, and loaders make batches of them."""

from collections.abc import Iterator

import arcgrad as ag
from arcgrad import Tensor
from arcgrad.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, random_split
from arcgrad.utils.data import RandomSampler, WeightedRandomSampler, get_worker_info
from arcgrad.utils.data.distributed import DistributedSampler


class Squares(Dataset[int]):
    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        return index * index


class Pairs(Dataset[tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return ag.full((3,), float(index)), index % 2


class Count(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        return iter(range(0 if info is None else info.id, 5))


def pad(samples: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    return ag.stack([x for x, _ in samples]), ag.tensor([y for _, y in samples])


square: int = Squares(4)[2]
train, test = random_split(Pairs(), [8, 2], generator=ag.Generator().manual_seed(0))
part: Subset[tuple[Tensor, int]] = train
image, label = test[0]
loader = DataLoader(train, batch_size=4, shuffle=True, collate_fn=pad, drop_last=True)
for x, y in loader:
    print(x.shape, y.sum().item(), len(loader))
tensors = TensorDataset(ag.randn(6, 2), ag.arange(6))
first, second = tensors[0]
for a, b in DataLoader(tensors, sampler=RandomSampler(tensors, replacement=True, num_samples=3)):
    print((a * b).sum())
weighted: list[int] = list(WeightedRandomSampler([0.1, 0.9], num_samples=5))
plain: DataLoader[str] = DataLoader(["a", "b"], batch_size=2)
both = Squares(2) + Squares(3)
total = sum(both[i] for i in range(len(both)))
count = list(Count()) + [len(loader.dataset), len(tensors)]

sampler: DistributedSampler[int] = DistributedSampler(train, num_replicas=2, rank=0, shuffle=True, drop_last=True)
sampler.set_epoch(1)
shares = [index + 1 for index in sampler]
