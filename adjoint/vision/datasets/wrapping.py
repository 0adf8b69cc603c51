"""Samples of data sets as the newer transforms take them: boxes, masks and films as tensors that know what they are.

A row of the table at the end says of a data set what becomes of its samples.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from copy import copy
from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision import datasets, tv_tensors
from adjoint.vision.datasets.vision import VisionDataset, numbered

__all__ = ["wrap_dataset_for_transforms_v2"]

Change = Callable[[int, Any], Any]  # a sample and its number, as a sample of tensors that know what they are


def wrap_dataset_for_transforms_v2(dataset: Any, target_keys: Any = None) -> Any:
    """A data set whose samples are as ``torchvision.transforms.v2`` takes them; it is still one of its class.

    Masks become ``tv_tensors.Mask``, boxes ``tv_tensors.BoundingBoxes`` from corner to corner, films ``tv_tensors.Video``;
    lists of dictionaries become dictionaries of lists.  ``target_keys`` are the keys to keep of COCO, VOC, KITTI and WIDER FACE:
    a collection, ``"all"``, or None for those that matter most.  Classification stays as it is.  Raises TypeError for what is no
    data set of torchvision's, ValueError for other keys, RuntimeError for targets that have no such tensor.
    """
    if not (
        target_keys is None
        or target_keys == "all"
        or (isinstance(target_keys, Collection) and all(isinstance(key, str) for key in target_keys))
    ):
        raise ValueError(
            "`target_keys` can be None, 'all', or a collection of strings denoting the keys to be returned, "
            f"but got {target_keys}"
        )
    kind = type(f"Wrapped{type(dataset).__name__}", (VisionDatasetTVTensorWrapper, type(dataset)), {})
    return kind(dataset, target_keys)


class VisionDatasetTVTensorWrapper:
    """What a wrapped data set is besides one of its class: it holds the data set, and transforms what it has changed."""

    def __init__(self, dataset: Any, target_keys: Any) -> None:
        made = _row_of(dataset, target_keys)
        self._dataset = dataset
        self._target_keys = target_keys
        self._wrapper = made(dataset, target_keys)
        # Samples are changed before they are transformed, so the transforms are this object's from now on.
        self.transform, dataset.transform = dataset.transform, None
        self.target_transform, dataset.target_transform = dataset.target_transform, None
        self.transforms, dataset.transforms = dataset.transforms, None

    def __getattr__(self, item: str) -> Any:
        with contextlib.suppress(AttributeError):
            return object.__getattribute__(self, item)
        if item == "_dataset":  # while it is being copied
            raise AttributeError(item)
        return getattr(self._dataset, item)

    def __getitem__(self, idx: int) -> Any:
        sample = self._wrapper(idx, self._dataset[idx])
        return sample if self.transforms is None else self.transforms(*sample)

    def __len__(self) -> int:
        return len(self._dataset)

    def __reduce__(self) -> Any:
        dataset = copy(self._dataset)
        dataset.transform, dataset.target_transform = self.transform, self.target_transform
        dataset.transforms = self.transforms
        return wrap_dataset_for_transforms_v2, (dataset, self._target_keys)


def _row_of(dataset: Any, target_keys: Any) -> Callable[[Any, Any], Change]:
    """The table's row for a data set.  Raises TypeError where there is none, ValueError for keys of what has none."""
    name = type(dataset).__name__
    if not isinstance(dataset, VisionDataset):
        raise TypeError(
            f"This wrapper is meant for subclasses of `torchvision.datasets.VisionDataset`, but got a '{name}' instead.\n"
            "For an example of how to perform the wrapping for custom datasets, see\n\n"
            "https://pytorch.org/vision/main/auto_examples/plot_tv_tensors.html#do-i-have-to-wrap-the-output-of-the-datasets-myself"
        )
    published = getattr(datasets, name, None) is type(dataset)
    for cls in type(dataset).mro():
        if cls.__name__ in _ROWS and getattr(datasets, cls.__name__) is cls:
            if target_keys is not None and cls.__name__ not in _WITH_KEYS:
                raise ValueError(
                    "`target_keys` is currently only supported for `CocoDetection`, `VOCDetection`, `Kitti`, "
                    f"and `WIDERFace`, but got {cls.__name__}."
                )
            return _ROWS[cls.__name__]
    text = f"No wrapper exists for dataset class {name}. Please wrap the output yourself."
    if published:
        text += (
            " If an automated wrapper for this dataset would be useful for you, "
            "please open an issue at https://github.com/pytorch/vision/issues."
        )
    raise TypeError(text)


