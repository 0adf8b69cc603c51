"""Fusing: native source for a group of a program's results, one kernel over their iteration space.

Three shapes of kernel, by the innermost axis: nothing is reduced (:mod:`.maps`), it is reduced (:mod:`.rows`), or it is kept
and others are reduced (:mod:`.columns`).  ``print(plan.source)`` shows what was made.
"""

from __future__ import annotations

from adjoint.kernels.fusing.analysis import Analysis
from adjoint.kernels.fusing.columns import Columns
from adjoint.kernels.fusing.kernel import Kernel, compile_kernel
from adjoint.kernels.fusing.maps import Map
from adjoint.kernels.fusing.rows import Rows
from adjoint.kernels.fusing.source import Source
from adjoint.kernels.layout import Space
from adjoint.kernels.program import Program

__all__ = ["Analysis", "Kernel", "Source", "compile_kernel", "fusion"]


def fusion(
    program: Program, space: Space, outputs: list[int], lanes: int, split: bool = False, across: int = 0
) -> Source:
    """The writer of the kernel for ``outputs``; the other arguments are those of :class:`Analysis`."""
    shape = Map if "R" not in space.kinds else Rows if space.kinds[-1] == "R" else Columns
    return shape(program, space, outputs, lanes, split, across)
