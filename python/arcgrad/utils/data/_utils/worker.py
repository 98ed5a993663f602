"""PyTorch's place of :mod:`arcgrad.utils.data.worker`."""

from ..worker import WorkerInfo, get_worker_info
