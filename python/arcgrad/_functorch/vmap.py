"""Batches without a say in where the results' examples lie."""

from arcgrad import _names
from arcgrad.autograd._batches import restored as restore_vmap
from arcgrad.func.batching import vmap

__all__ = ["restore_vmap", "vmap"]

_names.describe(__name__)
