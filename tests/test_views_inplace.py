"""In-place operators and views: histories, versions and errors, beside PyTorch, case by case and in random programs."""

from __future__ import annotations

import gc
import random
import warnings
import weakref

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")
BOTH = (torch, adjoint)


def name(tensor):
    return None if tensor.grad_fn is None else tensor.grad_fn.name().rpartition("::")[2]


def in_both(scenario):
    """What the scenario returns, or its error, in either library."""
    found = []
    for library in BOTH:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(scenario(library))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
    assert found[0] == found[1]
    return found[1]


def base_of(library):
    leaf = library.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], dtype=library.float64, requires_grad=True)
    return leaf, leaf * 1


def test_a_write_to_a_view_rewrites_the_history_of_its_base():
    def scenario(library):
        leaf, base = base_of(library)
        view = base[0]
        view.mul_(3)
        (base * base).sum().backward()
        return name(base), name(view), leaf.grad.tolist()

    assert in_both(scenario)[:2] == ("CopySlices", "AsStridedBackward0")


def test_a_write_to_the_base_updates_live_views():
    def scenario(library):
        leaf, base = base_of(library)
        view, further = base[0], base[0][1:]
        base.mul_(3)
        (view * view).sum().backward()
        return name(view), name(further), view.tolist(), leaf.grad.tolist()

    assert in_both(scenario)[0] == "AsStridedBackward0"


def test_a_write_to_a_view_of_a_view_reaches_the_first_base():
    def scenario(library):
        leaf, base = base_of(library)
        view = base.t()[1:].unsqueeze(0)[0, :, 1]
        view.copy_(base[0, :2] * 5)
        (base**2).sum().backward()
        return view._base is base, name(base), leaf.grad.tolist()

    assert in_both(scenario)[0] is True


def test_gradients_also_flow_to_what_was_written():
    def scenario(library):
        _, base = base_of(library)
        value = library.tensor([2.0, 3.0, 4.0], dtype=library.float64, requires_grad=True)
        base[1] = value * 2
        (base**2).sum().backward()
        return value.grad.tolist()

    assert in_both(scenario) == [16.0, 24.0, 32.0]


def test_a_base_that_needed_no_gradient_gets_a_history_from_what_is_written_into_its_view():
    def scenario(library):
        base = library.zeros(3)
        view = base[:2]
        value = library.tensor([1.0, 2.0], requires_grad=True)
        view.copy_(value)
        (base * base).sum().backward()
        return name(base), name(view), value.grad.tolist()

    assert in_both(scenario)[2] == [2.0, 4.0]


def test_writes_are_counted_by_all_tensors_over_the_memory():
    def scenario(library):
        x = library.zeros(4)
        view, further, detached = x[1:], x[1:][0], x.detach()
        view.add_(1)
        x.t_()
        further.fill_(2)
        detached.zero_()
        return [t._version for t in (x, view, further, detached, x.clone(), x.data)]

    assert in_both(scenario) == [4, 4, 4, 4, 0, 0]


@pytest.mark.parametrize(
    "write",
    [
        "leaf.add_(1)",
        "leaf[0] = 1.",
        "leaf[0].add_(1)",
        "leaf.view(-1).mul_(2)",
        "leaf.zero_()",
        "leaf.unsqueeze_(0)",
        "leaf[leaf > 0] = 0.",
        "leaf.unbind()[0].mul_(2)",
        "base.unbind()[1].mul_(2)",
        "base.split(1)[0].add_(1)",
        "base.chunk(2)[1].zero_()",
        "base.split([1, 1])[1].zero_()",
        "no_grad_view.mul_(2)",
        "no_grad_view.zero_()",
        "no_grad_view[0].add_(leaf.sum()).sum()",
        "base.expand(4, 2, 3).add_(1)",
        "base.detach_().requires_grad, base[0].detach_()",
        "base.add_(torch.ones(3, 2, 3))",
        "base.tensor_split(2)[0].mul_(2).sum().backward()",
        "base.resize_(3)",
    ],
)
def test_a_write_that_is_not_allowed_raises_pytorchs_error_and_writes_nothing(write):
    def scenario(library):
        leaf, base = base_of(library)
        with library.no_grad():
            no_grad_view = base[1:]
        try:
            eval(compile(write, "", "exec" if "] =" in write else "eval"), dict(locals(), torch=library))
        except RuntimeError as error:
            return str(error).replace("Output 0 of Select is a view of a view which was created", "A view was created")
        finally:
            assert write.startswith(("base.tensor_split", "base.detach_")) or base.tolist() == leaf.tolist()
        return leaf.grad.tolist()

    in_both(scenario)


