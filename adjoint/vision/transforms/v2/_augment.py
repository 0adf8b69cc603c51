"""Transforms that put something else into images: a rectangle erased, a second image mixed in, what JPEG loses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import adjoint
from adjoint import distributions
from adjoint.nn.functional import one_hot
from adjoint.pytree import tree_flatten, tree_unflatten
from adjoint.tensor import Tensor
from adjoint.vision import transforms as v1
from adjoint.vision import tv_tensors
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.transforms.arguments import check_sequence
from adjoint.vision.transforms.transforms.erasing import check_erasing, erasing_values
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform, _RandomApplyTransform, passing_through
from adjoint.vision.transforms.v2._utils import _parse_labels_getter, has_any, is_pure_tensor, query_chw, query_size


class RandomErasing(_RandomApplyTransform):
    """A rectangle of images erased, with probability ``p``; its area is a part in ``scale``, its aspect in ``ratio``.

    ``value`` is what is put there: one number, one for each channel, or ``"random"``, normal noise.  Source: Zhong et al.,
    "Random Erasing Data Augmentation" (2017), arXiv:1708.04896.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> int(v2.RandomErasing(p=1, value=7)(torch.zeros(1, 8, 8)).max())
    7
    """

    _v1_transform_cls = v1.RandomErasing

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p=p)
        check_erasing(scale, ratio, value)
        self.scale = scale
        self.ratio = ratio
        self.value = erasing_values(value)
        self.inplace = inplace
        self._log_ratio = draws.logarithms(ratio)

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        value = "random" if self.value is None else self.value
        return {**super()._extract_params_for_v1_transform(), "value": value}

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        passing_through(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        size = query_chw(flat_inputs)
        if self.value is not None and len(self.value) not in (1, size[0]):
            raise ValueError(
                f"If value is a sequence, it should have either a single value or {size[0]} (number of inpt channels)"
            )
        part = draws.erased_part(size, self.scale, self.ratio, self.value, self._log_ratio)
        return dict(zip("ijhwv", (0, 0, *size[1:], None) if part is None else part))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt if params["v"] is None else self._call_kernel(F.erase, inpt, **params, inplace=self.inplace)


class _BaseMixUpCutMix(Transform):
    """What transforms have in common that put into each image of a batch some of the one before, and into its labels, too."""

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Any = "default") -> None:
        super().__init__()
        self.alpha = float(alpha)
        self._dist = distributions.Beta(adjoint.tensor([alpha]), adjoint.tensor([alpha]))
        self.num_classes = num_classes
        self._labels_getter = _parse_labels_getter(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(sample)
        chosen = self._needs_transform_list(flat)
        if has_any(flat, is_pil_image, tv_tensors.BoundingBoxes, tv_tensors.Mask, tv_tensors.KeyPoints):
            raise ValueError(
                f"{type(self).__name__}() does not support PIL images, bounding boxes, keypoints and masks."
            )
        labels = self._labels_getter(sample)
        self._check_labels(labels)
        drawn = self.make_params([inpt for inpt, is_chosen in zip(flat, chosen) if is_chosen])
        params = {"labels": labels, "batch_size": labels.shape[0], **drawn}
        chosen[next(i for i, inpt in enumerate(flat) if inpt is labels)] = True
        return tree_unflatten(
            [self.transform(inpt, params) if is_chosen else inpt for inpt, is_chosen in zip(flat, chosen)], spec
        )

    def _check_labels(self, labels: Any) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with shape (batch_size, "
                f"num_classes), but got a tensor of shape {labels.shape} instead."
            )
        if labels.ndim == 2 and self.num_classes is not None and labels.shape[-1] != self.num_classes:
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match num_classes: "
                f"{labels.shape[-1]} != {self.num_classes}. You can Leave num_classes to None."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if inpt is params["labels"]:
            return self._mixup_label(inpt, lam=self._label_share(params))
        is_own = isinstance(inpt, (tv_tensors.Image, tv_tensors.Video))
        if not is_own and not is_pure_tensor(inpt):
            return inpt
        self._check_image_or_video(inpt, batch_size=params["batch_size"])
        mixed = self._mixed(inpt, params)
        return tv_tensors.wrap(mixed, like=inpt) if is_own else mixed

    def _label_share(self, params: dict[str, Any]) -> float:
        """How much of a label stays."""
        raise NotImplementedError

    def _mixed(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        raise NotImplementedError

    def _check_image_or_video(self, inpt: Tensor, *, batch_size: int) -> None:
        wanted = 5 if isinstance(inpt, tv_tensors.Video) else 4
        if inpt.ndim != wanted:
            raise ValueError(f"Expected a batched input with {wanted} dims, but got {inpt.ndim} dimensions instead.")
        if inpt.shape[0] != batch_size:
            raise ValueError(
                "The batch size of the image or video does not match the batch size of the labels: "
                f"{inpt.shape[0]} != {batch_size}."
            )

    def _mixup_label(self, label: Tensor, *, lam: float) -> Tensor:
        if label.ndim == 1:
            label = one_hot(label, num_classes=self.num_classes)  # type: ignore[arg-type]
        return _weighted(label if label.dtype.is_floating_point else label.float(), lam)


def _weighted(batch: Tensor, share: float) -> Tensor:
    """Each of a batch times ``share``, and the one before times the rest."""
    return batch.roll(1, 0).mul_(1.0 - share).add_(batch.mul(share))  # type: ignore[no-any-return]


class MixUp(_BaseMixUpCutMix):
    """Each image of a batch mixed with the one before, and their labels likewise, by a weight drawn from Beta(alpha, alpha).

    Labels are classes (N,), of ``num_classes``, or probabilities (N, classes); ``labels_getter`` finds them in the sample.
    Raises ValueError for samples with other things.  Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization" (2017),
    arXiv:1710.09412.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> images, labels = v2.MixUp(num_classes=3)(torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 0]))
    >>> images.shape, labels.shape
    (torch.Size([4, 3, 8, 8]), torch.Size([4, 3]))
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"lam": float(self._dist.sample(()))}

    def _label_share(self, params: dict[str, Any]) -> float:
        return float(params["lam"])

    def _mixed(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        return _weighted(images, params["lam"])


class CutMix(_BaseMixUpCutMix):
    """A rectangle of each image of a batch replaced by that of the one before, and the labels mixed by its area.

    The part that stays is drawn from Beta(alpha, alpha).  Labels are classes (N,), of ``num_classes``, or probabilities
    (N, classes); ``labels_getter`` finds them in the sample.  Raises ValueError for samples with other things.  Source: Yun et
    al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features" (2019), arXiv:1905.04899.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> images, labels = v2.CutMix(num_classes=3)(torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 0]))
    >>> images.shape, labels.shape
    (torch.Size([4, 3, 8, 8]), torch.Size([4, 3]))
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        share = float(self._dist.sample(()))
        height, width = query_size(flat_inputs)
        x, y = draws.whole(0, width), draws.whole(0, height)
        half = 0.5 * math.sqrt(1.0 - share)
        across, down = int(half * width), int(half * height)
        left, right = max(x - across, 0), min(x + across, width)
        top, bottom = max(y - down, 0), min(y + down, height)
        stays = float(1.0 - (right - left) * (bottom - top) / (width * height))
        return {"box": (left, top, right, bottom), "lam_adjusted": stays}

    def _label_share(self, params: dict[str, Any]) -> float:
        return float(params["lam_adjusted"])

    def _mixed(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        left, top, right, bottom = params["box"]
        mixed: Tensor = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return mixed


class JPEG(Transform):
    """Images of bytes as they are after JPEG of a quality from 1 to 100: that number, or one drawn between two.

    Raises TypeError or ValueError for what is no quality.
    """

    def __init__(self, quality: int | Sequence[int]) -> None:
        super().__init__()
        if isinstance(quality, bool):
            raise TypeError("quality can't be bool")
        if isinstance(quality, int):
            quality = [quality, quality]
        else:
            check_sequence(quality, "quality", req_sizes=(2,))
        least, most = quality
        if not (1 <= least <= most <= 100 and isinstance(least, int) and isinstance(most, int)):
            raise ValueError(f"quality must be an integer from 1 to 100, got {quality =}")
        self.quality = quality

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"quality": draws.whole(self.quality[0], self.quality[1] + 1)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.jpeg, inpt, quality=params["quality"])
