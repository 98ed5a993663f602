"""What `dir()` shows of the package and its modules, and what a missing name says."""

import importlib
import pkgutil
import types

import pytest

import arcgrad as ag

#: Every module that programs may import: no part of the name starts with an underscore.
MODULES = [
    module.name
    for module in pkgutil.walk_packages(ag.__path__, "arcgrad.")
    if not any(part.startswith("_") for part in module.name.split("."))
    # Needs a package that the tests do not.
    and not module.name.startswith("arcgrad.utils.tensorboard")
]


@pytest.mark.parametrize("name", ["arcgrad", *MODULES])
def test_dir_shows_public_names_and_all_of_them_exist(name):
    module = importlib.import_module(name)
    shown = dir(module)
    assert [entry for entry in shown if entry.startswith("_")] == []
    for entry in shown:
        value = getattr(module, entry)
        if isinstance(value, types.ModuleType):
            assert value.__name__ == f"{name}.{entry}"


#: Private modules all of whose names are names of the package: `arcgrad/__init__.py` says where they lie, `__all__` that they are there.
WHOLLY_SHOWN = (
    *("_by_method", "_einsum", "_finite_differences", "_low_level", "_lowrank", "_printing", "_removed", "_settings", "_splits"),
    *("_stand_in", "_statistics", "_typeinfo", "_view_copies"),
)


@pytest.mark.parametrize("where", WHOLLY_SHOWN)
def test_the_two_lists_of_a_modules_names_are_one(where):
    listed = sorted(name for name, module in ag._ELSEWHERE.items() if module == where)
    assert listed == sorted(importlib.import_module(f"arcgrad.{where}").__all__)


def test_dir_shows_no_machinery():
    for entry in ("registry", "adam_step", "sgd_step", "with_gradients", "is_fusible", "safetensors_serialize", "safetensors_deserialize"):
        assert entry not in dir(ag) and not hasattr(ag, entry)
    assert "Counter" not in dir(ag.optim.lr_scheduler)
    assert {"Tensor", "einsum", "nn", "save", "zeros", "cuda"} <= set(dir(ag))
    assert {"cross_entropy", "relu_", "conv2d", "one_hot"} <= set(dir(ag.nn.functional))
    assert {"vector_norm", "cross"} <= set(dir(ag.linalg))


@pytest.mark.parametrize("name", [module for module in MODULES if not module.startswith("arcgrad.cuda")])
def test_a_missing_name_is_said_not_to_be_there_yet(name):
    module = importlib.import_module(name)
    with pytest.raises(AttributeError, match=rf"module '{name}' has no attribute 'Quux'.*not in arcgrad \(yet\)$"):
        module.Quux  # noqa: B018 (the attribute is asked for)
    assert getattr(module, "__wrapped__", None) is None


@pytest.mark.parametrize(
    ("place", "name", "meant"),
    [
        ("arcgrad", "arrange", "'arange'"),
        ("arcgrad.nn", "Lienar", "'Linear'"),
        ("arcgrad.nn", "relu", "'ReLU'"),
        ("arcgrad.nn.functional", "sofmax", "'softmax'"),
        ("arcgrad.optim", "sgd", None),  # the module of that name is there
        ("arcgrad.optim.lr_scheduler", "StepLr", "'StepLR'"),
        ("arcgrad.utils.data", "Dataloader", "'DataLoader'"),
        ("arcgrad.linalg", "matrix_pow", "'matrix_power'"),
        ("arcgrad.autograd", "gradchek", "'gradcheck'"),
    ],
)
def test_a_misspelt_name_is_told_what_may_be_meant(place, name, meant):
    module = importlib.import_module(place)
    if meant is None:
        assert hasattr(module, name)
        return
    with pytest.raises(AttributeError, match=rf"\(yet\)\. Did you mean .*{meant}"):
        getattr(module, name)


def test_a_missing_name_of_the_gpu_says_that_there_is_none():
    with pytest.raises(AttributeError, match="computes on the CPU"):
        ag.cuda.quux  # noqa: B018