def test_a_view_made_without_recording_requires_grad_with_its_base():
    def scenario(library):
        leaf, base = base_of(library)
        with library.no_grad():
            views = [leaf[0], base[0], leaf.view(-1), leaf.t()]
            others = [leaf * 1, leaf.detach(), leaf[[0]], leaf.clone()]
        return [(v.requires_grad, v.is_leaf, v.grad_fn) for v in (*views, *others)]

    assert in_both(scenario)[0][0] is True


def test_views_and_writes_without_recording_change_leaves():
    def scenario(library):
        leaf, _ = base_of(library)
        with library.no_grad():
            leaf[0] = 7.0
            leaf[1].add_(1)
            leaf.view(-1)[2:4].zero_()
            leaf[leaf > 6] = -1.0
        return leaf.tolist(), leaf._version, leaf.is_leaf

    assert in_both(scenario)[1] == 4


def test_a_saved_tensor_that_was_changed_in_place_raises():
    for change in ("z[0] = 1.", "z.add_(1)", "z.view(-1)[0].zero_()", "z.detach().zero_()", "z.t_().mul_(2)"):

        def scenario(library, change=change):
            leaf, z = base_of(library)
            u = z * z
            exec(change)
            u.sum().backward()

        assert in_both(scenario)[0] == "RuntimeError"


def test_an_operand_over_the_memory_that_is_written_cannot_be_used_in_the_backward():
    def scenario(library):
        _, base = base_of(library)
        base[1].mul_(base[0, 0])
        base.sum().backward()

    kind, text = in_both_up_to_names(scenario)
    assert kind == "RuntimeError" and "is at version 1; expected version 0" in text


def in_both_up_to_names(scenario):
    """As `in_both`; of a stale view PyTorch names another node than we do."""
    found = []
    for library in BOTH:
        with pytest.raises(RuntimeError) as raised:
            scenario(library)
        found.append(("RuntimeError", str(raised.value).replace("AsStrided", "Select")))
    assert found[0] == found[1]
    return found[1]


@pytest.mark.parametrize(
    "statement",
    [
        "z.squeeze_()",
        "z.squeeze_(0)",
        "z.squeeze_((0, 1))",
        "z.unsqueeze_(1)",
        "z.transpose_(0, 1)",
        "z.swapaxes_(0, 2)",
        "z[0].t_()",
    ],
)
def test_sizes_changed_in_place_keep_the_gradient_in_place(statement):
    def scenario(library):
        leaf = library.arange(6.0).view(1, 2, 3).requires_grad_()
        z = leaf * 2
        view = z[..., 1]
        exec(statement)
        view.mul_(3)
        (z * z).sum().backward()
        return name(z), tuple(z.shape), z._version, z.tolist(), view.tolist(), leaf.grad.tolist()

    in_both(scenario)


def test_second_derivatives_go_through_writes_to_views():
    def scenario(library):
        leaf, base = base_of(library)
        base[0].mul_(base[1].detach() + leaf[1])
        base[:, 1] = leaf[:, 0] ** 2
        (first,) = library.autograd.grad((base**3).sum(), leaf, create_graph=True)
        (second,) = library.autograd.grad((first**2).sum(), leaf)
        return first.tolist(), second.tolist()

    in_both(scenario)


