"""The family of modules draws every argument of every public module and function of PyTorch's nn that is here."""

from __future__ import annotations

import ast
import inspect
import random
import re
from collections import defaultdict
from functools import lru_cache
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

import adjoint
from fuzz.families.modules import MAKERS
from fuzz.families.modules.functions import FUNCTIONS
from fuzz.families.modules.losses import loss
from fuzz.families.modules.writer import Writer

# What no program calls, and why.
BARE = {
    "Module", "RNNBase", "RNNCellBase", "NLLLoss2d", "Container",  # what others are made of
    "UninitializedParameter", "UninitializedBuffer", "Buffer", "Parameter",
    "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential",  # by the programs of utilities
    "DataParallel", "SyncBatchNorm",  # by several processes, in tests of their own
}  # fmt: skip
FUNCTIONS_ELSEWHERE = {
    "multi_head_attention_forward",  # by nn.MultiheadAttention
    "grouped_mm",  # which PyTorch has in single precision only, of rows of 16 bytes: test_native_names
    "assert_int_or_pair", "boolean_dispatch", "has_torch_function", "handle_torch_function", "has_torch_function_unary",
    "has_torch_function_variadic",
}  # fmt: skip
POSITIONAL = {"input", "x1", "x2", "input1", "input2", "target", "var", "weight", "indices", "anchor", "positive", "negative",
              "query", "key", "value", "logits", "tensor", "args", "kwargs", "self", "modules", "values", "parameters",
              "groups"}  # fmt: skip
"""Tensors, by their place."""


@lru_cache(maxsize=1)
def drawn() -> dict[str, set[str]]:
    """Of everything that is called in what is drawn, the keywords."""
    found: dict[str, set[str]] = defaultdict(set)
    for maker in {*MAKERS, *FUNCTIONS}:
        for seed in range(4000 if maker is loss else 900):
            made = maker(Writer(random.Random(seed)))
            for source in {made.module, made.call, *(made.inputs if "pooling" in maker.__name__ else ())} - {""}:
                for node in ast.walk(ast.parse(source)):
                    if isinstance(node, ast.Call):
                        name = re.sub(r"^(nn|F)\.", "", ast.unparse(node.func))
                        found[name] |= {k.arg for k in node.keywords if k.arg}
    return found


def wanted(function: Any) -> set[str]:
    """The arguments of a signature; of a function written in C, what its docstring begins with."""
    try:
        return set(inspect.signature(function).parameters)
    except ValueError:
        line = (function.__doc__ or "").partition("(")[2].partition(")")[0]
        return {part.split("=")[0].strip(" *\n") for part in line.split(",")} - {""}


def test_every_argument_of_every_module_is_drawn() -> None:
    missing = {}
    for name in dir(torch.nn):
        kind = getattr(torch.nn, name)
        if name in BARE or not inspect.isclass(kind) or not issubclass(kind, torch.nn.Module) or not hasattr(adjoint.nn, name):
            continue
        arguments = wanted(kind)
        if name in ("RNN", "LSTM", "GRU"):
            arguments = wanted(torch.nn.RNNBase) - {"mode"} - ({"proj_size"} if name != "LSTM" else set())
        lacking = arguments - POSITIONAL - drawn().get(name, set())
        if name not in drawn() or lacking:
            missing[name] = lacking
    assert not missing, missing


def test_every_argument_of_every_function_is_drawn() -> None:
    missing = {}
    for name in dir(torch.nn.functional):
        function = getattr(torch.nn.functional, name)
        if name.startswith("_") or name in FUNCTIONS_ELSEWHERE or not callable(function) or inspect.isclass(function):
            continue
        if getattr(function, "__module__", None) not in ("torch.nn.functional", None, "torch._C._nn", "torch._jit_internal"):
            continue
        if not hasattr(adjoint.nn.functional, name):
            continue
        lacking = wanted(function) - POSITIONAL - drawn().get(name, set())
        if name not in drawn() or lacking:
            missing[name] = lacking
    assert not missing, missing
