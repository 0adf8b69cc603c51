"""``torch.utils``: the modules and packages in it are imported when first named."""

import typing as _typing

from adjoint.names import named as _named

if _typing.TYPE_CHECKING:
    from adjoint.utils import checkpoint as checkpoint
    from adjoint.utils import data as data
    from adjoint.utils import dlpack as dlpack

# Modules and packages that are imported when first named.
_MODULES = frozenset(
    {
        "_contextlib", "_exposed_in", "_foreach_utils", "_import_utils", "_python_dispatch", "_pytree", "_triton", "backcompat",
        "benchmark", "checkpoint", "collect_env", "cpp_extension", "data", "deterministic", "dlpack", "flop_counter", "hooks",
        "mobile_optimizer", "model_zoo", "module_tracker", "tensorboard", "throughput_benchmark", "weak",
    }
)  # fmt: skip

_named(
    __name__,
    modules=_MODULES,
    elsewhere={"ThroughputBenchmark": "throughput_benchmark", "swap_tensors": "swapping"},
)
