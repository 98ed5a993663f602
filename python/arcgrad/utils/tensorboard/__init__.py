"""Writing what TensorBoard shows, through the package tensorboardX or, where that is not installed, tensorboard.

Without either the import raises ModuleNotFoundError, as PyTorch's does.
"""

from importlib.util import find_spec

from arcgrad import _names

if find_spec("tensorboardX") is not None:
    from arcgrad.utils.tensorboard._through_tensorboardx import FileWriter, SummaryWriter
else:
    from arcgrad.utils.tensorboard._through_tensorboard import FileWriter, SummaryWriter

__all__ = ["FileWriter", "SummaryWriter"]

_names.describe(__name__)
