"""``torch.utils.throughput_benchmark``: how many calls of a TorchScript module several threads of C++ make.  There is none."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names


class ThroughputBenchmark:
    """Raises NotImplementedError."""

    def __init__(self, module: Any) -> None:
        raise NotImplementedError(
            "ThroughputBenchmark: it calls modules from threads of C++; measure with torch.utils.benchmark.Timer"
        )


_list_names(__name__)
