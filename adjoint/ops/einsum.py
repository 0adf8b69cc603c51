"""einsum and tensordot: sums of products over named dimensions, made of permutations and one batched product a pair."""

from __future__ import annotations

import math
from typing import Any

from adjoint.declare import composite
from adjoint.declare.outs import refused
from adjoint.ops.contraction import bmm, dot_product, mm
from adjoint.ops.dims import wrap_dim
from adjoint.ops.reduction import sum as summed
from adjoint.ops.reduction import written
from adjoint.tensor import Tensor

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@composite(where="torch")
def einsum(*args: Any) -> Tensor:
    """The sum of products of tensors over dimensions named by letters: ``einsum("ij,jk->ik", a, b)``.

    Without ``->`` the letters that occur once are the result's, in alphabetical order.  ``...`` stands for further,
    broadcast dimensions; a letter that is repeated in one operand takes its diagonal.  The form
    ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` names dimensions by numbers.

    Raises RuntimeError for an equation that does not fit the operands.

    >>> import adjoint as torch
    >>> torch.einsum("ij,j->i", torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """
    equation, operands = _equation_and_operands(args)
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        more = "fewer" if len(inputs) > len(operands) else "more"
        raise RuntimeError(f"einsum(): {more} operands were provided than specified in the equation")
    labels, extra = _labels_of(inputs, operands)
    sizes = _sizes(labels, operands)
    if arrow:
        output = _output_labels(right, labels, extra)
    else:
        counted = [c for part in labels for c in part if isinstance(c, str)]
        output = [*range(extra), *sorted(c for c in set(counted) if counted.count(c) == 1)]
    # The result's dimensions first: in this order PyTorch takes dimensions, and in it results lie in memory.
    order = [*output, *sorted({c for part in labels for c in part} - set(output), key=str)]
    tensors = [_in_order(*_diagonals(t, list(part)), order) for t, part in zip(operands, labels)]
    tensor, have = tensors[0]
    if len(tensors) == 1:
        over = tuple(range(len(output), len(have)))
        return summed.function(tensor, over) if over else tensor.permute(tuple(range(len(have))))
    for i in range(1, len(tensors)):
        last = i == len(tensors) - 1
        needed = set(output).union(*(part for _, part in tensors[i + 1 :]))
        tensor, have = _contract(tensor, have, *tensors[i], needed, order, output if last else None, sizes)
    return tensor


def _equation_and_operands(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    if isinstance(args[0], str):
        operands = args[1:]
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = tuple(operands[0])
        return args[0], list(operands)

    def letters(numbers: Any) -> str:
        return "".join("..." if n is Ellipsis else _LETTERS[n] for n in numbers)

    pairs = len(args) // 2
    equation = ",".join(letters(args[2 * i + 1]) for i in range(pairs))
    if len(args) % 2:
        equation += "->" + letters(args[-1])
    return equation, [args[2 * i] for i in range(pairs)]


def _labels_of(inputs: list[str], operands: list[Tensor]) -> tuple[list[list[Any]], int]:
    """Per operand its labels: letters, and for the dimensions of an ellipsis numbers, aligned at the right."""
    extra = 0
    for i, (part, t) in enumerate(zip(inputs, operands)):
        letters = part.replace("...", "", 1)
        for c in letters:
            if not (c.isalpha() and c.isascii()):
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {inputs[i].index(c)} in the equation string, subscripts "
                    "must be in [a-zA-Z]"
                )
        if "..." in part:
            if len(letters) > t.ndim:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({len(letters)}) is more than the number of "
                    f"dimensions ({t.ndim}) for operand {i}"
                )
            extra = max(extra, t.ndim - len(letters))
        elif len(letters) != t.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(letters)}) does not match the number of "
                f"dimensions ({t.ndim}) for operand {i} and no ellipsis was given"
            )
    labels = []
    for part, t in zip(inputs, operands):
        before, dots, after = part.partition("...")
        own = t.ndim - len(before) - len(after)
        labels.append([*before, *(range(extra - own, extra) if dots else ()), *after])
    return labels, extra


