"""Mixed precision: regions in which operations compute in a lower precision where that is fast, and a scaler of losses."""

from arcgrad import _names
from arcgrad.amp.autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from arcgrad.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

_names.describe(__name__)
