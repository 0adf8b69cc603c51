"""Modules: every module and function of nn with all of its arguments, forward, first and second derivatives, trained and
evaluated, under checkpoints, hooks and functional calls, saved and loaded; small and with every array large."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from fuzz.compare import Settings
from fuzz.families.modules import functions, labels, layers, losses, sequences
from fuzz.families.modules.known import KNOWN
from fuzz.families.modules.lazy import lazy
from fuzz.families.modules.utilities import utilities
from fuzz.families.modules.writer import Made, Writer
from fuzz.program import Program

NAME = "modules"
COMPARED = Settings(version=False, errors="type", graph=0)
TESTED = 80
ENVIRONMENTS = [{}, {}, {"ADJOINT_KERNELS_FROM": "1"}]

__all__ = ["COMPARED", "ENVIRONMENTS", "KNOWN", "MAKERS", "NAME", "TESTED", "generate", "program_of"]

PRELUDE = """
checkpoint = __import__(torch.__name__ + ".utils.checkpoint", fromlist=["x"]).checkpoint
copy, io, pickle = __import__("copy"), __import__("io"), __import__("pickle")

def tensors(out):
    if isinstance(out, torch.Tensor):
        return [out]
    if hasattr(out, "data") and hasattr(out, "batch_sizes"):
        return [out.data]
    return [t for part in (out.values() if isinstance(out, dict) else out) if part is not None for t in tensors(part)]

def weighted(out):
    '''A loss to which no two elements contribute alike.'''
    found = [t for t in tensors(out) if t.requires_grad]
    parts = [(t * data(5, *t.shape, dtype=t.dtype)).sum() for t in found]
    return sum((p.real + p.imag if p.is_complex() else p) for p in parts) if found else torch.zeros(())

def leaves(module, *inputs):
    return [t for t in (*inputs, *(module.parameters() if module else ())) if isinstance(t, torch.Tensor) and t.requires_grad]

def sized(module, *shape):
    '''A lazy module that has seen an input of this shape, and found its sizes.'''
    dtypes = [t.dtype for t in (*module.parameters(), *module.buffers()) if t.dtype.is_floating_point]
    with torch.no_grad():
        module(torch.zeros(shape, dtype=dtypes[0] if dtypes else None))
    return module

def laid(x, how):
    '''The same numbers (of an expanded one: those of its first sample), lying in memory in another way.'''
    y = x.detach()
    if how == "last" and y.dim() in (4, 5):
        y = y.contiguous(memory_format=torch.channels_last if y.dim() == 4 else torch.channels_last_3d)
    elif how == "turned":
        y = y.transpose(0, -1).clone(memory_format=torch.contiguous_format).transpose(0, -1)
    elif how == "stepped":
        y = torch.stack([y, y + 1], -1)[..., 0]
    elif how == "expanded":
        y = y[:1].expand(y.shape)
    return y.requires_grad_(x.requires_grad)

def pushed(function, *inputs):
    '''What a function gives, and its tangents along fixed directions of its floating inputs.'''
    at = [i for i, x in enumerate(inputs) if x.is_floating_point() or x.is_complex()]
    given = tuple(inputs[i].detach() for i in at)
    def of_these(*new):
        every = list(inputs)
        for i, x in zip(at, new):
            every[i] = x
        return tuple(tensors(function(*every)))
    return list(func.jvp(of_these, given, tuple(data(9 + i, *x.shape, dtype=x.dtype) for i, x in enumerate(given))))

def mapped(function, *inputs):
    '''What it gives for two samples of all inputs in a vmap.'''
    samples = [torch.stack([x.detach(), x.detach().flip(0) if x.dim() else x.detach()]) for x in inputs]
    return list(torch.vmap(lambda *given: tuple(tensors(function(*given))), randomness="different")(*samples))

def per_sample(function, *inputs):
    '''The gradient of a weighted sum of it with respect to its first input, for each of two samples.'''
    samples = [torch.stack([x.detach(), x.detach().flip(0) if x.dim() else x.detach()]) for x in inputs]
    def loss(*given):
        parts = [(t * data(5, *t.shape, dtype=t.dtype)).sum() for t in tensors(function(*given)) if t.is_floating_point()]
        return sum(parts) if parts else given[0].sum() * 0
    return torch.vmap(func.grad(loss), randomness="different")(*samples)
