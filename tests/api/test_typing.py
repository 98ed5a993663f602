"""What type checkers say of programs: nothing about right ones, and the wrong lines of wrong ones.

``typechecks/correct`` holds programs as people write them; they run, too. Each line of ``typechecks/wrong`` that ends in ``# wrong`` has one
mistake, and every other line has none. Both checkers read all of it once.
"""

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import arcgrad as ag

PROGRAMS = Path(__file__).parents[1] / "typechecks"
CORRECT = sorted(path.name for path in (PROGRAMS / "correct").glob("*.py"))
WRONG = sorted(path.name for path in (PROGRAMS / "wrong").glob("*.py"))
CHECKERS = ["mypy", "basedpyright"]


def _found_by_mypy(output: str, folder: Path) -> dict[str, dict[int, str]]:
    """File -> line -> what is wrong there."""
    found: dict[str, dict[int, str]] = {}
    for line in output.splitlines():
        match = re.match(r"(.+?):(\d+): error: (.*)", line)
        if match:
            name = (folder / match[1]).resolve().relative_to(folder).as_posix()
            found.setdefault(name, {})[int(match[2])] = match[3]
    return found


def _found_by_basedpyright(output: str, folder: Path) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for entry in json.loads(output)["generalDiagnostics"]:
        if entry["severity"] == "error":
            name = Path(entry["file"]).resolve().relative_to(folder).as_posix()
            found.setdefault(name, {})[entry["range"]["start"]["line"] + 1] = entry["message"]
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Checker -> file -> line -> message, of the programs and of the demo, as a user's code outside of the package."""
    folder = tmp_path_factory.mktemp("typing").resolve()
    for name in ("correct", "wrong"):
        shutil.copytree(PROGRAMS / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    demo = Path(ag.__file__).parent / "demo"
    shutil.copytree(demo, folder / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    # Programs are no modules of each other: each is checked by itself, with names that clash with nobody's.
    for kind in ("correct", "wrong"):
        (folder / kind / "__init__.py").touch()
    python = [sys.executable, "-P", "-m"]
    commands = {
        "mypy": [*python, "mypy", "--strict", "--no-error-summary", "--cache-dir", str(folder / "cache"), "."],
        "basedpyright": [*python, "basedpyright", "--outputjson", "--pythonpath", sys.executable, "."],
    }
    running = {
        name: subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, command in commands.items()
    }
    readers = {"mypy": _found_by_mypy, "basedpyright": _found_by_basedpyright}
    results = {}
    for name, process in running.items():
        output, errors = process.communicate()
        assert process.returncode in (0, 1), f"{name} failed:\n{output}\n{errors}"
        results[name] = readers[name](output, folder)
    return results


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_programs_and_the_demo_have_no_type_errors(found, checker):
    errors = {name: lines for name, lines in found[checker].items() if not name.startswith("wrong/")}
    assert errors == {}


def test_the_stubs_themselves_have_no_type_errors(tmp_path):
    package = Path(ag.__file__).parent
    names = [stub.relative_to(package).with_suffix("").as_posix().replace("/", ".") for stub in package.rglob("*.pyi")]
    modules = [f"arcgrad.{name}".removesuffix(".__init__") for name in names]
    command = [sys.executable, "-P", "-m", "mypy", "--strict", "--cache-dir", str(tmp_path)]
    command += [part for module in modules for part in ("-m", module)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("checker", CHECKERS)
def test_every_wrong_line_is_found_and_no_other(found, checker, name):
    lines = (PROGRAMS / "wrong" / name).read_text().splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    errors = found[checker].get(f"wrong/{name}", {})
    missed = [f"{number}: {lines[number - 1]}" for number in sorted(expected - errors.keys())]
    invented = [f"{number}: {lines[number - 1]} -> {errors[number]}" for number in sorted(errors.keys() - expected)]
    assert (missed, invented) == ([], [])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CORRECT)
def test_right_programs_run(name, capsys):
    runpy.run_path(str(PROGRAMS / "correct" / name))


def test_there_are_enough_programs():
    assert (len(CORRECT), len(WRONG)) >= (20, 10)
