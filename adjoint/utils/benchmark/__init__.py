"""``torch.utils.benchmark``: how long a statement takes, measured until that is known, and several compared in a table."""

from adjoint.names import named as _named
from adjoint.utils.benchmark.utils.common import (
    Measurement,
    TaskSpec,
    ordered_unique,
    select_unit,
    set_torch_threads,
    trim_sigfig,
    unit_to_english,
)
from adjoint.utils.benchmark.utils.compare import Colorize, Compare
from adjoint.utils.benchmark.utils.timer import Language, Timer, timer

__all__ = [
    "Colorize", "Compare", "Language", "Measurement", "TaskSpec", "Timer", "ordered_unique", "select_unit", "set_torch_threads",
    "timer", "trim_sigfig", "unit_to_english",
]  # fmt: skip

_named(__name__, modules={"utils"})
