"""Images of noise, to try a program with."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.random import get_rng_state, manual_seed, set_rng_state
from adjoint.vision.datasets.vision import Transform, VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """``size`` images of noise with classes drawn at random, the same each time; the generator's state stays as it is."""

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform = None,
        target_transform: Transform = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        before = get_rng_state()
        manual_seed(index + self.random_offset)
        image = adjoint.randn(*self.image_size)
        target = adjoint.randint(0, self.num_classes, size=(1,), dtype=adjoint.long)[0]
        set_rng_state(before)
        from adjoint.vision.transforms import ToPILImage

        image, target = self._changed(ToPILImage()(image), target)
        return image, target.item()

    def __len__(self) -> int:
        return self.size


_list_names(__name__)
