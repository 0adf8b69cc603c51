"""Optimization: a traced model in which modules that evaluation does not need apart are one, or none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from adjoint.fx._symbolic_trace import symbolic_trace
from adjoint.fx.graph_module import GraphModule
from adjoint.fx.interpreter import Transformer
from adjoint.fx.node import Node
from adjoint.names import list_names as _list_names
from adjoint.nn import BatchNorm1d, BatchNorm2d, BatchNorm3d, Conv1d, Conv2d, Conv3d, Dropout, Linear, Module
from adjoint.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

__all__ = ["fuse", "matches_module_pattern", "remove_dropout", "replace_node_module"]

_FUSED: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (Conv1d, BatchNorm1d): fuse_conv_bn_eval,
    (Conv2d, BatchNorm2d): fuse_conv_bn_eval,
    (Conv3d, BatchNorm3d): fuse_conv_bn_eval,
    (Linear, BatchNorm1d): fuse_linear_bn_eval,
}


def fuse(model: Module, inplace: bool = False, no_trace: bool = False) -> Module:
    """The model, traced, with every batch norm computed by the convolution or the linear layer in front of it.

    For evaluation: AssertionError for modules in training mode.  A batch norm stays where something else uses what comes out
    of the layer, and where it has no running statistics.  ``inplace`` changes the modules of ``model`` itself, ``no_trace`` takes
    a GraphModule as it is.

    >>> import adjoint as torch
    >>> from adjoint.fx.experimental.optimization import fuse
    >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU()).eval()
    >>> fused = fuse(model)
    >>> print(fused.code)
    def forward(self, input):
        input_1 = input
        _0 = getattr(self, "0")(input_1);  input_1 = None
        _2 = getattr(self, "2")(_0);  _0 = None
        return _2
    >>> x = torch.randn(1, 1, 5, 5)
    >>> torch.allclose(fused(x), model(x), atol=1e-6)
    True
    """
    if not inplace:
        model = copy.deepcopy(model)
    traced = model if no_trace and isinstance(model, GraphModule) else symbolic_trace(model)
    modules = dict(traced.named_modules())
    graph = copy.deepcopy(traced.graph)
    for pattern, fused_of in _FUSED.items():
        for node in graph.nodes:
            if not matches_module_pattern(pattern, node, modules) or len(node.args[0].users) > 1:
                continue
            first, norm = modules[node.args[0].target], modules[node.target]
            if not norm.track_running_stats:
                continue
            replace_node_module(node.args[0], modules, fused_of(first, norm))
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    return GraphModule(traced, graph)


def remove_dropout(model: Module) -> Module:
    """The model, traced, without its dropouts.

    >>> import adjoint as torch
    >>> from adjoint.fx.experimental.optimization import remove_dropout
    >>> print(remove_dropout(torch.nn.Sequential(torch.nn.Dropout(), torch.nn.ReLU())).code)
    def forward(self, input):
        input_1 = input
        _1 = getattr(self, "1")(input_1);  input_1 = None
        return _1
    """

    class WithoutDropout(Transformer):
        def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if isinstance(self.submodules[target], Dropout):
                return args[0]
            return super().call_module(target, args, kwargs)

    return WithoutDropout(symbolic_trace(model)).transform()


def matches_module_pattern(pattern: Iterable[type], node: Any, modules: dict[str, Any]) -> bool:
    """Whether a node calls a module of the second type, of ``modules``, on what one of the first type computes."""
    if not node.args:
        return False
    for expected, each in zip(pattern, (node.args[0], node)):
        if not isinstance(each, Node) or each.op != "call_module":
            return False
        if not isinstance(each.target, str) or type(modules.get(each.target)) is not expected:
            return False
    return True


def replace_node_module(node: Any, modules: dict[str, Any], new_module: Module) -> None:
    """Have a node call another module: in ``modules``, and in the module that holds it."""
    if not isinstance(node.target, str):
        raise AssertionError(f"Expected str target, got {type(node.target)}")
    parent, _, name = node.target.rpartition(".")
    modules[node.target] = new_module
    setattr(modules[parent], name, new_module)


_list_names(__name__)
