"""CUDA devices, of which there are none: arcgrad computes on the CPU.

Programs that ask first go on as on any machine without a GPU:

    >>> import arcgrad as ag
    >>> ag.device("cuda" if ag.cuda.is_available() else "cpu")
    device(type='cpu')

Seeding, waiting and emptying have nothing to do, and counters of memory are 0. What speaks of a device that would have to be there can
be named, and raises when it is used.
"""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from arcgrad._core import Tensor
    from arcgrad.cuda import amp as amp
    from arcgrad.cuda import memory as memory
    from arcgrad.cuda import nccl as nccl
    from arcgrad.cuda import nvtx as nvtx
    from arcgrad.cuda import random as random
    from arcgrad.cuda import sparse as sparse

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "AcceleratorError",
    "OutOfMemoryError",
    "device_count",
    "empty_cache",
    "get_arch_list",
    "get_rng_state_all",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_current_stream_capturing",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_stats",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_rng_state_all",
    "synchronize",
]

_NONE = "arcgrad computes on the CPU only: there is no CUDA device"


class AcceleratorError(RuntimeError):
    """What goes wrong on a GPU; never raised."""


class OutOfMemoryError(RuntimeError):
    """A GPU has no room left; never raised. Where the machine has none, arcgrad raises MemoryError."""


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def is_current_stream_capturing() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """The empty list."""
    return []


def manual_seed(seed: int) -> None:
    """Seeds nothing: there is no generator but the CPU's (`arcgrad.manual_seed`)."""
    int(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Seeds nothing."""


seed_all = seed


def get_rng_state_all() -> list[Tensor]:
    """The empty list: a state for each device."""
    return []


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Sets nothing if there are no states.

    Raises:
        RuntimeError: there are states of devices, which do not exist.
    """
    if list(new_states):
        raise RuntimeError(_NONE)


def synchronize(device: Any = None) -> None:
    """Does nothing: every operation is complete when it returns."""


def empty_cache() -> None:
    """Does nothing: no memory of a GPU is kept."""


def ipc_collect() -> None:
    """Does nothing: no memory of a GPU is shared."""


def memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_cached = max_memory_cached = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """The empty dictionary."""
    return {}


def reset_peak_memory_stats(device: Any = None) -> None:
    """Does nothing."""


reset_max_memory_allocated = reset_max_memory_cached = reset_accumulated_memory_stats = reset_peak_memory_stats

_absent.declare(
    __name__,
    _NONE,
    "BFloat16Tensor BoolTensor ByteTensor CUDAGraph CharTensor DoubleTensor Event ExternalStream FloatTensor HalfTensor IntTensor "
    "LongTensor ShortTensor Stream can_device_access_peer current_blas_handle current_device current_stream default_stream device "
    "device_of get_device_capability get_device_name get_device_properties get_rng_state graph init initial_seed list_gpu_processes "
    "make_graphed_callables mem_get_info memory_snapshot memory_summary set_device set_per_process_memory_fraction set_rng_state "
    "set_stream stream temperature utilization",
)

if not TYPE_CHECKING:

    def __getattr__(name):
        from importlib import import_module
        from importlib.util import find_spec

        if name.isidentifier() and name[0] != "_" and find_spec(f"{__name__}.{name}") is not None:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module 'arcgrad.cuda' has no attribute '{name}': arcgrad computes on the CPU", name=name)
