"""Writes the type stubs of the installed package, or checks them.

    python scripts/stubs.py            writes them into python/arcgrad
    python scripts/stubs.py --check    fails, with the difference, if what is there is not what would be written

Every fact has one source. What an operation takes and gives back is in its row of the op table, which
``arcgrad._core.registry()`` lists; the types of what else is in the core stand in ``scripts/core_by_hand.pyi`` and
``python/arcgrad/_core/_autograd.pyi``, which are compared with the core that is there; functions written in Python carry
their annotations themselves. From these follow the stubs of the core, of its namespaces, of the modules that hand them on
(``nn.functional``, ``special``, ``linalg``, ``fft``) and of the package.
"""

import argparse
import ast
import difflib
import importlib
import inspect
import itertools
import operator
import re
import sys
import types
from pathlib import Path

PACKAGE = "arcgrad"
SCRIPTS = Path(__file__).resolve().parent
FOLDER = SCRIPTS.parent / "python" / PACKAGE

HEADER = "# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.\n"

#: Comparisons give tensors and not truth values, as in NumPy (`override`, `misc`). A tensor of one element passes for a number or an
#: index, so that some rows can only be told apart by looking at values (`overload-cannot-match`).
PRAGMA = '# mypy: disable-error-code="override, misc, overload-cannot-match"\n\n'

#: Names of Python's types that the core gives to something else, and what annotations say for them.
SHADOWED = {name: f"builtins.{name}" for name in ("bool", "complex", "float", "int", "type")}
#: Classes whose names are those of attributes of a tensor, too.
ALIASED = {name: f"_{name}" for name in ("device", "dtype", "layout", "memory_format")}

#: Types of the table's kinds of parameters.
KINDS = {
    "Any": "Operand | str | Sequence[Any]",
    "Bool": "bool",
    "DType": "DType",
    "Device": "Device",
    "Float": "Float",
    "Floats": "Float | Sequence[Float]",
    "Generator": "Generator",
    "Int": "SupportsIndex",
    "IntList": "Sequence[SupportsIndex]",
    "Ints": "SupportsIndex | Sequence[SupportsIndex]",
    "Layout": "layout",
    "MemoryFormat": "memory_format",
    "Number": "Operand",
    "Tensor": "Tensor",
    "TensorOrNumber": "Operand",
    "Tensors": "Sequence[Tensor]",
    "Text": "str",
}
#: Types of the items of a parameter that takes the rest of what is given by position.
ITEMS = {"IntList": "SupportsIndex", "Ints": "SupportsIndex", "Tensors": "Tensor"}

#: Special methods of tensors that compute: by their names without underscores, parameters after self and result.
OPERATORS = {
    **{name: ("other: Operand | NDArray[Any], /", "Tensor") for name in ("lt", "le", "gt", "ge")},
    # Anything can be compared for equality, by the rules of Python.
    **{name: ("other: Any, /", "Tensor") for name in ("eq", "ne")},
    **{name: ("", "Tensor") for name in ("neg", "pos", "abs", "invert")},
    **{
        f"{side}{name}": ("other: Operand | NDArray[Any], /", "Self" if side == "i" else "Tensor")
        for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
        for side in ("", "r", "i")
    },
}

#: Parts of every class that say nothing about its use.
HIDDEN = {
    "__array_priority__", "__class__", "__delattr__", "__delitem__", "__dict__", "__doc__", "__getattribute__", "__getstate__",
    "__hash__", "__init_subclass__", "__module__", "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__",
    "__sizeof__", "__subclasshook__", "__weakref__",
}  # fmt: skip

COMPARISONS = {f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def written(body):
    """The text of a stub; bodies that say nothing stand behind the colon."""
    text = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
    return re.sub(r":\n +\.\.\.\n(\n(?= +(def|@)))?", ": ...\n", text + "\n")


class _Renamed(ast.NodeTransformer):
    """Puts what annotations mean by a shadowed name in its place."""

    def _annotation(self, node):
        for child in ast.walk(node):
            if isinstance(child, ast.Name):
                child.id = SHADOWED.get(child.id, ALIASED.get(child.id, child.id))
        return node

    def visit_arg(self, node):
        node.annotation = node.annotation and self._annotation(node.annotation)
        return node

    def visit_FunctionDef(self, node):
        node.returns = node.returns and self._annotation(node.returns)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node):
        self._annotation(node.annotation)
        if isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias":
            self._annotation(node.value)
        return node

    def visit_ClassDef(self, node):
        node.bases = [self._annotation(base) for base in node.bases]
        return self.generic_visit(node)


