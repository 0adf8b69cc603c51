"""adjoint.vision: the part of torchvision that programs use."""

import warnings

import numpy as np
import pytest

import adjoint
from adjoint.vision import models, transforms, utils
from adjoint.vision.transforms import functional as F

# Facts about torchvision's resnet18(weights=None) after torch.manual_seed(0), from the program s003.
LOSS, CONV1_GRADIENT_NORM = -478.2640, 2903.2996


def test_the_same_seed_gives_torchvisions_weights_and_gradients():
    adjoint.manual_seed(0)
    model = models.resnet18(weights=None)
    data = adjoint.rand(1, 3, 64, 64)
    labels = adjoint.rand(1, 1000)
    loss = (model(data) - labels).sum()
    loss.backward()
    assert loss.item() == pytest.approx(LOSS, abs=2e-2)
    assert model.conv1.weight.grad.norm().item() == pytest.approx(CONV1_GRADIENT_NORM, rel=1e-4)


@pytest.mark.parametrize(("name", "parameters", "tensors"), [
    ("resnet18", 11689512, 122), ("resnet34", 21797672, 218), ("resnet50", 25557032, 320), ("resnext50_32x4d", 25028904, 320),
])  # fmt: skip
def test_models_have_torchvisions_parameters(name, parameters, tensors, monkeypatch):
    monkeypatch.setattr(adjoint.nn.init, "kaiming_normal_", lambda tensor, **options: tensor)  # not what is tested
    model = models.get_model(name)
    assert sum(p.numel() for p in model.parameters()) == parameters
    state = model.state_dict()
    assert len(state) == tensors
    assert list(state)[:7] == [
        "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked",
        "layer1.0.conv1.weight",
    ]  # fmt: skip
    assert "layer2.0.downsample.0.weight" in state and list(state)[-1] == "fc.bias"
    assert models.get_model_weights(name).DEFAULT.meta["num_params"] == parameters


def small(**options):
    return models.ResNet(models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=4, **options)


def test_a_residual_network_can_begin_as_the_identity():
    model = small(zero_init_residual=True)
    assert all((block.bn2.weight._array == 0).all() for block in (model.layer1[0], model.layer4[0]))


def test_strides_can_be_replaced_by_dilation():
    model = models.ResNet(
        models.resnet.Bottleneck, [1, 2, 1, 1], num_classes=4, replace_stride_with_dilation=[False, True, True]
    )
    assert model.layer4[0].conv2.dilation == (2, 2) and model.layer4[0].conv2.stride == (1, 1)
    with pytest.raises(ValueError, match="3-element tuple"):
        small(replace_stride_with_dilation=[True])
    with pytest.raises(ValueError, match="BasicBlock only supports"):
        small(groups=2)


def test_weights_are_enums_with_addresses():
    weights = models.ResNet18_Weights
    assert (
        weights.DEFAULT
        is weights.IMAGENET1K_V1
        is weights.verify("DEFAULT")
        is weights.verify("ResNet18_Weights.IMAGENET1K_V1")
    )
    assert repr(weights.DEFAULT) == "ResNet18_Weights.IMAGENET1K_V1"
    assert weights.DEFAULT.url == "https://download.pytorch.org/models/resnet18-f37072fd.pth"
    assert models.get_weight("ResNet50_Weights.IMAGENET1K_V2").url.endswith("resnet50-11ad3fa6.pth")
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received ResNet50_Weights"):
        weights.verify(models.ResNet50_Weights.DEFAULT)
    with pytest.raises(ValueError, match="Unknown model resnet19"):
        models.get_model("resnet19")
    assert models.list_models(include="resnet*", exclude="*1*") == ["resnet34", "resnet50"]


