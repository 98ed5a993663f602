"""arcgrad in the place of PyTorch: programs and packages that import ``torch``."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.arcgrad_only

PACKAGE = Path(__file__).resolve().parents[1]


def test_every_path_below_torch_is_ours(run_python):
    printed = run_python(
        """
        import arcgrad
        torch = arcgrad.stand_in()
        import torch.nn.functional as F
        from torch.optim.lr_scheduler import StepLR
        import torch.utils.data, torch.distributions.constraints as constraints
        print(F is arcgrad.nn.functional, StepLR is arcgrad.optim.lr_scheduler.StepLR, torch.zeros is arcgrad.zeros)
        print(constraints is arcgrad.distributions.constraints, arcgrad.stand_in() is torch, sys.modules["torch"] is torch)
        print(torch.nn.__spec__.name, torch.__name__, torch.__version__)
        """.replace("import arcgrad\n", "import arcgrad, sys\n", 1)
    )
    assert printed.split() == ["True"] * 6 + ["arcgrad.nn", "torch", "2.9.0"]


def test_what_is_missing_is_missing_as_from_pytorch(run_python):
    printed = run_python(
        """
        import importlib.util, arcgrad
        arcgrad.stand_in()
        import torch
        for text in ("import torch.nonsense", "from torch import nonsense", "torch.nonsense", "torch.nn.Nonsense", "import torchvision"):
            try:
                exec(text)
            except Exception as error:
                print(type(error).__name__, "nonsense" in str(error).lower() or "torchvision" in str(error))
        print(importlib.util.find_spec("torch.nonsense"), importlib.util.find_spec("torch.nn") is not None)
        print(hasattr(torch, "nonsense"))
        """
    )
    assert printed.split("\n")[:-1] == [
        "ModuleNotFoundError True",
        "ImportError True",
        "AttributeError True",
        "AttributeError True",
        "ModuleNotFoundError True",
        "None True",
        "False",
    ]


def test_in_the_place_of_pytorch_the_version_is_that_of_the_interface(run_python):
    printed = run_python(
        """
        import sys, arcgrad
        own = arcgrad.__version__
        sys.modules["torch"] = arcgrad
        import torch
        print(torch.__version__, torch.__version__ >= (2, 8), torch.__version__ > "1.13", torch.__version__ < "2.10")
        del sys.modules["torch"]
        print(arcgrad.__version__ == own == arcgrad._core.__version__)
        torch = arcgrad.stand_in()
        print(torch.__version__, type(torch.__version__).__name__, torch.torch is torch)
        """
    )
    assert printed.split("\n")[:-1] == ["2.9.0 True True True", "True", "2.9.0 TorchVersion True"]


def test_the_two_do_not_mix(run_python):
    printed = run_python(
        """
        import sys, types
        sys.modules["torch"] = types.ModuleType("torch")
        import arcgrad
        try:
            arcgrad.stand_in()
        except RuntimeError as error:
            print(error)
        """
    )
    assert printed.startswith("stand_in: 'torch' is imported already")


@pytest.mark.parametrize(
    "path",
    ["autograd.gradcheck", "nn.utils.weight_norm", "nn.utils.spectral_norm", "nn.parallel.data_parallel", "multiprocessing.spawn"],
)
@pytest.mark.parametrize("package", ["arcgrad", "torch"])
def test_a_function_with_the_name_of_its_module_stays_one(run_python, package, path):
    parent, _, name = path.rpartition(".")
    printed = run_python(
        f"""
        import arcgrad
        arcgrad.stand_in()
        from {package}.{path} import {name}
        import {package}.{path}
        print(callable({package}.{path}), {package}.{path} is {name})
        """
    )
    assert printed.split() == ["True", "True"]


def test_pickles_made_meanwhile_are_read_without(run_python, tmp_path):
    run_python(
        f"""
        import arcgrad, pickle
        torch = arcgrad.stand_in()
        tensors = torch.arange(3.0), torch.ones(2, 3).t(), torch.nn.Parameter(torch.ones(2)), torch.nn.Linear(2, 1)
        assert type(tensors[0]).__module__ == "torch" and repr(tensors[2]).startswith("Parameter containing:\\ntensor(")
        data = pickle.dumps(tensors)
        assert b"torch" not in data
        open({str(tmp_path / "data")!r}, "wb").write(data)
        """
    )
    printed = run_python(
        f"""
        import arcgrad, pickle
        read = pickle.load(open({str(tmp_path / "data")!r}, "rb"))
        print([type(value).__name__ for value in read], read[1].stride())
        """
    )
    assert printed.strip() == "['Tensor', 'Tensor', 'Parameter', 'Linear'] (1, 3)"


def test_the_version_can_be_asked_for(run_python):
    printed = run_python(
        """
        import arcgrad, importlib.metadata
        arcgrad.stand_in()
        print(importlib.metadata.version("torch"), importlib.metadata.version("numpy") != "2.9.0")
        """
    )
    assert printed.split() == ["2.9.0", "True"]


def test_a_program_is_run_as_it_is(tmp_path):
    (tmp_path / "beside.py").write_text("from torch import nn\nlayer = nn.Linear(2, 1)\n")
    (tmp_path / "program.py").write_text(
        "import sys, torch\nfrom beside import layer\n\nif __name__ == '__main__':\n    print(sys.argv[1:], tuple(layer(torch.ones(3, 2)).shape))\n"
    )
    for command in (["run", str(tmp_path / "program.py"), "--epochs", "3"], ["run", "-m", "program", "--epochs", "3"]):
        done = subprocess.run([sys.executable, "-m", "arcgrad", *command], capture_output=True, text=True, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "['--epochs', '3'] (3, 1)\n"), done.stderr


def test_a_program_that_is_not_named_is_asked_for():
    done = subprocess.run([sys.executable, "-m", "arcgrad", "run"], capture_output=True, text=True)
    assert done.returncode == 2 and "the program is missing" in done.stderr and "usage:" in done.stderr