def paragraph(doc):
    """The first paragraph: enough for an editor, while help() shows the whole."""
    return inspect.cleandoc(doc or "").split("\n\n")[0].strip()


def documented(function, doc):
    """The definition with a docstring for its body."""
    text = paragraph(doc)
    function.body = [ast.Expr(ast.Constant(text))] if text else [ast.Expr(ast.Constant(...))]
    return function


def functions_in(body):
    """Name -> definitions, of which overloaded functions have several; properties by their getters alone."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            if not any(isinstance(decorator, ast.Attribute) for decorator in node.decorator_list):
                found.setdefault(node.name, []).append(node)
    return found


# ---- operations ----


def parameter_text(parameter, **changes):
    """``name: type = default``, after changes to what the table says."""
    parameter = {**parameter, **changes}
    kind = parameter.get("type") or KINDS[parameter["kind"]]
    if parameter["nullable"] and "None" not in kind:
        kind += " | None"
    default = parameter["default"]
    return f"{parameter['name']}: {kind}" + ("" if default is None else f" = {default}")


def parameters_text(parameters, first):
    """The parameters in parentheses; ``first`` is self or nothing."""
    items, starred = [first] if first else [], False
    for parameter in parameters:
        way = parameter["way"]
        if way == "Keyword" and not starred:
            items.append("*")
            starred = True
        if way == "Spread":
            items.append(f"*{parameter['name']}: {ITEMS[parameter['kind']]}")
            starred = True
            continue
        items.append(parameter_text(parameter))
        if way == "PositionalOnly":
            items.append("/")
    return ", ".join(items)


def changed(parameters, name, /, **changes):
    return [{**parameter, **changes} if parameter["name"] == name else parameter for parameter in parameters]


def by_keyword(parameters, name):
    """The parameters, from the one called ``name`` on by keyword only."""
    at = [parameter["name"] for parameter in parameters].index(name)
    return parameters[:at] + [{**parameter, "way": "Keyword"} for parameter in parameters[at:]]


def asked(parameters, flags):
    """Signatures of an operation that gives one tensor more for each flag that is true."""
    for chosen in itertools.chain.from_iterable(itertools.combinations(flags, n) for n in range(len(flags) + 1)):
        variant = parameters
        for flag in flags:
            given = flag in chosen
            variant = changed(variant, flag, type=f"Literal[{given}]", default=None if given else "False")
        if chosen:
            variant = by_keyword(variant, chosen[0])
        yield variant, f"tuple[{', '.join(['Tensor'] * (1 + len(chosen)))}]" if chosen else "Tensor"
    # By position, or flags that are variables.
    yield parameters, "Any"


def tuple_if(parameters, flag):
    """Signatures of an operation that gives a tuple if the flag is true."""
    yield changed(parameters, flag, type="Literal[False]", default="False"), "Tensor"
    yield by_keyword(changed(parameters, flag, type="Literal[True]", default=None), flag), "tuple[Tensor, ...]"
    yield parameters, "Any"


def spread(parameters):
    """Signatures of what takes ``f(1, 2)`` as well as ``f((1, 2))``."""
    yield parameters
    if any(parameter["way"] == "Spread" for parameter in parameters):
        yield [{**parameter, "way": "Positional"} if parameter["way"] == "Spread" else parameter for parameter in parameters]


def in_numpys_words(parameters):
    """Further signatures with NumPy's names of ``dim`` and ``keepdim``."""
    names = {parameter["name"] for parameter in parameters if parameter["spellings"]}
    if "dim" in names:
        axis = changed(parameters, "dim", name="axis", default=None)
        axis = changed(axis, "keepdim", name="keepdims")
        yield by_keyword(axis, "axis")
    if "keepdim" in names:
        yield by_keyword(changed(parameters, "keepdim", name="keepdims", default=None), "keepdims")