@pytest.fixture
def weights_at_hand(tmp_path, monkeypatch):
    """A file of resnet18's weights where a download would put it; the checks of its hash belong to the download."""
    monkeypatch.setattr(adjoint.nn.init, "kaiming_normal_", lambda tensor, **options: tensor)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = models.resnet18()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    adjoint.save(model.state_dict(), tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth")
    return model


def test_weights_are_loaded_from_the_cache(weights_at_hand):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = models.resnet18(weights="IMAGENET1K_V1")
    assert (loaded.fc.weight._array == weights_at_hand.fc.weight._array).all()
    with pytest.raises(ValueError, match=r"The parameter 'num_classes' expected value 1000 but got 10 instead\."):
        models.resnet18(weights=models.ResNet18_Weights.DEFAULT, num_classes=10)


def messages(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if w.category is UserWarning]


def test_the_old_ways_of_asking_for_weights_warn(weights_at_hand):
    pretrained = (
        "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, "
        "please use 'weights' instead."
    )
    other = (
        "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and may be removed in the "
        "future. The current behavior is equivalent to passing `weights={}`."
    )
    default = " You can also use `weights=ResNet18_Weights.DEFAULT` to get the most up-to-date weights."
    positional = (
        "Using 'weights' as positional parameter(s) is deprecated since 0.13 and may be removed in the future. Please use "
        "keyword parameter(s) instead."
    )
    v1 = other.format("ResNet18_Weights.IMAGENET1K_V1") + default
    assert messages(lambda: models.resnet18(pretrained=True)) == [pretrained, v1]
    assert messages(lambda: models.resnet18(pretrained=False)) == [pretrained, other.format(None)]
    assert messages(lambda: models.resnet18(True)) == [positional, v1]
    assert messages(lambda: models.resnet18()) == []


def test_without_a_network_the_error_says_which_file_to_put_where(tmp_path, monkeypatch):
    import urllib.error
    import urllib.request

    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(urllib.error.URLError) as caught:
        models.ResNet18_Weights.DEFAULT.get_state_dict()
    assert str(tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in str(caught.value)


# Transforms


def image(h=6, w=8, c=3, dtype=np.float32):
    values = np.random.default_rng(0).random((c, h, w))
    return adjoint.tensor((values * 255).astype(dtype) if dtype is np.uint8 else values.astype(dtype))


def test_arrays_become_tensors_from_0_to_1():
    array = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    t = transforms.ToTensor()(array)
    assert t.shape == (3, 2, 4) and t.dtype is adjoint.float32
    np.testing.assert_array_equal(t._array, array.transpose(2, 0, 1).astype(np.float32) / 255)
    floats = np.ones((2, 4), np.float64)
    t = transforms.ToTensor()(floats)
    assert t.dtype is adjoint.float64 and t.shape == (1, 2, 4)
    with pytest.raises(TypeError, match=r"pic should be PIL Image or ndarray. Got <class 'list'>"):
        transforms.ToTensor()([1])


def test_pil_images_are_understood():
    Image = pytest.importorskip("PIL.Image")
    array = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    picture = Image.fromarray(array)
    np.testing.assert_array_equal(transforms.PILToTensor()(picture)._array, array.transpose(2, 0, 1))
    np.testing.assert_allclose(transforms.ToTensor()(picture)._array, array.transpose(2, 0, 1) / np.float32(255))
    assert transforms.ToTensor()(picture.convert("L")).shape == (1, 20, 30)
    np.testing.assert_array_equal(np.asarray(transforms.ToPILImage()(transforms.ToTensor()(picture))), array)
    resized = transforms.PILToTensor()(transforms.Resize((10, 12))(picture))._array
    mine = F.resize(transforms.PILToTensor()(picture), (10, 12))._array
    assert np.abs(resized.astype(int) - mine.astype(int)).max() <= 1
    assert transforms.Resize(10)(picture).size == (15, 10)


def test_images_are_normalized_by_channel():
    x = image()
    y = transforms.Normalize([0.5, 0.4, 0.3], (0.1, 0.2, 0.3))(x)
    expected = (x._array - np.float32([0.5, 0.4, 0.3]).reshape(3, 1, 1)) / np.float32([0.1, 0.2, 0.3]).reshape(3, 1, 1)
    np.testing.assert_allclose(y._array, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="std evaluated to zero"):
        F.normalize(x, [0.0], [0.0])
    with pytest.raises(TypeError, match="should be a float tensor"):
        F.normalize(image(dtype=np.uint8), [0.0], [1.0])


def test_resizing_agrees_with_pytorchs_interpolation():
    torch = pytest.importorskip("torch")
    x = image(13, 17)
    q = torch.from_numpy(x._array.copy())
    for size in ((5, 6), (26, 40), (13, 5)):
        for antialias in (True, False):
            mine = F.resize(x, size, antialias=antialias)
            theirs = torch.nn.functional.interpolate(q[None], size, mode="bilinear", antialias=antialias)[0]
            np.testing.assert_allclose(mine._array, theirs.numpy(), atol=1e-6)
        mine = F.resize(x, size, transforms.InterpolationMode.NEAREST)
        theirs = torch.nn.functional.interpolate(q[None], size, mode="nearest")[0]
        np.testing.assert_array_equal(mine._array, theirs.numpy())
    assert F.resize(x, 26).shape == (3, 26, 34) and F.resize(x, 26, max_size=30).shape == (3, 22, 30)


def test_crops_and_flips():
    x = image()
    np.testing.assert_array_equal(transforms.CenterCrop(4)(x)._array, x._array[:, 1:5, 2:6])
    padded = transforms.CenterCrop((8, 4))(x)._array
    np.testing.assert_array_equal(padded[:, 1:7], x._array[:, :, 2:6])
    assert (padded[:, 0] == 0).all()
    np.testing.assert_array_equal(F.hflip(x)._array, x._array[:, :, ::-1])
    np.testing.assert_array_equal(F.vflip(x)._array, x._array[:, ::-1])
    np.testing.assert_array_equal(F.crop(x, -1, -2, 4, 4)._array[:, 1:, 2:], x._array[:, :3, :2])
    reflected = F.pad(x, 2, padding_mode="reflect")._array
    np.testing.assert_array_equal(reflected, np.pad(x._array, ((0, 0), (2, 2), (2, 2)), mode="reflect"))
    with pytest.raises(ValueError, match=r"Required crop size \(9, 9\) is larger than input image size \(6, 8\)"):
        transforms.RandomCrop(9)(x)


def test_random_transforms_draw_as_torchvision_does():
    torch = pytest.importorskip("torch")
    x = image()
    adjoint.manual_seed(3)
    torch.manual_seed(3)
    flip, crop = transforms.RandomHorizontalFlip(), transforms.RandomCrop(4, padding=1)
    for _ in range(5):
        flipped = torch.rand(1).item() < 0.5
        np.testing.assert_array_equal(flip(x)._array, x._array[:, :, ::-1] if flipped else x._array)
        i, j = torch.randint(0, 5, size=(1,)).item(), torch.randint(0, 7, size=(1,)).item()
        np.testing.assert_array_equal(crop(x)._array, F.pad(x, 1)._array[:, i : i + 4, j : j + 4])
    assert transforms.RandomResizedCrop(4)(x).shape == (3, 4, 4)


def test_dtypes_are_converted_to_their_ranges():
    x = image(dtype=np.uint8)
    np.testing.assert_allclose(F.convert_image_dtype(x)._array, x._array / np.float32(255), rtol=1e-6)
    np.testing.assert_array_equal(F.convert_image_dtype(F.convert_image_dtype(x), adjoint.uint8)._array, x._array)
    np.testing.assert_array_equal(
        F.convert_image_dtype(x, adjoint.int32)._array, x._array.astype(np.int32) * (2**31 // 256)
    )
    gray = transforms.Grayscale(3)(image())
    assert gray.shape == (3, 6, 8) and (gray._array[0] == gray._array[2]).all()


def test_transforms_are_composed_and_print():
    t = transforms.Compose([transforms.Resize(8), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    assert repr(t) == (
        "Compose(\n    Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)\n    ToTensor()\n"
        "    Normalize(mean=(0.5,), std=(0.5,))\n)"
    )
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        transforms.Lambda(3)
    assert transforms.RandomApply([lambda x: x + 1], p=1.0)(3) == 4


def test_the_transforms_of_weights_prepare_an_image():
    x = models.ResNet18_Weights.DEFAULT.transforms()(image(300, 400, dtype=np.uint8))
    assert x.shape == (3, 224, 224) and x.dtype is adjoint.float32


def test_images_are_laid_out_in_a_grid():
    grid = utils.make_grid(adjoint.ones(5, 1, 2, 3), nrow=3, padding=1, pad_value=0.5)
    assert grid.shape == (3, 7, 13)
    assert (
        (grid._array[:, 1:3, 1:4] == 1).all()
        and (grid._array[:, 0] == 0.5).all()
        and (grid._array[:, 4:6, 9:12] == 0.5).all()
    )
    normalized = utils.make_grid(adjoint.arange(8.0).reshape(2, 1, 2, 2), normalize=True, padding=0)
    assert normalized._array.min() == 0 and normalized._array.max() == 1


def test_a_name_that_is_not_there_is_named():
    import adjoint.vision

    with pytest.raises(AttributeError, match="has no attribute"):
        adjoint.vision.no_such_module


def test_tensors_of_images_lie_in_memory_as_torchvision_has_them():
    image = pytest.importorskip("PIL.Image").fromarray(np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    assert transforms.functional.pil_to_tensor(image).stride() == (1, 15, 3)
    assert transforms.functional.to_tensor(image).stride() == (20, 5, 1)
    floats = np.ones((4, 5), np.float32)
    transforms.functional.to_tensor(floats).zero_()  # nothing had to be rearranged: one memory
    assert not floats.any()
    colors = np.ones((4, 5, 3), np.float32)
    transforms.functional.to_tensor(colors).zero_()
    assert colors.all()
    with pytest.raises(ValueError, match="negative"):
        transforms.functional.to_tensor(floats[::-1])


@pytest.mark.parametrize(
    "mode, whole, own",
    [
        ("1", adjoint.uint8, adjoint.bool),  # 0 and 255, then from 0 to 1
        ("L", adjoint.uint8, adjoint.uint8),
        ("I", adjoint.int32, adjoint.int32),
        ("F", adjoint.float32, adjoint.float32),
        ("I;16", adjoint.int16, adjoint.uint16),
    ],
)
def test_pixels_are_read_by_their_mode(mode, whole, own):
    from PIL import Image

    image = Image.new(mode, (3, 2), 1)
    expected = adjoint.float32 if whole is adjoint.uint8 else whole
    assert transforms.functional.to_tensor(image).dtype is expected
    assert transforms.functional.pil_to_tensor(image).dtype is own
