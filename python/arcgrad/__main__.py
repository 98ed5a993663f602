"""``python -m arcgrad``: the environment, as a report of a fault should have it."""

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


if __name__ == "__main__":
    print(report())
