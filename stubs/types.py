"""Types: what parameters are, by their names, where neither a row nor an annotation says."""

from __future__ import annotations

import ast

SIZES = "int | Sequence[int]"

# Parameters of rows that are no arrays, and those of composites whose annotation leaves it open.
PARAMETERS = {
    "accumulate": "bool",
    "align_corners": "bool | None",
    "alpha": "complex",
    "approximate": "str",
    "atol": "Tensor | float | None",
    "axis": SIZES,
    "beta": "complex",
    "buffer": "Any",
    "data": "Any",
    "debug_mode": "int | str",
    "decimals": "int",
    "descending": "bool",
    "device": "device | str | int | None",
    "diagonal": "int",
    "dilation": SIZES,
    "dim": "int",
    "dim0": "int",
    "dim1": "int",
    "dim2": "int",
    "dimension": "int",
    "dims": SIZES,
    "dims_given": SIZES,
    "downscale_factor": "int",
    "dtype": "dtype | None",
    "dx": "complex | Sequence[complex]",
    "elements": "Tensor | complex",
    "end": "int | None",
    "eps": "float | None",
    "exponent": "Tensor | complex",
    "ext_tensor": "Any",
    "fill_value": "complex",
    "generator": "Generator | None",
    "groups": "int",
    "implicit": "bool",
    "input": "Tensor | complex",
    "input_scale": "float",
    "include_self": "bool",
    "index": "int",
    "indices": "Tensor | Sequence[int]",
    "indices_or_sections": "int | Sequence[int]",
    "k": "int",
    "keepdim": "bool",
    "kernel_size": SIZES,
    "lambd": "float",
    "largest": "bool",
    "layout": "layout | None",
    "max": "Tensor | complex | None",
    "max_val": "float",
    "memory_format": "memory_format | None",
    "min": "Tensor | complex | None",
    "min_val": "float",
    "n": "int",
    "nan": "float | None",
    "ndarray": "ndarray[Any, Any]",
    "negative_slope": "float",
    "non_blocking": "bool",
    "neginf": "float | None",
    "normalized_shape": SIZES,
    "obj": "object",
    "offset": "int",
    "other": "Tensor | complex",
    "out": "Tensor | None",
    "output_padding": SIZES,
    "output_size": "int | None | Sequence[int | None]",
    "p": "int",
    "pad": "Sequence[int]",
    "padding": SIZES,
    "padding_idx": "int",
    "posinf": "float | None",
    "reduce": "str",
    "reduction": "int",
    "repeats": "int | Sequence[int] | Tensor",
    "repeats_given": SIZES,
    "rounding_mode": "str | None",
    "rtol": "Tensor | float | None",
    "s": "complex",
    "scale": "float",
    "scale_factor": "float | Sequence[float] | None",
    "scale_grad_by_freq": "bool",
    "sections": "int | Sequence[int]",
    "shape": SIZES,
    "shapes": SIZES,
    "shifts": SIZES,
    "size": SIZES,
    "size_given": SIZES,
    "sorted": "bool",
    "sparse": "bool",
    "sparse_grad": "bool",
    "split_size": "int",
    "split_sizes": "Sequence[int]",
    "src": "Tensor | complex",
    "stable": "bool",
    "start": "int | None",
    "step": "int",
    "stride": SIZES,
    "t": "type[Tensor] | str",
    "tensor1": "Tensor | complex",
    "tensor2": "Tensor | complex",
    "tensors": "Tensor | Sequence[Tensor]",
    "test_elements": "Tensor | complex",
    "threshold": "float",
    "tol": "Tensor | float | None",
    "transposed": "bool",
    "upscale_factor": "int",
    "value": "complex",
    "var": "Tensor | float",
}

