"""``python -m arcgrad``: the environment, as a report of a fault should have it.

``python -m arcgrad run program.py …`` runs a program that imports ``torch`` on arcgrad, and ``run -m package …`` a module.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import arcgrad as ag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def report() -> str:
    """What results and times may depend on, one line each."""
    threads = ag.get_num_threads()
    rows = {
        "arcgrad": f"{ag.__version__} in {ag.__path__[0]}",
        "instruction sets": ag._core._instruction_sets(),
        "threads": f"{threads} (set_num_threads changes it; results do not depend on it)",
        "default dtype": str(ag.get_default_dtype()),
        "Python": f"{platform.python_implementation()} {platform.python_version()} in {sys.executable}",
        "system": f"{platform.platform()}, {platform.machine()}",
        **{name: _version(name) for name in ("numpy", "matplotlib", "tqdm")},
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


USAGE = """\
usage: python -m arcgrad                      the environment, as a report of a fault should have it
       python -m arcgrad run program.py ...   runs a program that imports torch on arcgrad
       python -m arcgrad run -m module ...    the same of a module, as python -m does
       python -m arcgrad --help               this"""


def refuse(why: str) -> NoReturn:
    """Ends the process with what is wrong, and the status of wrong arguments."""
    print(f"arcgrad: {why}", file=sys.stderr)
    sys.exit(2)


def run(arguments: list[str]) -> None:
    """Runs a program as ``__main__``, with arcgrad standing in as ``torch``.

    Args:
        arguments: the program's file or directory, or ``-m`` and its module, and what it is given.
    """
    import runpy

    first = arguments[0] if arguments else "-m"
    if first in ("-h", "--help"):
        print(USAGE)
        return
    if first == "-m":
        if len(arguments) < 2:
            refuse(f"run: the program is missing\n{USAGE}")
        ag.stand_in()
        if not _is_there(arguments[1]):
            refuse(f"run: no module named {arguments[1]!r}")
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return
    if first.startswith("-"):
        refuse(f"run: there is no option {first!r}; those of Python come before '-m arcgrad'\n{USAGE}")
    if not os.path.exists(first):
        refuse(f"run: no such file: {first!r}")
    if os.path.isdir(first) and not os.path.exists(os.path.join(first, "__main__.py")):
        refuse(f"run: there is no __main__.py in the directory {first!r}")
    ag.stand_in()
    sys.argv = arguments
    # A program finds the modules beside it, as under `python program.py`.
    sys.path[0] = os.path.dirname(os.path.abspath(first))
    runpy.run_path(first, run_name="__main__")


def _is_there(module):
    """Whether there is a module of this name. Without asking, a name that is mistyped would be a traceback of `runpy`."""
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError as error:
        # What the packages around it lack is another matter, and theirs to say.
        return not f"{module}.".startswith(f"{error.name}.")


def main(arguments: list[str]) -> None:
    """Reports, or runs what is asked for."""
    if not arguments:
        print(report())
    elif arguments[0] == "run":
        run(arguments[1:])
    elif arguments[0] in ("-h", "--help"):
        print(USAGE)
    else:
        refuse(f"there is no command {arguments[0]!r}\n{USAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
