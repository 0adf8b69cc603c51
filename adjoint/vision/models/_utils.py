"""Names that models written after torchvision's import from here."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.weights import decided as _ovewrite_value_param
from adjoint.vision.models.weights import handle_legacy_interface
from adjoint.vision.models.weights import require as _ovewrite_named_param

__all__ = ["IntermediateLayerGetter", "handle_legacy_interface"]

_TORCHVISIONS = (_ovewrite_named_param, _ovewrite_value_param)  # in torchvision's spelling


class IntermediateLayerGetter(nn.ModuleDict):
    """The children of a model, called one after the other, that gives what some of them compute.

    ``return_layers`` says under which name each of those is given; children after the last of them are left out.  They have to be
    registered in the order in which the model calls them, each once.  Returns an OrderedDict; raises ValueError for a name
    that is no child of ``model``.

    >>> import adjoint as torch
    >>> from adjoint import nn
    >>> from adjoint.vision.models._utils import IntermediateLayerGetter
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
    >>> {k: v.shape for k, v in IntermediateLayerGetter(model, {"1": "hidden"})(torch.ones(1, 2)).items()}
    {'hidden': torch.Size([1, 3])}
    """

    _version = 2

    def __init__(self, model: nn.Module, return_layers: dict[str, str]) -> None:
        wanted = {str(name) for name in return_layers}
        children = OrderedDict(model.named_children())
        if not set(return_layers).issubset(children):
            raise ValueError("return_layers are not present in model")
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for name, module in children.items():
            layers[name] = module
            wanted.discard(name)
            if not wanted:
                break
        super().__init__(layers)
        self.return_layers = return_layers

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        """What the chosen children compute of ``x``, by the names given."""
        found: OrderedDict[str, Any] = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                found[self.return_layers[name]] = x
        return found


def _make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """The multiple of ``divisor`` next to ``v``, at least ``min_value``, and never less than nine tenths of ``v``."""
    near = max(divisor if min_value is None else min_value, int(v + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * v else near


_list_names(__name__)
