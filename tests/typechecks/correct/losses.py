"""Losses as functions and as modules, with weights and reductions, of classes and of numbers."""

import arcgrad as ag
import arcgrad.nn.functional as F
from arcgrad import Tensor, nn

logits, classes = ag.randn(4, 3, requires_grad=True), ag.tensor([0, 2, 1, 1])
x, y = ag.randn(4, requires_grad=True), ag.rand(4)

losses: dict[str, Tensor] = {
    "cross entropy": F.cross_entropy(logits, classes, weight=ag.ones(3), ignore_index=-1, reduction="mean"),
    "of probabilities": F.cross_entropy(logits, logits.detach().softmax(1), label_smoothing=0.1),
    "nll": F.nll_loss(logits.log_softmax(1), classes),
    "mse": F.mse_loss(x, y, reduction="sum"),
    "l1": F.l1_loss(x, y),
    "huber": F.huber_loss(x, y, delta=0.5),
    "smooth": F.smooth_l1_loss(x, y, beta=2.0),
    "bce": F.binary_cross_entropy(x.sigmoid(), y),
    "logits": F.binary_cross_entropy_with_logits(x, y, pos_weight=ag.tensor(2.0)),
    "kl": F.kl_div(logits.log_softmax(1), logits.softmax(1), reduction="batchmean"),
    "cosine": 1 - F.cosine_similarity(logits, logits, dim=1).mean(),
    "poisson": F.poisson_nll_loss(x, y),
    "margin": F.margin_ranking_loss(x, y, ag.ones(4), margin=0.1),
}
criteria: list[nn.Module] = [nn.CrossEntropyLoss(weight=ag.ones(3)), nn.CrossEntropyLoss(reduction="none")]
total = sum(losses.values(), ag.zeros(()))
for criterion in criteria:
    total = total + criterion(logits, classes).mean()
huber = nn.HuberLoss(delta=2.0)
total = total + huber(x, y) + nn.MSELoss()(x, y) + nn.BCEWithLogitsLoss(pos_weight=ag.tensor([2.0]))(x, y)
total.backward()
report = {name: round(loss.item(), 4) for name, loss in losses.items()}
worst = max(report, key=lambda name: report[name])
print(worst, report[worst], F.one_hot(classes, num_classes=3).float().mean(), F.normalize(logits, dim=1).norm())
