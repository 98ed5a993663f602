# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
from arcgrad._core.linalg import cross as cross
from arcgrad._core.linalg import matmul as matmul
from arcgrad._core.linalg import matrix_power as matrix_power
from arcgrad._core.linalg import multi_dot as multi_dot
from arcgrad._core.linalg import vecdot as vecdot
from arcgrad._core.linalg import vector_norm as vector_norm
