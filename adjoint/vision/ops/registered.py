"""``torch.ops.torchvision``: the operators under their names, with the arguments of torchvision's schemas."""

from __future__ import annotations

from typing import Any

from adjoint.library import Library
from adjoint.tensor import Tensor, from_array
from adjoint.vision.ops.deform_conv import convolved
from adjoint.vision.ops.region_pooling import aligned, channels_of_cells, pooled, position_aligned, position_pooled
from adjoint.vision.ops.regions import check_regions
from adjoint.vision.ops.rotated_overlap import box_iou_rotated
from adjoint.vision.ops.suppression import nms

_ROIS = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"


def _roi_align(
    input: Tensor, rois: Tensor, scale: float, height: int, width: int, samples: int, half_pixel: bool
) -> Any:
    check_regions("roi_align", input, rois)
    return aligned(input, rois, scale, (height, width), samples, half_pixel)


def _roi_pool(input: Tensor, rois: Tensor, scale: float, height: int, width: int) -> Any:
    check_regions("roi_pool", input, rois)
    return tuple(pooled(input, rois, scale, (height, width)))


def _ps_roi_align(input: Tensor, rois: Tensor, scale: float, height: int, width: int, samples: int) -> Any:
    cells = (height, width)
    check_regions("ps_roi_align", input, rois, cells)
    return position_aligned(input, rois, scale, cells, samples), from_array(channels_of_cells(input, rois, cells))


def _ps_roi_pool(input: Tensor, rois: Tensor, scale: float, height: int, width: int) -> Any:
    cells = (height, width)
    check_regions("ps_roi_pool", input, rois, cells)
    return position_pooled(input, rois, scale, cells), from_array(channels_of_cells(input, rois, cells))


def _deform_conv2d(
    input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor, stride_h: int, stride_w: int, pad_h: int, pad_w: int,
    dilation_h: int, dilation_w: int, groups: int, offset_groups: int, use_mask: bool,
) -> Tensor:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilation_h, dilation_w)
    return convolved(
        input, weight, offset, mask if use_mask else None, bias, stride, padding, dilation, groups, offset_groups
    )


_SCHEMAS = {
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor": nms.function,
    "box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor": box_iou_rotated.function,
    f"roi_align({_ROIS}, int sampling_ratio, bool aligned) -> Tensor": _roi_align,
    f"roi_pool({_ROIS}) -> (Tensor, Tensor)": _roi_pool,
    f"ps_roi_align({_ROIS}, int sampling_ratio) -> (Tensor, Tensor)": _ps_roi_align,
    f"ps_roi_pool({_ROIS}) -> (Tensor, Tensor)": _ps_roi_pool,
    "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, "
    "SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, "
    "bool use_mask) -> Tensor": _deform_conv2d,
}

_library = Library("torchvision", "FRAGMENT")
for _schema, _function in _SCHEMAS.items():
    _library.define(_schema)
    _library.impl(_schema.partition("(")[0], _function, "CompositeImplicitAutograd")
