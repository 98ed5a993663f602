"""Writes the type stubs ``_core.pyi`` and ``__init__.pyi`` from the installed package, or checks them.

    python scripts/stubs.py            writes them into python/arcgrad
    python scripts/stubs.py --check    fails, with the difference, if what is there is not what would be written

What exists is read from the package itself; what an operation takes and returns comes from its row in the op table, which
``arcgrad._core.registry()`` lists as dicts with ``name``, ``namespace`` (where it lives: "" for the package, "Tensor" for methods),
``signature`` and ``doc``. What the table does not describe is described by its text signature.
"""

import argparse
import ast
import difflib
import importlib
import inspect
import keyword
import itertools
import re
import sys
import types
from pathlib import Path

PACKAGE = "arcgrad"
FOLDER = Path(__file__).resolve().parent.parent / "python" / PACKAGE

HEADER = '''\
# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
'''

IMPORTS = '''\
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np

Number = int | float | bool | complex
'''

#: Types of parameters and attributes that have no annotation of their own, by their name, which means the same everywhere.
TYPES = {
    "self": None,
    "cls": None,
    "alpha": "Number",
    "axis": "int | Sequence[int] | None",
    "beta": "Number",
    "create_graph": "bool",
    "device": "Any",
    "dim": "int | Sequence[int] | None",
    "dim0": "int",
    "dim1": "int",
    "dtype": "dtype | None",
    "end_dim": "int",
    "fill_value": "Number",
    "generator": "Generator | None",
    "gradient": "Tensor | None",
    "index": "Tensor",
    "input": "Tensor",
    "keepdim": "bool",
    "keepdims": "bool",
    "mask": "Tensor",
    "other": "Tensor | Number",
    "out": "Tensor | None",
    "requires_grad": "bool",
    "retain_graph": "bool | None",
    "start_dim": "int",
}

ATTRIBUTES = {
    "T": "Tensor",
    "_version": "int",
    "data": "Tensor",
    "device": "Any",
    "dtype": "dtype",
    "grad": "Tensor | None",
    "grad_fn": "Any",
    "is_leaf": "bool",
    "itemsize": "int",
    "mT": "Tensor",
    "metadata": "dict[Any, Any]",
    "names": "tuple[str | None, ...]",
    "nbytes": "int",
    "ndim": "int",
    "next_functions": "tuple[tuple[Any, int], ...]",
    "output_nr": "int",
    "requires_grad": "bool",
    "shape": "Size",
}

