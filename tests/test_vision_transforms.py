"""torchvision's transforms, old and new: from a seed, what torchvision's make on PyTorch of the same sample."""

import io
import random
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("PIL.Image")

import adjoint
from adjoint.vision import transforms, tv_tensors
from adjoint.vision.transforms import v2
from tests import vision_transform_cases as tables
from tests.vision_pictures import Pictures
from tests.vision_transform_comparison import (
    NEWER_SAMPLES,
    OURS,
    SAMPLES,
    THEIRS,
    again,
    boxes,
    called,
    detection,
    difference,
    floats,
    made,
    picture,
    printed,
    signature,
    text,
)

BOTH = tables.cases(tables.GEOMETRY, tables.COLORS, tables.TENSORS, tables.FLOATS, tables.CONVERSIONS, tables.LISTS)
EACH = [("v1", case) for case in BOTH] + [("v2", case) for case in BOTH + tables.cases(tables.NEWER)]


@pytest.mark.parametrize(("version", "case"), EACH, ids=[" ".join(each) for each in EACH])
def test_a_seed_gives_what_torchvision_makes(version, case):
    i = EACH.index((version, case))
    samples = list(SAMPLES) if version == "v1" else list(NEWER_SAMPLES)
    usual = ("pil", "uint8") if version == "v1" else ("detection", "image")
    for sample in {usual[i % 2], samples[i % len(samples)]}:
        theirs, ours = (called(side, version, case, sample, seed=i) for side in (THEIRS, OURS))
        assert difference(theirs, ours) == "", sample
    if "str" not in case:  # (a class of Python's)
        assert printed(again(made(OURS, version, case))) == printed(made(THEIRS, version, case))


def outcome(side, version, case):
    try:
        made(side, version, case)
    except Exception as error:
        return type(error).__name__, text(str(error))
    return "made"


def test_wrong_arguments_raise_what_torchvision_raises():
    old, new = tables.cases(tables.WRONG), tables.cases(tables.NEWER_WRONG)
    for version, case in [("v1", c) for c in old] + [("v2", c) for c in old + new]:
        assert outcome(OURS, version, case) == outcome(THEIRS, version, case), (version, case)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_names_and_signatures_are_torchvisions(version):
    theirs, ours = getattr(THEIRS, version), getattr(OURS, version)
    names = [name for name in dir(theirs) if name[0] != "_"]
    assert set(names) <= set(dir(ours))
    for name in names:
        if isinstance(getattr(theirs, name), type) and name not in ("AutoAugmentPolicy", "InterpolationMode"):
            assert signature(getattr(ours, name)) == signature(getattr(theirs, name)), name
            drawn = getattr(getattr(theirs, name), "get_params", None)
            if drawn is not None:
                assert signature(getattr(ours, name).get_params) == signature(drawn), name


@pytest.mark.parametrize(
    "case", ["MixUp(num_classes=9)", "CutMix(num_classes=9)", "MixUp(alpha=0.3)", "CutMix(alpha=3.0)"]
)
def test_batches_are_mixed_as_torchvision_mixes_them(case):
    def sample(side):
        labels = side.torch.tensor([7, 8, 1, 0])
        if "num_classes" not in case:
            labels = side.torch.nn.functional.one_hot(labels, 9)
        batch = side.torch.stack([floats(side) * k for k in (0.1, 0.2, 0.5, 1.0)])
        return side.tv.Image(batch), {"labels": labels, "name": "a"}

    results = []
    for side in (THEIRS, OURS):
        side.torch.manual_seed(3)
        results.append(made(side, "v2", case)(sample(side)))
    assert difference(*results) == ""


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        (lambda side: {"image": side.torch.zeros(2, 3, 4, 4), "labels": 5}, "The labels must be a tensor"),
        (lambda side: (side.torch.zeros(3, 4, 4), side.torch.tensor([1, 2, 3])), "Expected a batched input"),
        (lambda side: (side.torch.zeros(2, 3, 4, 4), side.torch.tensor([1, 2, 3])), "batch size"),
        (lambda side: (side.torch.zeros(2, 3, 4, 4), side.torch.zeros(2, 7)), "must match num_classes"),
        (lambda side: (side.torch.zeros(2, 3, 4, 4), side.torch.zeros(2, 7, 1)), "labels should be index based"),
        (lambda side: (picture(), side.torch.tensor([1])), "does not support PIL images"),
        (lambda side: {"image": side.torch.zeros(2, 3, 4, 4), "y": side.torch.tensor([1, 2])}, "Could not infer where"),
        (lambda side: side.tv.Image(side.torch.zeros(2, 3, 4, 4)), "When using the default labels_getter"),
    ],
)
def test_batches_that_cannot_be_mixed_are_refused(sample, error):
    said = []
    for side in (THEIRS, OURS):
        with pytest.raises(ValueError, match=error) as caught:
            side.v2.MixUp(num_classes=3)(sample(side))
        said.append(text(str(caught.value)))
    assert said[0] == said[1]


