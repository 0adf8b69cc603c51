"""Several modules at once, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import adjoint
from adjoint.nn.parallel.scatter_gather import check_devices

__all__ = ["parallel_apply"]


def parallel_apply(modules: Sequence[Any], inputs: Sequence[Any], kwargs_tup: Any = None, devices: Any = None) -> list[Any]:
    """The outputs of ``modules``, each of its own inputs (a tuple of arguments, or the only one) and keywords.

    Grad mode is the caller's.  Raises what the first module that fails raises, and AssertionError where the numbers differ.
    """
    if len(modules) != len(inputs):
        raise AssertionError(f"The number of modules {len(modules)} is not equal to the number of inputs {len(inputs)}")
    kwargs_tup = ({},) * len(modules) if kwargs_tup is None else kwargs_tup
    if len(modules) != len(kwargs_tup):
        raise AssertionError(f"The number of modules {len(modules)} is not equal to the number of kwargs_tup {len(kwargs_tup)}")
    if devices is not None:
        if len(modules) != len(devices):
            raise AssertionError(f"The number of modules {len(modules)} is not equal to the number of devices {len(devices)}")
        check_devices([device for device in devices if device is not None])
    recording = adjoint.is_grad_enabled()

    def run(module: Any, given: Any, kwargs: Any) -> Any:
        with adjoint.set_grad_enabled(recording):
            return module(*(given if isinstance(given, (list, tuple)) else (given,)), **kwargs)

    if len(modules) == 1:
        return [run(modules[0], inputs[0], kwargs_tup[0])]
    with ThreadPoolExecutor(max(1, len(modules))) as pool:
        return list(pool.map(run, modules, inputs, kwargs_tup))
