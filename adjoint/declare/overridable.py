"""Overridable: which functions ``__torch_function__`` and modes are asked about, and by which name."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any

from adjoint.autograd import overriding
from adjoint.names import is_private
from adjoint.tensor import Tensor

# Nobody is asked about these: they are about no tensor, or say what a tensor is.
NEVER = frozenset(
    {
        "Generator", "broadcast_shapes", "from_numpy", "frombuffer", "get_rng_state", "initial_seed", "is_storage", "is_tensor",
        "manual_seed", "seed", "set_default_tensor_type", "set_rng_state", "typename",
        "__class__", "__delattr__", "__getattribute__", "__hash__", "__init__", "__init_subclass__", "__iter__", "__new__",
        "__setattr__", "__setstate__", "__torch_function__", "_make_subclass", "_make_wrapper_subclass", "as_subclass",
    }
)  # fmt: skip

# Modes are, classes are not: they make tensors of data.
MODES_ALONE = frozenset({"as_tensor", "asarray", "tensor"})

# Special methods of which PyTorch tells that they are the method that they stand for.
_STANDS_FOR = {
    "__abs__": "abs", "__add__": "add", "__div__": "div", "__ge__": "ge", "__gt__": "gt", "__iadd__": "add_",
    "__idiv__": "div_", "__ifloordiv__": "floor_divide_", "__imod__": "remainder_", "__imul__": "mul_", "__isub__": "sub_",
    "__itruediv__": "div_", "__le__": "le", "__lt__": "lt", "__matmul__": "matmul", "__mod__": "remainder", "__mul__": "mul",
    "__ne__": "ne", "__neg__": "neg", "__pos__": "positive", "__radd__": "add", "__rand__": "bitwise_and", "__rmul__": "mul",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__sub__": "sub", "__truediv__": "div", "nelement": "numel",
}  # fmt: skip

# Special methods of two operands that are told by their own name; where nobody answers, Python asks the other operand.
_LEAVE = frozenset(
    """
    __and__ __eq__ __floordiv__ __iand__ __ilshift__ __ior__ __ipow__ __irshift__ __ixor__ __lshift__ __or__ __pow__ __rand__
    __rdiv__ __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __ror__ __rpow__ __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__
    __xor__
    """.split()
)


# Functions that PyTorch writes in Python, by how many arguments they pass on by position; the others go by name, what is there
# by default among them.
_BY_POSITION = {
    1: """
        alpha_dropout celu dropout dropout1d dropout2d dropout3d elu feature_alpha_dropout glu gumbel_softmax
        hardsigmoid hardswish hardtanh instance_norm interpolate leaky_relu log_softmax lu mish norm normalize relu
        relu6 rrelu selu silu softmax softmin softsign tanhshrink unique unique_consecutive unravel_index
    """,
    2: """
        adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool1d_with_indices
        adaptive_max_pool2d adaptive_max_pool2d_with_indices adaptive_max_pool3d adaptive_max_pool3d_with_indices
        affine_grid binary_cross_entropy binary_cross_entropy_with_logits cdist cross_entropy embedding
        embedding_bag fractional_max_pool2d fractional_max_pool2d_with_indices fractional_max_pool3d
        fractional_max_pool3d_with_indices grid_sample group_norm hinge_embedding_loss huber_loss kl_div l1_loss
        layer_norm local_response_norm max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices
        max_pool3d max_pool3d_with_indices mse_loss multi_margin_loss multilabel_margin_loss
        multilabel_soft_margin_loss nll_loss pad poisson_nll_loss rms_norm smooth_l1_loss soft_margin_loss split
        stft tensordot unfold
    """,
    3: """
        batch_norm cosine_embedding_loss fold gaussian_nll_loss linear_cross_entropy lp_pool1d lp_pool2d lp_pool3d
        margin_ranking_loss max_unpool1d max_unpool2d max_unpool3d threshold triplet_margin_loss
        triplet_margin_with_distance_loss
    """,
    4: """
        ctc_loss
    """,
    13: """
        multi_head_attention_forward
    """,
}
_COUNTS = {name: count for count, names in _BY_POSITION.items() for name in names.split()}


def begin_function(name: str, function: Any) -> None:
    """Have a function of a namespace be offered to what overrides it."""
    if name in NEVER or not isinstance(function, FunctionType):
        return
    place = function.__module__.partition(".")[2]
    if place == "nn.functional" and name in ("sigmoid", "tanh"):  # which PyTorch writes as methods
        overriding.begin(function, name)
    elif place == "nn.functional" or (not place and name in overriding.IN_FUNCTIONAL):
        overriding.begin(function, as_told=_as_python_passes(_COUNTS.get(name)))
    else:
        overriding.begin(function, classes=name not in MODES_ALONE)


def _as_python_passes(count: int | None) -> Any:
    """What makes of a call's arguments those that PyTorch's function passes on, so many by position; None if it does not tell."""
    if count is None:
        return None

    def passed(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        try:
            bound = inspect.signature(function).bind(*args, **kwargs)
        except TypeError:  # what is wrong with them is for the function to say
            return args, kwargs
        bound.apply_defaults()
        by_name = dict(bound.arguments)
        return tuple([by_name.pop(name) for name in list(by_name)[:count]]), by_name

    return passed


def begin_method(name: str, value: Any) -> None:
    """Have a method of Tensor, or what reads and writes an attribute, be offered."""
    if name in NEVER or is_private(name):
        return
    if isinstance(value, FunctionType):
        overriding.begin(value, _STANDS_FOR.get(name), leaves=name in _LEAVE)
    elif isinstance(value, property):
        overriding.begin(value.fget, value.__get__)
        overriding.begin(value.fset, value.__set__)
        overriding.begin(value.fdel, value.__delete__)


def begin_methods() -> None:
    """Have all methods and attributes of Tensor be offered that are built."""
    for name, value in list(vars(Tensor).items()):
        begin_method(name, value)