def test_samples_keep_their_structure():
    Pair = namedtuple("Pair", "image target")
    sample = Pair([tv_tensors.Image(adjoint.zeros(3, 4, 4)), None], {"boxes": boxes(OURS), "path": ("a", 1)})
    flipped = v2.RandomHorizontalFlip(p=1)(sample)
    assert isinstance(flipped, Pair) and flipped.target["path"] == ("a", 1) and flipped.image[1] is None
    assert isinstance(flipped.target["boxes"], tv_tensors.BoundingBoxes)
    image, label = v2.RandomHorizontalFlip(p=1)(adjoint.arange(2.0).reshape(1, 1, 2), 7)
    assert image.tolist() == [[[1.0, 0.0]]] and label == 7


def test_a_program_has_its_own_transform():
    class Drawn(v2.Transform):
        _transformed_types = (adjoint.Tensor, int)

        def make_params(self, flat_inputs):
            return {"size": v2.query_size(flat_inputs), "n": len(flat_inputs)}

        def transform(self, inpt, params):
            return params["size"] if isinstance(inpt, int) else params["n"]

    with pytest.raises(NotImplementedError):
        v2.Transform()(adjoint.zeros(1, 2, 2))
    assert Drawn()({"a": adjoint.zeros(1, 2, 3), "b": adjoint.zeros(1, 2, 3), "c": 5, "d": "e"})["a"] == 2
    with pytest.raises(ValueError, match="Found multiple HxW dimensions in the sample: '\\(2, 2\\)', '\\(3, 3\\)'"):
        v2.query_size([tv_tensors.Image(adjoint.zeros(1, 2, 2)), tv_tensors.Image(adjoint.zeros(1, 3, 3))])


def test_scripting_the_newer_transforms_gives_the_older_ones():
    scripted = adjoint.jit.script(v2.Resize((4, 5), interpolation="nearest"))
    assert repr(scripted) == "Resize(size=[4, 5], interpolation=nearest, max_size=None, antialias=True)"
    assert type(scripted) is transforms.Resize
    assert repr(adjoint.jit.script(v2.RandomCrop(3, padding=(1, 2)))) == "RandomCrop(size=(3, 3), padding=[1, 2, 1, 2])"
    with pytest.raises(RuntimeError, match="Transform RandomResize cannot be JIT scripted"):
        adjoint.jit.script(v2.RandomResize(2, 3))
    with pytest.raises(ValueError, match=r"Pad\(\) can only be scripted for a scalar `fill`, but got \[1, 2\]"):
        adjoint.jit.script(v2.Pad(1, fill=[1, 2]))


def test_labels_are_found_for_boxes_that_are_left_out():
    sample = detection(OURS, picture())["target"]
    kept = v2.SanitizeBoundingBoxes()(sample)
    assert kept["labels"].tolist() == [7, 8] and kept["masks"].shape[0] == 2 and kept["id"] == 5
    kept = v2.SanitizeBoundingBoxes(labels_getter=lambda s: (s["labels"], s["more"]))(
        {**sample, "more": adjoint.arange(3)}
    )
    assert kept["more"].tolist() == [0, 1]
    for wrong, error in (
        (adjoint.arange(2), "must match the number of labels"),
        ([1, 2, 3], "must be a tensor or None"),
    ):
        said = []
        for side in (THEIRS, OURS):
            theirs = side.torch.arange(2) if isinstance(wrong, adjoint.Tensor) else wrong
            with pytest.raises(ValueError, match=error) as caught:
                side.v2.SanitizeBoundingBoxes()({"boxes": boxes(side), "labels": theirs})
            said.append(text(str(caught.value)))
        assert said[0] == said[1]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_transforms_run_in_the_processes_of_a_loader(start):
    transform = v2.Compose([
        v2.RandomResizedCrop(4), v2.RandomHorizontalFlip(), v2.ToDtype(adjoint.float32, scale=True), v2.RandomErasing(p=0.0),
    ])  # fmt: skip
    loader = adjoint.utils.data.DataLoader(Pictures(transform), 2, num_workers=1, multiprocessing_context=start)
    found = [(images.shape, images[:, 0, 0, 0].tolist(), labels.tolist()) for images, labels in loader]
    assert [labels for _, _, labels in found] == [[0, 1], [2, 3]]
    np.testing.assert_allclose(found[1][1], [2 / 255, 3 / 255], rtol=1e-6)


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
import adjoint as torch
from adjoint.vision import models, transforms
from adjoint.vision.transforms import v2
image = torch.rand(3, 8, 8)
for t in (transforms, v2):
    made = t.Compose([t.RandomResizedCrop(4), t.ColorJitter(0.3), t.RandomErasing(p=1.0), t.Normalize([0.5] * 3, [0.5] * 3)])
    assert made(image).shape == (3, 4, 4)
