"""Utilities: :mod:`arcgrad.utils.data` loads data, :mod:`arcgrad.utils.checkpoint` computes again instead of keeping,
:mod:`arcgrad.utils.hooks` holds the handles of hooks.

Each submodule is imported when it is first asked for, so that ``import arcgrad`` stays quick.
"""

from importlib import import_module

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import checkpoint as checkpoint
    from . import data as data
    from . import hooks as hooks
else:

    def __getattr__(name):
        if not name.startswith("_") or name == "_pytree":
            qualified = f"{__name__}.{name}"
            try:
                return import_module(qualified)
            except ModuleNotFoundError as error:
                if error.name != qualified:
                    raise
        raise _names.missing(__name__, name, __dir__)


def __dir__() -> list[str]:
    return ["checkpoint", "data", "hooks"]
