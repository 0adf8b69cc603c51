"""Tensors from columns of tables: sequences whose elements have a NumPy dtype, though they iterate over Python's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from both import agree

import adjoint

pytest.importorskip("torch")
DTYPES = ["float64", "float32", "float16", "int64", "int32", "int8", "uint8", "bool", "complex64"]


class Column:
    """What matters of a pandas Series here: ``column[i]`` is a NumPy scalar, ``iter(column)`` gives Python numbers."""

    def __init__(self, values: Any, labels: Any = None) -> None:
        self.values = values
        self.labels = list(range(len(values)) if labels is None else labels)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, label: Any) -> Any:
        if label not in self.labels:
            raise KeyError(label)
        return self.values[self.labels.index(label)]

    def __iter__(self) -> Any:
        return iter(self.values.tolist())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values if dtype is None else self.values.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", ["tensor", "as_tensor", "asarray", "Tensor"])
def test_a_column_keeps_its_dtype(dtype, make):
    if (dtype, make) == ("complex64", "Tensor"):
        pytest.skip("PyTorch drops the imaginary parts")
    agree(lambda torch: getattr(torch, make)(Column(np.array([1, 0, 2]).astype(dtype))), warnings_too=False)


def test_a_column_is_looked_at_by_place():
    agree(lambda torch: torch.tensor([Column(np.array([1, 2], np.int32)), Column(np.array([3, 4], np.int32))]))
    agree(lambda torch: torch.tensor(Column(np.array([1.5, 2.5]), labels=[3, 5])), raises=True)
    agree(lambda torch: torch.tensor(Column(np.array([1.5, 2.5])), dtype=torch.float32))


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_in_a_list_say_the_dtype(dtype):
    scalars = list(np.array([1, 0]).astype(dtype))
    agree(lambda torch: (torch.tensor(scalars), torch.tensor(scalars[0]), torch.tensor([[s] for s in scalars])))
    agree(lambda torch: torch.tensor([np.array(scalars[0])]), raises=True)


def test_a_column_of_pandas_is_such_a_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.5, 2.5], "b": np.array([1, 2], np.int32)})
    assert adjoint.tensor(frame["a"]).dtype == adjoint.float64
    assert adjoint.tensor(frame["b"]).dtype == adjoint.int32


PLACES = [((4,), (1,)), ((4,), (2,), 0), ((4,), (3,)), ((1,), (1,), 9), ((1,), (1,), 10), ((1,), (1,), -1)]


@pytest.mark.parametrize("place", PLACES)
def test_a_strided_view_of_a_view_is_bounded_by_the_memory(place):
    def scenario(torch: Any) -> Any:
        x = torch.arange(10.0, requires_grad=True)
        found = (x * 1)[2:4].as_strided(*place)
        return found, torch.autograd.grad((found**2).sum(), x)[0]

    agree(scenario, warnings_too=False)
