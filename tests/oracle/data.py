"""Writes data.json: the orders and draws of PyTorch's loaders and samplers for given seeds.

Run once, with the PyTorch to compare with: python tests/oracle/data.py

The tests call :func:`orders` with arcgrad in PyTorch's place, and expect the same.
"""

import json
import pathlib
import random

import numpy as np


def same(batch):
    return batch


def orders(torch):
    """What the loaders and samplers of ``torch.utils.data`` give, by name."""
    data = torch.utils.data

    def generator(seed):
        return torch.Generator().manual_seed(seed)

    class Draws(data.Dataset):
        """Each sample has its index, and numbers of the three generators that a worker seeds."""

        def __len__(self):
            return 8

        def __getitem__(self, index):
            return index, torch.randint(0, 10**9, ()).item(), random.randrange(10**9), int(np.random.randint(0, 10**9))

    class Told(data.IterableDataset):
        """What a worker is told."""

        def __iter__(self):
            info = data.get_worker_info()
            return iter([(info.id, info.num_workers, info.seed)] * 2)

    class Eager(data.Sampler):
        """Draws when it is asked for an iterator, not when that is asked for an index."""

        def __len__(self):
            return 6

        def __iter__(self):
            return iter(torch.randperm(6).tolist())

    def batches(loader):
        return [[list(sample) if isinstance(sample, tuple) else sample for sample in batch] for batch in loader]

    def loader(dataset, batch_size, **options):
        if options.get("num_workers"):
            options["multiprocessing_context"] = "fork"
        return data.DataLoader(dataset, batch_size, collate_fn=same, **options)

    found = {}
    torch.manual_seed(5)
    found["workers"] = batches(loader(Draws(), 2, shuffle=True, num_workers=2))
    torch.manual_seed(5)
    kept = loader(Draws(), 2, shuffle=True, num_workers=2, persistent_workers=True)
    found["persistent workers"] = [batches(kept) for _ in range(2)]
    found["worker info"] = batches(loader(Told(), 1, num_workers=2, generator=generator(9)))
    for workers in (0, 2):
        torch.manual_seed(1)
        passes = [batches(loader(range(6), 2, sampler=Eager(), num_workers=workers)) for _ in range(2)]
        found[f"eager sampler, {workers} workers"] = [passes, torch.rand(1).item()]
    shuffled = loader(range(7), 3, shuffle=True, generator=generator(3))
    found["generator"] = [batches(shuffled) for _ in range(3)]
    torch.manual_seed(2)
    found["what is left"] = [batches(loader(range(7), 3)), torch.rand(1).item()]
    torch.manual_seed(2)
    found["RandomSampler, default generator"] = list(data.RandomSampler(range(50), True, 70))
    found["RandomSampler, more"] = list(data.RandomSampler(range(3), num_samples=8, generator=generator(4)))
    found["SubsetRandomSampler"] = list(data.SubsetRandomSampler([5, 6, 7, 8], generator=generator(4)))
    for replacement, count in ((True, 6), (False, 3)):
        sampler = data.WeightedRandomSampler([0.1, 0.2, 0.3, 4], count, replacement, generator=generator(4))
        found[f"WeightedRandomSampler, {replacement}"] = list(sampler)
    for lengths in ([3, 7], [0.5, 0.3, 0.2], [0.33, 0.33, 0.34], [10, 0]):
        parts = data.random_split(range(10), lengths, generator=generator(42))
        found[f"random_split {lengths}"] = [list(part.indices) for part in parts]
    for size in (10, 11, 3, 2, 1):
        for options in ({}, {"shuffle": False}, {"drop_last": True}, {"seed": 3}, {"shuffle": False, "drop_last": True}):
            samplers = [data.distributed.DistributedSampler(range(size), 3, rank, **options) for rank in range(3)]
            found[f"DistributedSampler {size} {options}"] = [[list(sampler), len(sampler), sampler.total_size] for sampler in samplers]
    sampler = data.distributed.DistributedSampler(range(7), 2, 0)
    sampler.set_epoch(5)
    found["DistributedSampler, epoch 5"] = list(sampler)
    return found


if __name__ == "__main__":
    import torch

    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(orders(torch), indent=0, separators=(",", ":")))
