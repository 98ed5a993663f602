"""Adam with decoupled weight decay."""

from arcgrad import _names

from .adam import Adam


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
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state):
        super().__setstate__(state)
        # States of before there was this setting are AdamW's all the same.
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


_names.describe(__name__)