#: What Python itself fixes about special methods: parameters after self, and result.
SPECIAL = {
    "__bool__": ("", "bool"),
    "__complex__": ("", "complex"),
    "__contains__": ("value: Any", "bool"),
    "__dir__": ("", "list[str]"),
    "__float__": ("", "float"),
    "__format__": ("format_spec: str", "str"),
    "__hash__": ("", "int"),
    "__index__": ("", "int"),
    "__int__": ("", "int"),
    "__iter__": ("", "Iterator[Any]"),
    "__len__": ("", "int"),
    "__next__": ("", "Any"),
    "__repr__": ("", "str"),
    "__str__": ("", "str"),
    "__setitem__": ("index: Any, value: Any", "None"),
    "__getitem__": ("index: Any", "Any"),
    "__delitem__": ("index: Any", "None"),
    "__enter__": ("", "Any"),
    "__exit__": ("*details: Any", "bool | None"),
    "__array__": ("dtype: Any = None, copy: bool | None = None", "np.ndarray[Any, Any]"),
    **{f"__{name}__": ("other: Any", "Any") for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    **{
        f"__{side}{name}__": ("other: Any", "Any")
        for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod".split()
        for side in ("", "r", "i")
    },
    **{f"__{name}__": ("", "Any") for name in ("neg", "pos", "abs", "invert")},
}

#: Parts of every class that say nothing about its use.
HIDDEN = {
    "__class__", "__delattr__", "__dict__", "__doc__", "__getattribute__", "__getstate__", "__init_subclass__", "__module__",
    "__new__", "__reduce__", "__reduce_ex__", "__setattr__", "__sizeof__", "__subclasshook__", "__weakref__",
}  # fmt: skip


class Stubs:
    """The stubs of one installed package."""

    def __init__(self, package):
        self.package = package
        self.core = importlib.import_module(f"{package.__name__}._core")
        self.rows = {}
        for row in self.core.registry():
            where = row["namespace"].removeprefix(package.__name__).strip(".")
            self.rows[f"{where}.{row['name']}".lstrip(".")] = row

    def missing(self):
        """Rows of the op table that the package does not offer."""
        return [path for path in sorted(self.rows) if not self._exists(path)]

    def _exists(self, path):
        place = self.package
        for part in path.split("."):
            if not hasattr(place, part):
                return False
            place = getattr(place, part)
        return True

    # ---- _core.pyi ----

    def core_stub(self):
        out = [HEADER, IMPORTS]
        values = {name: getattr(self.core, name) for name in sorted(dir(self.core)) if not name.startswith("__")}
        for name, value in values.items():
            if inspect.isclass(value):
                out += self._class(name, value)
        for name, value in values.items():
            if inspect.isroutine(value):
                out += ["", *self._function(name, value, name, "")]
            elif not inspect.isclass(value) and not isinstance(value, types.ModuleType):
                out += ["", f"{name}: {type(value).__name__}"]
        return "\n".join(out) + "\n"

    def _class(self, name, cls):
        bases = [base.__name__ for base in cls.__bases__ if base is not object]
        out = ["", f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
        body = self._docstring(cls.__doc__, "    ")
        if inspect.getattr_static(cls, "__new__", None) is not object.__new__ and getattr(cls, "__text_signature__", None):
            parameters = self._parameters(cls.__text_signature__, "self")
            body.append(f"    def __init__({parameters}) -> None: ...")
        for member in sorted(vars(cls)):
            value = vars(cls)[member]
            if member in HIDDEN or member == "__init__":
                continue
            if isinstance(value, (types.GetSetDescriptorType, types.MemberDescriptorType, property)):
                body += ["    @property", f"    def {member}(self) -> {ATTRIBUTES.get(member, 'Any')}: ..."]
                if member in ("grad", "data", "requires_grad"):
                    kind = ATTRIBUTES[member]
                    body += [f"    @{member}.setter", f"    def {member}(self, value: {kind}) -> None: ..."]
            elif isinstance(value, (staticmethod, classmethod, types.ClassMethodDescriptorType)) or inspect.isroutine(value):
                body += self._method(name, member, value)
            elif member == "__hash__":
                body.append("    __hash__: None  # type: ignore[assignment]")
            elif not member.startswith("__"):
                body.append(f"    {member}: {type(value).__name__}")
        return out + (body or ["    ..."])

    def _method(self, owner, name, value):
        if name in SPECIAL:
            parameters, result = SPECIAL[name]
            return [f"    def {name}({', '.join(filter(None, ['self', parameters]))}) -> {result}: ..."]
        if name.startswith("__") and f"{owner}.{name}" not in self.rows and name not in ("__call__",):
            return []
        out, first = [], "self"
        if isinstance(value, (staticmethod, types.BuiltinFunctionType)):
            out, first, value = ["    @staticmethod"], "", getattr(value, "__func__", value)
        elif isinstance(value, (classmethod, types.ClassMethodDescriptorType)):
            out, first = ["    @classmethod"], "cls"
        return out + ["    " + line for line in self._function(name, value, f"{owner}.{name}", first)]

    def _function(self, name, value, path, first):
        row = self.rows.get(path)
        signature = row["signature"] if row else getattr(value, "__text_signature__", None)
        text = signature or ("(*args, **kwargs)" if not first else f"({first}, *args, **kwargs)")
        text = text[text.index("(") :]
        head, _, result = text.rpartition("->") if "->" in text else (text, "", "Any")
        doc = self._docstring(row["doc"] if row else value.__doc__, "    ")
        line = f"def {name}({self._parameters(head, first)}) -> {result.strip()}:"
        return [f"{line} ..."] if not doc else [line, *doc]

    def _parameters(self, text, first):
        """The parameters of a signature, every one with a type; `first` is self, cls or nothing."""
        text = re.sub(r"\$(self|cls|module|type)\b,?\s*(/,?)?", r"\2", text.strip())
        text = re.sub(r"^\(\s*/,?", "(", text)
        # Some of PyTorch's parameters have the names of keywords (`from`) and can only be given by position.
        text = re.sub(r"(?<=[(,\s])(\w+)(?=[=,)])", lambda found: found[1] + "_" * (keyword.iskeyword(found[1]) and found[1] not in ("None", "True", "False")), text)
        arguments = ast.parse(f"def f{text}: ...").body[0].args
        positional = arguments.posonlyargs + arguments.args
        if first and not (positional and positional[0].arg == first):
            target = arguments.posonlyargs if arguments.posonlyargs else arguments.args
            target.insert(0, ast.arg(first))
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if argument is not None and argument.annotation is None and argument.arg not in ("self", "cls"):
                argument.annotation = ast.Name(TYPES.get(argument.arg) or "Any")
        # A default of None is a type too.
        pairs = list(zip(reversed(arguments.posonlyargs + arguments.args), reversed(arguments.defaults)))
        pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults))
        for argument, default in pairs:
            annotation = ast.unparse(argument.annotation)
            if isinstance(default, ast.Constant) and default.value is None and annotation != "Any" and "None" not in annotation:
                argument.annotation = ast.Name(f"{annotation} | None")
        return ast.unparse(arguments)

    @staticmethod
    def _docstring(doc, indent):
        """The first paragraph: enough for an editor, while help() shows the whole."""
        paragraph = inspect.cleandoc(doc or "").split("\n\n")[0].strip()
        if not paragraph:
            return []
        paragraph = paragraph.replace("\\", "\\\\").replace('"""', "'''")
        return [indent + line.strip() for line in f'"""{paragraph}"""'.splitlines()]

    # ---- __init__.pyi ----

    def package_stub(self):
        imports, modules, own = {}, [], []
        for name in sorted(set(dir(self.package))):
            if name.startswith("_") and name not in getattr(self.package, "__all__", ()):
                continue
            value = getattr(self.package, name)
            home = getattr(value, "__module__", None)
            if isinstance(value, types.ModuleType):
                if value.__name__.startswith(self.package.__name__ + "."):
                    modules.append(value.__name__.removeprefix(self.package.__name__ + "."))
            elif getattr(self.core, name, None) is value:
                imports.setdefault("_core", []).append(name)
            elif isinstance(home, str) and home.startswith(self.package.__name__ + ".") and hasattr(sys.modules[home], name):
                imports.setdefault(home.removeprefix(self.package.__name__ + "."), []).append(name)
            elif inspect.isroutine(value):
                own += [f"def {name}{self._own_signature(value)}: ..."]
            else:
                own += [f"{name}: {type(value).__name__}"]
        out = [HEADER, "from typing import Any", ""]
        out += [f"from . import {module} as {module}" for module in modules if "." not in module]
        for module in sorted(imports):
            out += [f"from .{module} import {name} as {name}" for name in imports[module]]
        out += ["", *own, *(["__version__: str"] if hasattr(self.package, "__version__") else [])]
        return "\n".join(out).rstrip("\n") + "\n"

    @staticmethod
    def _own_signature(value):
        try:
            signature = inspect.signature(value)
        except (TypeError, ValueError):
            return "(*args: Any, **kwargs: Any) -> Any"
        parameters = [p.replace(annotation="Any") if p.annotation is p.empty else p for p in signature.parameters.values()]
        plain = inspect.Signature(parameters).format() if hasattr(signature, "format") else str(inspect.Signature(parameters))
        return re.sub(r"'Any'", "Any", re.sub(r"=<[^>]*>", "=...", plain)) + " -> Any"


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    stubs = Stubs(importlib.import_module(PACKAGE))
    failed = False
    for path in stubs.missing():
        print(f"the op table has {path}, and the package does not", file=sys.stderr)
        failed = True
    for name, text in (("_core.pyi", stubs.core_stub()), ("__init__.pyi", stubs.package_stub())):
        ast.parse(text, name)
        file = FOLDER / name
        if not options.check:
            file.write_text(text)
            continue
        present = file.read_text() if file.exists() else ""
        if present != text:
            titles = f"{name} as it is", f"{name} as it should be"
            difference = difflib.unified_diff(present.splitlines(), text.splitlines(), *titles, n=1, lineterm="")
            print(*itertools.islice(difference, 60), sep="\n", file=sys.stderr)
            print(f"{name} does not describe the installed package: run `make stubs`", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
