"""The side-by-side program measures and reports as it says; whether a bar is met is not a test's business."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benches" / "side_by_side.py"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("side_by_side", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


class Scripted:
    """Takes the times it was given, one after the other."""

    def __init__(self, name, times, log):
        self.name, self.times, self.log = name, iter(times), log

    def once(self):
        self.log.append(self.name)
        return next(self.times)


def test_turns_alternate_and_the_best_median_counts(program):
    log = []
    slow_then_fast = [9.0] * program.PAIRS + [2.0] * program.PAIRS
    # One outlier in a round, in either direction, says nothing.
    steady = [4.0] * (program.PAIRS - 1) + [0.1] + [5.0] * program.PAIRS
    a, b = program.alternate(Scripted("a", slow_then_fast, log), Scripted("b", steady, log), rounds=2)
    assert (a, b) == (2.0, 4.0)
    assert log == ["a", "b"] * (2 * program.PAIRS)


def test_where_memory_is_shared_the_median_round_counts(program, monkeypatch):
    monkeypatch.setattr(program, "turn", lambda side, settle: side.once())
    times = [1.0] * program.PAIRS + [5.0] * program.PAIRS + [4.0] * program.PAIRS  # one lucky round
    (time,) = program.alternate(Scripted("a", times, []), rounds=3, settle=True)
    assert time == 4.0


def test_a_ratio_over_its_bar_is_reported(program):
    result = program.Result("figure", "peer", 0.5)
    program.compare(result, Scripted("a", [3.0] * 99, []), Scripted("b", [4.0] * 99, []))
    assert result.ratio == 0.75 and result.ok is False
    assert "over" in program.table([result]) and "0.75" in program.table([result])


def test_a_peer_that_is_not_installed_is_said_to_be(program, monkeypatch):
    monkeypatch.setattr(program, "torch", lambda: None)
    with pytest.raises(program.Skip, match="PyTorch is not installed"):
        program.peer_torch()


def test_the_program_runs(tmp_path):
    out = tmp_path / "figures.json"
    command = [sys.executable, "-W", "ignore", str(PROGRAM), "--only", r"^a \+ b, 8 floats", "--json", str(out)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=dict(os.environ))
    assert result.returncode == 0, result.stderr
    figures = json.loads(out.read_text())
    assert [figure["figure"] for figure in figures] == ["a + b, 8 floats", "a + b, 8 floats, gradient recorded"]
    assert all(figure["ratio"] > 0 and figure["ours"] and figure["theirs"] for figure in figures), figures
    assert result.stdout.count("NumPy") == 2
