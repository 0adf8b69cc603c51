"""Summaries: the messages that event files consist of, one function a kind of thing that can be logged."""

from adjoint.utils.tensorboard._distributions import (
    compute_curve,
    histogram,
    histogram_raw,
    make_histogram,
    pr_curve,
    pr_curve_raw,
)
from adjoint.utils.tensorboard._hyperparameters import hparams
from adjoint.utils.tensorboard._meshes import mesh
from adjoint.utils.tensorboard._pictures import draw_boxes, image, image_boxes, make_image, make_video, video
from adjoint.utils.tensorboard._scalars import (
    audio,
    custom_scalars,
    half_to_int,
    int_to_half,
    scalar,
    tensor_proto,
    text,
)

__all__ = [
    "half_to_int",
    "int_to_half",
    "hparams",
    "scalar",
    "histogram_raw",
    "histogram",
    "make_histogram",
    "image",
    "image_boxes",
    "draw_boxes",
    "make_image",
    "video",
    "make_video",
    "audio",
    "custom_scalars",
    "text",
    "tensor_proto",
    "pr_curve_raw",
    "pr_curve",
    "compute_curve",
    "mesh",
]
