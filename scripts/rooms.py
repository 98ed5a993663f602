"""The rooms of the core and who uses whom, read from the sources.

    python scripts/rooms.py            prints the drawing of docs/architecture.md
    python scripts/rooms.py --check    fails where an arrow runs up, or the page shows another drawing

A room is some modules of the crates `base`, `kernels` (all of it) and `core`. They are listed from the ground up: a room may
use what stands before it in the list, and nothing behind it. What the tests use does not count.
"""

import re
import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "rust"
PAGE = ROOT / "docs" / "architecture.md"

#: From the ground up: a room and its modules.
ROOMS: dict[str, tuple[str, ...]] = {
    "facts": ("error", "dtype", "scalar", "shape", "lattice", "warning", "sync"),
    "parallel": ("parallel",),
    "kernels": ("kernels",),
    "memory": ("provenance", "geometry", "storage"),
    "random": ("random",),
    "arrays": ("array", "launch"),
    "graph": ("tensor", "graph"),
    "ops": ("ops",),
    "front": ("autograd", "display"),
}
ROOM_OF = {module: room for room, modules in ROOMS.items() for module in modules}

#: How files of a crate name the modules of the rooms.
USE = {
    "base": re.compile(r"\bcrate::(?:\{([^}]*)\}|(\w+))"),
    "kernels": re.compile(r"\barcgrad_base::(?:\{([^}]*)\}|(\w+))"),
    "core": re.compile(r"\bcrate::(?:\{([^}]*)\}|(\w+))"),
}
COMMENT = re.compile(r"//.*")
TESTS = re.compile(r"#\[cfg\((?:all\()?test\b.*?\bmod \w+ \{.*\Z", re.DOTALL)


def module_of(file: Path) -> str:
    """The module of a room that a file belongs to."""
    crate, _, module, *_ = file.relative_to(SOURCES).parts
    return "kernels" if crate == "kernels" else module.removesuffix(".rs")


def files() -> list[Path]:
    """The sources of the rooms."""
    return sorted(file for crate in USE for file in (SOURCES / crate / "src").rglob("*.rs"))


def uses(file: Path) -> set[str]:
    """The modules that a file names."""
    text = TESTS.sub("", COMMENT.sub("", file.read_text()))
    found = set()
    for braces, name in USE[file.relative_to(SOURCES).parts[0]].findall(text):
        found |= {part.strip().split("::")[0] for part in braces.split(",")} if braces else {name}
    return found & ROOM_OF.keys()


def arrows() -> dict[tuple[str, str], list[str]]:
    """Pairs of rooms of which the first uses the second, and the files in which it does."""
    found: dict[tuple[str, str], list[str]] = {}
    for file in files():
        module = module_of(file)
        if module not in ROOM_OF or file.stem.endswith("tests"):
            continue
        for used in sorted(uses(file)):
            pair = (ROOM_OF[module], ROOM_OF[used])
            if pair[0] != pair[1]:
                found.setdefault(pair, []).append(f"{file.relative_to(SOURCES)} uses {used}")
    return found


def upward() -> list[str]:
    """What uses something that stands above it."""
    height = {room: level for level, room in enumerate(ROOMS)}
    return [line for (room, used), lines in arrows().items() if height[used] > height[room] for line in lines]


def homeless() -> list[str]:
    """Modules that are in no room."""
    return sorted({module_of(file) for file in files()} - ROOM_OF.keys() - {"lib", "tensor_tests"})


def drawing() -> str:
    """The rooms from the roof down, each with those that it uses, as a diagram. What follows from other arrows is left out."""
    pairs = set(arrows())
    below: dict[str, set[str]] = {room: {used for user, used in pairs if user == room} for room in ROOMS}

    def reaches(room: str, target: str) -> bool:
        return any(used == target or reaches(used, target) for used in below[room])

    lines = ["```mermaid", "graph TD"]
    for room in reversed(ROOMS):
        modules = ", ".join(ROOMS[room])
        lines.append(f'    {room}["{room}: {modules}"]' if modules != room else f"    {room}")
    for room in reversed(ROOMS):
        for used in reversed(ROOMS):
            if used in below[room] and not any(reaches(other, used) for other in below[room] - {used}):
                lines.append(f"    {room} --> {used}")
    return "\n".join([*lines, "```"])


def faults() -> list[str]:
    """All that is wrong, a line each."""
    found = [f"an arrow runs up: {line}" for line in upward()]
    found += [f"{module} is in no room of scripts/rooms.py" for module in homeless()]
    if not found and drawing() not in PAGE.read_text():
        found.append("docs/architecture.md shows another drawing than `python scripts/rooms.py`")
    assert all(first != second for first, second in pairwise(ROOMS))
    return found


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        problems = faults()
        print("\n".join(problems) or "every arrow runs down, and the page shows them")
        sys.exit(bool(problems))
    print(drawing())