"""


def test_transforms_of_tensors_need_no_pillow():
    subprocess.run([sys.executable, "-c", WITHOUT_PILLOW], check=True)


@pytest.mark.parametrize(("version", "case"), EACH, ids=[" ".join(each) for each in EACH])
def test_what_one_library_saves_the_other_loads(version, case):
    if "Lambda" in case or "labels_getter=None" in case or "SanitizeKeyPoints" in case:
        pytest.skip("torchvision's cannot be pickled")
    for side, other in ((THEIRS, OURS), (OURS, THEIRS)):
        file = io.BytesIO()
        side.torch.save(made(side, version, case), file)
        file.seek(0)
        assert printed(other.torch.load(file, weights_only=False)) == printed(made(other, version, case))


def test_what_jpeg_loses_is_what_pillow_loses():
    from PIL import Image

    transform = v2.JPEG((20, 70))
    for side in (THEIRS, OURS):
        side.torch.manual_seed(4)
    drawn = transform.make_params([])["quality"]
    assert drawn == THEIRS.v2.JPEG((20, 70)).make_params([])["quality"]
    file = io.BytesIO()
    picture().save(file, "JPEG", quality=drawn)
    adjoint.manual_seed(4)
    np.testing.assert_array_equal(np.asarray(transform(picture())), np.asarray(Image.open(file)))


def test_the_older_lists_draw_by_pythons_random():
    random.seed(1)
    order = list(range(3))
    random.shuffle(order)
    random.seed(1)
    seen = []
    transforms.RandomOrder([lambda x, i=i: seen.append(i) for i in range(3)])(0)
    assert seen == order


FILMS = """
CenterCropVideo(6)
RandomCropVideo((5, 7))
RandomResizedCropVideo(6)
RandomResizedCropVideo((4, 6), scale=(0.3, 0.5), interpolation_mode='bicubic')
NormalizeVideo([0.5, 0.4, 0.3], [0.1, 0.2, 0.3])
RandomHorizontalFlipVideo()
ToTensorVideo()
"""


@pytest.mark.parametrize("case", tables.cases(FILMS))
@pytest.mark.filterwarnings("ignore:The 'torchvision.transforms._")
def test_the_deprecated_transforms_of_films(case):
    import importlib

    from tests.torchvision_files import torchvision

    results, shown = [], []
    for side, module in (
        (THEIRS, torchvision("transforms._transforms_video")),
        (OURS, importlib.import_module("adjoint.vision.transforms._transforms_video")),
    ):
        values = np.random.default_rng(0).random((3, 2, 9, 11))
        clip = side.torch.from_numpy((values * 255).astype(np.uint8) if "ToTensor" in case else values)
        side.torch.manual_seed(5)
        random.seed(5)
        try:
            transform = eval(case, vars(module).copy())
            results.append(transform(clip))
            shown.append(repr(transform))
        except ValueError as error:
            results.append(str(error))
    assert difference(*results) == "" and shown[0] == shown[1]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
def test_arrays_and_tensors_become_pictures_of_torchvisions_modes(dtype):
    values = (np.arange(12).reshape(3, 4, 1) * 20).astype(dtype) / (1 if dtype != "float32" else 240)
    for make in (lambda side: values, lambda side: side.torch.from_numpy(values.transpose(2, 0, 1).copy())):
        assert difference(*(side.v1.ToPILImage()(make(side)) for side in (THEIRS, OURS))) == ""
