"""The wheel: what it contains, and that the one file serves every CPython from 3.11 on."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import arcgrad as ag

ROOT = Path(__file__).resolve().parents[2]

#: Wheels may not grow beyond this.
LARGEST_WHEEL = 9 * 10**6

#: Uses every part that is written in C's terms: buffers, numbers, errors, garbage collection, files, the demo's data.
PROGRAM = """
import gc, os, sys, tempfile, threading
import arcgrad as ag
assert "numpy" not in sys.modules, "NumPy is imported only when it is used"
x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
y = (x @ x).sin().sum()
y.backward()
assert x.grad.shape == (2, 2) and x.grad is x.grad
assert float(y) == y.item() and len(x) == 2 and x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
import numpy as np
array = np.arange(3.0)
shared = ag.from_numpy(array)
array[0] = 7
assert shared[0].item() == 7 and shared.numpy()[0] == 7
try:
    x @ ag.ones(3)
except RuntimeError as error:
    assert str(error)
else:
    raise AssertionError("shapes that do not fit must raise")
class Twice(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(ctx, grad):
        return grad * 2
assert ag.autograd.gradcheck(Twice.apply, ag.ones(2, dtype=ag.float64, requires_grad=True))
model = ag.nn.Sequential(ag.nn.Linear(2, 3), ag.nn.Tanh(), ag.nn.Linear(3, 1))
optimizer = ag.optim.Adam(model.parameters(), lr=0.01)
model(x.detach()).square().mean().backward()
optimizer.step()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model")
    ag.save(model.state_dict(), path)
    model.load_state_dict(ag.load(path))
thread = threading.Thread(target=lambda: ag.randn(300, 300).matmul(ag.randn(300, 300)))
thread.start()
thread.join()
from arcgrad.demo.data import load_digits
assert len(load_digits().train) == 1438
gc.collect()
print("fine", sys.version_info[:2])
"""


def find_wheel():
    """The wheel under test: named by ARCGRAD_WHEEL, else the one in dist."""
    named = os.environ.get("ARCGRAD_WHEEL")
    wheels = [Path(named)] if named else list((ROOT / "dist").glob("arcgrad-*.whl"))
    assert len(wheels) == 1, f"exactly one wheel is expected in dist, found {wheels}: run `make wheel`"
    return wheels[0]


def describe(interpreter):
    """((major, minor), whether it is CPython with the GIL and is what it seems), or None if it does not run."""
    question = (
        "import platform, sys, sysconfig;"
        "print(*sys.version_info[:2], platform.python_implementation(), sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
    )
    try:
        answer = subprocess.run([interpreter, "-I", "-c", question], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    if answer.returncode != 0:  # a shim of a version manager that has nothing behind it, say
        return None
    major, minor, implementation, without_gil = answer.stdout.split()
    # The stable ABI of 3.11 does not reach builds without the GIL.
    return (int(major), int(minor)), implementation == "CPython" and without_gil == "0"


def other_interpreters():
    """One interpreter of each other CPython ≥ 3.11 on this machine."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    candidates = [os.path.join(folder, name) for folder in folders for name in _python_names(folder)]
    for versions in (Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python", Path("/opt/python")):
        candidates += sorted(str(path) for path in versions.glob("*/bin/python3.*"))
    found = {}
    for candidate in candidates:
        version = re.fullmatch(r"python3\.(\d+)", os.path.basename(candidate))
        if version is None or int(version[1]) < 11:
            continue
        description = describe(candidate)
        if description is not None and description[1] and description[0] != sys.version_info[:2]:
            found.setdefault(description[0], candidate)
    return [found[version] for version in sorted(found)]


def _python_names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def test_the_tests_run_on_the_installed_wheel():
    file = Path(ag.__file__).resolve()
    assert file.is_relative_to(Path(sysconfig.get_path("platlib")).resolve())
    assert not file.is_relative_to(ROOT / "python")


def test_the_wheel_is_small_and_has_the_stable_abi():
    wheel = find_wheel()
    assert wheel.stat().st_size < LARGEST_WHEEL
    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    extensions = [name for name in names if name.endswith((".so", ".pyd", ".dylib"))]
    assert [Path(name).parts[0] for name in extensions] == ["arcgrad"]
    assert all("abi3" in name or name.endswith(".pyd") for name in extensions)


def test_the_wheel_has_all_it_needs_and_nothing_else():
    with zipfile.ZipFile(find_wheel()) as archive:
        names = set(archive.namelist())
    for name in ("py.typed", "_core/__init__.pyi", "__init__.pyi", "demo/digits.npz", "demo/__main__.py"):
        assert f"arcgrad/{name}" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "rust/"))]
    modules = {str(path.relative_to(ROOT / "python")) for path in (ROOT / "python").rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_versions_agree():
    from importlib import metadata

    (version,) = re.findall(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert metadata.version("arcgrad") == ag.__version__ == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_this_interpreter_runs_the_program(tmp_path):
    run_program(sys.executable, tmp_path)


@pytest.mark.parametrize("interpreter", other_interpreters(), ids=lambda path: re.search(r"3\.\d+$", path)[0])
def test_every_other_interpreter_runs_the_program(interpreter, tmp_path):
    environment = tmp_path / "environment"
    # Without pip, which not every interpreter brings; this one's pip installs into the other.
    subprocess.run([interpreter, "-m", "venv", "--without-pip", environment], check=True, timeout=300)
    python = environment / ("Scripts/python.exe" if platform.system() == "Windows" else "bin/python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check", find_wheel()]
    result = subprocess.run(install, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout + result.stderr
    run_program(python, tmp_path)
    shutil.rmtree(environment)


def run_program(python, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        [python, "-I", "-X", "faulthandler", "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("fine")
