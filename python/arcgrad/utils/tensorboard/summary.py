"""The protocol buffers of what TensorBoard shows, made by tensorboardX."""

from tensorboardX.summary import hparams  # type: ignore[import-not-found, import-untyped, unused-ignore]

from arcgrad import _names

__all__ = ["hparams"]

_names.describe(__name__)
