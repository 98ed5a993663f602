"""The examples of the README, of docs/ and of every docstring are run, and show what they say they show."""

import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import arcgrad as ag

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: A fenced block: its language, its text.
FENCE = re.compile(r"^```([\w-]*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    return [text for found, text in FENCE.findall(page.read_text()) if found == language]


def run_doctest(text, name, namespace, line=0):
    """Runs a text's examples; returns how many there were."""
    test = doctest.DocTestParser().get_doctest(text, namespace, name, name, line)
    output = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=output.write, clear_globs=False)
    assert runner.failures == 0, output.getvalue()
    return len(test.examples)


# ---- pages ----


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_the_markers_of_a_merge(page):
    assert not re.search(r"^(<{7}|>{7}) ", page.read_text(), re.MULTILINE)



@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_on_pages_run(page, tmp_path, monkeypatch):
    """The Python blocks of a page are one program. A block followed by one marked `text` prints just that."""
    monkeypatch.chdir(tmp_path)
    ag.manual_seed(0)
    namespace = {"__name__": "__main__"}
    matches = list(FENCE.finditer(page.read_text()))
    for match, following in zip(matches, [*matches[1:], None]):
        language, text = match.groups()
        if language != "python":
            continue
        line = page.read_text()[: match.start()].count("\n") + 1
        if ">>>" in text:
            run_doctest(text, page.name, namespace, line)
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile("\n" * line + text, str(page), "exec"), namespace)
        if following is not None and following[1] == "text" and not page.read_text()[match.end() : following.start()].strip():
            expected = following[2].replace("<BLANKLINE>", "")
            checker = doctest.OutputChecker()
            assert checker.check_output(expected, output.getvalue(), FLAGS), output.getvalue()


def test_the_readme_runs_without_a_warning_under_a_debug_allocator(tmp_path):
    program = "\n".join(blocks(ROOT / "README.md", "python"))
    command = [sys.executable, "-P", "-X", "dev", "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0 and "Warning" not in result.stderr, result.stderr


def test_the_readme_has_examples():
    assert len(blocks(ROOT / "README.md", "python")) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_pages_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for text in blocks(page, "sh"):
        for target in re.findall(r"\bmake (?:[A-Z]+=\S+ )*([a-z]+)", text):
            assert target in targets, f"make {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


# ---- docstrings ----


def modules():
    """The package and all its Python modules but the programs."""
    names = [module.name for module in pkgutil.walk_packages(ag.__path__, "arcgrad.") if not module.name.endswith("__main__")]
    # One needs a package that the tests do not.
    return ["arcgrad", *(name for name in names if not name.startswith("arcgrad.utils.tensorboard"))]


def documented(module):
    """(name, docstring) of a module and of everything that is defined in it."""
    native = module.__name__ == "arcgrad._core"  # whose contents may call themselves members of the package
    found, pending = [(module.__name__, module.__doc__ or "")], []
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) == module.__name__ or native and not inspect.ismodule(value):
            pending.append((f"{module.__name__}.{name}", value))
    while pending:
        name, value = pending.pop()
        value = getattr(value, "__func__", value)  # of static and class methods
        found.append((name, getattr(value, "__doc__", None) or ""))
        if inspect.isclass(value):
            inner = {k: v for k, v in vars(value).items() if not inspect.isclass(v) or v.__qualname__ == f"{value.__qualname__}.{k}"}
            pending += [(f"{name}.{k}", v) for k, v in inner.items() if callable(v) or hasattr(v, "__func__") or inspect.isdatadescriptor(v)]
    return found


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    for place, doc in documented(module):
        if ">>>" in doc:
            ag.manual_seed(0)
            run_doctest(inspect.cleandoc(doc), place, {"ag": ag, "arcgrad": ag, "nn": ag.nn, **_public(module)})


def _public(module):
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def test_examples_in_the_op_table_run():
    for row in ag._core.registry():
        if ">>>" in row["doc"]:
            ag.manual_seed(0)
            run_doctest(row["doc"], f"{row['namespace']}.{row['name']}", {"ag": ag, "arcgrad": ag})


def test_everything_public_is_documented():
    bare = []
    for name in sorted(set(getattr(ag, "__all__", dir(ag)))):
        value = getattr(ag, name)
        if not name.startswith("_") and (inspect.isroutine(value) or inspect.isclass(value)) and not inspect.getdoc(value):
            bare.append(name)
    assert bare == []
    assert [row["name"] for row in ag._core.registry() if not row["doc"].strip()] == []


def test_the_runner_notices_wrong_examples():
    with pytest.raises(AssertionError, match="Expected"):
        run_doctest(">>> 1 + 1\n3\n", "wrong", {})
    assert run_doctest(">>> 1 + 1\n2\n", "right", {}) == 1
