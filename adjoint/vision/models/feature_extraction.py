"""Features: a model, traced, that returns what is computed inside of it."""

from __future__ import annotations

import math
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain
from typing import Any

from adjoint import nn
from adjoint.fx import Graph, GraphModule, Node, Proxy, Tracer
from adjoint.fx.graph_module import _CodeOnlyModule, _copy_attr
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.vision import ops

__all__ = ["create_feature_extractor", "get_graph_node_names"]


class LeafModuleAwareTracer(Tracer):
    """A tracer for which modules of these classes are one node each."""

    def __init__(self, *args: Any, leaf_modules: Any = (), **kwargs: Any) -> None:
        self.leaf_modules = tuple(leaf_modules)
        super().__init__(*args, **kwargs)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether it is of one of these classes, or a leaf anyway."""
        return isinstance(m, self.leaf_modules) or super().is_leaf_module(m, module_qualified_name)


class NodePathTracer(LeafModuleAwareTracer):
    """A tracer that names each node after the module in which it is made: ``layer1.0.conv1``, ``layer1.0.add``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current_module_qualname = ""
        self.node_to_qualname: OrderedDict[Node, str] = OrderedDict()

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """As Tracer's; nodes are named after ``m`` meanwhile."""
        outer = self.current_module_qualname
        try:
            self.current_module_qualname = path = self.path_of_module(m)
            if self.is_leaf_module(m, path):
                return self.create_proxy("call_module", path, args, kwargs)
            return forward(*args, **kwargs)
        finally:
            self.current_module_qualname = outer

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: Any,
        kwargs: Any,
        name: str | None = None,
        type_expr: Any = None,
        *_: Any,
        **__: Any,
    ) -> Proxy:
        """As Tracer's; the node's name is noted."""
        proxy = super().create_proxy(kind, target, args, kwargs, name, type_expr)
        self.node_to_qualname[proxy.node] = self._name(proxy.node)
        return proxy

    def _name(self, node: Node) -> str:
        name = self.current_module_qualname
        if node.op != "call_module":
            name += ("." if name else "") + str(node)
        if re.match(r".+_[0-9]+$", name) is not None:
            name = name.rsplit("_", 1)[0]
        for other in reversed(self.node_to_qualname.values()):
            if re.match(rf"{name}(_[0-9]+)?$", other) is not None:
                number = other.replace(name, "")
                return f"{name}_{int(number[1:]) + 1 if number else 1}"
        return name


def _options(given: dict[str, Any] | None) -> dict[str, Any]:
    """What a tracer is told: beside what is given, that functions and layers of ``ops`` are one node each."""
    options = dict(given or {})
    layers = [value for value in vars(ops).values() if isinstance(value, type) and issubclass(value, nn.Module)]
    options["autowrap_modules"] = tuple({*options.get("autowrap_modules", ()), math, ops})
    options["leaf_modules"] = [*options.get("leaf_modules", ()), *layers]
    return options


