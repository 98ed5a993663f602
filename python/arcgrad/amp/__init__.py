"""Mixed precision: :class:`autocast` and :class:`GradScaler` as programs use them.

Operations keep the precision of what they are given: :class:`autocast` changes no dtype and says so once.
"""

from arcgrad import _names
from arcgrad.amp.autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from arcgrad.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

_names.describe(__name__)