def test_retained_gradients_are_those_of_the_latest_value():
    def scenario(library):
        leaf, base = base_of(library)
        view = base[1]
        base.retain_grad()
        view.retain_grad()
        base[0].mul_(2)
        (base * base * view).sum().backward()
        return base.grad.tolist(), view.grad.tolist(), leaf.grad.tolist()

    in_both(scenario)


def test_a_tensor_that_was_written_to_through_a_view_is_freed_without_the_garbage_collector():
    leaf = adjoint.ones(3, requires_grad=True)
    gc.disable()
    try:
        base = leaf * 2
        view = base[0]
        view.mul_(3)
        assert view.grad_fn is not None
        gone = weakref.ref(base)
        del base, view
        assert gone() is None
    finally:
        gc.enable()


def test_a_long_chain_of_writes_to_one_tensor_runs_backward():
    leaf = adjoint.ones(2, requires_grad=True)
    x = leaf * 1
    for _ in range(3000):
        x[0] = x[1] * 1.0
    x.sum().backward()
    assert leaf.grad.tolist() == [0.0, 2.0]


# Random programs of views and writes

VIEWS = [
    lambda t, r: t[r.randrange(t.shape[0])] if t.ndim and t.shape[0] else t,
    lambda t, r: t[:, r.randrange(t.shape[1])] if t.ndim > 1 and t.shape[1] else t,
    lambda t, r: t[::2] if t.ndim else t,
    lambda t, r: t[1:] if t.ndim and t.shape[0] > 1 else t,
    lambda t, r: t.transpose(0, -1) if t.ndim else t,
    lambda t, r: t.unsqueeze(0),
    lambda t, r: t.squeeze(),
    lambda t, r: t.view(-1) if t.is_contiguous() else t,
    lambda t, r: t.diagonal() if t.ndim > 1 else t,
    lambda t, r: t.view(*t.shape[:-1], 2, -1) if t.ndim and t.shape[-1] == 4 and t.is_contiguous() else t,
    lambda t, r: t.permute(*range(t.ndim)[::-1]) if t.ndim else t,
    lambda t, r: t[..., None],
    lambda t, r: t.narrow(0, 0, 1) if t.ndim and t.shape[0] else t,
    lambda t, r: t.unfold(0, 1, 1) if t.ndim else t,
    lambda t, r: t.expand(t.shape),
    lambda t, r: t.flatten(),
    lambda t, r: t[...],
    lambda t, r: t.as_strided((2,), (1,)) if t.numel() > 4 else t,
]


def first(t):
    return t.ndim > 0 and t.shape[0] > 0


def assign(t, index, value):
    t[index] = value


WRITES = [
    lambda L, t, o: t.mul_(2.5),
    lambda L, t, o: t.add_(o.sum()),
    lambda L, t, o: t.copy_((o * o).mean()),
    lambda L, t, o: t.zero_(),
    lambda L, t, o: t.fill_(1.5),
    lambda L, t, o: t.tanh_(),
    lambda L, t, o: first(t) and assign(t, 0, 2.0),
    lambda L, t, o: first(t) and assign(t, 0, (o * 0.5).mean()),
    lambda L, t, o: first(t) and assign(t, [0], t[[-1]] * 2),
    lambda L, t, o: assign(t, t > 1.0, 0.5),
    lambda L, t, o: t.masked_fill_(t < 0, 0.25),
    lambda L, t, o: t.sub_(o.mean() * 0.5),
    lambda L, t, o: first(t) and t.index_fill_(0, L.tensor([0]), 1.0),
    lambda L, t, o: first(t) and t.index_add_(0, L.tensor([0]), t[:1] * 2),
    lambda L, t, o: t.ndim > 1 and t.transpose_(0, 1),
    lambda L, t, o: t.unsqueeze_(0),
    lambda L, t, o: t.squeeze_(),
    lambda L, t, o: t.div_(2.0),
]


