"""Arguments: what a call hands to its kernels, and what is the same for all calls of a plan.

A call packs the addresses of its array objects and of its plan's words.  A plan's words say, besides what each kernel
asks for, where in the workspace the operands are after they were prepared.
"""

from __future__ import annotations

import struct

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

# What a call packs: the address of the plan's words, and those of array objects (0 where there is none).
PLAN, FIRST, SECOND, RESULT, ADDED, WORKSPACE = range(6)
pack = struct.Struct("6q").pack

# A plan's first words: elements of the workspace before the operands (-1 where they are read where they lie) and before
# the workers' scratch memory; the address of the kernel that stores results, where others call it.
FRAMED, TURNED, SCRATCH, SCRATCH_STEP, STORE = range(5)
WORDS = 5


@inline
def words(args):
    """The plan's words."""
    return cast(args[PLAN], ptr(i64))


@inline
def given(args, which):
    """The elements of an array that the call was given."""
    return pointer(args[which], 0, f32)


@inline
def workspace(args, elements):
    """A place in the workspace."""
    return pointer(args[WORKSPACE], 0, f32) + elements


@inline
def prepared(args, which, place):
    """An operand where kernels read it: in the workspace, or where it lies."""
    found = cast(given(args, which), i64)
    if words(args)[place] >= 0:
        found = cast(workspace(args, words(args)[place]), i64)
    return cast(found, ptr(f32))


@inline
def scratch_of(args, worker):
    """A worker's own memory."""
    return workspace(args, words(args)[SCRATCH] + worker * words(args)[SCRATCH_STEP])
