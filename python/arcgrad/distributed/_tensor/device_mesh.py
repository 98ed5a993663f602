"""Meshes of devices, by their older path."""

from arcgrad import _names
from arcgrad.distributed.device_mesh import DeviceMesh, init_device_mesh

__all__ = ["DeviceMesh", "init_device_mesh"]

_names.describe(__name__)
