"""The words that attention's kernels are handed: arrays, their strides, and sizes.

First come the array objects (0 where there is none), then three strides of each of the first ten: over the batch, the
heads and the rows.  In a row elements are next to each other.
"""

from __future__ import annotations

QUERY, KEY, VALUE, MASK, DROPOUT, OUTPUT, GRADIENT, TO_QUERY, TO_KEY, TO_VALUE, LOGSUMEXP, WORK, PARTS = range(13)
STRIDES = 13
(
    WORK_SIZE, BLOCKS_PER_TASK, BLOCKS, BATCH, HEADS, GROUP, LENGTH, SOURCE, FEATURES, VALUES, CAUSAL, CHUNKS,
    CHUNK_KEYS, SCALE, PRODUCT, TURN_SQUARE,
) = range(STRIDES + 30, STRIDES + 46)  # fmt: skip