def program(library, seed):
    """A random program; what it raised, its tensors and their histories, and first and second derivatives."""
    r = random.Random(seed)
    data = np.random.RandomState(seed % 7).randn(3, 4)
    x = library.tensor(data, requires_grad=True)
    tensors = [x * 1.5]
    if r.random() < 0.5:
        tensors.append(x.t() * 0.5)
    log = []
    for _ in range(r.randrange(2, 8)):
        kind, t, other = r.random(), r.choice(tensors), r.choice(tensors)
        view, write = r.choice(VIEWS), r.choice(WRITES)
        try:
            if kind < 0.45:
                tensors.append(view(t, r))
            elif kind < 0.9:
                write(library, t, other)
            else:
                tensors.append(t * t)
        except (RuntimeError, IndexError) as error:
            log.append((type(error).__name__, str(error)[:90]))
    derivatives = []
    try:
        loss = sum((t * t * 0.3 + t).sum() for t in tensors)
        (g,) = library.autograd.grad(loss, x, create_graph=True)
        derivatives.append(g.detach().numpy().copy())
        if g.requires_grad:
            (gg,) = library.autograd.grad((g * g).sum(), x, allow_unused=True)
            derivatives.append(None if gg is None else gg.numpy())
    except RuntimeError as error:
        log.append(str(error)[:80])
    seen = [(tuple(t.shape), t._version, t._is_view(), t.requires_grad, name(t)) for t in tensors]
    return log, seen, derivatives + [t.detach().numpy().copy() for t in tensors]


@pytest.mark.parametrize("block", range(10))
def test_random_programs_of_views_and_writes_do_what_they_do_in_pytorch(block):
    for seed in range(block * 60, block * 60 + 60):
        expected, found = program(torch, seed), program(adjoint, seed)
        assert found[:2] == expected[:2], seed
        assert len(found[2]) == len(expected[2])
        for a, b in zip(found[2], expected[2]):
            assert (a is None) == (b is None), seed
            assert a is None or np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True), seed


def test_a_quotient_in_place_is_the_quotient_and_one_write_and_no_quotient_of_integers():
    for dtype in (adjoint.float16, adjoint.bfloat16, adjoint.float32, adjoint.float64, adjoint.complex64):
        x = adjoint.arange(1, 7).to(dtype)
        for other in (3, 0.1, adjoint.tensor(3.0).to(dtype), adjoint.arange(2, 8).to(dtype)):
            expected, version = x / other, x._version
            assert x.div_(other) is x and (x == expected).all() and x._version == version + 1
        expected = x / x
        x /= x
        assert (x == expected).all() and x.dtype is dtype
    for integers in (adjoint.arange(3), adjoint.ones(3, dtype=adjoint.bool)):
        for other in (2, integers.clone()):
            with pytest.raises(RuntimeError, match="can't be cast"):
                integers.div_(other)
    assert adjoint.tensor([7.0]).div_(2, rounding_mode="floor") == 3
    x = adjoint.ones(2, requires_grad=True)
    (x * 1).div_(4).sum().backward()
    assert (x.grad == 0.25).all()


def test_a_view_as_real_that_is_transposed_in_place_sends_gradients_to_where_its_elements_come_from():
    """PyTorch 2.13 sends them to the transposed places: it replays the view without the transposition."""
    weights = adjoint.arange(8.0, dtype=adjoint.float64).reshape(2, 2, 2)

    def f(x):
        v = adjoint.view_as_real(x * 1)
        v.transpose_(0, 1)
        v.mul_(weights)
        return (v * v * weights).sum()

    x = adjoint.tensor([[1 + 2j, 3 + 1j], [0.5 - 1j, 2 + 0j]], dtype=adjoint.complex128, requires_grad=True)
    assert adjoint.autograd.gradcheck(f, x)
    f(x).backward()
    assert x.grad[0, 1].item() == 384 + 250j
