"""Optimizers: from gradients to better parameters.  A file is an algorithm."""

from adjoint.optim import lr_scheduler, optimizer
from adjoint.optim._adafactor import Adafactor
from adjoint.optim._muon import Muon
from adjoint.optim.adadelta import Adadelta
from adjoint.optim.adagrad import Adagrad
from adjoint.optim.adam import Adam
from adjoint.optim.adamax import Adamax
from adjoint.optim.adamw import AdamW
from adjoint.optim.asgd import ASGD
from adjoint.optim.lbfgs import LBFGS
from adjoint.optim.nadam import NAdam
from adjoint.optim.optimizer import Optimizer
from adjoint.optim.radam import RAdam
from adjoint.optim.rmsprop import RMSprop
from adjoint.optim.rprop import Rprop
from adjoint.optim.sgd import SGD
from adjoint.optim.sparse_adam import SparseAdam

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "SparseAdam",
    "lr_scheduler",
    "optimizer",
]

Adafactor.__module__ = Muon.__module__ = __name__  # their files are private, as PyTorch's are


def __getattr__(name: str) -> object:
    if name == "swa_utils":  # needs torch.nn, which the optimizers do not
        import importlib

        return importlib.import_module("adjoint.optim.swa_utils")
    raise AttributeError(f"module 'adjoint.optim' has no attribute {name!r}: Adjoint does not have torch.optim.{name}")
