"""Layout: the words that the pooling kernels are handed.

``PLACE`` is the geometry of windows in three dimensions: sizes of the input, of the output and of the kernel, and the
padding.  Strides and dilations are known to the compiler, and of the last dimension kernel and padding, too.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine

W = machine().lanes(4)

OF, TO, TAPS, WORK, UNITS, PER_TASK, WORK_SIZE, PITCH = range(8)
SPACE, OUT, KERNEL, PADDING = 8, 11, 14, 17
WORDS = 20

NO_TAP = 255  # stands where there is no window
