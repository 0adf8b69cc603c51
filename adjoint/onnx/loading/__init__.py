"""Networks of ONNX files as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.onnx.loading.errors import ModelError, UnknownOperatorError
from adjoint.onnx.loading.graph import Graph
from adjoint.onnx.loading.module import OnnxModule, Plan
from adjoint.onnx.loading.reading import read_model
from adjoint.tensor import Tensor

__all__ = ["Graph", "ModelError", "OnnxModule", "UnknownOperatorError", "load"]


def load(file: Any, *, named: bool = False, parameters: Callable[[str, Tensor], bool] | None = None) -> OnnxModule:
    """The network in a file of ONNX as a module, to be run, trained on, and looked into.

    ``file`` is a path, an open file, bytes, or an ``onnx.ModelProto``.  Weights that lie in other files are looked for in the
    folder of the model, and nowhere else.  The module is in evaluation mode, unless the file says of itself that it trains;
    dropout and batch normalization follow ``train()`` and ``eval()``.

    Initializers of floating-point numbers with at least one dimension are parameters, as far as they are weights: not the
    running means of a batch normalization, nor numbers that say how to compute.  ``parameters(name, tensor)`` may say of each
    whether it is one.  All others are buffers.  With ``named``, the module returns a dictionary of its outputs by name; else its
    output, or a tuple of several.

    Raises FileNotFoundError where there is no file, ModelError for one that is damaged or contradicts itself,
    UnknownOperatorError, which names the node, for what is not known, and ModuleNotFoundError without the package ``onnx``.

    >>> import adjoint as torch
    >>> from onnx import TensorProto, helper, numpy_helper
    >>> w = numpy_helper.from_array(torch.tensor([[1.0, 2.0]]).numpy(), "fc.weight")
    >>> x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", n]) for name, n in (("x", 2), ("y", 1)))
    >>> graph = helper.make_graph([helper.make_node("Gemm", ["x", "fc.weight"], ["y"], transB=1)], "line", [x], [y], [w])
    >>> net = torch.onnx.load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    >>> net(torch.tensor([[3.0, 4.0]]))
    tensor([[11.]], grad_fn=<MmBackward0>)
    >>> net.state_dict()
    OrderedDict([('fc.weight', tensor([[1., 2.]]))])
    """
    model, name = read_model(file)
    choice = parameters if parameters is not None else _any
    try:
        plan = Plan(model, name, choice)
    except ModelError as error:
        raise type(error)(f"{name}: {error}") from error.__cause__
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"{name} is damaged, or no model of ONNX: {error}") from error
    return OnnxModule(plan, named)


def _any(name: str, tensor: Tensor) -> bool:
    return True


_list_names(__name__)