def get_graph_node_names(
    model: nn.Module,
    tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> tuple[list[str], list[str]]:
    """The names of what ``model`` computes when it trains, and when it does not, in the order in which it does; warns where the
    two differ.

    >>> from adjoint import nn
    >>> from adjoint.vision.models.feature_extraction import get_graph_node_names
    >>> get_graph_node_names(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))[1]
    ['input', '0', '1']
    """
    was = model.training
    names = []
    for training in (True, False):
        tracer = NodePathTracer(**_options(tracer_kwargs))
        tracer.trace(model.train(training), concrete_args=concrete_args)
        names.append(list(tracer.node_to_qualname.values()))
    model.train(was)
    if not suppress_diff_warning:
        _warn_of_differences(*names)
    return names[0], names[1]


def _warn_of_differences(train: list[str], evaluated: list[str]) -> None:
    if train == evaluated:
        return
    if _is_part(train, evaluated):
        text = "NOTE: The nodes obtained by tracing the model in eval mode are a subsequence of those obtained in train mode. "
    elif _is_part(evaluated, train):
        text = "NOTE: The nodes obtained by tracing the model in train mode are a subsequence of those obtained in eval mode. "
    else:
        text = "The nodes obtained by tracing the model in train mode are different to those obtained in eval mode. "
    text += "When choosing nodes for feature extraction, you may need to specify output nodes for train and eval mode separately."
    warnings.warn(text, stacklevel=users_level())


def _is_part(whole: list[str], part: list[str]) -> bool:
    """Whether one list is the other with some left out."""
    rest = iter(whole)
    return all(any(x == y for x in rest) for y in part)


class DualGraphModule(GraphModule):
    """A module of two graphs: one for when it trains, and one for when it does not."""

    def __init__(self, root: nn.Module, train_graph: Graph, eval_graph: Graph, class_name: str = "GraphModule") -> None:
        nn.Module.__init__(self)
        type(self).__name__ = class_name
        self.train_graph, self.eval_graph = train_graph, eval_graph
        for node in chain(train_graph.nodes, eval_graph.nodes):
            if node.op in ("get_attr", "call_module"):
                _copy_attr(root, self, node.target)
        self._begin_hooks()
        self.train()
        self.graph = train_graph
        if train_graph._tracer_cls is not eval_graph._tracer_cls:
            raise TypeError(
                "Train mode and eval mode should use the same tracer class. Instead got "
                f"{eval_graph._tracer_cls} for eval vs {train_graph._tracer_cls} for train"
            )
        self._remember_tracer(train_graph)

    def train(self, mode: bool = True) -> Any:
        """Train, or not, with the graph for that."""
        if mode != self.training:
            self.graph = self.train_graph if mode else self.eval_graph
        return super().train(mode)

    def _of_copy(self, source: _CodeOnlyModule) -> None:
        DualGraphModule.__init__(self, source, vars(source)["train_graph"], vars(source)["eval_graph"])
        self.train(source.training)


def create_feature_extractor(
    model: nn.Module,
    return_nodes: list[str] | dict[str, str] | None = None,
    train_return_nodes: list[str] | dict[str, str] | None = None,
    eval_return_nodes: list[str] | dict[str, str] | None = None,
    tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> GraphModule:
    """A module that computes what ``model`` does, and returns a dictionary of what is computed at ``return_nodes``: names of
    nodes or of modules, for which their last node stands, with the keys to give them if they are a dictionary.

    What comes after is left out.  Parameters are those of ``model``.  Raises ValueError for names that there are not, or unless
    either ``return_nodes`` or both of the others are given.

    >>> import adjoint as torch
    >>> from adjoint import nn
    >>> from adjoint.vision.models.feature_extraction import create_feature_extractor
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
    >>> {k: v.shape for k, v in create_feature_extractor(model, {"1": "hidden"})(torch.ones(1, 2)).items()}
    {'hidden': torch.Size([1, 3])}
    """
    if return_nodes is None and train_return_nodes is None and eval_return_nodes is None:
        raise ValueError(
            "Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together, should be specified"
        )
    if (train_return_nodes is None) != (eval_return_nodes is None):
        raise ValueError(
            "If any of `train_return_nodes` and `eval_return_nodes` are specified, then both should be specified"
        )
    if (return_nodes is None) == (train_return_nodes is None):
        raise ValueError("If `train_return_nodes` and `eval_return_nodes` are specified, then both should be specified")
    was = model.training
    tracers, graphs = [], []
    for training, nodes in ((True, train_return_nodes or return_nodes), (False, eval_return_nodes or return_nodes)):
        tracer = NodePathTracer(**_options(tracer_kwargs))
        graph = tracer.trace(model.train(training), concrete_args=concrete_args)
        traced = GraphModule(tracer.root, graph, type(model).__name__)
        _return(graph, tracer.node_to_qualname, _as_dictionary(nodes))
        traced.recompile()
        tracers.append(tracer)
        graphs.append(graph)
    if not suppress_diff_warning:
        _warn_of_differences(*(list(tracer.node_to_qualname.values()) for tracer in tracers))
    made = DualGraphModule(model, graphs[0], graphs[1], class_name=type(model).__name__)
    model.train(was)
    made.train(was)
    return made


def _as_dictionary(nodes: Any) -> dict[str, str]:
    return {str(n): str(n) for n in nodes} if isinstance(nodes, list) else {str(k): str(v) for k, v in nodes.items()}


def _return(graph: Graph, names: dict[Node, str], wanted: dict[str, str]) -> None:
    """Have a graph return these of its nodes, and compute nothing else."""
    if len(set(names.values())) != len(names):
        raise ValueError("There are duplicate nodes! Please raise an issue https://github.com/pytorch/vision/issues")
    for query in wanted:
        if not any(re.match(rf"^{query}(\.|$)", name) is not None for name in names.values()):
            raise ValueError(
                f"node: '{query}' is not present in model. Hint: use `get_graph_node_names` to make sure the `return_nodes` you "
                "specified are present. It may even be that you need to specify `train_return_nodes` and `eval_return_nodes` "
                "separately."
            )
    for node in reversed(graph.nodes):
        if node.op == "output":
            graph.erase_node(node)
    found: list[tuple[str, Node]] = []
    nodes = list(graph.nodes)
    for node in reversed(nodes):
        parts = names[node].split(".") if node in names else []
        asked = [q for q in wanted if parts and ".".join(parts[: q.count(".") + 1]) == q]
        if asked:
            found.append((wanted.pop(asked[0]), node))
    with graph.inserting_after(nodes[-1]):
        graph.output(OrderedDict(reversed(found)))
    graph.eliminate_dead_code()


_list_names(__name__)
