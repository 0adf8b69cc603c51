"""Layout: the words that the ordering kernels are handed.

A task has some rows; elements of a row follow each other, in the array as in the results.  ``ROOM`` is scratch memory: two
buffers of ``SPAN`` words for each worker.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine

# OF: the rows.  TO, INDEX: what is found of them and where it was, COUNT of each row.  FLIP, SIGN, LEAST_NAN: see ``keys``.
# LOW, HIGH: the ranks that are asked for; AHEAD: how many of the elements at these are returned.
OF, TO, INDEX, ROOM, SPAN, UNITS, PER_TASK, N, OF_ROW, COUNT, FLIP, SIGN, LEAST_NAN, LOW, HIGH, AHEAD = range(16)
WORDS = 16

LANES = machine().lanes(8)
FEW, FEW_WIDE = 128, 64
"""So many, of 32 and of 64 bits, are ordered by comparing each with all others."""
LITTLE = 32
"""So many are ordered rather than narrowed down."""
PADDING = LANES
"""Words after a buffer's last that may be read."""