def _sizes(labels: list[list[Any]], operands: list[Tensor]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for i, (part, t) in enumerate(zip(labels, operands)):
        seen: dict[Any, int] = {}
        for label, size in zip(part, t._array.shape):
            if seen.setdefault(label, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {i} but the sizes don't match, {size} != "
                    f"{seen[label]}"
                )
            known = sizes.setdefault(label, size)
            if known != size and 1 not in (known, size):
                raise RuntimeError(
                    f"einsum(): subscript {label if isinstance(label, str) else '...'} has size {size} for operand {i} "
                    f"which does not broadcast with previously seen size {known}"
                )
            sizes[label] = max(known, size) if 0 not in (known, size) else 0
    return sizes


def _output_labels(right: str, labels: list[list[Any]], extra: int) -> list[Any]:
    known = {c for part in labels for c in part}
    before, dots, after = right.partition("...")
    for c in before + after:
        if c not in known:
            raise RuntimeError(
                f"einsum(): output subscript {c} does not appear in the equation for any input operand"
            )
        if (before + after).count(c) > 1:
            raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output")
    return [*before, *(range(extra) if dots else ()), *after]


def _diagonals(t: Tensor, labels: list[Any]) -> tuple[Tensor, list[Any]]:
    """The diagonal over the dimensions that share a label."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            t = t.diagonal(0, first, second)
            del labels[second], labels[first]
            labels.append(label)
    return t, labels


def _in_order(t: Tensor, have: list[Any], order: list[Any]) -> tuple[Tensor, list[Any]]:
    ordered = [x for x in order if x in have]
    return _arranged(t, have, ordered), ordered


def _contract(
    a: Tensor, have_a: list[Any], b: Tensor, have_b: list[Any], needed: set[Any], order: list[Any],
    output: list[Any] | None, sizes: dict[Any, int],
) -> tuple[Tensor, list[Any]]:  # fmt: skip
    """Sum the products of two tensors over the labels that nothing needs any more."""
    a, have_a = _without(a, have_a, needed | set(have_b))
    b, have_b = _without(b, have_b, needed | set(have_a))
    full_a, full_b = ({x for x, n in zip(have, t._array.shape) if n == sizes[x]} for have, t in ((have_a, a), (have_b, b)))
    # A dimension of size 1 against a larger one belongs to the larger one's side alone.
    a, have_a = _without(a, have_a, full_a | (set(have_a) - set(have_b)))
    b, have_b = _without(b, have_b, full_b | (set(have_b) - set(have_a)))
    a, have_a = _without(a, have_a, needed | set(have_b))
    b, have_b = _without(b, have_b, needed | set(have_a))
    both = [x for x in order if x in have_a and x in have_b and x in needed]
    inside = [x for x in order if x in have_a and x in have_b and x not in needed]
    only_a = [x for x in order if x in have_a and x not in have_b]
    only_b = [x for x in order if x in have_b and x not in have_a]

    def count(labels: list[Any]) -> int:
        return math.prod(sizes[x] if x in full_a | full_b else 1 for x in labels)

    if not inside:  # nothing to sum: a product that broadcasts
        have = output if output is not None else [x for x in order if x in have_a or x in have_b]
        product = _aligned(a, have_a, have) * _aligned(b, have_b, have)
        return (product if output is None or len(order) == len(output) else product.view(product.shape)), have
    long_a = [x for x in only_a if sizes[x] != 1]
    others = [x for x in order if x not in inside and x not in long_a and not (x in both and sizes[x] != 1)]
    if long_a and others and order.index(others[-1]) < order.index(long_a[0]):
        # All that b adds comes before what a adds: the product the other way round lies in memory as it is asked for.
        a, have_a, only_a, b, have_b, only_b = b, have_b, only_b, a, have_a, only_a
    n, k = count(both), count(inside)
    left = _arranged(a, have_a, [*both, *only_a, *inside]).reshape(n, count(only_a), k)
    right = _arranged(b, have_b, [*both, *inside, *only_b]).reshape(n, k, count(only_b))
    have = [*both, *only_a, *only_b]
    shape = [sizes[x] if x in full_a | full_b else 1 for x in have]
    product = bmm.function(left, right).view(shape)
    if output is None:
        return product, have
    product = product.permute([have.index(x) for x in output])
    return product.view(product.shape), output


def _without(t: Tensor, have: list[Any], keep: set[Any]) -> tuple[Tensor, list[Any]]:
    over = tuple(i for i, x in enumerate(have) if x not in keep)
    if not over:
        return t, have
    return summed.function(t, over), [x for x in have if x in keep]


def _aligned(t: Tensor, have: list[Any], order: list[Any]) -> Tensor:
    """A tensor with its dimensions in this order, of size 1 where it has none."""
    t = _arranged(t, have, [x for x in order if x in have])
    for i, x in enumerate(order):
        if x not in have:
            t = t.unsqueeze(i)
    return t


def _arranged(t: Tensor, have: list[Any], order: list[Any]) -> Tensor:
    places = [have.index(x) for x in order]
    return t.permute(places) if places != list(range(len(places))) else t


def _dotted(a: Tensor, b: Tensor) -> Tensor:
    """The sum of products of all elements: of runs of memory as vectors."""
    if a.is_contiguous() and b.is_contiguous():
        return dot_product.function(a.flatten(), b.flatten())
    return (a.squeeze() * b.squeeze()).sum(dtype=a.dtype)


@composite(out=refused("tensordot: Expected the output tensor to have dtype {Result}, but got an output tensor with dtype {Out}"), where="torch")
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """The sum of products over the last ``dims`` dimensions of ``a`` and the first of ``b``, or over two lists of them.

    Raises RuntimeError where the sizes differ.

    >>> import adjoint as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims=1)
    tensor([[3., 3.],
            [3., 3.]])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = list(range(-dims, 0)), list(range(dims))
    else:
        first, second = (list(d) if not isinstance(d, int) else [d] for d in dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    of_a, of_b = [wrap_dim(d, a.ndim) for d in first], [wrap_dim(d, b.ndim) for d in second]
    for i, j in zip(of_a, of_b):  # a dimension of one element is broadcast: the other tensor is summed along its own
        n, m = a._array.shape[i], b._array.shape[j]
        if m == 1:
            a = a.sum(i, keepdim=True, dtype=a.dtype)
        elif n == 1:
            b = b.sum(j, keepdim=True, dtype=b.dtype)
    for i, j, given_i, given_j in zip(of_a, of_b, first, second):
        if a._array.shape[i] != b._array.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._array.shape[i]} in dim {given_i} and second "
                f"has size {b._array.shape[j]} in dim {given_j}"
            )
    rest_a = [i for i in range(a.ndim) if i not in of_a]
    rest_b = [j for j in range(b.ndim) if j not in of_b]
    if not rest_a and not rest_b:  # a number
        return written(_dotted(a.permute(of_a), b.permute(of_b)).view(()), out, "tensordot")
    k = math.prod(a._array.shape[i] for i in of_a)
    sizes_a, sizes_b = [a._array.shape[i] for i in rest_a], [b._array.shape[j] for j in rest_b]
    left = a.permute(rest_a + of_a).reshape(math.prod(sizes_a), k)
    right = b.permute(of_b + rest_b).reshape(k, math.prod(sizes_b))
    return written(mm.function(left, right).view(sizes_a + sizes_b), out, "tensordot")
