"""Calls into other processes, which arcgrad does not make."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["is_available"]


def is_available() -> bool:
    """False: there are no process groups."""
    return False


_absent.declare(
    __name__,
    "arcgrad has no process groups",
    "BackendType PyRRef RRef RpcBackendOptions WorkerInfo TensorPipeRpcBackendOptions get_worker_info init_rpc remote rpc_async rpc_sync shutdown",
)
