"""``torch.nn``: modules, parameters, functions on them, initial values."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
from adjoint.nn import functional as functional
from adjoint.nn import init as init
from adjoint.nn import modules as modules
from adjoint.nn import utils as utils
from adjoint.nn.modules import *  # noqa: F403
from adjoint.nn.parameter import Buffer as Buffer
from adjoint.nn.parameter import Parameter as Parameter
from adjoint.nn.parameter import UninitializedBuffer as UninitializedBuffer
from adjoint.nn.parameter import UninitializedParameter as UninitializedParameter

if _TYPE_CHECKING:
    from typing import Any as _Any

    from adjoint.nn.parallel import DataParallel as DataParallel


def factory_kwargs(kwargs: "dict[str, _Any] | None") -> "dict[str, _Any]":
    """The arguments for functions that make tensors, ``device``, ``dtype`` and ``memory_format``, of those of a module.

    They are given as themselves or in a dictionary ``factory_kwargs``.  Raises TypeError for others, and for one given twice.

    >>> import adjoint as torch
    >>> torch.nn.factory_kwargs({"dtype": torch.float64})
    {'dtype': torch.float64}
    """
    if kwargs is None:
        return {}
    simple = {"device", "dtype", "memory_format"}
    unexpected = kwargs.keys() - simple - {"factory_kwargs"}
    if unexpected:
        raise TypeError(f"unexpected kwargs {unexpected}")
    found = dict(kwargs.get("factory_kwargs", {}))
    for key in simple & kwargs.keys():
        if key in found:
            raise TypeError(f"{key} specified twice, in **kwargs and in factory_kwargs")
        found[key] = kwargs[key]
    return found


_own = [
    "Buffer", "DataParallel", "Parameter", "UninitializedBuffer", "UninitializedParameter", "factory_kwargs", "functional", "init",
    "modules", "parallel", "utils",
]  # fmt: skip
globals()["__all__"] = [*_own, *vars(modules)["__all__"]]  # set so, for readers of types follow star imports but not sums of lists

_named(__name__, modules={"attention", "common_types", "grad", "parallel", "parameter"}, elsewhere={"DataParallel": "parallel"})
_list_names(__name__)
