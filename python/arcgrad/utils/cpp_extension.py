"""Building extensions in C++ against PyTorch's tensors, which arcgrad has not: its core is a Rust crate, ``rust/core``.

The names can be imported; building or loading an extension raises NotImplementedError.
"""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["BUILD_SPLIT_CUDA", "CUDA_GCC_VERSIONS", "CUDA_HOME", "MINIMUM_GCC_VERSION", "ROCM_HOME"]

#: Where CUDA and ROCm are installed, which is not looked for.
CUDA_HOME: str | None = None
ROCM_HOME: str | None = None
BUILD_SPLIT_CUDA = False
#: The least version of gcc for each version of CUDA.
CUDA_GCC_VERSIONS: dict[str, Any] = {}
MINIMUM_GCC_VERSION = (5, 0, 0)

_absent.declare(
    __name__,
    "extensions in C++ work on PyTorch's own tensors",
    "BuildExtension CUDAExtension CppExtension SyclExtension check_compiler_is_gcc get_compiler_abi_compatibility_and_version "
    "include_paths is_ninja_available library_paths load load_inline verify_ninja_availability",
)
