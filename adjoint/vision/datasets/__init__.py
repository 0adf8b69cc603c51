"""Data sets of images and films: folders of one's own, and those that are published, in their publishers' formats.

A module is imported when a data set of it is first named.
"""

import typing as _typing

from adjoint.names import named as _named

if _typing.TYPE_CHECKING:
    from adjoint.vision.datasets import samplers as samplers
    from adjoint.vision.datasets import utils as utils
    from adjoint.vision.datasets._optical_flow import HD1K as HD1K
    from adjoint.vision.datasets._optical_flow import FlyingChairs as FlyingChairs
    from adjoint.vision.datasets._optical_flow import FlyingThings3D as FlyingThings3D
    from adjoint.vision.datasets._optical_flow import KittiFlow as KittiFlow
    from adjoint.vision.datasets._optical_flow import Sintel as Sintel
    from adjoint.vision.datasets._stereo_matching import CarlaStereo as CarlaStereo
    from adjoint.vision.datasets._stereo_matching import CREStereo as CREStereo
    from adjoint.vision.datasets._stereo_matching import ETH3DStereo as ETH3DStereo
    from adjoint.vision.datasets._stereo_matching import FallingThingsStereo as FallingThingsStereo
    from adjoint.vision.datasets._stereo_matching import InStereo2k as InStereo2k
    from adjoint.vision.datasets._stereo_matching import Kitti2012Stereo as Kitti2012Stereo
    from adjoint.vision.datasets._stereo_matching import Kitti2015Stereo as Kitti2015Stereo
    from adjoint.vision.datasets._stereo_matching import Middlebury2014Stereo as Middlebury2014Stereo
    from adjoint.vision.datasets._stereo_matching import SceneFlowStereo as SceneFlowStereo
    from adjoint.vision.datasets._stereo_matching import SintelStereo as SintelStereo
    from adjoint.vision.datasets.caltech import Caltech101 as Caltech101
    from adjoint.vision.datasets.caltech import Caltech256 as Caltech256
    from adjoint.vision.datasets.celeba import CelebA as CelebA
    from adjoint.vision.datasets.cifar import CIFAR10 as CIFAR10
    from adjoint.vision.datasets.cifar import CIFAR100 as CIFAR100
    from adjoint.vision.datasets.cityscapes import Cityscapes as Cityscapes
    from adjoint.vision.datasets.clevr import CLEVRClassification as CLEVRClassification
    from adjoint.vision.datasets.coco import CocoCaptions as CocoCaptions
    from adjoint.vision.datasets.coco import CocoDetection as CocoDetection
    from adjoint.vision.datasets.country211 import Country211 as Country211
    from adjoint.vision.datasets.dtd import DTD as DTD
    from adjoint.vision.datasets.eurosat import EuroSAT as EuroSAT
    from adjoint.vision.datasets.fakedata import FakeData as FakeData
    from adjoint.vision.datasets.fer2013 import FER2013 as FER2013
    from adjoint.vision.datasets.fgvc_aircraft import FGVCAircraft as FGVCAircraft
    from adjoint.vision.datasets.flickr import Flickr8k as Flickr8k
    from adjoint.vision.datasets.flickr import Flickr30k as Flickr30k
    from adjoint.vision.datasets.flowers102 import Flowers102 as Flowers102
    from adjoint.vision.datasets.folder import DatasetFolder as DatasetFolder
    from adjoint.vision.datasets.folder import ImageFolder as ImageFolder
    from adjoint.vision.datasets.food101 import Food101 as Food101
    from adjoint.vision.datasets.gtsrb import GTSRB as GTSRB
    from adjoint.vision.datasets.hmdb51 import HMDB51 as HMDB51
    from adjoint.vision.datasets.imagenet import ImageNet as ImageNet
    from adjoint.vision.datasets.imagenette import Imagenette as Imagenette
    from adjoint.vision.datasets.inaturalist import INaturalist as INaturalist
    from adjoint.vision.datasets.kinetics import Kinetics as Kinetics
    from adjoint.vision.datasets.kitti import Kitti as Kitti
    from adjoint.vision.datasets.lfw import LFWPairs as LFWPairs
    from adjoint.vision.datasets.lfw import LFWPeople as LFWPeople
    from adjoint.vision.datasets.lsun import LSUN as LSUN
    from adjoint.vision.datasets.lsun import LSUNClass as LSUNClass
    from adjoint.vision.datasets.mnist import EMNIST as EMNIST
    from adjoint.vision.datasets.mnist import KMNIST as KMNIST
    from adjoint.vision.datasets.mnist import MNIST as MNIST
    from adjoint.vision.datasets.mnist import QMNIST as QMNIST
    from adjoint.vision.datasets.mnist import FashionMNIST as FashionMNIST
    from adjoint.vision.datasets.moving_mnist import MovingMNIST as MovingMNIST
    from adjoint.vision.datasets.omniglot import Omniglot as Omniglot
    from adjoint.vision.datasets.oxford_iiit_pet import OxfordIIITPet as OxfordIIITPet
    from adjoint.vision.datasets.pcam import PCAM as PCAM
    from adjoint.vision.datasets.phototour import PhotoTour as PhotoTour
    from adjoint.vision.datasets.places365 import Places365 as Places365
    from adjoint.vision.datasets.rendered_sst2 import RenderedSST2 as RenderedSST2
    from adjoint.vision.datasets.sbd import SBDataset as SBDataset
    from adjoint.vision.datasets.sbu import SBU as SBU
    from adjoint.vision.datasets.semeion import SEMEION as SEMEION
    from adjoint.vision.datasets.stanford_cars import StanfordCars as StanfordCars
    from adjoint.vision.datasets.stl10 import STL10 as STL10
    from adjoint.vision.datasets.sun397 import SUN397 as SUN397
    from adjoint.vision.datasets.svhn import SVHN as SVHN
    from adjoint.vision.datasets.ucf101 import UCF101 as UCF101
    from adjoint.vision.datasets.usps import USPS as USPS
    from adjoint.vision.datasets.vision import VisionDataset as VisionDataset
    from adjoint.vision.datasets.voc import VOCDetection as VOCDetection
    from adjoint.vision.datasets.voc import VOCSegmentation as VOCSegmentation
    from adjoint.vision.datasets.widerface import WIDERFace as WIDERFace
    from adjoint.vision.datasets.wrapping import wrap_dataset_for_transforms_v2 as wrap_dataset_for_transforms_v2

