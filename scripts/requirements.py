"""Prints what pip has to install before arcgrad is built and tested, read from pyproject.toml, its only list."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def requirements(pyproject: dict) -> list[str]:
    """The build backend, the dependencies and those of every extra; extras that name this project are its own lists."""
    project = pyproject["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    own = project["name"] + "["
    lines = pyproject["build-system"]["requires"] + project["dependencies"] + extras
    return sorted({line for line in lines if not line.startswith(own)})


if __name__ == "__main__":
    print("\n".join(requirements(tomllib.loads((ROOT / "pyproject.toml").read_text()))))
