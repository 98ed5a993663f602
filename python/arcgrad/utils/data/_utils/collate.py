"""PyTorch's place of :mod:`arcgrad.utils.data.collate`."""

import re

from ..collate import (
    collate,
    collate_float_fn,
    collate_int_fn,
    collate_numpy_array_fn,
    collate_numpy_scalar_fn,
    collate_str_fn,
    collate_tensor_fn,
    default_collate,
    default_collate_err_msg_format,
    default_collate_fn_map,
    default_convert,
)

#: The kinds of NumPy's arrays that no tensor is made of: of text and of objects.
np_str_obj_array_pattern = re.compile("[SaUO]")
