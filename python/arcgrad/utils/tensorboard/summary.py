"""The protocol buffers of what TensorBoard shows, made by tensorboardX."""

from tensorboardX.summary import hparams

from arcgrad import _names

__all__ = ["hparams"]

_names.describe(__name__)
