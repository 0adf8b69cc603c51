"""Samplers of clips of films."""

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.samplers.clip_sampler import DistributedSampler, RandomClipSampler, UniformClipSampler

__all__ = ("DistributedSampler", "UniformClipSampler", "RandomClipSampler")

_list_names(__name__)
