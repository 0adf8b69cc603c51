"""torch.testing: what is close, what is told of values that are not, and tensors to test with, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

COMPARISONS = [
    "t([1.0, 2.0]), t([1.0, 2.0 + 1e-6])",
    "t([1.0, 2.0]), t([1.0, 2.5])",
    "t([[1.0, 2.0], [3.0, 4.0]]), t([[1.5, 2.0], [3.0, 40.0]])",
    "t([1.0, 2.0]), t([1.0, 2.5]), rtol=0, atol=0.6",
    "t([1, 2]), t([1, 5])",
    "t([1.0]), t([2.0]), rtol=0, atol=0",
    "t(1.0), t(3.0)",
    "t(True), t(False)",
    "t([True, False]), t([True, True])",
    "t(float('nan')), t(float('nan'))",
    "t(float('nan')), t(float('nan')), equal_nan=True",
    "t([0.0, float('inf')]), t([0.0, 1.0])",
    "t([1 + 2j]), t([1 + 3j])",
    "t([1.0]), t([1.0], dtype=torch.float64)",
    "t([1.0]), t([1.25], dtype=torch.float64), check_dtype=False",
    "t([1]), t([2], dtype=torch.uint8), check_dtype=False",
    "t([1.0], dtype=torch.float16), t([1.002], dtype=torch.float16)",
    "t([1.0], dtype=torch.bfloat16), t([1.01], dtype=torch.bfloat16)",
    "t([1.0, 2.0]), t([1.0])",
    "torch.ones(2, 3), torch.ones(3, 2).T, check_stride=True",
    "torch.ones(2, 3), torch.ones(3, 2).T",
    "torch.nn.Parameter(t([1.0])), t([1.0])",
    "torch.nn.Parameter(t([1.0])), t([1.0]), allow_subclasses=False",
    "np.array([1.0, 2.0]), np.array([1.0, 3.0])",
    "np.array([1.0]), t([1.0])",
    "1.0, 1.0 + 1e-9",
    "1.0, 2.0",
    "1, 0",
    "1.0, 1",
    "1.0, 1, check_dtype=False",
    "1 + 1j, 2 + 1j",
    "np.float32(1), 2.0",
    "True, False",
    "np.bool_(True), True",
    "None, None",
    "None, 3",
    "'a', 'b'",
    "object(), 3",
    "[1, t([1.0])], (1, t([2.0]))",
    "[1, 2], [1]",
    "{'a': 1, 'b': [2.0, 3.0]}, {'b': [2.0, 3.5], 'a': 1}",
    "{'a': 1}, {'b': 1}",
    "[[1.0]], [[2.0, 3.0]]",
    "t([1.0]), t([2.0]), rtol=0.1",
    "1.0, 2.0, msg='my words'",
    "[1.0], [2.0], msg=lambda text: 'Before\\n' + text",
    "t([]), t([])",
    "t([300], dtype=torch.int16), t([-32000], dtype=torch.int16)",
]


@pytest.mark.parametrize("given", COMPARISONS)
def test_what_is_close_and_what_is_told_is_pytorchs(given: str) -> None:
    import numpy as np

    def scenario(torch: Any) -> Any:
        return eval(f"torch.testing.assert_close({given})", {"torch": torch, "t": torch.tensor, "np": np})

    def plainly(torch: Any) -> Any:
        try:
            return scenario(torch)
        except Exception as error:
            return type(error).__name__, str(error).replace("adjoint.tensor", "torch").replace("adjoint", "torch")

    if "object()" in given:
        agree(lambda torch: plainly(torch)[0])
    else:
        agree(plainly)


@pytest.mark.parametrize("given", ["[1.0], [1.00001]", "[1.0], [1.1]", "torch.tensor([1]), [1.0]", "[1.0], [2.0], msg='x'"])
def test_the_older_function_has_its_own_tolerances(given: str) -> None:
    agree(lambda torch: eval(f"torch.testing.assert_allclose({given})", {"torch": torch}))


TENSORS = [
    "2, 3, dtype=torch.float32",
    "(2, 3), dtype=torch.float64, low=-1, high=1",
    "5, dtype=torch.int64",
    "5, dtype=torch.uint8",
    "5, dtype=torch.int8, low=-1000, high=1000",
    "5, dtype=torch.int32, low=0.5, high=3.5",
    "4, dtype=torch.bool",
    "4, dtype=torch.float16",
    "4, dtype=torch.bfloat16, low=0",
    "3, dtype=torch.complex64",
    "3, dtype=torch.complex128, low=2, high=4",
    "2, 3, dtype=torch.float32, noncontiguous=True",
    "(), dtype=torch.float32, noncontiguous=True",
    "20, dtype=torch.int64, low=0, high=3, exclude_zero=True",
    "3, dtype=torch.float32, requires_grad=True",
    "1, 2, 2, 2, dtype=torch.float32, memory_format=torch.channels_last",
    "3, dtype=torch.float32, low=-float('inf'), high=float('inf')",
    "3, dtype=torch.int64, high=2**70",
    "0, dtype=torch.float32",
    "3, dtype=torch.float32, low=1, high=1",
    "3, dtype=torch.float32, low=2, high=1",
    "3, dtype=torch.float32, low=float('nan')",
    "3, dtype=torch.uint8, low=300, high=400",
    "3, dtype=torch.int64, requires_grad=True",
    "3, dtype=torch.float32, noncontiguous=True, memory_format=torch.contiguous_format",
]


@pytest.mark.parametrize("given", TENSORS)
def test_tensors_to_test_with_are_pytorchs(given: str) -> None:
    def scenario(torch: Any) -> Any:
        made = eval(f"torch.testing.make_tensor({given}, device='cpu')", {"torch": torch})
        return made, made.stride()

    agree(scenario)
