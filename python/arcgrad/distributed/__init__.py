"""Several processes at once, which arcgrad does not do: it computes in one, with all cores of the machine.

Programs that ask first go on as one process; what they name otherwise can be imported and raises when it is used.

    >>> import arcgrad as ag
    >>> ag.distributed.is_available(), ag.distributed.is_initialized()
    (False, False)
"""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "is_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "is_ucc_available",
    "is_xccl_available",
]


def is_available() -> bool:
    """False: there are no process groups."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_ucc_available() -> bool:
    """False."""
    return False


def is_xccl_available() -> bool:
    """False."""
    return False


_absent.declare(
    __name__,
    "arcgrad has no process groups",
    "Backend DeviceMesh FileStore GradBucket HashStore P2POp PrefixStore ProcessGroup ReduceOp Store TCPStore Work "
    "all_gather all_gather_into_tensor all_gather_object all_reduce all_to_all all_to_all_single barrier "
    "batch_isend_irecv broadcast broadcast_object_list destroy_process_group gather gather_object get_backend "
    "get_default_backend_for_device get_global_rank get_group_rank get_node_local_rank get_process_group_ranks get_rank "
    "get_world_size init_device_mesh init_process_group irecv isend monitored_barrier new_group new_subgroups recv reduce "
    "reduce_scatter reduce_scatter_tensor scatter scatter_object_list send split_group",
)
