"""Models of images beside torchvision's: names, weights, shapes, initial values, outputs and gradients."""

from __future__ import annotations

import importlib
import inspect
import math
from typing import Any

import pytest

from adjoint.vision import models

pytest.importorskip("torch")

from tests.torchvision_files import torchvision

THEIRS = torchvision("models")
ENUMS = sorted(name for name in models.__all__ if name.endswith("_Weights"))
BUILDERS = models.list_models(models)


def test_names_are_found_where_the_table_says() -> None:
    for module, names in models._MODULES.items():
        found = importlib.import_module(f"adjoint.vision.models.{module}")
        if module not in ("registry", "weights"):
            assert sorted(names.split()) == sorted(n for n in found.__all__ if n[0] != "_"), module
        for name in names.split():
            assert getattr(models, name) is getattr(found, name)


@pytest.mark.parametrize("name", ENUMS)
def test_weights_are_those_that_torchvision_offers(name: str) -> None:
    own, theirs = getattr(models, name), getattr(THEIRS, name)
    assert list(own.__members__) == list(theirs.__members__)
    for key, weights in own.__members__.items():
        assert weights.name == theirs[key].name and weights.url == theirs[key].url
        assert _facts(weights) == _facts(theirs[key])
        assert repr(weights.transforms()) == repr(theirs[key].transforms())


def _facts(weights: Any) -> dict[str, Any]:
    """What is known of weights but for the sentence about them; figures that there are not, as None."""
    facts = {key: value for key, value in weights.meta.items() if key != "_docs"}
    facts["_metrics"] = {
        of: {key: None if math.isnan(value) else value for key, value in figures.items()}
        for of, figures in facts["_metrics"].items()
    }
    return facts


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_are_called_as_torchvisions(name: str) -> None:
    own, theirs = models.get_model_builder(name), THEIRS.get_model_builder(name)
    assert _parameters(own) == _parameters(theirs)
    assert own.__name__ == name and own.__module__.rpartition(".")[0] == models.__name__
    assert models.get_model_weights(own).__name__ == THEIRS.get_model_weights(theirs).__name__
    made = inspect.signature(own).return_annotation
    assert _parameters(made) == _parameters(inspect.signature(theirs).return_annotation)


def _parameters(function: Any) -> list[tuple[Any, ...]]:
    def shown(default: Any) -> Any:
        default = getattr(default, "func", default)
        return default.__name__ if callable(default) and default is not inspect.Parameter.empty else default

    return [(p.name, p.kind, shown(p.default)) for p in inspect.signature(function).parameters.values()]


def test_a_model_can_be_registered_and_found() -> None:
    registry = importlib.import_module("adjoint.vision.models._api")

    @registry.register_model()
    def a_model_of_mine(*, weights: models.ResNet18_Weights | None = None) -> None:
        """Nothing."""

    try:
        assert models.get_model_builder("A_model_of_mine") is a_model_of_mine
        assert "a_model_of_mine" in models.list_models(include="a_model*")
        assert "a_model_of_mine" not in models.list_models(module=models)
        with pytest.raises(ValueError, match="An entry is already registered under the name 'a_model_of_mine'"):
            registry.register_model("a_model_of_mine")(a_model_of_mine)
        with pytest.raises(ValueError, match="The method is missing the 'weights' argument"):
            models.get_model_weights(len)
        with pytest.raises(ValueError, match="Make sure the typing info is correct"):
            models.get_model_weights(lambda weights: None)
    finally:
        del registry.BUILTIN_MODELS["a_model_of_mine"]
