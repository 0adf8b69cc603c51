"""Numbers, tensors, text, sound, and the layouts of charts."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

from adjoint import dtypes
from adjoint.utils.tensorboard._convert_np import make_np
from adjoint.utils.tensorboard._messages import shape_of, value_of_plugin


def scalar(name: str, tensor: Any, collections: Any = None, new_style: bool = False, double_precision: bool = False) -> Any:
    """A summary of one number; ``new_style`` as a tensor, in double precision if asked for.

    Raises AssertionError where there are several.
    """
    array = make_np(tensor).squeeze()
    if array.ndim != 0:
        raise AssertionError(
            "Tensor should contain one element (0 dimensions).             "
            f"Was given size: {array.size} and {array.ndim} dimensions."
        )
    number = float(array)
    if not new_style:
        return Summary(value=[Summary.Value(tag=name, simple_value=number)])
    if double_precision:
        return value_of_plugin(name, "scalars", tensor=TensorProto(double_val=[number], dtype="DT_DOUBLE"))
    return value_of_plugin(name, "scalars", tensor=TensorProto(float_val=[number], dtype="DT_FLOAT"))


def half_to_int(f: float) -> int:
    """The bits of a number in single precision, as an integer."""
    return int(struct.unpack("i", struct.pack("f", f))[0])


def int_to_half(i: int) -> float:
    """The number in single precision that has these bits."""
    return float(struct.unpack("f", struct.pack("i", i))[0])


def _plain(t: Any) -> list[Any]:
    return t.flatten().tolist()  # type: ignore[no-any-return]


def _bits(t: Any) -> list[int]:
    return [half_to_int(x) for x in _plain(t)]


def _parts(t: Any) -> list[float]:
    return make_np(t).reshape(-1).astype(np.complex128).view(np.float64).tolist()  # type: ignore[no-any-return]


# dtype: its name in the message, the field that has the elements, and how they are written there
_KINDS: dict[Any, tuple[str, str, Any]] = {
    dtypes.float16: ("DT_HALF", "half_val", _bits),
    dtypes.bfloat16: ("DT_BFLOAT16", "half_val", _bits),
    dtypes.float32: ("DT_FLOAT", "float_val", _plain),
    dtypes.float64: ("DT_DOUBLE", "double_val", _plain),
    dtypes.int8: ("DT_INT8", "int_val", _plain),
    dtypes.uint8: ("DT_UINT8", "uint32_val", _plain),
    dtypes.int16: ("DT_INT16", "int_val", _plain),
    dtypes.int32: ("DT_INT32", "int_val", _plain),
    dtypes.int64: ("DT_INT64", "int64_val", _plain),
    dtypes.complex64: ("DT_COMPLEX64", "scomplex_val", _parts),
    dtypes.complex128: ("DT_COMPLEX128", "dcomplex_val", _parts),
    dtypes.bool_: ("DT_BOOL", "bool_val", _plain),
}


def tensor_proto(tag: str, tensor: Any) -> Any:
    """A summary of a whole tensor.  Raises ValueError for 2 GB and more, and for dtypes that have no message."""
    if tensor.numel() * tensor.itemsize >= 1 << 31:
        raise ValueError("tensor is bigger than protocol buffer's hard limit of 2GB in size")
    if tensor.dtype not in _KINDS:
        raise ValueError(f"{tag} has unsupported tensor dtype {tensor.dtype}")
    dtype, field, elements = _KINDS[tensor.dtype]
    proto = TensorProto(dtype=dtype, tensor_shape=shape_of(tensor.shape), **{field: elements(tensor)})
    return value_of_plugin(tag, "tensor", tensor=proto)


def text(tag: str, text: str) -> Any:
    """A summary of text, which TensorBoard shows as Markdown."""
    proto = TensorProto(dtype="DT_STRING", string_val=[text.encode("utf_8")], tensor_shape=shape_of((1,)))
    return value_of_plugin(f"{tag}/text_summary", "text", TextPluginData(version=0).SerializeToString(), proto)


def audio(tag: str, tensor: Any, sample_rate: int = 44100) -> Any:
    """A summary of sound: one channel of amplitudes between -1 and 1, kept as a WAV of 16 bits."""
    array = make_np(tensor).squeeze()
    if abs(array).max() > 1:
        print("warning: audio amplitude out of range, auto clipped.")
        array = array.clip(-1, 1)
    if array.ndim != 1:
        raise AssertionError("input tensor should be 1 dimensional.")
    array = (array * np.iinfo(np.int16).max).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(sample_rate)
        sound.writeframes(array.data)
    made = Summary.Audio(
        sample_rate=sample_rate,
        num_channels=1,
        length_frames=array.shape[-1],
        encoded_audio_string=file.getvalue(),
        content_type="audio/wav",
    )
    return Summary(value=[Summary.Value(tag=tag, audio=made)])


def custom_scalars(layout: dict[str, dict[str, Any]]) -> Any:
    """A summary of how charts are laid out: category -> title -> ("Multiline" or "Margin", tags)."""
    categories = [
        layout_pb2.Category(title=category, chart=[_chart(title, *chart[:2]) for title, chart in charts.items()])
        for category, charts in layout.items()
    ]
    made = layout_pb2.Layout(category=categories)
    proto = TensorProto(dtype="DT_STRING", string_val=[made.SerializeToString()], tensor_shape=TensorShapeProto())
    return value_of_plugin("custom_scalars__config__", "custom_scalars", tensor=proto)


def _chart(title: str, kind: str, tags: list[str]) -> Any:
    if kind != "Margin":
        return layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
    if len(tags) != 3:
        raise AssertionError("len(tags) != 3")
    value, lower, upper = tags
    series = layout_pb2.MarginChartContent.Series(value=value, lower=lower, upper=upper)
    return layout_pb2.Chart(title=title, margin=layout_pb2.MarginChartContent(series=[series]))
