"""The rooms of the core: no arrow runs up, the drawing in docs/architecture.md is what the sources say, no circle is large."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rooms():
    return script("rooms")


@pytest.fixture(scope="module")
def circles():
    return script("circles")


def test_no_arrow_runs_up_and_the_page_shows_them(rooms):
    assert len(rooms.arrows()) > 10
    assert rooms.faults() == []


def test_an_arrow_that_runs_up_is_seen(rooms, tmp_path, monkeypatch):
    folder = tmp_path / "core" / "src" / "random"
    folder.mkdir(parents=True)
    (folder / "normal.rs").write_text("use crate::{graph::Node, shape};\n// use crate::ops;\n")
    monkeypatch.setattr(rooms, "SOURCES", tmp_path)
    assert rooms.upward() == ["core/src/random/normal.rs uses graph"]


def test_no_circle_is_of_more_than_two_files_but_those_that_are_known(circles):
    assert circles.faults() == []
    assert max(len(circle) for circle in circles.circles()["core"]) > 2, "the graph's is seen"


def test_a_circle_is_seen_through_imports_re_exports_and_paths(circles, tmp_path):
    sources = {
        "lib.rs": "pub mod a;\npub mod b;\nmod c;\nmod d;",
        "a.rs": "use crate::b::shown;\nfn first() { shown() }",
        "b/mod.rs": "mod inner;\npub use inner::shown;",
        "b/inner.rs": "pub fn shown() { super::super::c::third() }",
        "c.rs": "use crate::{a::first as other};\npub(super) fn third() { other() }",
        "d.rs": "// crate::a::first\nfn alone() { crate::a::first(\"crate::d::alone\") }",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert circles.Crate(tmp_path).circles() == [{("a",), ("b", "inner"), ("c",)}]
