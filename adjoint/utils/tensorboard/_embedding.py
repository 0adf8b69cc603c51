"""Embeddings: the files that TensorBoard's projector reads."""

from __future__ import annotations

import io
import math
import posixpath
from typing import Any

import numpy as np
from google.protobuf import text_format
from tensorboard.compat import tf
from tensorboard.plugins.projector.projector_config_pb2 import EmbeddingInfo

from adjoint.utils.tensorboard._convert_np import make_np
from adjoint.utils.tensorboard._pictures import make_grid


def write_embedding(
    folder: str, subdirectory: str, mat: Any, metadata: Any, label_img: Any, header: Any, step: Any, tag: str
) -> Any:
    """Write the points, and their labels and pictures if there are any; the entry for the projector's configuration."""
    path = posixpath.join(folder, subdirectory)
    _make_folder(path)
    info = EmbeddingInfo(tensor_name=f"{tag}:{str(step).zfill(5)}", tensor_path=f"{subdirectory}/tensors.tsv")
    if metadata is not None:
        rows = [str(x) for x in metadata]
        if header:
            if len(header) != len(metadata[0]):
                raise AssertionError("len of header must be equal to the number of columns in metadata")
            rows = ["\t".join(map(str, row)) for row in [header, *metadata]]
        _write(path, "metadata.tsv", "\n".join(rows) + "\n")
        info.metadata_path = f"{subdirectory}/metadata.tsv"
    if label_img is not None:
        _write(path, "sprite.png", _sprite(make_np(label_img)))
        info.sprite.image_path = f"{subdirectory}/sprite.png"
        info.sprite.single_image_dim.extend([label_img.shape[3], label_img.shape[2]])
    _write(path, "tensors.tsv", "".join(["\t".join([str(x.item()) for x in row]) + "\n" for row in mat]))
    return info


def write_configuration(folder: str, configuration: Any) -> None:
    """Write what the projector reads first."""
    _write(folder, "projector_config.pbtxt", text_format.MessageToString(configuration))


def _make_folder(path: str) -> None:
    files = tf.io.gfile
    if not files.exists(path):
        files.makedirs(path)
    elif files.isdir(path):
        print("warning: Embedding dir exists, did you set global_step for add_embedding()?")
    else:
        raise NotADirectoryError(f"Path: `{path}` exists, but is a file. Cannot proceed.")


def _write(folder: str, name: str, content: str | bytes) -> None:
    with tf.io.gfile.GFile(posixpath.join(folder, name), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _sprite(images: Any) -> bytes:
    """All pictures in a square, each with its place in it, as a PNG."""
    from PIL import Image

    grid = make_grid(images, ncols=math.ceil(len(images) ** 0.5)).transpose(1, 2, 0)
    square = np.zeros((grid.shape[1], grid.shape[1], 3))
    square[: grid.shape[0]] = grid
    file = io.BytesIO()
    Image.fromarray(np.uint8((square * 255).clip(0, 255))).save(file, format="PNG")
    return file.getvalue()