def _refuse(description: str) -> None:
    raise RuntimeError(
        f"{description} is currently not supported by this wrapper. "
        "If this would be helpful for you, please open an issue at https://github.com/pytorch/vision/issues."
    )


def _chosen(target_keys: Any, available: str, default: str) -> set[str]:
    """The keys to keep.  Raises ValueError for others than those that there are."""
    known = set(available.split())
    keys = default if target_keys is None else target_keys
    if keys == "all":
        return known
    keys = set(keys.split() if isinstance(keys, str) and target_keys is None else keys)
    if extra := keys - known:
        raise ValueError(f"Target keys {sorted(extra)} are not available")
    return keys  # type: ignore[no-any-return]


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """A list of dictionaries as a dictionary of lists."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    return columns


def _boxes(values: Any, format: str, size: Any) -> Any:
    """Boxes from corner to corner, of an image of this height and width."""
    from adjoint.vision.transforms.v2 import functional

    kinds = tv_tensors.BoundingBoxFormat
    boxes = tv_tensors.BoundingBoxes(values, format=kinds[format], canvas_size=size)
    return boxes if format == "XYXY" else functional.convert_bounding_box_format(boxes, new_format=kinds.XYXY)


def _each(target: Any, kinds: list[str], changes: dict[str, Callable[[Any], Any]]) -> Any:
    """Targets of several kinds, each as its kind's change makes it."""
    several = target if isinstance(target, (tuple, list)) else [target]
    changed = tuple(changes[kind](one) if kind in changes else one for kind, one in zip(kinds, several))
    return changed[0] if len(changed) == 1 else changed


def _as_it_is(dataset: Any, target_keys: Any) -> Change:
    return lambda idx, sample: sample


def _segmentation(dataset: Any, target_keys: Any) -> Change:
    return lambda idx, sample: (sample[0], tv_tensors.Mask(sample[1]))


def _films(dataset: Any, target_keys: Any) -> Change:
    if dataset.video_clips.output_format == "THWC":
        raise RuntimeError(
            f"{type(dataset).__name__} with `output_format='THWC'` is not supported by this wrapper, "
            "since it is not compatible with the transformations. Please use `output_format='TCHW'` instead."
        )
    return lambda idx, sample: (tv_tensors.Video(sample[0]), *sample[1:])


def _caltech101(dataset: Any, target_keys: Any) -> Change:
    if "annotation" in dataset.target_type:
        _refuse("Caltech101 dataset with `target_type=['annotation', ...]`")
    return _as_it_is(dataset, target_keys)


def _sbd(dataset: Any, target_keys: Any) -> Change:
    if dataset.mode == "boundaries":
        _refuse("SBDataset with mode='boundaries'")
    return _segmentation(dataset, target_keys)


def _coco(dataset: Any, target_keys: Any) -> Change:
    from adjoint.vision.transforms.v2 import functional

    native = "segmentation area iscrowd image_id bbox category_id"
    keys = _chosen(target_keys, native + " boxes masks labels", "image_id boxes labels")

    def change(idx: int, sample: Any) -> Any:
        image, rows = sample
        number = dataset.ids[idx]
        if not rows:
            return image, {"image_id": number}
        size = tuple(functional.get_size(image))
        columns = _columns(rows)
        target: dict[str, Any] = {}
        if "image_id" in keys:
            target["image_id"] = number
        if "boxes" in keys:
            target["boxes"] = _boxes(columns["bbox"], "XYWH", size)
        if "masks" in keys:
            masks = [_coco_mask(segmentation, size) for segmentation in columns["segmentation"]]
            target["masks"] = tv_tensors.Mask(adjoint.stack(masks))
        if "labels" in keys:
            target["labels"] = adjoint.tensor(columns["category_id"])
        target.update({key: columns[key] for key in keys - {"image_id", "boxes", "masks", "labels"}})
        return image, target

    return change


def _coco_mask(segmentation: Any, size: Any) -> Tensor:
    """The mask (H, W) that polygons or run lengths describe; ``pycocotools`` paints it."""
    from pycocotools import mask

    if isinstance(segmentation, dict):
        if not isinstance(segmentation["counts"], str):
            segmentation = mask.frPyObjects(segmentation, *size)
    elif isinstance(segmentation, list):
        segmentation = mask.merge(mask.frPyObjects(segmentation, *size))
    else:
        raise ValueError(f"COCO segmentation expected to be a dict or a list, got {type(segmentation)}")
    return adjoint.from_numpy(mask.decode(segmentation))  # type: ignore[no-any-return]


_VOC = numbered(
    "__background__ aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor".split()
)


