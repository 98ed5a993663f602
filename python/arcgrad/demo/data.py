"""The handwritten digits the demo trains on.

Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository,
1998, https://doi.org/10.24432/C50P49, licensed CC BY 4.0. ``digits.npz`` holds the 1,797 images of the set's test part
(``optdigits.tes``, written by 13 people) without change, in the order of the original file: ``images`` is uint8
(1797, 8, 8), each value counting the ink in a 4×4 block of the scanned 32×32 bitmap, 0 to 16; ``labels`` is uint8 (1797,).
"""

from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import arcgrad as ag
from arcgrad import _names
from arcgrad.utils.data import TensorDataset

#: Most ink a pixel can have: the number of cells in a 4×4 block.
FULL_INK = 16


class Digits(NamedTuple):
    """Training and held-out digits: images float32 (n, 1, 8, 8) in 0…1, labels int64 (n,)."""

    train: TensorDataset
    held_out: TensorDataset


def load_digits(held_out: float = 0.2, seed: int = 0) -> Digits:
    """Reads the digits and sets a random part of them aside.

    ``held_out`` is the fraction that is kept for testing; ``seed`` decides which, independently of the global generator.
    """
    if not 0 < held_out < 1:
        raise ValueError(f"load_digits: held_out must lie between 0 and 1, got {held_out}")
    with resources.files("arcgrad.demo").joinpath("digits.npz").open("rb") as file, np.load(file) as archive:
        images = archive["images"].astype(np.float32)[:, None] / FULL_INK
        labels = archive["labels"].astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))
    split = round(held_out * len(labels))

    def subset(index: NDArray[np.int64]) -> TensorDataset:
        return TensorDataset(ag.from_numpy(images[index]), ag.from_numpy(labels[index]))

    return Digits(train=subset(order[split:]), held_out=subset(order[:split]))


_names.describe(__name__)
