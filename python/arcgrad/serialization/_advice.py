"""What errors of :func:`arcgrad.save` say about an object that a safetensors file cannot hold."""

from __future__ import annotations

import os

import arcgrad as ag


def where(path):
    return "the object itself" if not path else "obj" + "".join(f"[{key!r}]" for key in path)


def _enum_base():
    from enum import Enum

    return Enum


def advice(obj):
    """What to do about an object that cannot be stored."""
    if isinstance(obj, ag.nn.Module):
        return "Save its weights with save(model.state_dict(), …), and load them with model.load_state_dict(load(…))."
    if hasattr(obj, "state_dict"):
        return "Save its state_dict()."
    if isinstance(obj, ag.Tensor):
        return "Save it as a plain tensor: obj.as_subclass(Tensor)."
    if isinstance(obj, ag.Generator):
        return "Save its get_state(), and give that to set_state()."
    if type(obj).__module__ == "numpy":
        return f"Only arrays and numbers of NumPy's plain types can be stored; this has dtype {getattr(obj, 'dtype', None)}."
    if isinstance(obj, type) or callable(obj) and hasattr(obj, "__qualname__"):
        return "Code and classes are never stored: save a name that your program finds it by."
    if isinstance(obj, _enum_base()):
        return "Save its name, and look it up by that in the class."
    if isinstance(obj, tuple) and hasattr(obj, "_asdict"):
        return "Save its _asdict()."
    if hasattr(obj, "__dataclass_fields__"):
        return "Save dataclasses.asdict() of it."
    if isinstance(obj, os.PathLike):
        return "Save os.fspath() of it."
    if isinstance(obj, (dict, list, set, str, int, float)):
        base = next(base for base in (dict, list, set, str, int, float) if isinstance(obj, base))
        return f"Convert it to a plain {base.__name__} first."
    return "Store what it consists of: tensors, numbers, strings and containers of them. Code and classes are never stored."