def signatures(row):
    """All signatures of a name: parameters and type of the result."""
    method = row["namespace"] == "Tensor"
    all_found = []
    for overload in row["overloads"]:
        kind, *details = overload["gives"]
        several = kind in ("Tensors", "Tuple", "Named")
        out = "tuple[Tensor, ...] | None" if several else "Tensor | None"
        parameters = changed(overload["parameters"], "out", type=out)
        for own in spread(parameters):
            for spelling in (own, *in_numpys_words(own)):
                if kind == "Asked":
                    all_found += asked(spelling, details[0])
                elif kind == "TupleIf":
                    all_found += tuple_if(spelling, details[0])
                else:
                    result = {
                        "Tensor": "Tensor",
                        "Tensors": "tuple[Tensor, ...]",
                        "Bool": "bool",
                        "Target": "Self" if method else "Tensor",
                        "Named": f"_return_{details[0] if details else ''}",
                        "Tuple": f"tuple[{', '.join(['Tensor'] * details[0])}]" if kind == "Tuple" else "",
                    }[kind]
                    all_found.append((spelling, result))
    # What NumPy's spellings make of different signatures may be the same.
    texts = [(parameters_text(parameters, "self" if method else ""), result) for parameters, result in all_found]
    return list(dict.fromkeys(texts))


def operation(row):
    """The definitions of a name of the table."""
    found = signatures(row)
    mark = "@overload\n" if len(found) > 1 else ""
    text = "\n".join(f"{mark}def {row['name']}({parameters}) -> {result}: ..." for parameters, result in found)
    definitions = ast.parse(text).body
    documented(definitions[0], row["doc"])
    return definitions


