"""Optimizers: from gradients to better parameters.  A file is an algorithm."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
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
]

Adafactor.__module__ = Muon.__module__ = __name__  # their files are private, as PyTorch's are

if _typing.TYPE_CHECKING:
    from adjoint.optim import swa_utils as swa_utils

# The averages of weights need torch.nn, which the optimizers do not.
_named(__name__, modules={"swa_utils"})
_list_names(__name__)
