"""The names under which torchvision keeps the registry of models and the classes of weights."""

from adjoint.vision.models.registry import (
    BUILTIN_MODELS,
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
    register_model,
)
from adjoint.vision.models.weights import Weights, WeightsEnum

__all__ = [
    "BUILTIN_MODELS",
    "Weights",
    "WeightsEnum",
    "get_model",
    "get_model_builder",
    "get_model_weights",
    "get_weight",
    "list_models",
    "register_model",
]