class Stubs:
    """The stubs of one installed package."""

    def __init__(self, package):
        self.package = package
        self.core = importlib.import_module(f"{package.__name__}._core")
        self.rows = {}
        for row in self.core.registry():
            self.rows.setdefault(row["namespace"], {})[row["name"]] = row
        # The in-place forms behind nn.functional stay in the core's namespace.
        self.rows["nn.functional"] |= self.rows.pop("_core.nn")
        self.by_hand = ast.parse((SCRIPTS / "core_by_hand.pyi").read_text())

    def files(self):
        """File -> text of every stub that is written here."""
        return {
            "__init__.pyi": self.package_stub(),
            "_core/__init__.pyi": self.core_stub(),
            "_core/nn.pyi": self.namespace_stub("nn.functional"),
            "_core/special.pyi": self.namespace_stub("special"),
            "_core/linalg.pyi": self.namespace_stub("linalg"),
            "_core/fft.pyi": self.namespace_stub("fft"),
            "nn/functional/__init__.pyi": self.handed_on("nn.functional", "_core.nn"),
            "special.pyi": self.handed_on("special", "_core.special"),
            "linalg.pyi": self.handed_on("linalg", "_core.linalg"),
            "fft.pyi": self.handed_on("fft", "_core.fft"),
        }

    # ---- _core ----

    def core_stub(self):
        classes = [node for node in self.by_hand.body if isinstance(node, ast.ClassDef)]
        tensor = next(node for node in classes if node.name == "Tensor")
        known = functions_in(tensor.body)
        for name in vars(self.core.Tensor):
            bare = name.removeprefix("__").removesuffix("__")
            if name not in known and name != bare and bare in OPERATORS:
                parameters, result = OPERATORS[bare]
                parameters = ", ".join(filter(None, ["self", parameters]))
                tensor.body += ast.parse(f"def {name}({parameters}) -> {result}: ...").body
        for name, row in sorted(self.rows["Tensor"].items()):
            if name not in known:
                tensor.body += operation(row)
        for node in classes:
            self._describe(node, getattr(self.core, node.name))
        named = self._named_results()
        functions = functions_in(self.by_hand.body)
        for name, definitions in functions.items():
            documented(definitions[0], getattr(self.core, name).__doc__)
        operations = [node for name, row in sorted(self.rows[""].items()) if name not in functions for node in operation(row)]
        head, rest = [], []
        for node in self.by_hand.body[1:]:
            (head if isinstance(node, (ast.Import, ast.ImportFrom)) else rest).append(node)
        aliases = [f"{alias}: TypeAlias = {name}" for name, alias in ALIASED.items()]
        body = [*head, *rest, *named, *operations]
        tree = _Renamed().visit(ast.Module(body, []))
        tree.body[len(head) : len(head)] = ast.parse("\n".join(aliases)).body
        tree.body[:0] = ast.parse("import builtins").body
        return HEADER + PRAGMA + written(tree.body)

    def _describe(self, node, cls):
        docs = {name: getattr(value, "__doc__", None) for name, value in vars(cls).items() if not name.startswith("__")}
        for name, definitions in functions_in(node.body).items():
            if name in docs and not (node.name == "Tensor" and name in self.rows["Tensor"]):
                documented(definitions[0], docs[name])
        if cls.__doc__:
            node.body.insert(0, ast.Expr(ast.Constant(paragraph(cls.__doc__))))

    def _named_results(self):
        found = {}
        for row in itertools.chain.from_iterable(rows.values() for rows in self.rows.values()):
            for overload in row["overloads"]:
                kind, *details = overload["gives"]
                if kind == "Named":
                    found[details[0]] = details[1]
        text = []
        for name, fields in sorted(found.items()):
            text += [f"class _return_{name}(NamedTuple):", *(f"    {field}: Tensor" for field in fields)]
        return ast.parse("\n".join(text)).body

    def namespace_stub(self, namespace):
        rows = sorted(self.rows[namespace].items())
        tree = ast.Module([node for _, row in rows for node in operation(row)], [])
        body = written(_Renamed().visit(tree).body)
        for name, value in sorted(vars(getattr(self.core, namespace.partition(".")[0])).items()):
            if inspect.isclass(value) and issubclass(value, Exception):
                body = f'class {name}({value.__base__.__name__}):\n    """{paragraph(value.__doc__)}"""\n\n' + body
        return HEADER + self._imports(body) + "\n" + body

    def _imports(self, text):
        """The imports of the names that occur in a stub's text."""
        used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        homes = {
            "collections.abc": ["Sequence"],
            "typing": ["Any", "Literal", "SupportsIndex", "overload"],
            f"{PACKAGE}._core": [
                *("DType", "Device", "Float", "Generator", "Operand", "Tensor"),
                *ALIASED.values(),
                *sorted(name for name in used if name.startswith("_return_")),
            ],
        }
        lines = ["import builtins"]
        for home, names in homes.items():
            if found := [name for name in names if name in used]:
                lines.append(f"from {home} import {', '.join(found)}")
        return "\n".join(lines) + "\n"

    # ---- modules in Python that hand operations on ----

    def handed_on(self, module, source):
        """The stub of a module that adds functions of its own, or of its parts, to those of a namespace of the core."""
        loaded = importlib.import_module(f"{PACKAGE}.{module}")
        primitives = vars(importlib.import_module(f"{PACKAGE}._core")).get(source.removeprefix("_core."))
        origins = {name: f"{PACKAGE}.{source}" for name, value in vars(loaded).items() if getattr(primitives, name, None) is value}
        for part in vars(loaded).values():
            # What begins with an underscore is for the other parts.
            if isinstance(part, types.ModuleType) and re.match(rf"{loaded.__name__}\.(?!_)", part.__name__):
                origins |= {name: part.__name__ for name in part.__all__}
        names = sorted(name for name in origins if not name.startswith("_"))
        return HEADER + "".join(f"from {origins[name]} import {name} as {name}\n" for name in names)

    # ---- the package ----

    def package_stub(self):
        imports, modules, own = {}, [], []
        for name in sorted(set(dir(self.package))):
            if name.startswith("_") and name not in getattr(self.package, "__all__", ()):
                continue
            value = getattr(self.package, name)
            home = self._home(name, value)
            if isinstance(value, types.ModuleType):
                if value.__name__.startswith(self.package.__name__ + "."):
                    modules.append(value.__name__.removeprefix(self.package.__name__ + "."))
            elif home:
                imports.setdefault(home, []).append(name)
            else:
                own += [f"{name}: {'None' if value is None else f'builtins.{type(value).__name__}'}"]
        out = [HEADER, "import builtins", ""]
        out += [f"from . import {module} as {module}" for module in modules if "." not in module]
        for module in sorted(imports):
            out += [f"from .{module} import {name} as {name}" for name in imports[module]]
        out += ["", *own, "__version__: builtins.str"]
        return "\n".join(out).rstrip("\n") + "\n"

    def _home(self, name, value):
        """The module of the package that a name comes from."""
        of_core = {"_core": self.core, "_core._autograd": self.core._autograd}
        inside = {name: module for name, module in sorted(sys.modules.items()) if name.startswith(f"{PACKAGE}.")}
        own = inside.get(getattr(value, "__module__", None))
        places = of_core | ({own.__name__.removeprefix(f"{PACKAGE}."): own} if own else {})
        places |= {name.removeprefix(f"{PACKAGE}."): module for name, module in inside.items()}
        return next((place for place, module in places.items() if value is not None and vars(module).get(name) is value), None)

    # ---- what must not drift apart ----

    def faults(self):
        """What the package and the types written by hand say differently."""
        for namespace, rows in sorted(self.rows.items()):
            home = self.core.nn if namespace == "nn.functional" else self.package
            for name in sorted(rows):
                place = home
                for part in filter(None, namespace.split(".") if home is self.package else ()):
                    place = getattr(place, part)
                if not hasattr(place, name):
                    yield f"the op table has {namespace}.{name}, and the package does not"
        yield from self._compared("_core", self.core, self.by_hand.body, self.rows[""])
        autograd = ast.parse((FOLDER / "_core/_autograd.pyi").read_text()).body
        yield from self._compared("_core._autograd", self.core._autograd, autograd, ())

    def _compared(self, where, present, body, operations):
        """Differences between a module or class and what is written about it."""
        functions, written = functions_in(body), set()
        for node in body:
            match node:
                case ast.FunctionDef() | ast.ClassDef():
                    written.add(node.name)
                case ast.AnnAssign(target=ast.Name(name)) if ast.unparse(node.annotation) != "TypeAlias":
                    written.add(name)
            if isinstance(node, ast.ClassDef):
                cls = getattr(present, node.name, None)
                rows = self.rows["Tensor"] if node.name == "Tensor" else ()
                if inspect.isclass(cls):
                    yield from self._compared(f"{where}.{node.name}", cls, node.body, rows)
        members = {name: value for name, value in vars(present).items() if not isinstance(value, types.ModuleType)}
        for name in sorted(written - members.keys() - HIDDEN - COMPARISONS):
            if not (inspect.isclass(present) and name in ("__getattr__", "__init__")):
                yield f"{where} has no {name}, and types for it are written by hand"
        ignored = HIDDEN | COMPARISONS if inspect.isclass(present) else {name for name in members if name.startswith("__")}
        for name in sorted(members.keys() - written - ignored):
            is_operator = name.startswith("__") and name.strip("_") in OPERATORS
            if name not in operations and not is_operator:
                yield f"{where} has {name}, and no types for it are written by hand"
        for name, definitions in functions.items():
            value = members.get(name)
            if len(definitions) == 1 and inspect.isroutine(value) and not name.startswith("__"):
                try:
                    real = _signature(value)
                except ValueError:
                    continue
                given = ast.unparse(_without_types(definitions[0].args))
                plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in real.parameters.values()]
                expected = str(inspect.Signature(plain)).replace("class,", "class_,").replace(", /", "").replace("Ellipsis", "...")
                if given.replace(" ", "") != expected[1:-1].replace(" ", ""):
                    yield f"{where}.{name} takes {expected}, and by hand is written ({given})"


def _signature(value):
    """The signature of a function, or of that which a method stands for until it is first called."""
    if not hasattr(value, "stands_for"):
        return inspect.signature(value)
    module, name = value.stands_for
    this, *rest = inspect.signature(operator.attrgetter(name)(importlib.import_module(module))).parameters.values()
    if this.kind is inspect.Parameter.VAR_POSITIONAL:
        return inspect.Signature([this.replace(name="args"), *rest])
    return inspect.Signature([this.replace(name="self"), *rest])


def _without_types(arguments):
    arguments = ast.parse(f"def f({ast.unparse(arguments)}): ...").body[0].args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is not None:
            argument.annotation = None
    return arguments


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    stubs = Stubs(importlib.import_module(PACKAGE))
    failed = False
    for fault in stubs.faults():
        print(fault, file=sys.stderr)
        failed = True
    for name, text in stubs.files().items():
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
