"""``torch.nn.utils``: gradients clipped, parameters as one vector, sequences of different lengths."""

from adjoint.names import list_names as _list_names
from adjoint.nn.utils import rnn
from adjoint.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from adjoint.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]

_list_names(__name__)
