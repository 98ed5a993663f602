"""The two ways of saying how a loss is reduced."""

from arcgrad import Tensor, _warnings


def legacy_get_string(size_average, reduce, emit_warning=True):
    """``reduction`` for the arguments ``size_average`` and ``reduce`` of old programs."""
    if reduce is False:
        reduction = "none"
    elif size_average is False:
        reduction = "sum"
    else:
        reduction = "mean"
    if emit_warning:
        _warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
    return reduction


def resolve(size_average, reduce, reduction):
    """``reduction``, unless the old arguments say otherwise."""
    if size_average is None and reduce is None:
        return reduction
    if isinstance(size_average, Tensor) or isinstance(reduce, Tensor):
        raise TypeError(
            "size_average and reduce must be True or False, not tensors. A loss module is made first and called with the tensors "
            "then: MSELoss()(input, target)"
        )
    return legacy_get_string(size_average, reduce)


def apply(loss, reduction):
    """Reduce the elementwise ``loss``: ``'none'``, ``'mean'`` or ``'sum'``."""
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")
