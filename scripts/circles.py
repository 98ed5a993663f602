"""Circles of files: which files of a crate use each other, directly or by way of others, read from the sources.

    python scripts/circles.py            lists them
    python scripts/circles.py --check    fails where one is of more than two files and is not known

What counts is a path in the sources: of an import or in the code, followed through re-exports to the file that has the item.
Methods do not count: whoever calls one asks a value, and does not say where the answer lies. See decision 026.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "rust"
CRATES = ("base", "kernels", "core")

#: What is one thing in several files, and how many of these are in a circle at most: a tensor and what it holds.
KNOWN = {("tensor", "graph"): 10}

#: What the root of a crate puts from one room into another, which does not know whose it is.
INVERTED = {"ALGEBRA"}

Names = tuple[str, ...]

TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'""", re.DOTALL)
TESTS = re.compile(r"#\[cfg\((?:all\()?test\b.*?\bmod \w+ \{.*\Z", re.DOTALL)
VISIBILITY = re.compile(r"\bpub\([^)]*\)")
USE = re.compile(r"^\s*(?:pub )?use ([^;]*);", re.MULTILINE)
# Of a module inside of a file, or of a macro, whose `super` is the file itself.
WITHIN = re.compile(r"^ +(?:pub )?use super::(?:\*|\$\w+[^;]*);", re.MULTILINE)
NAMED = re.compile(r"(?<![\w:$])(?:\w+::)*\w+")
ITEM = r"\b(?:fn|struct|enum|trait|type|const|static|mod|union|macro_rules!) {}\b"


def code(text: str) -> str:
    """A source without comments, strings, tests and visibilities."""
    plain = TEXT.sub(lambda found: '""' if found[0][0] == '"' else " ", text)
    return WITHIN.sub("", VISIBILITY.sub("pub", TESTS.sub("", plain)))


def leaves(tree: str) -> list[Names]:
    """The paths of an import's tree; the last name may be `self`, `*` or `a as b`."""
    tree = " ".join(tree.split())
    start = tree.find("{")
    if start < 0:
        return [tuple(part.strip() for part in tree.split("::"))] if tree else []
    before = tuple(part.strip() for part in tree[:start].split("::") if part.strip())
    parts, depth = [""], 0
    for character in tree[start + 1 : tree.rindex("}")]:
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [before + path for part in parts if part.strip() for path in leaves(part)]


class Crate:
    """The files of a crate as modules, and what each has imported."""

    def __init__(self, root: Path) -> None:
        files = {self.module(file.relative_to(root)): file for file in root.rglob("*.rs") if not file.stem.endswith("tests")}
        self.code = {module: code(file.read_text()) for module, file in files.items()}
        self.names: dict[Names, dict[str, Names]] = {module: {} for module in files}
        self.all_of: dict[Names, list[Names]] = {module: [] for module in files}
        for module, text in self.code.items():
            for tree in USE.findall(text):
                for path in leaves(tree):
                    self.take(module, path)

    @staticmethod
    def module(file: Path) -> Names:
        """The path of the module that a file is."""
        *folders, name = file.with_suffix("").parts
        return (*folders, name) if name not in ("mod", "lib") else tuple(folders)

    def take(self, module: Names, path: Names) -> None:
        """Takes an import in."""
        last, _, alias = path[-1].partition(" as ")
        target = self.absolute(module, (*path[:-1], last) if last not in ("self", "*") else path[:-1])
        if target is None:
            return
        if last == "*":
            self.all_of[module].append(target)
        else:
            self.names[module][alias or target[-1]] = target

    def absolute(self, module: Names, path: Names) -> Names | None:
        """A path from the crate's root; `None` if it is none of this crate."""
        if not path:
            return None
        if path[0] == "crate":
            return path[1:]
        if path[0] == "self":
            return module + path[1:]
        if path[0] == "super":
            above = path.count("super")
            return module[: len(module) - above] + path[above:]
        return module + path if (*module, path[0]) in self.code else None

    def has(self, module: Names, name: str) -> bool:
        """Whether a module has an item of its own."""
        return re.search(ITEM.format(re.escape(name)), self.code[module]) is not None

    def home(self, path: Names, seen: frozenset[Names] = frozenset()) -> Names | None:
        """The file that has the item of a path from the root."""
        length = next(length for length in range(len(path), -1, -1) if path[:length] in self.code)
        module, rest = path[:length], path[length:]
        if rest and path not in seen:
            if (target := self.names[module].get(rest[0])) is not None:
                return self.home(target + rest[1:], seen | {path})
            if not self.has(module, rest[0]):
                homes = [home for home in self.all_of[module] if home in self.code and self.has(home, rest[0])]
                return homes[0] if homes else module or None
        return module or None

    def uses(self, module: Names) -> set[Names]:
        """The files that a file names."""
        text = USE.sub("", self.code[module])
        found: set[Names] = set()
        for name in set(NAMED.findall(text)):
            first, *rest = name.split("::")
            if first in ("crate", "super", "self"):
                target = self.absolute(module, (first, *rest))
            elif first in self.names[module]:
                target = self.names[module][first] + tuple(rest)
            else:
                target = self.absolute(module, (first, *rest)) if rest else None
            if target and target[-1] not in INVERTED and (home := self.home(target)) is not None:
                found.add(home)
        for all_of in self.all_of[module]:
            if all_of in self.code and any(self.has(all_of, name) for name in set(re.findall(r"\b[A-Za-z_]\w*\b", text))):
                found.add(all_of)
        return found - {module}

    def circles(self) -> list[set[Names]]:
        """The sets of files of which each uses each other, directly or by way of others."""
        arrows = {module: self.uses(module) for module in self.code}
        reached = {module: self.reached(arrows, module) for module in arrows}
        found: list[set[Names]] = []
        for module in arrows:
            circle = {other for other in reached[module] if module in reached[other]}
            if len(circle) > 1 and circle not in found:
                found.append(circle)
        return sorted(found, key=lambda circle: (-len(circle), min(circle)))

    @staticmethod
    def reached(arrows: dict[Names, set[Names]], start: Names) -> set[Names]:
        """All that a file leads to."""
        seen: set[Names] = set()
        waiting = [start]
        while waiting:
            for other in arrows[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen


def circles() -> dict[str, list[set[Names]]]:
    """The circles of each crate."""
    return {crate: Crate(SOURCES / crate / "src").circles() for crate in CRATES}


def faults() -> list[str]:
    """Circles of more than two files that are not known, or are larger than is known, a line each."""
    found = []
    for crate, sets in circles().items():
        for circle in sets:
            rooms = {module[0] for module in circle}
            allowed = max((most for known, most in KNOWN.items() if rooms <= set(known)), default=2)
            if len(circle) > allowed:
                found.append(f"{len(circle)} files of {crate} use each other: {', '.join(sorted(map('/'.join, circle)))}")
    return found


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        problems = faults()
        print("\n".join(problems) or "no circle of more than two files but the graph's")
        sys.exit(bool(problems))
    for crate, sets in circles().items():
        for circle in sets:
            print(crate, len(circle), *sorted(map("/".join, circle)))
