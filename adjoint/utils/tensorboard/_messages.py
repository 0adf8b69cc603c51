"""The messages that several kinds of summaries are made of."""

from __future__ import annotations

from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto


def shape_of(sizes: Any) -> Any:
    """A shape as a message."""
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in sizes])


def value_of_plugin(tag: str, plugin: str, content: bytes | None = None, tensor: Any = None) -> Any:
    """A summary of one value that belongs to one of TensorBoard's plugins."""
    data = SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return Summary(value=[Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=data), tensor=tensor)])


def floats(data: Any) -> Any:
    """A NumPy array as a tensor message of single precision."""
    return TensorProto(dtype="DT_FLOAT", float_val=data.reshape(-1).tolist(), tensor_shape=shape_of(data.shape))
