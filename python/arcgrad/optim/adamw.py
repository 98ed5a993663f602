"""Adam with decoupled weight decay."""

from __future__ import annotations

from arcgrad import _names

from ._declared import defaults_of
from .adam import Adam

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

    from .optimizer import ParamsT


class AdamW(Adam):
    r"""Adam whose weight decay shrinks the parameters directly (Loshchilov and Hutter, 2019).

    Each step first takes ``p ← p - lr · weight_decay · p``; the gradient knows nothing of it. The rest and the
    arguments are those of :class:`Adam`; ``weight_decay`` is 1e-2 unless said otherwise.

    Example::

        >>> import arcgrad as ag
        >>> model = ag.nn.Linear(4, 1)
        >>> optimizer = ag.optim.AdamW(model.parameters(), lr=1e-3)
        >>> model(ag.ones(4)).backward()
        >>> optimizer.step()
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        self._start(params, locals())

    DEFAULTS = {**defaults_of(__init__), "decoupled_weight_decay": True}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # States of before there was this setting are AdamW's all the same.
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


_names.describe(__name__)
