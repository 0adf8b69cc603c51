"""Whatever a user logs, as a NumPy array."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.dtypes import bfloat16
from adjoint.tensor import Tensor


def make_np(x: Any) -> Any:
    """An array as it is, a Python number as an array of one element, a tensor's values.

    Raises NotImplementedError for anything else.
    """
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    if isinstance(x, Tensor):
        if x.device.type == "meta":
            return np.random.randn(1)
        if x.dtype == bfloat16:
            x = x.half()
        return x.detach().cpu().numpy()
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")
