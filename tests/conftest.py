"""Shared fixtures of the test suite.

The tests state facts about ``arcgrad``. Most of them are facts about PyTorch too, so the suite can be checked against
the original: ``ARCGRAD_REFERENCE=torch pytest tests`` puts an installed PyTorch in arcgrad's place. What only arcgrad
promises carries the marker ``arcgrad_only`` and is left out of such a run.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
REFERENCE = os.environ.get("ARCGRAD_REFERENCE", "")

# The alias as source text, because tests that need a process of their own (exit, fork, import) need it there too.
_ALIAS = """
import sys, torch
sys.modules["arcgrad"] = torch
for _name, _module in list(sys.modules.items()):
    if _name.startswith("torch."):
        sys.modules["arcgrad" + _name[len("torch"):]] = _module
"""

if REFERENCE not in ("", "torch"):
    raise pytest.UsageError(f"ARCGRAD_REFERENCE must be empty or 'torch', not {REFERENCE!r}")
if REFERENCE:
    exec(_ALIAS, {})  # before any test module imports arcgrad

# `from oracle import ops` works in every import mode of pytest.
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "arcgrad_only: a promise of arcgrad that PyTorch does not make")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not REFERENCE:
        return
    ours = [item for item in items if item.get_closest_marker("arcgrad_only")]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if not item.get_closest_marker("arcgrad_only")]


@pytest.fixture(autouse=True)
def modes_are_left_as_found():
    """No test, and no error provoked by one, may leave a mode behind."""
    import arcgrad as ag

    yield
    left = {
        "grad mode": ag.is_grad_enabled() is not True,
        "inference mode": ag.is_inference_mode_enabled() is not False,
        "anomaly mode": ag.is_anomaly_enabled() is not False,
        "default dtype": ag.get_default_dtype() is not ag.float32,
    }
    ag.set_grad_enabled(True)
    ag.autograd.set_detect_anomaly(False)
    ag.set_default_dtype(ag.float32)
    changed = [name for name, is_changed in left.items() if is_changed]
    assert not changed, f"left changed: {changed}"


@pytest.fixture
def collect():
    """Runs the cycle collector until it finds nothing more."""

    def run() -> None:
        for _ in range(5):
            if not gc.collect():
                break

    return run


@pytest.fixture
def run_python(tmp_path):
    """Runs a program in an interpreter of its own and returns what it printed; a crash or a hang fails the test."""

    def run(program: str, *, timeout: float = 60, expect_exit: int = 0, env: dict[str, str] | None = None) -> str:
        prelude = _ALIAS if REFERENCE else ""
        path = tmp_path / "program.py"
        path.write_text(prelude + textwrap.dedent(program))
        # PyTorch's import warns; the programs' own warnings are not what these tests are about.
        result = subprocess.run(
            [sys.executable, "-W", "ignore", str(path)],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
        )
        assert result.returncode == expect_exit, (
            f"exit status {result.returncode}\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}"
        )
        return result.stdout

    return run
