"""``torch.utils.tensorboard``: event files that TensorBoard shows, record for record those that PyTorch writes.

It needs the package ``tensorboard`` (``pip install adjoint[tensorboard]``), which is imported here and nowhere before.
"""

import tensorboard

if tuple(int(part) for part in getattr(tensorboard, "__version__", "0.0").split(".")[:2] if part.isdigit()) < (1, 15):
    raise ImportError("TensorBoard logging requires TensorBoard version 1.15 or above")

from tensorboard.summary.writer.record_writer import RecordWriter

from adjoint.names import list_names as _list_names
from adjoint.utils.tensorboard.writer import FileWriter, SummaryWriter

del tensorboard

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter"]

_list_names(__name__)
