"""Event files, read with TensorBoard's own reader, where one of the packages that write them is there."""

import os

import pytest

import arcgrad as ag

reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def read(folder):
    events = reader.EventAccumulator(str(folder))
    events.Reload()
    return events


def test_what_is_written_is_read(tmp_path):
    from arcgrad.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        for step in range(3):
            writer.add_scalar("loss", ag.tensor(step * 0.5), step)
        writer.add_scalars("both", {"a": 1, "b": ag.tensor([2.0])}, 0)
        writer.add_histogram("weights", ag.randn(100), 0)
        writer.add_image("picture", ag.rand(3, 4, 5))
        writer.add_images("pictures", ag.rand(10, 1, 4, 5))
        writer.add_text("words", "hello", 1)
        writer.add_hparams({"lr": 0.1, "name": "sgd"}, {"accuracy": 0.9}, run_name="run")
        with pytest.raises(NotImplementedError, match="does not trace modules"):
            writer.add_graph(ag.nn.Linear(1, 1))
    events = read(tmp_path)
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert events.Histograms("weights")[0].histogram_value.num == 100
    assert (events.Images("picture")[0].height, events.Images("picture")[0].width) == (4, 5)
    assert events.Tags()["tensors"] == ["words/text_summary"]
    assert sorted(folder for folder in os.listdir(tmp_path) if folder.startswith("both")) == ["both_a", "both_b"]
    assert read(tmp_path / "both_b").Scalars("both")[0].value == 2.0
    assert read(tmp_path / "run").Scalars("accuracy")[0].value == pytest.approx(0.9)
