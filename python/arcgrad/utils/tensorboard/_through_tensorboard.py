"""A writer of the events that TensorBoard shows, over the protocol buffers of the package tensorboard."""

from __future__ import annotations

import io
import math
import os
import socket
import time
from datetime import datetime

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.plugins.hparams import summary_v2  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # type: ignore[import-not-found, import-untyped, unused-ignore]

from arcgrad import _names
from arcgrad.utils.tensorboard._values import Writer, as_arrays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, Self

__all__ = ["FileWriter", "SummaryWriter", "hparams"]


def _number(value):
    """A number, of a tensor or array of one element."""
    return float(np.asarray(as_arrays(value)).item())


def _edges():
    """Ends of buckets that grow by a tenth each, to both sides of 0."""
    above = 1e-12 * 1.1 ** np.arange(773)
    return np.concatenate([-above[::-1], [0.0], above])


def _histogram(values, bins):
    values = np.asarray(values, np.float64).reshape(-1)
    if not values.size:
        raise ValueError("The input has no element.")
    counts, edges = np.histogram(values, _edges() if isinstance(bins, str) and bins == "tensorflow" else bins)
    filled = np.flatnonzero(counts)
    if not filled.size:
        raise ValueError("The histogram is empty, please file a bug report.")
    # Without what is empty at the ends, but for one bucket before the first that is not.
    first, last = max(filled[0] - 1, 0), filled[-1] + 1
    return HistogramProto(
        min=values.min(),
        max=values.max(),
        num=values.size,
        sum=values.sum(),
        sum_squares=(values**2).sum(),
        bucket_limit=edges[1:][first:last].tolist(),
        bucket=counts[first:last].tolist(),
    )


def _picture(array, layout):
    """A picture as height × width × channels of bytes."""
    array = np.asarray(array)
    layout = layout.upper()
    if len(layout) != array.ndim or len(set(layout)) != len(layout):
        raise AssertionError(f"size of input tensor and input format are different. tensor shape: {array.shape}, input_format: {layout}")
    if "N" in layout:
        array = array.transpose([layout.index(axis) for axis in "NHWC"])
        # Beside each other, in rows of eight.
        count, height, width, channels = array.shape
        columns = min(count, 8)
        rows = math.ceil(count / columns)
        whole = np.zeros((rows, columns, height, width, channels), array.dtype)
        whole.reshape(rows * columns, height, width, channels)[:count] = array
        array = whole.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)
    elif "C" in layout:
        array = array.transpose([layout.index(axis) for axis in "HWC"])
    else:
        array = array.transpose([layout.index(axis) for axis in "HW"])[..., None]
    if array.dtype != np.uint8:
        # Numbers from 0 to 1.
        array = (array * 255.0).clip(0, 255).astype(np.uint8)
    return array.repeat(3, -1) if array.shape[-1] == 1 else array


def _image(array):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(array).save(file, format="PNG")
    height, width, channels = array.shape
    return Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue())


def hparams(
    hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any], hparam_domain_discrete: Mapping[str, Any] | None = None
) -> tuple[Summary, Summary, Summary]:
    """The protocol buffers of an experiment: which settings and metrics there are, the settings of a run, and its end."""
    if not isinstance(hparam_dict, dict) or not isinstance(metric_dict, dict):
        raise TypeError("hparam_dict and metric_dict should be dictionary.")
    domains = hparam_domain_discrete or {}
    settings = [
        summary_v2.HParam(name, summary_v2.Discrete(list(domains[name]))) if name in domains else summary_v2.HParam(name)
        for name in hparam_dict
    ]
    experiment = summary_v2.hparams_config_pb(settings, [summary_v2.Metric(name) for name in metric_dict])
    values = {name: value if isinstance(value, (bool, str, int, float)) else _number(value) for name, value in hparam_dict.items()}
    start = summary_v2.hparams_pb(values)
    end = summary_v2._summary_pb(
        summary_v2.metadata.SESSION_END_INFO_TAG,
        summary_v2.plugin_data_pb2.HParamsPluginData(
            session_end_info=summary_v2.plugin_data_pb2.SessionEndInfo(
                status=summary_v2.api_pb2.Status.Value("STATUS_SUCCESS"), end_time_secs=time.time()
            )
        ),
    )
    return experiment, start, end


