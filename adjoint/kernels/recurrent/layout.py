"""The words that the kernels of recurrent layers are handed: array objects, sizes, and how a step's products are divided.

Arrays of steps are (T, B, ...), C-contiguous.  Those of states have a step more: the first state stands before the first
step, or behind the last one where time runs backwards.

===========  ================================================================================================
``INPUT``    (T, B, I), rows and steps at any strides, or 0 where the input's share is in ``GATES`` already
``GATES``    (T, B, gates * H): what the input gives the gates; then the gates themselves, if they are ``KEPT``
``INNER``    (T, B, H): a GRU's share of the state in its new value
``OUT``      (T, B, H): the state after each step, zeros where a sequence has ended
``STATES``   (T + 1, B, H): the same, and the last state where a sequence has ended; 0 if not kept
``CELLS``    (T + 1, B, H): the same of an LSTM's cells
``NOW``      (B, H): the state; in a backward its gradient
``CELL``     (B, H): an LSTM's cell; in a backward its gradient
``BIAS``     (gates * H,): what is added to ``GATES``
``INSIDE``   (H,): what is added to ``INNER``
``GIVEN``    (T, B, H): the gradient of ``OUT``
``TO_GATES`` (T, B, gates * H): the gradient of what the input gives the gates
``TO_INNER`` (T, B, H): that of ``INNER``
===========  ================================================================================================

Where gates are not kept, ``GATES`` and ``INNER`` hold a ``BLOCK`` of steps only, which the next one writes over.
"""

from __future__ import annotations

(
    INPUT, GATES, INNER, OUT, STATES, CELLS, NOW, CELL, BIAS, INSIDE, GIVEN, TO_GATES, TO_INNER, OF_INPUT, OF_STATE, PACKED,
    INPUT_STEP, INPUT_ROW,
    POOL, PACK, STEPS_OF, TASKS, PER_TASK, STEPS, BATCH, HIDDEN, BACKWARDS, SIZES, KEPT, BLOCK, RING, MERGED,
    INPUT_PIECES, PIECES, PIECE,
) = range(35)  # fmt: skip
VARYING = INPUT_ROW + 1  # words that a call says, before those of the plan

# A piece is a panel of columns of a step's products: of which weight it is and where in it, of which arrays it is a product
# and where in their rows, what it is added to (a strip's ``start``, and a bias), and the strips for each number of rows.
(
    WEIGHT, SOURCE, STRIDE, DEPTH, COLUMNS, PLACE, WIDTH, FROM, FROM_ROW, TO, TO_ROW, TO_AT, START, BIAS_OF, FILLED, ROWS, STRIPS,
) = range(17)  # fmt: skip
PIECE_WORDS = 18
BY_STEP = 1 << 8
"""Added to an array's word in a piece where it has a part for each step."""
