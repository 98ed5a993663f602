"""The rooms of the core: no arrow runs up, and the drawing in docs/architecture.md is what the sources say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def rooms():
    spec = importlib.util.spec_from_file_location("rooms", ROOT / "scripts" / "rooms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_arrow_runs_up_and_the_page_shows_them(rooms):
    assert len(rooms.arrows()) > 10
    assert rooms.faults() == []


def test_an_arrow_that_runs_up_is_seen(rooms, tmp_path, monkeypatch):
    folder = tmp_path / "core" / "src" / "random"
    folder.mkdir(parents=True)
    (folder / "normal.rs").write_text("use crate::{graph::Node, shape};\n// use crate::ops;\n")
    monkeypatch.setattr(rooms, "SOURCES", tmp_path)
    assert rooms.upward() == ["core/src/random/normal.rs uses graph"]
