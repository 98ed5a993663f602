"""The structure that :func:`arcgrad.save` puts beside the tensors of a safetensors file.

A safetensors file is 8 bytes of header length, a JSON header and the tensors' bytes, so any tool that reads that format reads the
tensors. A dict of tensors is stored under its own keys. Whatever else belongs to the object is JSON in the header's metadata, under
the key ``arcgrad``::

    {"version": 1,
     "tensors": [{"name": "encoder.weight", "parameter": true, "requires_grad": true},
                 {"name": "encoder.weight", "view": [dtype, offset, sizes, strides]}, …],
     "object": …}

``tensors`` lists each tensor object once; one that shares memory with another names the same stored tensor and says which part
of it it views. In ``object`` null, booleans, numbers, strings and lists stand for themselves, everything else is a JSON object with the
type as its one key: ``{"tensor": 0}``, ``{"dict": [[key, value], …]}``, ``{"tuple": […]}``, ``{"dtype": "float32"}`` and so on.
``{"ref": n}`` is the n-th container once more, counted in the order in which they open. NumPy arrays count as containers:
``{"ndarray": 0, "dtype": "<f4", "shape": […]}`` is the tensor 0 as an array.

Version 2 of the format has NumPy's arrays and numbers, defaultdict, Counter, deque, range, slice and Ellipsis; what has none of
them is still written as version 1.
"""

from __future__ import annotations

import re

KEY = "arcgrad"
VERSION = 2

#: What a defaultdict may make of missing keys. Other functions are code, which is never stored.
FACTORIES = {kind.__name__: kind for kind in (bool, dict, float, int, list, set, str, tuple)}

#: NumPy's dtypes of numbers and texts, as NumPy writes them. All others hold objects or fields.
NUMPY_DTYPE = re.compile(r"[<>|][biufcSU]\d{1,6}")

#: Containers within containers. Checkpoints have a handful of levels; Python's own JSON reader gives up at about 300 of ours.
MAX_DEPTH = 100

#: Characters of JSON: parsed, these can take some thirty times as much memory. About 300,000 tensors fit.
MAX_STRUCTURE = 32 << 20
