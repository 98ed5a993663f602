"""Passes over graphs."""

from arcgrad import _names

__all__: list[str] = []

_names.describe(__name__)
