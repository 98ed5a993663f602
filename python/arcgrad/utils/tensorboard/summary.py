"""The protocol buffers of what TensorBoard shows."""

from importlib.util import find_spec

from arcgrad import _names

if find_spec("tensorboardX") is not None:
    from arcgrad.utils.tensorboard._through_tensorboardx import hparams
else:
    from arcgrad.utils.tensorboard._through_tensorboard import hparams

__all__ = ["hparams"]

_names.describe(__name__)