# Where a function's parameter is not what others of its name are.
OF_FUNCTION = {
    ("arange", "end"): "complex | None",
    ("arange", "start"): "complex",
    ("arange", "step"): "complex",
    ("linspace", "end"): "Tensor | complex",
    ("linspace", "start"): "Tensor | complex",
    ("logspace", "end"): "Tensor | complex",
    ("logspace", "start"): "Tensor | complex",
    ("range", "end"): "complex | None",
    ("range", "start"): "complex",
    ("range", "step"): "complex",
    **{(name, "padding"): f"str | {SIZES}" for name in ("conv1d", "conv2d", "conv3d")},
    **{
        (name, "dim"): f"{SIZES} | None"
        for name in ("all", "any", "amax", "amin", "count_nonzero", "mean", "nanmean", "nansum", "sum", "var", "std", "norm",
                     "logsumexp", "squeeze", "std_mean", "var_mean", "flip", "vector_norm", "matrix_norm", "unflatten")
    },
    ("fill_", "value"): "Tensor | complex",
    ("masked_fill", "value"): "Tensor | complex",
    ("full", "fill_value"): "Tensor | complex",
    ("index_fill", "value"): "Tensor | complex",
    ("repeat_interleave", "repeats"): "int | Tensor",
    ("bernoulli", "p"): "Tensor | float",
    ("dist", "p"): "float",
    ("gather", "index"): "Tensor",
}  # fmt: skip

# Properties of Tensor whose getter does not say.  What may be None in general, and is not where a program uses it, is said to
# be anything as well: a checker then knows the attributes and does not ask for a test that nobody needs.
PROPERTIES = {
    "grad": "Union[Tensor, Any]",  # so written, for jedi does not follow Tensor | Any
    "grad_fn": "Union[Node, Any]",
    "_base": "Tensor | None",
    "device": "device",
    "itemsize": "int",
    "layout": "layout",
    "mH": "Tensor",
    "mT": "Tensor",
    "name": "str | None",
    "nbytes": "int",
    "output_nr": "int",
}

# Where the names in annotations come from.
_IMPORTS = {
    "Any": "typing",
    "Callable": "collections.abc",
    "Generator": "adjoint.random",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Literal": "typing",
    "NamedTuple": "typing",
    "Node": "adjoint.autograd.node",
    "RemovableHandle": "adjoint.autograd.hooks",
    "Sequence": "collections.abc",
    "Self": "typing_extensions",
    "Size": "adjoint.tensor",
    "Tensor": "adjoint.tensor",
    "TypeVar": "typing",
    "Union": "typing",
    "TypedStorage": "adjoint.interop.storage",
    "UntypedStorage": "adjoint.interop.storage",
    "bool": "builtins",
    "complex": "builtins",
    "device": "adjoint.device",
    "dtype": "adjoint.dtypes",
    "float": "builtins",
    "int": "builtins",
    "layout": "adjoint.layouts",
    "memory_format": "adjoint.layouts",
    "ndarray": "numpy",
    "overload": "typing",
    "return_types": "adjoint",
    "type": "builtins",
}

# Functions and methods are called that as well, so that annotations need another name.
TAKEN = frozenset({"bool", "complex", "device", "dtype", "float", "int", "layout", "memory_format", "type"})

_BUILTINS = frozenset({"bytes", "dict", "list", "object", "property", "str", "tuple"})

_SAME = {"Device": "device", "DLDeviceType": "int", "F": "Callable[..., Any]"}


def translate(annotation: str, used: set[str]) -> str:
    """An annotation in the names of the stubs; those that have to be imported are added to ``used``."""

    class Rename(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            if isinstance(node.value, ast.Name) and node.value.id in ("dtypes", "layouts", "np"):
                return self.visit_Name(ast.Name(node.attr))
            self.generic_visit(node)
            return node

        def visit_Name(self, node: ast.Name) -> ast.AST:
            name = _SAME.get(node.id, node.id)
            if not name.isidentifier():
                return self.visit(ast.parse(name, mode="eval").body)
            if name in _BUILTINS:
                return ast.Name(name)
            if name not in _IMPORTS:
                raise KeyError(f"the stubs do not know where {name!r} comes from (in {annotation!r})")
            used.add(name)
            return ast.Name("_" + name if name in TAKEN else name)

    return ast.unparse(Rename().visit(ast.parse(annotation, mode="eval").body))


def import_lines(used: set[str]) -> str:
    """The import statements for the names in ``used``; ruff puts them in order."""
    shown = [f"{name} as _{name}" if name in TAKEN else name for name in sorted(used)]
    return "\n".join(f"from {_IMPORTS[name.split()[0]]} import {name}" for name in shown)
