"""Pictures of tensors: grids of images, boxes, masks and key points drawn on them, flows as colours."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.vision.utils.colors import generate_color_palette as _generate_color_palette
from adjoint.vision.utils.colors import parse_colors as _parse_colors
from adjoint.vision.utils.drawing import draw_bounding_boxes, draw_keypoints, draw_segmentation_masks
from adjoint.vision.utils.flow import color_wheel as _make_colorwheel
from adjoint.vision.utils.flow import flow_to_image
from adjoint.vision.utils.flow import normalized_flow_to_image as _normalized_flow_to_image
from adjoint.vision.utils.grids import make_grid, save_image
from adjoint.vision.utils.pictures import from_pixels as _Image_fromarray

__all__ = [
    "_Image_fromarray",
    "make_grid",
    "save_image",
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "draw_keypoints",
    "flow_to_image",
]


def _log_api_usage_once(obj: _typing.Any) -> None:
    """Nothing: uses are not counted.  (Models of one's own call it, as torchvision's do.)"""


def _make_ntuple(x: _typing.Any, n: int) -> tuple[_typing.Any, ...]:
    """``x`` as a tuple if it has elements, or ``n`` times."""
    return tuple(x) if isinstance(x, _typing.Iterable) else (x,) * n


_list_names(__name__)