_IN = {  # of each module, its data sets
    "_optical_flow": "FlyingChairs FlyingThings3D HD1K KittiFlow Sintel",
    "_stereo_matching": "CarlaStereo CREStereo ETH3DStereo FallingThingsStereo InStereo2k "
    "Kitti2012Stereo Kitti2015Stereo Middlebury2014Stereo SceneFlowStereo SintelStereo",
    "caltech": "Caltech101 Caltech256",
    "celeba": "CelebA",
    "cifar": "CIFAR10 CIFAR100",
    "cityscapes": "Cityscapes",
    "clevr": "CLEVRClassification",
    "coco": "CocoCaptions CocoDetection",
    "country211": "Country211",
    "dtd": "DTD",
    "eurosat": "EuroSAT",
    "fakedata": "FakeData",
    "fer2013": "FER2013",
    "fgvc_aircraft": "FGVCAircraft",
    "flickr": "Flickr30k Flickr8k",
    "flowers102": "Flowers102",
    "folder": "DatasetFolder ImageFolder",
    "food101": "Food101",
    "gtsrb": "GTSRB",
    "hmdb51": "HMDB51",
    "imagenet": "ImageNet",
    "imagenette": "Imagenette",
    "inaturalist": "INaturalist",
    "kinetics": "Kinetics",
    "kitti": "Kitti",
    "lfw": "LFWPairs LFWPeople",
    "lsun": "LSUN LSUNClass",
    "mnist": "EMNIST FashionMNIST KMNIST MNIST QMNIST",
    "moving_mnist": "MovingMNIST",
    "omniglot": "Omniglot",
    "oxford_iiit_pet": "OxfordIIITPet",
    "pcam": "PCAM",
    "phototour": "PhotoTour",
    "places365": "Places365",
    "rendered_sst2": "RenderedSST2",
    "sbd": "SBDataset",
    "sbu": "SBU",
    "semeion": "SEMEION",
    "stanford_cars": "StanfordCars",
    "stl10": "STL10",
    "sun397": "SUN397",
    "svhn": "SVHN",
    "ucf101": "UCF101",
    "usps": "USPS",
    "vision": "VisionDataset",
    "voc": "VOCDetection VOCSegmentation",
    "widerface": "WIDERFace",
    "wrapping": "wrap_dataset_for_transforms_v2",
}
_PLACES = {name: module for module, names in _IN.items() for name in names.split()}

globals()["__all__"] = tuple(_PLACES)  # set so, for readers of types follow the imports above

_named(__name__, modules={*_IN, "samplers", "utils", "video_utils"}, elsewhere=_PLACES)
