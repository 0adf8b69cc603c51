"""Layout: the words that the pooling kernels are handed.

From ``SPACE`` on they are the geometry of windows in three dimensions: sizes of the input, of the output and of the kernel,
and the padding.  ``STEPS`` says how far from a window's first tap each one is, in the flattened space.  Strides and
dilations are known to the compiler, and of the last dimension kernel and padding, too.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine

W = machine().lanes(4)

OF, TO, TAPS, STEPS, UNITS, PER_TASK = range(6)
SPACE, OUT, KERNEL, PADDING = 6, 9, 12, 15
WORDS = 18

TAPS_IN_BYTES = 256  # so many at most
