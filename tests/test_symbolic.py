"""Functions of symbolic sizes take plain numbers, and what libraries ask of PyTorch's inner module is answered."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint
from adjoint import _C

EXPRESSIONS = [
    "torch.sym_int(3.7), torch.sym_int(-3.7), torch.sym_float(3), torch.sym_sqrt(4)",
    "torch.sym_max(1, 2.5), torch.sym_max(1, 1.0), torch.sym_min(1, 2), torch.sym_max(True, 2)",
    "torch.sym_not(True), torch.sym_not(0), torch.sym_ite(True, 1, 2), torch.sym_sum([1, 2, 3]), torch.sym_sum([])",
    "torch.sym_ite(1, 2, 3)",
    "torch.sym_ite(True, 1, 2.0)",
    "torch.sym_fresh_size(3), torch.sym_constrain_range(5, min=0, max=9)",
    "torch.sym_constrain_range(5, min=0, max=3)",
    "isinstance(torch.ones(2).shape[0], torch.SymInt), isinstance(1.0, (int, torch.SymFloat))",
    "torch._C._get_tracing_state(), torch._C._get_default_device(), torch._C._has_cuda, torch._C._get_accelerator().type",
    "torch._C._nn._parse_to('cpu', torch.float32), torch._C._nn._parse_to(torch.float16, non_blocking=True)",
    "torch._C._log_api_usage_once('x'), torch._C._get_deterministic_algorithms(), torch._C._len_torch_dispatch_stack()",
]


def _outcome(library: Any, expression: str) -> tuple[str, str]:
    try:
        return "", repr(eval(expression, {"torch": library}))
    except Exception as error:
        return type(error).__name__, str(error).partition("\nException raised from")[0]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_answer_is_pytorchs(expression: str) -> None:
    torch = pytest.importorskip("torch")
    assert _outcome(adjoint, expression) == _outcome(torch, expression)


def test_a_name_that_the_inner_module_does_not_have_is_missing() -> None:
    assert not hasattr(_C, "_nothing_of_this_name")
    with pytest.raises(NotImplementedError, match="sizes are plain numbers"):
        adjoint.SymInt(3)
