"""Channels in another order."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from ._function_layer import FunctionLayer


class ChannelShuffle(FunctionLayer, function=F.channel_shuffle):
    """Takes the channels (axis 1) in turn from ``groups`` groups of them (Zhang et al., 2018)."""

    groups: int


_names.describe(__name__)
