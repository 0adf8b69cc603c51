"""Data sets of images: folders of one's own, and small ones that are published."""

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.cifar import CIFAR10, CIFAR100
from adjoint.vision.datasets.fakedata import FakeData
from adjoint.vision.datasets.folder import DatasetFolder, ImageFolder
from adjoint.vision.datasets.mnist import KMNIST, MNIST, FashionMNIST
from adjoint.vision.datasets.vision import VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "KMNIST",
    "MNIST",
    "VisionDataset",
]

_list_names(__name__)
