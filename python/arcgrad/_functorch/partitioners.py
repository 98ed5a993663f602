"""Where PyTorch's compiler divides graphs into a forward and a backward part, which arcgrad does not."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_WHY = "arcgrad has no compiler that traces programs"
_absent.declare(__name__, _WHY, "default_partition draw_graph min_cut_rematerialization_partition")
globals().update(
    {
        name: _absent.make(__name__, name, _WHY)
        for name in (
            "_extract_fwd_bwd_modules",
            "_extract_fwd_bwd_outputs",
            "_extract_graph_with_inputs_outputs",
            "_is_bwd_seed_offset",
            "_is_fwd_seed_offset",
            "_is_primal",
            "_is_tangent",
        )
    }
)
