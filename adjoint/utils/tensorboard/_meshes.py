"""Meshes and clouds of points."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.mesh import metadata
from tensorboard.plugins.mesh.plugin_data_pb2 import MeshPluginData

from adjoint.tensor import Tensor
from adjoint.utils.tensorboard._messages import floats


def mesh(
    tag: str, vertices: Any, colors: Any, faces: Any, config_dict: Any, display_name: Any = None, description: Any = None
) -> Any:
    """A summary of vertices (batch, n, 3), and of their colors and faces unless they are None."""
    config = "{}" if config_dict is None else json.dumps(config_dict, sort_keys=True)
    given = [(vertices, MeshPluginData.VERTEX), (faces, MeshPluginData.FACE), (colors, MeshPluginData.COLOR)]
    given = [(tensor, kind) for tensor, kind in given if tensor is not None]
    components = metadata.get_components_bitmask([kind for _, kind in given])
    values = []
    for tensor, kind in given:
        data = tensor.detach().numpy() if isinstance(tensor, Tensor) else np.asarray(tensor)
        told = metadata.create_summary_metadata(
            tag, display_name, kind, components, data.shape, description, json_config=config
        )
        values.append(Summary.Value(tag=metadata.get_instance_name(tag, kind), tensor=floats(data), metadata=told))
    return Summary(value=values)
