"""The demo's network and its training loop."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import arcgrad as ag
from arcgrad import Tensor, _names, nn
from arcgrad.utils.data import DataLoader, TensorDataset

from .data import Digits


def make_model() -> nn.Sequential:
    """Two convolutions and a linear classifier: images (n, 1, 8, 8) to the logits of ten digits (n, 10)."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, kernel_size=3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(16),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(16, 32, kernel_size=3, padding=1, bias=False),
            norm2=nn.BatchNorm2d(32),
            relu2=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(0.3),
            classify=nn.Linear(32 * 4 * 4, 10),
        )
    )


@dataclass
class History:
    """One entry per epoch: mean loss and accuracy, in training and on the held-out digits."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    held_out_loss: list[float] = field(default_factory=list)
    held_out_accuracy: list[float] = field(default_factory=list)


def predict(model: nn.Module, dataset: TensorDataset, batch_size: int = 512) -> tuple[Tensor, Tensor]:
    """Logits (n, 10) and labels (n,) of a whole dataset, in evaluation mode and without a graph."""
    model.eval()
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with ag.no_grad():
        for images, targets in DataLoader(dataset, batch_size=batch_size):
            logits.append(model(images))
            labels.append(targets)
    return ag.cat(logits), ag.cat(labels)


def evaluate(model: nn.Module, dataset: TensorDataset) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of ``model`` on ``dataset``, as two floats."""
    logits, labels = predict(model, dataset)
    loss = nn.functional.cross_entropy(logits, labels).item()
    return loss, (logits.argmax(dim=1) == labels).float().mean().item()


def train(
    model: nn.Module,
    digits: Digits,
    *,
    epochs: int = 8,
    batch_size: int = 32,
    learning_rate: float = 4e-3,
    seed: int = 0,
    progress: Callable[[Any, str], Any] | None = None,
) -> History:
    """Trains ``model`` in place with Adam; the learning rate falls to zero along half a cosine.

    ``progress(loader, title)`` may wrap the loader of each epoch in a progress bar such as ``tqdm``, whose ``set_postfix`` then
    shows the running loss and accuracy.
    """
    ag.manual_seed(seed)  # for dropout and the order of the digits
    loader = DataLoader(digits.train, batch_size=batch_size, shuffle=True)
    optimizer = ag.optim.Adam(model.parameters(), lr=learning_rate)
    schedule = ag.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    history = History()
    for epoch in range(epochs):
        model.train()
        loss_sum, correct, seen = 0.0, 0, 0
        batches: Any = loader if progress is None else progress(loader, f"epoch {epoch + 1:2}/{epochs}")
        for images, labels in batches:
            optimizer.zero_grad()
            logits = model(images)
            loss = nn.functional.cross_entropy(logits, labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            seen += len(labels)
            loss_sum += loss.item() * len(labels)
            correct += (logits.argmax(dim=1) == labels).sum().item()
            if progress is not None:
                batches.set_postfix(loss=f"{loss_sum / seen:.3f}", accuracy=f"{correct / seen:.1%}", refresh=False)
        history.train_loss.append(loss_sum / seen)
        history.train_accuracy.append(correct / seen)
        held_out_loss, accuracy = evaluate(model, digits.held_out)
        history.held_out_loss.append(held_out_loss)
        history.held_out_accuracy.append(accuracy)
    return history


_names.describe(__name__)
