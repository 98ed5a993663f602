"""``python -m arcgrad.demo``: see the package's documentation."""

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import arcgrad as ag

#: What the demo promises for the digits it has not seen; it fails below.
REQUIRED_ACCURACY = 0.97


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, draws, saves, loads; returns the exit status: 0 if all went well and the required accuracy was reached."""
    options = _parser().parse_args(arguments)
    missing = [name for name in ("matplotlib", "tqdm") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"The demo also needs {' and '.join(missing)}: pip install {' '.join(missing)}", file=sys.stderr)
        return 2

    # Its types come in a package of their own, which nobody needs to run this.
    from tqdm import tqdm  # type: ignore[import-untyped, unused-ignore]

    from arcgrad import drawing
    from arcgrad.demo import data, figures, training

    options.output.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, str]] = []

    def output(name: str, what: str) -> Path:
        written.append((Path(options.output) / name, what))
        return written[-1][0]

    digits = data.load_digits()
    ag.manual_seed(options.seed)
    model = training.make_model()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{len(digits.train):,} handwritten digits to learn from, {len(digits.held_out)} held out")
    print(f"convolutional network with {parameters:,} parameters, {options.epochs} epochs\n")

    def progress(loader: Any, title: str) -> Any:
        return tqdm(loader, desc=title, unit="batch", dynamic_ncols=True)

    begin = time.perf_counter()
    history = training.train(model, digits, epochs=options.epochs, seed=options.seed, progress=progress)
    seconds = time.perf_counter() - begin
    accuracy = history.held_out_accuracy[-1]
    print(f"\n{accuracy:.2%} of the held-out digits are recognised, after {seconds:.1f} s of training")

    figures.plot_history(history, output("training.png", "loss and accuracy"))
    logits, _ = training.predict(model, digits.held_out)
    figures.plot_mistakes(digits.held_out, logits, output("mistakes.png", "the digits taken for others"))

    model.train()
    images, labels = digits.train[:32]
    loss = ag.nn.functional.cross_entropy(model(images), labels)
    for name, what in (("graph.dot", "graph of a training step for Graphviz"), ("graph.svg", "the same, drawn")):
        drawing.draw({"loss": loss}, output(name, what), model, lines=False)
    drawing.draw({"loss": loss}, output("graph.png", "the same, as pixels"), model, lines=False)

    weights = output("digits.safetensors", "the weights")
    model.eval()
    ag.save(model.state_dict(), weights)
    restored = training.make_model()
    restored.load_state_dict(ag.load(weights))
    _, restored_accuracy = training.evaluate(restored, digits.held_out)
    print(f"{restored_accuracy:.2%} by a new network with the weights loaded from {weights}\n")

    for path, what in written:
        print(f"  {path}  {what}")
    if restored_accuracy != training.evaluate(model, digits.held_out)[1]:
        print("\nThe loaded network does not repeat the trained one's result.", file=sys.stderr)
        return 1
    if accuracy < REQUIRED_ACCURACY:
        print(f"\nThat is less than the {REQUIRED_ACCURACY:.0%} expected; more --epochs help.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    def count(text: str) -> int:
        value = int(text)
        if value < 1:
            raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
        return value

    parser = argparse.ArgumentParser(
        prog="python -m arcgrad.demo", description="Trains a small convolutional network on 8×8 images of handwritten digits."
    )
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="folder for the results (default: %(default)s)")
    parser.add_argument("--epochs", type=count, default=8, help="passes over the training digits (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, dropout and shuffling (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
