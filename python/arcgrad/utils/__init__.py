"""Utilities: :mod:`arcgrad.utils.data` loads data, :mod:`arcgrad.utils.checkpoint` computes again instead of keeping,
:mod:`arcgrad.utils.hooks` holds the handles of hooks,
:mod:`arcgrad.utils.dlpack` shares memory with other libraries, and others time programs, write for TensorBoard or tell what a
machine is like.

Each submodule is imported when it is first asked for, so that ``import arcgrad`` stays quick.
"""

from importlib import import_module

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import benchmark as benchmark
    from . import checkpoint as checkpoint
    from . import collect_env as collect_env
    from . import cpp_extension as cpp_extension
    from . import data as data
    from . import deterministic as deterministic
    from . import dlpack as dlpack
    from . import hooks as hooks
    from . import model_zoo as model_zoo
    from . import tensorboard as tensorboard
else:

    def __getattr__(name):
        if not name.startswith("_") or name in ("_mode_utils", "_pytree", "_python_dispatch", "_foreach_utils"):
            qualified = f"{__name__}.{name}"
            try:
                return import_module(qualified)
            except ModuleNotFoundError as error:
                if error.name != qualified:
                    raise
        raise _names.missing(__name__, name, __dir__)


def __dir__() -> list[str]:
    return ["benchmark", "checkpoint", "collect_env", "cpp_extension", "data", "deterministic", "dlpack", "hooks", "model_zoo"]
