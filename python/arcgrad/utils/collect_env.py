"""What results and times may depend on: ``python -m arcgrad`` prints it.

    >>> import arcgrad as ag
    >>> ag.utils.collect_env.run("echo hello")
    (0, 'hello', '')
"""

from __future__ import annotations

import re
import subprocess

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "get_cpu_info",
    "get_gcc_version",
    "get_gpu_info",
    "get_nvidia_driver_version",
    "get_pretty_env_info",
    "main",
    "run",
    "run_and_parse_first_match",
    "run_and_read_all",
]


def run(command: str | list[str]) -> tuple[int, str, str]:
    """Runs a command of the shell. Returns its status, and its output and errors without space at their ends."""
    done = subprocess.run(command, shell=isinstance(command, str), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def run_and_read_all(run_lambda: Callable[[str], tuple[int, str, str]], command: str) -> str | None:
    """The output of a command that succeeds, else None."""
    status, output, _ = run_lambda(command)
    return output if status == 0 else None


def run_and_parse_first_match(run_lambda: Callable[[str], tuple[int, str, str]], command: str, regex: str) -> str | None:
    """The first group of a regular expression in the output of a command that succeeds, else None."""
    output = run_and_read_all(run_lambda, command)
    found = re.search(regex, output) if output is not None else None
    return found.group(1) if found else None


def get_gcc_version(run_lambda: Callable[[str], tuple[int, str, str]]) -> str | None:
    """The version of gcc, or None."""
    return run_and_parse_first_match(run_lambda, "gcc --version", r"gcc (.*)")


def get_cpu_info(run_lambda: Callable[[str], tuple[int, str, str]]) -> str:
    """What the system says about the processor."""
    return run_and_read_all(run_lambda, "lscpu") or ""


def get_gpu_info(run_lambda: Callable[[str], tuple[int, str, str]]) -> str | None:
    """None: no GPU is used."""
    return None


def get_nvidia_driver_version(run_lambda: Callable[[str], tuple[int, str, str]]) -> str | None:
    """None: no GPU is used."""
    return None


def get_pretty_env_info() -> str:
    """What ``python -m arcgrad`` prints."""
    from arcgrad.__main__ import report

    return report()


def main() -> None:
    """Prints :func:`get_pretty_env_info`."""
    print(get_pretty_env_info())


_names.describe(__name__)
