"""Programs that are started as several processes, which arcgrad does not do."""

from arcgrad import _names

__all__: list[str] = []

_names.describe(__name__)
