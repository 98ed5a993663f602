"""Models sharded over several processes, by their longer path."""

from arcgrad import _names
from arcgrad.distributed.fsdp import (
    BackwardPrefetch,
    CPUOffload,
    FullyShardedDataParallel,
    MixedPrecision,
    ShardingStrategy,
    StateDictType,
)

__all__ = ["BackwardPrefetch", "CPUOffload", "FullyShardedDataParallel", "MixedPrecision", "ShardingStrategy", "StateDictType"]

_names.describe(__name__)
