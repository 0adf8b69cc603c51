"""Cells: what follows a step's products, element by element, for some rows of a batch; forward and backward.

A forward cell finds in ``GATES`` the shares of input and state already added up (of a GRU's new value, in which the state's
share is weighed, these are apart: ``GATES`` and ``INNER``).  It leaves the new state in ``NOW``, ``OUT`` and ``STATES``.  A
backward cell finds the gradient of the state after the step in ``NOW``, but for what ``GIVEN`` adds to it, and writes the
gradients of what the products were added to; in ``NOW`` it leaves what reaches the state before the step beside the products.

``slot`` is where a step is in ``GATES`` and ``INNER``.  ``rows`` sequences still run; of the ``all`` rows of the task the others
have ended, or not begun where time runs backwards.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.mathematics import double
from adjoint.kernels.mathematics.exponential import exp_below, exp_moderate
from adjoint.kernels.mathematics.hyperbolic import TANH
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.recurrent.layout import *

ESTIMATES = machine().vector_bytes == 64  # whether there is an instruction that estimates reciprocals


@inline
def sigmoid(x, of):
    """The logistic function, as :func:`adjoint.kernels.mathematics.exponential.sigmoid`."""
    if of.bytes == 4:
        e = exp_below(-fabs(x))
        c = where(x < 0.0, e, 1.0)
        found = fma(-c, quotient(e, e + 1.0), c)
    else:
        found = double.sigmoid(x)
    return found


@inline
def tanh(x, of):
    """The hyperbolic tangent, as :func:`adjoint.kernels.mathematics.hyperbolic.tanh`."""
    if of.bytes == 4:
        a = fabs(x)
        far = 1.0 - quotient(splat(f32(2.0), x.type.lanes), exp_moderate(smaller(20.0, a + a)) + 1.0)
        s = x * x
        near = fma(a, s * polynomial(s, TANH), a)
        found = copysign(where(a < 0.5625, near, far), x)
    else:
        found = double.tanh(x)
    return found


@inline
def quotient(a, b):
    """a / b, where b is at least 1 and 2^100 at most: a division takes ten cycles, and a cell has five."""
    if ESTIMATES:
        r = reciprocal_estimate(b)
        r = fma(fma(-b, r, 1.0), r, r)
        q = a * r
        found = fma(fma(-b, q, a), r, q)
    else:
        found = a / b
    return found


@inline
def rows_at(args, array, step, width, of):
    """The rows of an array of steps, from one on."""
    return pointer(args[array], step * args[BATCH] * width * of.bytes, of)


@inline
def step_before(args, step):
    """Where what was before a step is, in an array with a step more."""
    return where(args[BACKWARDS] != 0, step + 1, step)


@inline
def step_after(args, step):
    """Where what is after a step is."""
    return where(args[BACKWARDS] != 0, step, step + 1)


@inline
def keep_ended(args, step, row, end, array, now, of):
    """What sequences that have ended stand at stays as it is."""
    hidden = args[HIDDEN]
    kept = rows_at(args, array, step_after(args, step), hidden, of)
    copy_bytes(cast(kept + row * hidden, ptr(i8)), cast(now + row * hidden, ptr(i8)), (end - row) * hidden * of.bytes)


@inline
def clear_ended(args, array, step, row, end, width, of):
    """Zeros for sequences that have ended."""
    rows = rows_at(args, array, step, width, of)
    fill_bytes(cast(rows + row * width, ptr(i8)), 0, (end - row) * width * of.bytes)


@inline
def lstm(args, step, slot, first, rows, all, of):
    """i, f, g, o; c = f c + i g; h = o tanh c."""
    lanes, hidden, kept = machine().lanes(of.bytes), args[HIDDEN], args[KEPT]
    gates = rows_at(args, GATES, slot, 4 * hidden, of)
    out = rows_at(args, OUT, step, hidden, of)
    now, cell = pointer(args[NOW], 0, of), pointer(args[CELL], 0, of)
    states, cells = out, out
    if kept != 0:
        states = rows_at(args, STATES, step_after(args, step), hidden, of)
        cells = rows_at(args, CELLS, step_after(args, step), hidden, of)
    for row in range(first, first + rows):
        at = row * hidden
        mine = gates + 4 * at
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            i = sigmoid(load_masked(mine, j, mask), of)
            f = sigmoid(load_masked(mine, hidden + j, mask), of)
            g = tanh(load_masked(mine, 2 * hidden + j, mask), of)
            o = sigmoid(load_masked(mine, 3 * hidden + j, mask), of)
            c = fma(f, load_masked(cell, at + j, mask), i * g)
            h = o * tanh(c, of)
            store_masked(cell, at + j, c, mask)
            store_masked(now, at + j, h, mask)
            store_masked(out, at + j, h, mask)
            if kept != 0:
                store_masked(mine, j, i, mask)
                store_masked(mine, hidden + j, f, mask)
                store_masked(mine, 2 * hidden + j, g, mask)
                store_masked(mine, 3 * hidden + j, o, mask)
                store_masked(states, at + j, h, mask)
                store_masked(cells, at + j, c, mask)
    if rows < all:
        clear_ended(args, OUT, step, first + rows, first + all, hidden, of)
        if kept != 0:
            keep_ended(args, step, first + rows, first + all, STATES, now, of)
            keep_ended(args, step, first + rows, first + all, CELLS, cell, of)


@inline
def lstm_gradient(args, step, slot, first, rows, all, of):
    """The gradients of what i, f, g and o are functions of, and of the cell before the step."""
    lanes, hidden = machine().lanes(of.bytes), args[HIDDEN]
    gates = rows_at(args, GATES, slot, 4 * hidden, of)
    to = rows_at(args, TO_GATES, step, 4 * hidden, of)
    given = rows_at(args, GIVEN, step, hidden, of)
    previous = rows_at(args, CELLS, step_before(args, step), hidden, of)
    cells = rows_at(args, CELLS, step_after(args, step), hidden, of)
    now, cell = pointer(args[NOW], 0, of), pointer(args[CELL], 0, of)
    for row in range(first, first + rows):
        at = row * hidden
        mine, target = gates + 4 * at, to + 4 * at
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            i, f = load_masked(mine, j, mask), load_masked(mine, hidden + j, mask)
            g, o = load_masked(mine, 2 * hidden + j, mask), load_masked(mine, 3 * hidden + j, mask)
            dh = load_masked(now, at + j, mask) + load_masked(given, at + j, mask)
            t = tanh(load_masked(cells, at + j, mask), of)
            dc = fma(dh * o, 1.0 - t * t, load_masked(cell, at + j, mask))
            store_masked(target, j, dc * g * (i * (1.0 - i)), mask)
            store_masked(target, hidden + j, dc * load_masked(previous, at + j, mask) * (f * (1.0 - f)), mask)
            store_masked(target, 2 * hidden + j, dc * i * (1.0 - g * g), mask)
            store_masked(target, 3 * hidden + j, dh * t * (o * (1.0 - o)), mask)
            store_masked(cell, at + j, dc * f, mask)
    if rows < all:
        clear_ended(args, TO_GATES, step, first + rows, first + all, 4 * hidden, of)


@inline
def gru(args, step, slot, first, rows, all, of):
    """r, z; n = tanh(x + r INNER); h = (h - n) z + n."""
    lanes, hidden, kept = machine().lanes(of.bytes), args[HIDDEN], args[KEPT]
    gates = rows_at(args, GATES, slot, 3 * hidden, of)
    inner = rows_at(args, INNER, slot, hidden, of)
    out = rows_at(args, OUT, step, hidden, of)
    now = pointer(args[NOW], 0, of)
    states = out
    if kept != 0:
        states = rows_at(args, STATES, step_after(args, step), hidden, of)
    for row in range(first, first + rows):
        at = row * hidden
        mine = gates + 3 * at
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            r = sigmoid(load_masked(mine, j, mask), of)
            z = sigmoid(load_masked(mine, hidden + j, mask), of)
            n = tanh(fma(r, load_masked(inner, at + j, mask), load_masked(mine, 2 * hidden + j, mask)), of)
            h = fma(load_masked(now, at + j, mask) - n, z, n)
            store_masked(now, at + j, h, mask)
            store_masked(out, at + j, h, mask)
            if kept != 0:
                store_masked(mine, j, r, mask)
                store_masked(mine, hidden + j, z, mask)
                store_masked(mine, 2 * hidden + j, n, mask)
                store_masked(states, at + j, h, mask)
    if rows < all:
        clear_ended(args, OUT, step, first + rows, first + all, hidden, of)
        if kept != 0:
            keep_ended(args, step, first + rows, first + all, STATES, now, of)


@inline
def gru_gradient(args, step, slot, first, rows, all, of):
    """The gradients of what r, z and n are functions of, and of ``INNER``."""
    lanes, hidden = machine().lanes(of.bytes), args[HIDDEN]
    gates = rows_at(args, GATES, slot, 3 * hidden, of)
    inner = rows_at(args, INNER, slot, hidden, of)
    to = rows_at(args, TO_GATES, step, 3 * hidden, of)
    to_inner = rows_at(args, TO_INNER, step, hidden, of)
    given = rows_at(args, GIVEN, step, hidden, of)
    previous = rows_at(args, STATES, step_before(args, step), hidden, of)
    now = pointer(args[NOW], 0, of)
    for row in range(first, first + rows):
        at = row * hidden
        mine, target = gates + 3 * at, to + 3 * at
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            r, z = load_masked(mine, j, mask), load_masked(mine, hidden + j, mask)
            n = load_masked(mine, 2 * hidden + j, mask)
            dh = load_masked(now, at + j, mask) + load_masked(given, at + j, mask)
            dn = dh * (1.0 - z) * (1.0 - n * n)
            store_masked(target, j, dn * load_masked(inner, at + j, mask) * (r * (1.0 - r)), mask)
            store_masked(target, hidden + j, dh * (load_masked(previous, at + j, mask) - n) * (z * (1.0 - z)), mask)
            store_masked(target, 2 * hidden + j, dn, mask)
            store_masked(to_inner, at + j, dn * r, mask)
            store_masked(now, at + j, dh * z, mask)
    if rows < all:
        clear_ended(args, TO_GATES, step, first + rows, first + all, 3 * hidden, of)
        clear_ended(args, TO_INNER, step, first + rows, first + all, hidden, of)


@inline
def rnn_tanh(args, step, slot, first, rows, all, of):
    """h = tanh x."""
    elman(args, step, slot, first, rows, all, of, True)


@inline
def rnn_relu(args, step, slot, first, rows, all, of):
    """h = relu x."""
    elman(args, step, slot, first, rows, all, of, False)


@inline
def elman(args, step, slot, first, rows, all, of, bounded):
    """h = tanh x, or relu x."""
    lanes, hidden, kept = machine().lanes(of.bytes), args[HIDDEN], args[KEPT]
    gates = rows_at(args, GATES, slot, hidden, of)
    out = rows_at(args, OUT, step, hidden, of)
    now = pointer(args[NOW], 0, of)
    states = out
    if kept != 0:
        states = rows_at(args, STATES, step_after(args, step), hidden, of)
    for row in range(first, first + rows):
        at = row * hidden
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            x = load_masked(gates, at + j, mask)
            if bounded:
                h = tanh(x, of)
            else:
                h = where(x < 0.0, 0.0, x)
            store_masked(now, at + j, h, mask)
            store_masked(out, at + j, h, mask)
            if kept != 0:
                store_masked(states, at + j, h, mask)
    if rows < all:
        clear_ended(args, OUT, step, first + rows, first + all, hidden, of)
        if kept != 0:
            keep_ended(args, step, first + rows, first + all, STATES, now, of)


@inline
def rnn_tanh_gradient(args, step, slot, first, rows, all, of):
    """g (1 - h^2)."""
    elman_gradient(args, step, slot, first, rows, all, of, True)


@inline
def rnn_relu_gradient(args, step, slot, first, rows, all, of):
    """g where h > 0."""
    elman_gradient(args, step, slot, first, rows, all, of, False)


@inline
def elman_gradient(args, step, slot, first, rows, all, of, bounded):
    """The gradient of what tanh, or relu, was applied to."""
    lanes, hidden = machine().lanes(of.bytes), args[HIDDEN]
    to = rows_at(args, TO_GATES, step, hidden, of)
    given = rows_at(args, GIVEN, step, hidden, of)
    states = rows_at(args, STATES, step_after(args, step), hidden, of)
    now = pointer(args[NOW], 0, of)
    for row in range(first, first + rows):
        at = row * hidden
        for j in range(0, hidden, lanes):
            mask = first_lanes(hidden - j, lanes)
            h = load_masked(states, at + j, mask)
            dh = load_masked(now, at + j, mask) + load_masked(given, at + j, mask)
            if bounded:
                store_masked(to, at + j, dh * (1.0 - h * h), mask)
            else:
                store_masked(to, at + j, where(h <= 0.0, 0.0, dh), mask)
    if rows < all:
        clear_ended(args, TO_GATES, step, first + rows, first + all, hidden, of)


FORWARD = {"LSTM": lstm, "GRU": gru, "RNN_TANH": rnn_tanh, "RNN_RELU": rnn_relu}
BACKWARD = {"LSTM": lstm_gradient, "GRU": gru_gradient, "RNN_TANH": rnn_tanh_gradient, "RNN_RELU": rnn_relu_gradient}
