"""Run one scenario, a function of the module ``torch``, with PyTorch and with Adjoint, and compare what comes out."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from typing import Any

import pytest

import adjoint

torch = pytest.importorskip("torch")


def plain(value: Any, module: Any) -> Any:
    """A result without the types of either library: tensors become their dtype, shape, values and place in the graph."""
    if isinstance(value, module.Tensor):
        node = value.grad_fn
        return {
            "dtype": str(value.dtype),
            "shape": tuple(value.shape),
            "values": value.tolist(),
            "requires_grad": value.requires_grad,
            "grad_fn": type(node).__name__ if node is not None else None,
        }
    if isinstance(value, dict):
        return {k: plain(v, module) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, module) for v in value]
    if isinstance(value, (bool, int, float, str, bytes, type(None))):
        return value
    if isinstance(value, module.dtype):
        return str(value)
    return type(value).__name__


NOT_COMPARED = ("torch.jit.", "reference cycle", "TypedStorage is deprecated")
"""In warnings of PyTorch's about itself, and in those that are given once in a process, by whichever test comes first."""


def run(scenario: Any, module: Any) -> dict[str, Any]:
    """What a scenario returned or raised, printed and warned of."""
    printed = io.StringIO()
    found: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        module.manual_seed(0)
        try:
            found["returned"] = plain(scenario(module), module)
        except Exception as error:
            found["raised"] = type(error).__name__, str(error).split("\nException raised from")[0]
    texts = [(w.category.__name__, str(w.message).split(" (Triggered internally")[0]) for w in caught]
    found["warned"] = [
        (kind, text) for kind, text in texts if not any(part in text for part in NOT_COMPARED)
    ]
    found["printed"] = printed.getvalue()
    return found


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Equality, of floats up to a tolerance."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(a, complex) and isinstance(b, complex):
        return close(a.real, b.real, tolerance) and close(a.imag, b.imag, tolerance)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k], tolerance) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(close(x, y, tolerance) for x, y in zip(a, b))
    return a == b


def agree(scenario: Any, tolerance: float = 1e-6, raises: bool | None = None, warnings_too: bool = True) -> None:
    """Assert that the scenario does the same with both; ``raises``: whether it has to raise."""
    expected, found = run(scenario, torch), run(scenario, adjoint)
    if raises is not None:
        assert ("raised" in expected) == raises, expected
    for key in ("raised", "returned", "printed", "warned") if warnings_too else ("raised", "returned", "printed"):
        assert close(found.get(key), expected.get(key), tolerance), (
            f"{key}\n  PyTorch: {expected.get(key)!r}\n  Adjoint: {found.get(key)!r}\n"
            f"all of it\n  PyTorch: {expected}\n  Adjoint: {found}"
        )
