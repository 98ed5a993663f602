"""Samples have the type that a dataset names."""

import arcgrad as ag
from arcgrad.utils.data import DataLoader, Dataset, TensorDataset, random_split


class Squares(Dataset[int]):
    def __getitem__(self, index: int) -> int:
        return index * index


class Words(Dataset[str]):
    def __getitem__(self, index: int) -> int:  # wrong
        return index


square: str = Squares()[1]  # wrong
Squares()[1].lower()  # wrong
train, test = random_split(Squares(), [1, 1])
train[0].lower()  # wrong
random_split(Squares(), 2)  # wrong
DataLoader(Squares(), batch=2)  # wrong
DataLoader(Squares(), batch_size="2")  # wrong
DataLoader(3)  # wrong
TensorDataset(ag.ones(2), [1, 2])  # wrong
len(DataLoader(Squares())).real()  # wrong
