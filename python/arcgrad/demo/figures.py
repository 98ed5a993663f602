"""The demo's pictures: training curves and the digits that were taken for others."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from arcgrad import Tensor, _names
from arcgrad.utils.data import TensorDataset

from .training import History

_TRAIN, _HELD_OUT = "#7a8791", "#c4542d"


def plot_history(history: History, path: Path) -> None:
    """Loss and accuracy over the epochs, side by side."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = range(1, len(history.train_loss) + 1)
    loss_axes.plot(epochs, history.train_loss, color=_TRAIN, label="training, with dropout")
    loss_axes.plot(epochs, history.held_out_loss, color=_HELD_OUT, label="held out")
    loss_axes.set(title="Cross-entropy", xlabel="epoch", yscale="log")
    loss_axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    loss_axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    loss_axes.yaxis.set_minor_locator(NullLocator())
    accuracy_axes.plot(epochs, [100 * a for a in history.train_accuracy], color=_TRAIN)
    accuracy_axes.plot(epochs, [100 * a for a in history.held_out_accuracy], color=_HELD_OUT)
    accuracy_axes.set(title="Accuracy in %", xlabel="epoch")
    accuracy_axes.annotate(
        f"{history.held_out_accuracy[-1]:.1%}",
        (epochs[-1], 100 * history.held_out_accuracy[-1]),
        textcoords="offset points",
        xytext=(0, -14),
        ha="right",
        color=_HELD_OUT,
    )
    loss_axes.legend(frameon=False)
    for axes in (loss_axes, accuracy_axes):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e3e6e8", linewidth=0.8)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=144)


def plot_mistakes(dataset: TensorDataset, logits: Tensor, path: Path, columns: int = 8) -> int:
    """A sheet of the digits whose most probable class is wrong, the surest mistakes first; returns how many there are."""
    images, labels = dataset.tensors
    probabilities = logits.softmax(dim=1)
    surest, predicted = probabilities.max(dim=1)
    wrong = (predicted != labels).nonzero().flatten().tolist()
    wrong.sort(key=lambda i: -surest[i].item())
    columns = max(4, min(columns, len(wrong)))  # four are as wide as the title
    rows = max(1, -(-len(wrong) // columns))
    figure = Figure(figsize=(1.25 * columns, 1.55 * rows + 0.4), layout="constrained")
    figure.suptitle(f"{len(wrong)} of {len(labels)} held-out digits taken for others")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, i in zip(grid.flat, wrong):
        axes.imshow(images[i, 0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(f"{labels[i].item()} taken for {predicted[i].item()}\n{surest[i].item():.0%} sure", fontsize=8)
    figure.savefig(path, dpi=144)
    return len(wrong)


_names.describe(__name__)
