"""The texts of tensors, in parts: what packages with classes of tensors of their own make theirs of."""

from __future__ import annotations

import re

from arcgrad import _core, _names, _printing
from arcgrad._printing import get_printoptions, printoptions, set_printoptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad import Tensor

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]


class _Options:
    """The options of the printer as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return _printing.get_printoptions()[name]
        except KeyError:
            raise AttributeError(f"there is no print option {name!r}", name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        set_printoptions(**{"sci_mode": self.sci_mode, name: value})

    def __repr__(self) -> str:
        return f"PRINT_OPTS({', '.join(f'{name}={value!r}' for name, value in _printing.get_printoptions().items())})"


PRINT_OPTS = _Options()

# Of the text of a plain tensor without a gradient: what stands behind the elements.
_FACTS = re.compile(r"(?:,\s+(?:size|dtype|device)=.*)?\)\Z", re.DOTALL)
_PREFIX = "tensor("


def _tensor_str(self: Tensor, indent: int) -> str:
    """The elements of a tensor as text, all lines of which but the first begin with ``indent`` spaces."""
    plain = self.detach().as_subclass(_core.Tensor)
    with printoptions(linewidth=max(1, PRINT_OPTS.linewidth + len(_PREFIX) - indent), sci_mode=PRINT_OPTS.sci_mode):
        text = repr(plain)
    text = _FACTS.sub("", text.removeprefix(_PREFIX))
    return text.replace("\n" + " " * len(_PREFIX), "\n" + " " * indent)


def _add_suffixes(tensor_str: str, suffixes: list[str], indent: int, force_newline: bool) -> str:
    """A text with further facts behind it, and the closing parenthesis. A fact that does not fit goes to a line of its own, as the first
    one does with ``force_newline``."""
    text, used = tensor_str, len(tensor_str) - tensor_str.rfind("\n") + 1
    for suffix in suffixes:
        fits = used + len(suffix) + 2 <= PRINT_OPTS.linewidth and not force_newline
        text += f", {suffix}" if fits else ",\n" + " " * indent + suffix
        used = used + len(suffix) + 2 if fits else indent + len(suffix)
        force_newline = False
    return f"{text})"


def _str_intern(inp: Tensor, *, tensor_contents: str | None = None) -> str:
    """See :func:`_str`."""
    if tensor_contents is None:
        return repr(inp)
    ours = type(inp).__name__ in ("Tensor", "Parameter")
    prefix = _PREFIX if ours else f"{type(inp).__name__}("
    suffixes = [] if inp.device.type == "cpu" else [f"device='{inp.device}'"]
    if inp.dtype not in (_core.get_default_dtype(), _core.int64, _core.bool):
        suffixes.append(f"dtype={inp.dtype}")
    if inp.grad_fn is not None:
        suffixes.append(f"grad_fn=<{inp.grad_fn.name()}>")
    elif inp.requires_grad:
        suffixes.append("requires_grad=True")
    return _add_suffixes(prefix + tensor_contents, suffixes, len(prefix), inp.is_sparse)


def _str(self: Tensor, *, tensor_contents: str | None = None) -> str:
    """The text of a tensor; its elements may have one that is made already."""
    return _str_intern(self, tensor_contents=tensor_contents)


_names.describe(__name__)
