"""``python -m arcgrad``: the environment, as a report of a fault should have it.

``python -m arcgrad run program.py …`` runs a program that imports ``torch`` on arcgrad, and ``run -m package …`` a module.
"""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import arcgrad as ag


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


def run(arguments: list[str]) -> None:
    """Runs a program as ``__main__``, with arcgrad standing in as ``torch``.

    Args:
        arguments: the program's file, or ``-m`` and its module, and what it is given.
    """
    import runpy

    if not arguments or arguments == ["-m"]:
        sys.exit("usage: python -m arcgrad run [-m] program …")
    ag.stand_in()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return
    sys.argv = arguments
    # A program finds the modules beside it, as under `python program.py`.
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")


def main(arguments: list[str]) -> None:
    """Reports, or runs what is asked for."""
    if not arguments:
        print(report())
    elif arguments[0] == "run":
        run(arguments[1:])
    else:
        sys.exit("usage: python -m arcgrad [run [-m] program …]")


if __name__ == "__main__":
    main(sys.argv[1:])
