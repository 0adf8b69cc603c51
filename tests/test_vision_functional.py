"""The functions of torchvision's transforms: each with every option, beside torchvision's on PyTorch.

Of each option's inputs a few are taken, others for the next option; all with all are compared by tests/sweeps/vision_functional.py.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.v2 import functional as F
from tests.torchvision_files import torchvision
from tests.vision_functional_cases import (
    GEOMETRY,
    OURS,
    PICTURES,
    THEIRS,
    V1_ONLY,
    V2_ONLY,
    VALUES,
    called,
    difference,
    inputs_of,
)

FUNCTIONS = [
    (version, name)
    for version, only in (("v1", V1_ONLY), ("v2", V2_ONLY))
    for name in dict.fromkeys([*GEOMETRY, *VALUES, *only])
]


@pytest.mark.parametrize(("version", "name"), FUNCTIONS)
def test_functions_compute_what_torchvisions_do(version: str, name: str) -> None:
    only = V1_ONLY if version == "v1" else V2_ONLY
    many = [options for table in (GEOMETRY, VALUES, only) for options in table.get(name, ())]
    inputs = inputs_of(version, name)
    rest = itertools.cycle(inputs.items())
    count = max(4, -(-len(inputs) // len(many)))
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for options in many:
            for what, make in itertools.islice(rest, min(count, 50)):
                theirs, ours = (called(side, getattr(side, version), name, make, options) for side in (THEIRS, OURS))
                found = difference(theirs, ours, exact=False, where=(version, name))
                if found:
                    wrong.append(f"{what} {options}: {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("place", ["transforms.functional", "transforms.v2.functional", "tv_tensors"])
def test_names_and_signatures_are_torchvisions(place: str) -> None:
    theirs, ours = torchvision(place), {"transforms.functional": OURS.v1, "transforms.v2.functional": F}.get(place, tv_tensors)
    # What torchvision's modules have imported for themselves.
    imported = set("Any Enum Image Optional PILImage Tensor Union math np numbers sys F_pil F_t torch warnings accimage".split())
    public = {n for n in dir(theirs) if n[0] != "_"} - (imported if place == "transforms.functional" else {"torch"})
    assert sorted(public - set(dir(ours))) == []
    for name in public:
        function = getattr(theirs, name)
        if inspect.isfunction(function):
            assert _parameters(getattr(ours, name)) == _parameters(function), name


def _parameters(function: Any) -> list[tuple[str, str, str]]:
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind.name, str(p.default).replace("adjoint.", "torch.")) for p in parameters]


KINDS = {
    "Image": {}, "Video": {}, "Mask": {}, "KeyPoints": {"canvas_size": (3, 4)},
    "BoundingBoxes": {"format": "xywh", "canvas_size": (3, 4), "clamping_mode": None},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_tensors_behave_as_torchvisions(kind: str) -> None:
    shape = (1, 1, 2, 2) if kind in ("Image", "Video", "Mask") else (3, 2) if kind == "KeyPoints" else (3, 4)
    shown = []
    for side in (THEIRS, OURS):
        values = side.torch.from_numpy(np.arange(np.prod(shape), dtype="float32").reshape(shape))
        x = getattr(side.tv, kind)(values, **KINDS[kind])
        with side.tv.set_return_type("tvtensor"):
            kept = [x + 1, x.unbind(), x.chunk(2)]
        made = [
            pickle.loads(pickle.dumps(x)), x, x + 1, x.clone(), x.detach(), x.to(side.torch.float64), x.add_(1),
            x.requires_grad_(), x.requires_grad, copy.deepcopy(x), side.tv.wrap(values * 2, like=x), values.to(x),
            x.shape, x.ndim, x.dtype, x.device, x[0], side.torch.stack([x, x]).shape, x.sum(), *kept,
        ]  # fmt: skip
        shown.append([repr(m) for m in made])
    assert shown[1] == shown[0]


WRONG = [
    lambda tv, t: tv.Image(t.zeros(2)),
    lambda tv, t: tv.Video(t.zeros(2, 2, 2)),
    lambda tv, t: tv.BoundingBoxes(t.zeros(1, 1, 4), format="XYXY", canvas_size=(2, 2)),
    lambda tv, t: tv.BoundingBoxes(t.zeros(1, 4), format="XYXY", canvas_size=(2, 2), clamping_mode="other"),
    lambda tv, t: tv.BoundingBoxes(t.zeros(1, 5, dtype=t.int64), format="XYWHR", canvas_size=(2, 2)),
    lambda tv, t: tv.BoundingBoxes(t.zeros(1, 4), format="other", canvas_size=(2, 2)),
    lambda tv, t: tv.BoundingBoxes(t.zeros(1, 4)),
    lambda tv, t: tv.KeyPoints(t.zeros(2, 3), canvas_size=(2, 2)),
    lambda tv, t: tv.set_return_type("other"),
    lambda tv, t: tv.is_rotated_bounding_format(3),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_no_such_kind_is_refused_in_torchvisions_words(number: int) -> None:
    errors = []
    for side in (THEIRS, OURS):
        with pytest.raises(Exception) as caught:
            WRONG[number](side.tv, side.torch)
        errors.append((type(caught.value), str(caught.value)))
    assert errors[1] == errors[0]


def test_a_program_registers_kernels_for_its_own_kind() -> None:
    class Depth(tv_tensors.TVTensor):
        pass

    depth = adjoint.tensor([[1.0, 2.0]]).as_subclass(Depth)
    with pytest.raises(TypeError, match=r"Functional F\.horizontal_flip supports inputs of type"):
        F.horizontal_flip(depth)

    @F.register_kernel("horizontal_flip", Depth)
    def flip(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        return tv_tensors.wrap(inpt.flip(-1), like=inpt)

    flipped = F.hflip(depth)
    assert type(flipped) is Depth and flipped.tolist() == [[2.0, 1.0]]
    with pytest.raises(ValueError, match="already has a kernel registered"):
        F.register_kernel(F.horizontal_flip, Depth)
    with pytest.raises(ValueError, match="builtin tv_tensor classes"):
        F.register_kernel(F.resize, tv_tensors.Image)
    with pytest.raises(ValueError, match="Could not find functional with name 'other'"):
        F.register_kernel("other", Depth)
    with pytest.raises(ValueError, match=r"subclasses of torchvision\.tv_tensors\.TVTensor"):
        F.register_kernel(F.resize, adjoint.Tensor)
    with pytest.raises(ValueError, match=r"from the torchvision\.transforms\.v2\.functional namespace"):
        F.register_kernel(len, Depth)


@pytest.mark.parametrize("options", [{}, {"mean": 0.3, "sigma": 0.5}, {"clip": False}, {"sigma": -1.0}])
@pytest.mark.parametrize("kind", ["uint8", "float32", "int64"])
def test_noise_is_torchvisions_from_a_seed(kind: str, options: dict[str, Any]) -> None:
    image = np.random.RandomState(0).randint(0, 2, (3, 5, 6)).astype(kind)
    results = []
    for side in (THEIRS, OURS):
        side.torch.manual_seed(0)
        results.append(called(side, side.v2, "gaussian_noise", lambda side: side.torch.from_numpy(image), options))
    assert difference(*results, exact=False) == ""


def test_arrays_and_pictures_become_images() -> None:
    for make in (np.zeros((4, 5), np.uint8), np.zeros((4, 5, 3), np.float32), PICTURES["PIL RGB"](OURS), "image"):
        theirs, ours = (called(side, side.v2, "to_image", lambda side, make=make: make, {}) for side in (THEIRS, OURS))
        assert difference(theirs, ours) == ""


@pytest.mark.parametrize("quality", [5, 75, 100])
def test_tensors_are_compressed_as_pictures_are(quality: int) -> None:
    for mode in ("RGB", "L"):
        picture = PICTURES[f"PIL {mode}"](OURS)
        compressed = F.jpeg(picture, quality)
        image = F.pil_to_tensor(picture)
        both = F.jpeg(tv_tensors.Image(adjoint.stack([image, image])), quality)
        assert type(both) is tv_tensors.Image
        assert difference(THEIRS.v2.jpeg(picture, quality), compressed) == ""
        assert (both[1].numpy() == F.pil_to_tensor(compressed).numpy()).all()


def test_warps_have_gradients() -> None:
    image = np.random.RandomState(0).rand(3, 6, 7)
    gradients = []
    for side in (THEIRS, OURS):
        x = side.torch.from_numpy(image.copy()).requires_grad_()
        y = side.v2.affine(x, 20.0, [1, 0], 1.1, [3.0, 0.0], interpolation=side.v2.InterpolationMode.BILINEAR, fill=None)
        y = side.v2.adjust_contrast(side.v2.gaussian_blur(side.v2.adjust_saturation(y, 0.5), 3), 0.6)
        (y * y).sum().backward()
        gradients.append(np.asarray(x.grad))
    assert np.abs(gradients[1] - gradients[0]).max() < 1e-5


@pytest.mark.parametrize("change", ["adjust_saturation", "adjust_contrast", "adjust_sharpness"])
def test_what_is_recorded_has_the_same_values(change: str) -> None:
    image = adjoint.rand(3, 9, 8, generator=adjoint.Generator().manual_seed(0))
    recorded = getattr(F, change)(image.clone().requires_grad_(), 1.7)
    assert recorded.requires_grad and recorded.tolist() == getattr(F, change)(image, 1.7).tolist()


def test_without_pillow_tensors_are_transformed_and_errors_say_what_is_wrong() -> None:
    program = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "PIL":
            raise ModuleNotFoundError("No module named 'PIL'", name=name)

sys.meta_path.insert(0, NotInstalled())
import adjoint as torch
from adjoint.vision.transforms.v2 import functional as F

print(tuple(F.resize(torch.zeros(3, 4, 4), [2, 2]).shape))
try:
    F.resize("image", [2, 2])
except TypeError as error:
    print(str(error)[-27:])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(3, 2, 2)", " got <class 'str'> instead."]


def test_programs_find_kernels_where_torchvision_has_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import torch\nfrom torchvision import tv_tensors\nfrom torchvision.transforms.v2 import functional as F\n"
        "from torchvision.transforms.v2.functional._utils import _get_kernel\n"
        "image = tv_tensors.Image(torch.zeros(3, 4, 4))\n"
        "print(type(_get_kernel(F.resize, type(image))(image, [2, 2])))\n"
    )
    done = subprocess.run([sys.executable, "-m", "adjoint", "run", str(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "<class 'torchvision.tv_tensors._image.Image'>\n"
