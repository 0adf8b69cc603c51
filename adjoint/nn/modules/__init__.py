"""The modules, a file for each kind."""

from importlib import import_module as _import_module

from adjoint.nn.modules.module import Module

_FILES = (
    "linear", "container", "conv", "batchnorm", "sync_batchnorm", "instancenorm", "normalization", "activation", "dropout",
    "sparse", "flatten", "fold", "distance", "pixelshuffle", "channelshuffle", "upsampling", "padding", "pooling", "loss",
    "linear_cross_entropy_options", "linear_loss", "adaptive", "rnn", "attention", "transformer",
)  # fmt: skip

__all__ = ["Module"]

for _file in _FILES:
    _module = _import_module(f"adjoint.nn.modules.{_file}")
    for _name in _module.__all__:
        globals()[_name] = getattr(_module, _name)
        __all__.append(_name)
