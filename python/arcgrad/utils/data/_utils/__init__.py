"""PyTorch's place of what programs import from here all the same."""

from . import collate, worker