"""

MAKERS: list[Callable[[Writer], Made]] = [
    layers.activation, layers.convolution, layers.convolution, layers.pooling, layers.normalization, layers.normalization,
    layers.linear, layers.shape, losses.loss, losses.loss, losses.loss, sequences.recurrent, sequences.attention,
    sequences.transformer, lazy, labels.adaptive_softmax, labels.linear_cross_entropy, labels.ctc,
]  # fmt: skip
_HOOKS = [
    "register_forward_hook(lambda m, i, o: None)",
    "register_forward_hook(lambda m, i, o: o * 2 if isinstance(o, torch.Tensor) else None, prepend=True)",
    "register_forward_hook(lambda m, i, k, o: None, with_kwargs=True, always_call=True)",
    "register_full_backward_hook(lambda m, gi, go: None)",
    "register_full_backward_hook(lambda m, gi, go: tuple(g if g is None else g * 2 for g in gi))",
    "register_full_backward_pre_hook(lambda m, go: tuple(g if g is None else g * 3 for g in go))",
    "register_forward_pre_hook(lambda m, i: tuple(t * 1 if t.is_floating_point() else t for t in i))",
    "register_forward_pre_hook(lambda m, i, k: (i, k), with_kwargs=True)",
    "register_state_dict_post_hook(lambda m, s, p, l: s.pop('bias', None))",
    "register_load_state_dict_pre_hook(lambda m, s, *a: s.pop('bias', None))",
    "register_load_state_dict_post_hook(lambda m, k: k.missing_keys.clear())",
]


def generate(random: random.Random) -> Program:
    """A module, in a mode, called in some way, and differentiated once or twice; or a function; or utilities."""
    return program_of(Writer(random))


def program_of(w: Writer) -> Program:
    """The program that this writer draws."""
    kind = w.random.random()
    if kind < 0.05:
        return Program(utilities(w), PRELUDE)
    made = (w.pick(*MAKERS) if kind < 0.7 else w.pick(*functions.FUNCTIONS))(w)
    lines = [f"x{i} = {text}" for i, text in enumerate(made.inputs)]
    names = ", ".join(f"x{i}" for i in range(len(made.inputs)))
    if made.module:
        lines = [f"m = fill({made.module}, {w.size(0, 50)}).to({w.dtype})", *_mode(w), *lines]
        if w.random.random() < 0.15 and "PackedSequence" not in made.inputs[0]:
            lines.append(f"_ = m.{w.pick(*_HOOKS)}")
        elif w.random.random() < 0.05:
            lines.append("for _p in m.parameters(): _ = _p.register_hook(lambda g: g * 2)")
        elif w.random.random() < 0.05:
            lines.append("for _p in m.parameters(): _ = _p.register_post_accumulate_grad_hook(lambda p: [None for p.grad in [p.grad * 2]].clear())")
    lines.append(f"y = {_called(w, made, names)}")
    lines += _ending(w, made, names)
    if made.module and w.random.random() < 0.12:
        lines += _again(w, made, any(".register_" in line for line in lines))
    return Program(lines, PRELUDE)


def _mode(w: Writer) -> list[str]:
    kind = w.random.random()
    if kind < 0.3:
        return ["m = m.eval()"]
    if kind < 0.37:
        return ["m = m.requires_grad_(False)"]
    if kind < 0.4:
        return ["m = m.to(memory_format=torch.channels_last)"]
    return []


def _called(w: Writer, made: Made, names: str) -> str:
    call, kind = made.call, w.random.random()
    if kind < 0.1:
        return f"checkpoint(lambda {names}: {call}, {names}, use_reentrant={w.flag()})"
    plain = call == f"m({names})"
    if kind < 0.2 and made.module and plain:
        return f"func.functional_call(m, dict(m.named_parameters()), ({names},))"
    if kind < 0.25 and made.module and call == "m(x0)":
        return "nn.Sequential(m)(x0)"
    if kind < 0.22 and plain:
        return f"torch.inference_mode()(lambda: {call})()"
    if kind < 0.3:
        return re.sub(r"^(.*)$", r"(lambda: \1)()", call) if w.flag() else f"torch.no_grad()(lambda: {call})()"
    return call


def _ending(w: Writer, made: Made, names: str) -> list[str]:
    module = "m" if made.module else "None"
    ending = w.pick("backward", "grad", "second", "second", "third", "twice")
    lines = ["_l = weighted(y)"]
    if w.random.random() < 0.2 and all("PackedSequence" not in text and "None" != text for text in made.inputs):
        how = w.pick("pushed", "pushed", "mapped", "per_sample")
        return [f"t = {how}(lambda {names}: {made.call}, {names})"]
    if ending == "backward":
        return [*lines, "if _l.requires_grad: _l.backward()"]
    if ending == "twice":
        return [*lines, "if _l.requires_grad: _l.backward()", f"z = {made.call}", "_k = weighted(z)",
                "if _k.requires_grad: _k.backward()"]  # fmt: skip
    lines.append(f"_in = leaves({module}, {names})")
    create = ending != "grad"

    def gradients(of: str, again: bool) -> str:
        made = f"list(torch.autograd.grad({of}, _in, create_graph={again}, allow_unused=True))"
        return f"{made} if {of}.requires_grad and _in else []"

    lines.append(f"g = {gradients('_l', create)}")
    if create:
        lines += ["_k = weighted(g)", f"h = {gradients('_k', ending == 'third')}"]
    return lines


def _again(w: Writer, made: Made, hooked: bool) -> list[str]:
    """The module saved, copied, loaded into another, or converted, and called once more."""
    other = f"_n = fill({made.module}, 51).to({w.dtype})"
    call = made.call.replace("m(", "_n(", 1)
    return w.pick(
        [other, "k = list(_n.load_state_dict(m.state_dict(), strict=False))", f"u = {call}"],
        [other, "_s = m.state_dict()", "_s.pop(next(iter(_s)), None)", "k = list(_n.load_state_dict(_s, strict=False))", f"u = {call}"],
        [other, "_s = m.state_dict()", "_s['more'] = torch.ones(1)", "_n.load_state_dict(_s)"],
        [other, "_n.load_state_dict(m.state_dict(), assign=True)", f"u = {call}"],
        ["_n = copy.deepcopy(m)", f"u = {call}"],
        ["_n = copy.copy(m)" if hooked else "_n = pickle.loads(pickle.dumps(m))", f"u = {call}"],
        ["s = m.state_dict()", "t = repr(m)"],
        ["m.zero_grad()", "k = [p.grad is None for p in m.parameters()]"],
        ["m = m.train()", f"u = {made.call}"],
        ["m.reset_parameters() if hasattr(m, 'reset_parameters') else None", f"u = {made.call}"],
    )  # fmt: skip