def _voc(dataset: Any, target_keys: Any) -> Change:
    keys = _chosen(target_keys, "annotation boxes labels", "boxes labels")

    def change(idx: int, sample: Any) -> Any:
        image, notes = sample
        things = _columns(notes["annotation"]["object"])
        target: dict[str, Any] = notes if "annotation" in keys else {}
        if "boxes" in keys:
            corners = [[int(box[part]) for part in ("xmin", "ymin", "xmax", "ymax")] for box in things["bndbox"]]
            target["boxes"] = _boxes(corners, "XYXY", (image.height, image.width))
        if "labels" in keys:
            target["labels"] = adjoint.tensor([_VOC[name] for name in things["name"]])
        return image, target

    return change


def _celeba(dataset: Any, target_keys: Any) -> Change:
    if "attr" in dataset.target_type or "landmarks" in dataset.target_type:
        _refuse("`CelebA` dataset with `target_type=['attr', 'landmarks', ...]`")

    def change(idx: int, sample: Any) -> Any:
        image, target = sample
        size = (image.height, image.width)
        return image, _each(target, dataset.target_type, {"bbox": lambda box: _boxes(box, "XYWH", size)})

    return change


_KITTI = numbered("Car Van Truck Pedestrian Person_sitting Cyclist Tram Misc DontCare".split())


def _kitti(dataset: Any, target_keys: Any) -> Change:
    native = "type truncated occluded alpha bbox dimensions location rotation_y"
    keys = _chosen(target_keys, native + " boxes labels", "boxes labels")

    def change(idx: int, sample: Any) -> Any:
        image, rows = sample
        if rows is None:
            return image, rows
        columns = _columns(rows)
        target: dict[str, Any] = {}
        if "boxes" in keys:
            target["boxes"] = _boxes(columns["bbox"], "XYXY", (image.height, image.width))
        if "labels" in keys:
            target["labels"] = adjoint.tensor([_KITTI[name] for name in columns["type"]])
        target.update({key: columns[key] for key in keys - {"boxes", "labels"}})
        return image, target

    return change


def _pets(dataset: Any, target_keys: Any) -> Change:
    def change(idx: int, sample: Any) -> Any:
        image, target = sample
        if target is None:
            return image, None
        return image, _each(target, dataset._target_types, {"segmentation": tv_tensors.Mask})

    return change


def _cityscapes(dataset: Any, target_keys: Any) -> Change:
    if "polygon" in dataset.target_type or "color" in dataset.target_type:
        _refuse("`Cityscapes` dataset with `target_type=['polygon', 'color', ...]`")
    changes: dict[str, Any] = {"instance": _instances, "semantic": tv_tensors.Mask}
    return lambda idx, sample: (sample[0], _each(sample[1], dataset.target_type, changes))


def _instances(picture: Any) -> dict[str, Any]:
    """A mask and a label for each number in a picture: a thing's label times a thousand and more, or the label itself."""
    mask = tv_tensors.Mask(picture)
    numbers = list(mask.unique())
    labels = [number // 1000 if number >= 1000 else number for number in numbers]
    masks = adjoint.stack([mask == number for number in numbers])
    return {"masks": tv_tensors.Mask(masks), "labels": adjoint.stack(labels)}


def _widerface(dataset: Any, target_keys: Any) -> Change:
    keys = _chosen(target_keys, "bbox blur expression illumination occlusion pose invalid", "all")

    def change(idx: int, sample: Any) -> Any:
        image, notes = sample
        if notes is None:
            return image, notes
        target = {key: notes[key] for key in keys}
        if "bbox" in keys:
            target["bbox"] = _boxes(notes["bbox"], "XYWH", (image.height, image.width))
        return image, target

    return change


_ROWS: dict[str, Callable[[Any, Any], Change]] = {
    **dict.fromkeys(
        "Caltech256 CIFAR10 CIFAR100 ImageNet MNIST FashionMNIST GTSRB DatasetFolder ImageFolder Imagenette CocoCaptions".split(),
        _as_it_is,
    ),
    **dict.fromkeys(("HMDB51", "Kinetics", "UCF101"), _films),
    "Caltech101": _caltech101,
    "CelebA": _celeba,
    "Cityscapes": _cityscapes,
    "CocoDetection": _coco,
    "Kitti": _kitti,
    "OxfordIIITPet": _pets,
    "SBDataset": _sbd,
    "VOCDetection": _voc,
    "VOCSegmentation": _segmentation,
    "WIDERFace": _widerface,
}
_WITH_KEYS = ("CocoDetection", "VOCDetection", "Kitti", "WIDERFace")

_list_names(__name__)
