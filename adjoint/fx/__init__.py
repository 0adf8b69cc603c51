"""``torch.fx``: functions and modules as graphs, which can be read, changed, run node by node, and made code again.

:func:`symbolic_trace` runs a function with proxies in place of its arguments; what it does with them becomes the nodes of a
:class:`Graph`.
"""

from adjoint.fx import immutable_collections
from adjoint.fx._symbolic_trace import PH, ProxyableClassMeta, Tracer, symbolic_trace, wrap
from adjoint.fx.graph import CodeGen, Graph
from adjoint.fx.graph_module import GraphModule
from adjoint.fx.interpreter import Interpreter, Transformer
from adjoint.fx.node import Node, has_side_effect, map_arg
from adjoint.fx.proxy import Proxy
from adjoint.fx.subgraph_rewriter import replace_pattern
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

__all__ = [
    "Graph",
    "GraphModule",
    "Interpreter",
    "Node",
    "Proxy",
    "Tracer",
    "Transformer",
    "has_side_effect",
    "map_arg",
    "replace_pattern",
    "symbolic_trace",
    "wrap",
]

_named(__name__, modules={"annotate", "experimental", "graph", "graph_module", "passes", "subgraph_rewriter"})
_list_names(__name__)
