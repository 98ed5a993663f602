"""The demo: the digits it learns from, what it promises, and what it leaves behind."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import arcgrad as ag
from arcgrad.demo import __main__ as program
from arcgrad.demo import data, training


def run(folder, *arguments):
    command = [sys.executable, "-P", "-m", "arcgrad.demo", "--output", str(folder), *arguments]
    environment = os.environ | {"COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, env=environment)


def test_the_digits_are_the_published_ones():
    digits = data.load_digits()
    assert (len(digits.train), len(digits.held_out)) == (1438, 359)
    images = ag.cat([digits.train.tensors[0], digits.held_out.tensors[0]])
    labels = ag.cat([digits.train.tensors[1], digits.held_out.tensors[1]])
    assert images.shape == (1797, 1, 8, 8) and images.dtype == ag.float32
    assert (images.min().item(), images.max().item()) == (0, 1)
    # The counts of the test set in the archive's description.
    assert [int((labels == digit).sum()) for digit in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_held_out_digits_are_not_trained_on_and_the_split_repeats():
    first, second = data.load_digits(seed=3), data.load_digits(seed=3)
    assert bool((first.held_out.tensors[0] == second.held_out.tensors[0]).all())
    assert not bool((first.held_out.tensors[1] == data.load_digits(seed=4).held_out.tensors[1]).all())
    with pytest.raises(ValueError, match="held_out"):
        data.load_digits(held_out=1.5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder, the finished process, and the processor time it took: unlike the clock, that does not depend on what else runs."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    before = os.times()
    result = run(folder)
    after = os.times()
    return folder, result, after.children_user + after.children_system - before.children_user - before.children_system


def test_the_demo_reaches_its_accuracy_in_its_time(finished):
    _, result, seconds = finished
    assert result.returncode == 0, result.stderr
    (accuracy,) = re.findall(r"([\d.]+)% of the held-out digits are recognised, after [\d.]+ s", result.stdout)
    assert float(accuracy) >= 97
    assert seconds < 2 * 30  # two processors, half a minute each


def test_the_loaded_network_repeats_the_accuracy(finished):
    folder, result, _ = finished
    trained, loaded = re.findall(r"([\d.]+%) (?:of the held-out|by a new network)", result.stdout)
    assert trained == loaded
    model = training.make_model()
    model.load_state_dict(ag.load(folder / "digits.safetensors"))
    _, accuracy = training.evaluate(model, data.load_digits().held_out)
    assert f"{accuracy:.2%}" == loaded


def test_the_demo_shows_a_progress_bar_and_names_its_files(finished):
    folder, result, _ = finished
    assert "epoch  8/8: 100%" in result.stderr and "accuracy=" in result.stderr
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["digits.safetensors", "graph.dot", "graph.png", "graph.svg", "mistakes.png", "training.png"]
    for name in files:
        assert str(folder / name) in result.stdout


def test_the_pictures_are_pictures(finished):
    folder, _, _ = finished
    for name in ("graph.png", "mistakes.png", "training.png"):
        data = (folder / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 5_000
    assert ElementTree.parse(folder / "graph.svg").getroot().tag.endswith("svg")
    graph = (folder / "graph.dot").read_text()
    names = [name for name, _ in training.make_model().named_parameters()]
    assert all(f'"{name}\\n' in graph for name in names)


def test_the_demo_runs_without_a_warning_under_a_debug_allocator(tmp_path):
    command = [sys.executable, "-P", "-X", "dev", "-W", "error", "-m", "arcgrad.demo", "--output", str(tmp_path), "--epochs", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert "Warning" not in result.stderr and "Traceback" not in result.stderr, result.stderr
    assert result.returncode == 1 and "less than the 97% expected" in result.stderr  # after one epoch


def test_the_same_seed_gives_the_same_network():
    digits = data.load_digits()
    weights = []
    for _ in range(2):
        ag.manual_seed(5)
        model = training.make_model()
        history = training.train(model, digits, epochs=1, seed=5)
        weights.append(model.state_dict())
    assert all(bool((weights[0][name] == weights[1][name]).all()) for name in weights[0])
    assert history.held_out_accuracy[0] > 0.8


def test_too_little_training_is_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, "REQUIRED_ACCURACY", 1.01)
    assert program.main(["--epochs", "1", "--output", str(tmp_path)]) == 1
    assert "less than" in capsys.readouterr().err


def test_missing_packages_are_named(monkeypatch, capsys):
    monkeypatch.setattr(program.importlib.util, "find_spec", lambda name: None)
    assert program.main([]) == 2
    assert "pip install matplotlib tqdm" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--epochs", "many"], ["--unknown"]])
def test_wrong_arguments_are_explained(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        program.main([*arguments, "--output", str(tmp_path)])
    assert caught.value.code == 2
    assert "usage: python -m arcgrad.demo" in capsys.readouterr().err


def test_the_source_of_the_digits_is_named():
    text = Path(data.__file__).read_text()
    assert "CC BY 4.0" in text and "10.24432/C50P49" in text
