"""DataParallel: one process and several devices.  There is one device, so the module is called as it is."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.nn.modules.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """``module`` on every device that there is: on the CPU it is called as it is, as in PyTorch without a GPU.

    ``device_ids`` and ``output_device`` name GPUs, of which there are none; ``dim`` is where batches would be split.  To train in
    several processes use :class:`~adjoint.nn.parallel.DistributedDataParallel`.

    >>> import adjoint as torch
    >>> model = torch.nn.DataParallel(torch.nn.Linear(2, 1))
    >>> model(torch.ones(3, 2)).shape, list(model.state_dict())
    (torch.Size([3, 1]), ['module.weight', 'module.bias'])
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0, module_kwargs: Any = None
) -> NoReturn:
    """Raise RuntimeError, as PyTorch does without a GPU: call ``module`` instead."""
    raise RuntimeError("device type could not be determined")