class FileWriter:
    """Writes events to a file in a folder.

    Args:
        log_dir (str): the folder.
        max_queue, flush_secs (int): how many events, and for how many seconds, wait to be written.
        filename_suffix (str): ends the name of the file.
    """

    def __init__(self, log_dir: Any, max_queue: int = 10, flush_secs: int = 120, filename_suffix: str = "") -> None:
        self._writer = EventFileWriter(str(log_dir), max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder."""
        return str(self._writer.get_logdir())

    def add_event(self, event: Event, step: int | None = None, walltime: float | None = None) -> None:
        """Writes an event, with its step and time."""
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(_number(step))
        self._writer.add_event(event)

    def add_summary(self, summary: Summary, global_step: int | None = None, walltime: float | None = None) -> None:
        """Writes what is shown of a step."""
        self.add_event(Event(summary=summary), global_step, walltime)

    def flush(self) -> None:
        """Writes what waits."""
        self._writer.flush()

    def close(self) -> None:
        """Writes what waits, and closes the file."""
        self._writer.close()


class SummaryWriter(Writer):
    """Writes files of events: ``add_scalar``, ``add_scalars``, ``add_histogram``, ``add_image``, ``add_images``, ``add_figure``,
    ``add_text`` and ``add_hparams``, which take tensors.

    Args:
        log_dir (str): the folder. Default: ``runs/`` and a name of date and machine.
        comment (str): ends the default name.
        purge_step (int): steps from this one on are dropped from what is shown.
        max_queue, flush_secs (int): how many events, and for how many seconds, wait to be written.
        filename_suffix (str): ends the names of the files.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            now = datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.log_dir = str(log_dir)
        self._settings = max_queue, flush_secs, filename_suffix
        self._writers: dict[str, FileWriter] = {}
        self.file_writer = self._writer_to(self.log_dir)
        if purge_step is not None:
            self.file_writer.add_event(Event(file_version="brain.Event:2"), purge_step)
            self.file_writer.add_event(Event(session_log=SessionLog(status=SessionLog.START)), purge_step)

    def _writer_to(self, folder: str) -> FileWriter:
        if folder not in self._writers:
            self._writers[folder] = FileWriter(folder, *self._settings)
        return self._writers[folder]

    def _add(self, global_step, walltime, **value):
        self.file_writer.add_summary(Summary(value=[Summary.Value(**value)]), global_step, walltime)

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A number of a step."""
        self._add(global_step, walltime, tag=tag, simple_value=_number(scalar_value))

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: Mapping[str, Any], global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Numbers of a step that are shown in one picture: each in a folder of its own."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag}_{tag}".replace("/", "_").replace(" ", "_"))
            summary = Summary(value=[Summary.Value(tag=main_tag, simple_value=_number(value))])
            self._writer_to(folder).add_summary(summary, global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How often numbers occur; ``bins`` as of ``numpy.histogram``, or the name for buckets that grow by a tenth."""
        self._add(global_step, walltime, tag=tag, histo=_histogram(as_arrays(values), bins))

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """A picture: bytes, or numbers from 0 to 1."""
        self._add(global_step, walltime, tag=tag, image=_image(_picture(as_arrays(img_tensor), dataformats)))

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Pictures beside each other."""
        pictures = np.stack(as_arrays(img_tensor)) if isinstance(img_tensor, list) else img_tensor
        self.add_image(tag, pictures, global_step, walltime, dataformats)

    def add_figure(
        self, tag: str, figure: Any, global_step: int | None = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """A figure of matplotlib, or several, which are closed."""
        from matplotlib import pyplot
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        pictures = []
        for each in figure if isinstance(figure, list) else [figure]:
            canvas = FigureCanvasAgg(each)
            canvas.draw()
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3])
            if close:
                pyplot.close(each)
        if isinstance(figure, list):
            self.add_images(tag, np.stack(pictures), global_step, walltime, "NHWC")
        else:
            self.add_image(tag, pictures[0], global_step, walltime, "HWC")

    def add_text(self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None) -> None:
        """A text."""
        content = TextPluginData(version=0).SerializeToString()
        plugin = SummaryMetadata.PluginData(plugin_name="text", content=content)
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[text_string.encode()], tensor_shape=shape)
        metadata = SummaryMetadata(plugin_data=plugin)
        self._add(global_step, walltime, tag=f"{tag}/text_summary", metadata=metadata, tensor=tensor)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Mapping[str, Any] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """The settings of a run and what came of it, in a folder of its own."""
        summaries = hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        with SummaryWriter(os.path.join(self.log_dir, run_name or str(time.time()))) as run:
            for summary in summaries:
                run.file_writer.add_summary(summary)
            for name, value in metric_dict.items():
                run.add_scalar(name, value, global_step)

    def _not_here(name: str) -> Any:  # noqa: N805
        def method(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
            raise NotImplementedError(f"{name}: needs the package tensorboardX")

        method.__name__, method.__doc__ = name, "Raises NotImplementedError: it needs the package tensorboardX."
        return method

    add_audio = _not_here("add_audio")
    add_custom_scalars = _not_here("add_custom_scalars")
    add_embedding = _not_here("add_embedding")
    add_mesh = _not_here("add_mesh")
    add_pr_curve = _not_here("add_pr_curve")
    add_video = _not_here("add_video")
    del _not_here

    def flush(self) -> None:
        """Writes what waits."""
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Writes what waits, and closes the files."""
        for writer in self._writers.values():
            writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


_names.describe(__name__)
