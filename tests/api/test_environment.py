"""What users meet first: the report of the environment, the output of a failing test, memory that is given back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import arcgrad as ag


def run(*arguments, **options):
    return subprocess.run([sys.executable, "-P", *arguments], capture_output=True, text=True, **options)


def test_the_package_run_as_a_program_reports_the_environment():
    result = run("-W", "error", "-m", "arcgrad")
    assert result.returncode == 0 and result.stderr == "", result.stderr
    report = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert report["arcgrad"].split() == [ag.__version__, "in", str(Path(ag.__file__).parent)]
    assert report["threads"].split()[0] == str(ag.get_num_threads())
    assert "{}.{}.{}".format(*sys.version_info) in report["Python"]
    assert __import__("numpy").__version__ in report["numpy"]
    assert {"instruction sets", "default dtype", "system", "matplotlib", "tqdm"} <= report.keys()


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the flags are known on Linux")
def test_the_report_names_the_instruction_sets_of_this_processor():
    flags = Path("/proc/cpuinfo").read_text().split()
    named = run("-m", "arcgrad").stdout
    assert ("AVX2" in named) == ("avx2" in flags and "fma" in flags)
    assert "AVX-512" not in named or "avx512f" in flags


def test_the_command_line_explains_itself():
    for arguments in (("--help",), ("-h",), ("run", "--help")):
        result = run("-m", "arcgrad", *arguments)
        assert result.returncode == 0 and result.stdout.startswith("usage: python -m arcgrad") and not result.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("nonsense",), "no command 'nonsense'"),
        (("run",), "the program is missing"),
        (("run", "-m"), "the program is missing"),
        (("run", "nosuch.py"), "no such file: 'nosuch.py'"),
        (("run", "."), "no __main__.py"),
        (("run", "--fast"), "no option '--fast'"),
        (("run", "-m", "nosuch"), "no module named 'nosuch'"),
        (("run", "-m", "torch.nosuch"), "no module named 'torch.nosuch'"),
        (("run", "-m", "json.nosuch.deeper"), "no module named 'json.nosuch.deeper'"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(arguments, said, tmp_path):
    result = run("-m", "arcgrad", *arguments, cwd=tmp_path)
    assert result.returncode == 2 and not result.stdout
    assert said in result.stderr and "Traceback" not in result.stderr


def test_the_module_that_runs_may_be_one_of_the_interface():
    result = run("-m", "arcgrad", "run", "-m", "torch.utils.collect_env")
    assert result.returncode == 0, result.stderr


FAILING = """
import arcgrad as ag

def helper(a, b):
    ag.testing.assert_close(a, b)

def test_numbers():
    helper(ag.ones(2), ag.zeros(2))

def test_structures():
    ag.testing.assert_close([1, 2], [1])

def test_kinds():
    ag.testing.assert_close({"a": object()}, {"a": object()})

def test_old_form():
    ag.testing.assert_allclose(ag.ones(2), ag.zeros(2))

def test_gradients():
    class Wrong(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    ag.autograd.gradcheck(Wrong.apply, ag.ones(1, dtype=ag.float64, requires_grad=True))
"""


def test_a_failing_comparison_shows_the_test_and_none_of_the_library(tmp_path):
    (tmp_path / "test_failing.py").write_text(FAILING)
    options = ("-q", "-p", "no:cacheprovider", "-o", "addopts=", "test_failing.py")
    result = run("-m", "pytest", *options, cwd=tmp_path, env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert "5 failed" in result.stdout, result.stdout
    assert "ag.testing.assert_close(a, b)" in result.stdout and "helper(ag.ones(2), ag.zeros(2))" in result.stdout
    assert "Mismatched elements: 2 / 2" in result.stdout and "Jacobian mismatch" in result.stdout
    assert "arcgrad/testing.py" not in result.stdout and "gradcheck.py" not in result.stdout


RESIDENT = """
import arcgrad as ag

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

{threads}
before = resident()
tensors = {made}
during = resident()
del tensors
kept = resident()
ag.empty_cache()
after = resident()
print(during - before, after - before, ag.memory_stats()["kept"])
"""

#: Ways to make some 200 MB of tensors: of sizes that the pool keeps, of small ones, and by several threads.
MADE = {
    "50 of 4 MB": "[ag.ones(1_000_000) for _ in range(50)]",
    "2 of 100 MB": "[ag.ones(25_000_000) for _ in range(2)]",
    "2,000 of 100 kB": "[ag.ones(25_000) for _ in range(2_000)]",
    "of four threads": "sum(pool.map(lambda _: [ag.ones(1_000_000) for _ in range(12)], range(4)), [])",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("made", MADE)
def test_empty_cache_gives_memory_back_to_the_system(made):
    threads = "from concurrent.futures import ThreadPoolExecutor; pool = ThreadPoolExecutor(4)" if "threads" in made else ""
    result = run("-c", RESIDENT.format(made=MADE[made], threads=threads), env=os.environ | {"PYTHONMALLOC": "default"})
    assert result.returncode == 0, result.stderr
    during, after, kept = map(float, result.stdout.split())
    assert during > 150 and kept == 0
    assert after < 20
