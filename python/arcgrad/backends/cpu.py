"""What the processor can do."""

from arcgrad import _core, _names

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """The instruction sets that the kernels use."""
    return str(_core._instruction_sets())


_names.describe(__name__)
