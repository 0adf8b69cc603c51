"""Indexing: all of what may stand in brackets, read, written and added to, with its gradients, on arrays of any strides, of
few elements and (in a process where every array is large) by kernels.
"""

from __future__ import annotations

import random as random_module

import numpy as np

from fuzz.compare import Settings
from fuzz.known import Case, Known
from fuzz.program import Program

NAME = "indexing"
COMPARED = Settings()
TESTED = 60


def _graph_of_nothing(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    recorded = any("create_graph" in line for line in case.program.lines)
    nothing = any(not x.numel() for x in case.tensors()) and isinstance(ours, np.ndarray) and not ours.any()
    return case.found.key == "grad" and recorded and theirs is None and (getattr(ours, "size", 1) == 0 or nothing)


def _lies_otherwise(case: Case) -> bool:
    return case.found.key == "strides" and "func.jvp" in case.line


KNOWN = [
    Known("PyTorch's recorded gradient of a write to a view without elements has no graph", _graph_of_nothing),
    Known("how a tangent lies in memory", _lies_otherwise, goes_on=True),
]
ENVIRONMENTS = [{}, {}, {"ADJOINT_KERNELS_FROM": "1"}]

_SHAPES = [(5,), (3, 4), (2, 3, 4), (4, 1, 3), (2, 3, 2, 2), (), (0,), (3, 0), (1,), (1, 1, 5)]
_LAYOUTS = ["", "", "", ".transpose(0, -1)", ".flip(0)", "[..., ::2]", ".unsqueeze(1)", ".expand_as(v0)", ".mT", "[1:]",
            ".squeeze()", ".unsqueeze(0)", ".repeat(2, *[1] * (v0.dim() - 1))[::2]"]  # fmt: skip


def generate(random: random_module.Random) -> Program:
    """A tensor, views of it, and reads and writes by random indices."""
    shape = random.choice(_SHAPES)
    dtype = random.choice(["float64", "float64", "float32", "int64", "bool", "float16", "complex64", "uint8"])
    grad = dtype.startswith("float") and random.random() < 0.7
    made = f"data({random.randrange(100)}, {''.join(f'{n}, ' for n in shape)}dtype=torch.float64)"
    made += {"bool": ".gt(0)", "int64": ".mul(4).long()", "uint8": ".abs().mul(9).byte()", "float64": ""}.get(
        dtype, f".to(torch.{dtype})"
    )
    lines = [f"v0 = {made}{'.requires_grad_()' if grad else ''}"]
    layout = random.choice(_LAYOUTS)
    lines.append(f"v1 = (v0 * 1){layout}" if dtype != "bool" else f"v1 = v0.clone(){layout}")
    dims = _dims(shape, layout)
    count = 2
    for _ in range(random.randint(1, 3)):
        if dims is None:
            break
        index = _index(random, dims)
        kind = random.random()
        if kind < 0.45:
            lines.append(f"v{count} = v1[{index}]")
            count += 1
        elif kind < 0.75:
            lines.append(f"v1[{index}] = {_value(random, index, dtype)}")
        elif kind < 0.85:
            lines.append(f"v1[{index}] {random.choice(['+=', '-=', '*='])} {_value(random, index, dtype)}")
        else:
            lines.append(f"v{count} = {_called(random, dims)}")
            count += 1
    if random.random() < 0.15:
        lines += _transformed(random, dims or (1,), grad)
    weight = "data(7, *{0}.shape, dtype={0}.dtype)"
    last = f"v{count - 1}"
    for name in dict.fromkeys((last, "v1")):
        condition = f"isinstance({name}, torch.Tensor) and {name}.requires_grad"
        product = f"({name} * {name} * {weight.format(name)}).sum()"
        if random.random() < 0.3:
            lines.append(f"if {condition}: (_g,) = torch.autograd.grad({product}, v0, create_graph=True)")
            lines.append(f"if {condition} and _g.requires_grad: (_g * _g).sum().backward(retain_graph=True)")
        else:
            lines.append(f"if {condition}: {product}.backward(retain_graph=True)")
    return Program(lines)


def _transformed(random: random_module.Random, dims: tuple[int, ...], grad: bool) -> list[str]:
    """The same under vmap and in forward mode; how samples lie in memory is not compared."""
    index = _index(random, dims[1:])
    d = random.choice([0, -1])
    n = max(dims[0], 1)
    at = f"torch.tensor({[random.randrange(n) for _ in range(3)]})"
    body = random.choice([f"x[{index}]", "x.clone()[i]", f"x.index_select({d}, i.reshape(1))", f"x.index_fill({d}, i.reshape(1), 2)",
                          f"x.roll(1, {d})", "x.index_put((i,), x.sum(), accumulate=True)", "torch.where(x > 0, x, i.to(x.dtype))"])  # fmt: skip
    found = [f"_f = lambda x, i: {body}", f"w0 = torch.vmap(_f, (None, 0))(v1.detach(), {at}).clone(memory_format=torch.contiguous_format)"]
    if dims and dims[0]:
        found.append("w1 = torch.vmap(lambda x: _f(x, torch.tensor(0)))(v1.detach()).clone(memory_format=torch.contiguous_format)")
    if grad:
        found.append("w2 = [t.clone() for t in func.jvp(lambda x: _f(x, torch.tensor(0)), (v1.detach(),), (torch.ones_like(v1),))]")
    return found


def _dims(shape: tuple[int, ...], layout: str) -> tuple[int, ...] | None:
    """The shape of the view; None where the layout does not fit it (its error is compared, and that is all)."""
    import numpy as np

    x = np.empty(shape)
    try:
        found = {
            ".transpose(0, -1)": lambda: x.swapaxes(0, -1), "[..., ::2]": lambda: x[..., ::2], "[1:]": lambda: x[1:],
            ".unsqueeze(1)": lambda: np.expand_dims(x, 1), ".mT": lambda: x.swapaxes(-1, -2), ".squeeze()": x.squeeze,
            ".unsqueeze(0)": lambda: x[None],
        }.get(layout, lambda: x)()  # fmt: skip
    except (IndexError, ValueError):
        return None
    return found.shape


def _index(random: random_module.Random, dims: tuple[int, ...]) -> str:
    """What stands in the brackets."""
    parts: list[str] = []
    left = list(dims)
    lead = random.choice(["", "2", "3", "2, 2", "1"])  # the shape in which this index's tensors broadcast
    while left and random.random() < 0.85:
        n = left.pop(0)
        chance = random.random()
        if chance < 0.12:
            parts.append("None")
            left.insert(0, n)
        elif chance < 0.2 and "..." not in parts:
            parts.append("...")
            left = left[random.randint(0, len(left)) :]
        elif chance < 0.38:
            parts.append(_slice(random, n))
        elif chance < 0.55:
            parts.append(str(random.randrange(-n, n)) if n and random.random() < 0.97 else str(n))
        elif chance < 0.62 and n:
            parts.append(_sequence(random, n))
        elif chance < 0.72:
            wide = random.random() < 0.3 and bool(left)
            sizes = [n, left.pop(0)] if wide else [n]
            mask = f"(data({random.randrange(50)}, {', '.join(map(str, sizes))}) > 0)"
            parts.append(mask + random.choice(["", "", "", "", ".byte()", ".numpy()", ".mT.contiguous().mT" if wide else ".tolist()"]))
        elif chance < 0.76:
            parts.append(random.choice(["True", "False", "torch.tensor(True)", "torch.tensor(1)"]))
        elif n:
            shape = random.choice([lead, "1", lead])
            many = 1
            for size in shape.split(", "):
                many *= int(size or 1)
            numbers = [random.randrange(-n, n) for _ in range(many)]
            dtype = random.choice(["int64"] * 6 + ["int32", "int32", "uint8", "int16"])
            if random.random() < 0.03:
                numbers[-1] = random.choice([n, -n - 1, 10**6])
            if dtype == "uint8":
                numbers = [k % n for k in numbers]
            parts.append(f"torch.tensor({numbers}, dtype=torch.{dtype}).reshape({shape + ',' if shape else '()'})")
        else:
            parts.append(":")
    return ", ".join(parts) or random.choice(["...", "()", "None", "slice(None)"])


def _sequence(random: random_module.Random, n: int) -> str:
    """Indices that are no tensors."""
    numbers = [random.randrange(-n, n) for _ in range(random.choice([1, 2]))]
    return random.choice([
        str(numbers), str(numbers), str([numbers, numbers[::-1]]), f"np.array({numbers})", f"range({n})", f"range({n - 1}, -1, -1)",
        f"np.int64({numbers[0]})", f"({numbers[0]}, {numbers[-1]})", "[" + ", ".join(f"torch.tensor({k})" for k in numbers) + "]", "1.0", "'a'",
        str([random.choice([True, False]) for _ in range(n)]), f"np.array({numbers}, dtype=np.int32)", "slice(None, None, -1)",
        f"torch.tensor({numbers[0]}).item()", f"slice(torch.tensor({abs(numbers[0])}), None)",
    ])  # fmt: skip


def _slice(random: random_module.Random, n: int) -> str:
    ends = [str(random.randint(-n - 1, n + 1)) if random.random() < 0.5 else "" for _ in range(2)]
    return f"{ends[0]}:{ends[1]}" + (f":{random.choice([1, 2, 3])}" if random.random() < 0.4 else "")


def _value(random: random_module.Random, index: str, dtype: str) -> str:
    return random.choice([
        "2", "-0.5", "True", "torch.tensor(3.0)", f"v1[{index}].detach() * 2", f"(v1[{index}] * 1)",
        f"data(3, *v1[{index}].shape, dtype=torch.float64)", "torch.tensor([1.5], dtype=torch.float64)", "v1.sum()",
        f"torch.ones_like(v1[{index}])[..., :1]", "300", "math.inf",
    ])  # fmt: skip


def _called(random: random_module.Random, dims: tuple[int, ...]) -> str:
    """Indexing by a function's name."""
    d = random.choice([0, -1, 1])
    n = dims[d] if -len(dims) <= d < len(dims) else 1
    numbers = [random.randrange(n) for _ in range(random.choice([1, 2, 4]))] if n else [0]
    index = f"torch.tensor({numbers})"
    same = f"torch.zeros_like(v1, dtype=torch.int64).add_({numbers[0]})"
    source = f"v1.index_select({d}, {index}).detach() * 3"
    return random.choice([
        f"v1.index_select({d}, {index})", f"v1.gather({d}, {same})", f"v1.take({index})", f"v1.take_along_dim({same}, {d})",
        f"v1.index_add({d}, {index}, {source})", f"v1.index_copy({d}, {index}, {source})", f"v1.index_fill({d}, {index}, 2)",
        f"v1.scatter({d}, {same}, 2)", f"v1.scatter({d}, {same}, v1.detach() * 2)", f"v1.scatter_add({d}, {same}, v1 * 2)",
        f"v1.scatter_reduce({d}, {same}, v1 * 2, {random.choice(['sum', 'amax', 'mean', 'prod'])!r})",
        f"v1.index_put(({index},), v1.detach().sum(), accumulate={random.choice([True, False])})", "v1.masked_select(v1 > 0)",
        f"v1.put({index}, v1.detach().reshape(-1)[:{len(numbers)}] * 2, accumulate={random.choice([True, False])})",
        "v1.masked_scatter(v1 > 0, v1.detach().reshape(-1) * 2)", f"v1.select_scatter(v1.select({d}, 0) * 2, {d}, 0)",
        f"v1.slice_scatter(v1.narrow({d}, 0, 1) * 2, {d}, 0, 1)", f"v1.narrow({d}, 0, 1)", f"v1.unbind({d})",
        f"v1.roll({numbers[0]}, {d})", f"v1.diagonal(0, 0, {d})", "v1.nonzero()", "v1.argwhere()", f"v1.tensor_split(2, {d})",
        f"v1.index_reduce({d}, {index}, {source}, {random.choice(['amax', 'amin', 'prod', 'mean'])!r})",
        f"v1.clone().index_add_({d}, {index}, {source}, alpha=2)", f"v1.clone().index_copy_({d}, {index}, {source})",
        f"v1.clone().scatter_({d}, {same}, v1.detach() * 2, reduce='add')", f"v1.clone().scatter_add_({d}, {same}, v1 * 2)",
        f"v1.clone().index_put_(({index}, {index}), v1.sum(), accumulate=True)", "v1.clone().masked_fill_(v1 > 0, 3)",
        "v1.masked_fill(v1 > 0, torch.tensor(2, dtype=v1.dtype))", f"v1.clone().index_fill_({d}, {index}, 2)", f"v1.unfold({d}, 2, 1)",
        "v1.as_strided((2,), (1,))", "v1.diagonal_scatter(v1.diagonal() * 2)", f"v1.clone().put_({index}, v1.new_ones({len(numbers)}))",
        "v1.detach().as_strided_scatter(v1.new_ones(2), (2,), (1,))", f"torch.where(v1 > 0, v1, v1.flip({d}))", f"v1.take_along_dim({same} - 1, {d})",
        f"v1.scatter({d}, {same}.int(), v1 * 2)", f"v1.index_select({d}, {index}.int())", f"v1.gather({d}, {same}[:1])", f"v1.movedim({d}, 0)",
        f"v1.scatter({d}, {same}[:1], 3)", f"v1.kthvalue(1, {d})[0]", f"v1.take({index}.reshape(1, -1).expand(2, -1))", f"v1.split(1, {d})",
        f"v1.swapaxes(0, {d})[{index}]", f"v1.index_add({d}, {index}, {source}, alpha=-1)", "v1.masked_select(v1.mT > 0)", "v1.count_nonzero()",
        f"v1.repeat_interleave(2, {d})", f"v1.repeat_interleave(torch.tensor({numbers}), {d})", "v1.tril() if v1.dim() > 1 else v1",
        f"v1.scatter_reduce({d}, {same}, v1 * 2, {random.choice(['sum', 'amax', 'mean', 'prod'])!r}, include_self=False)", f"v1.sort(dim={d}, stable=True)[0]", f"v1.flip({d})",
    ])  # fmt: skip
