"""Utilities: gradients that are clipped, parameters as a vector, sequences that are packed and padded, containers."""

from __future__ import annotations

from fuzz.families.modules.writer import Raw, Writer


def utilities(w: Writer) -> list[str]:
    """The lines of a program of some of them."""
    return w.pick(_clipped, _sequences, _containers)(w)


def _clipped(w: Writer) -> list[str]:
    n = w.size()
    lines = [
        f"m = fill(nn.Sequential(nn.Linear({n}, 3), nn.Tanh(), nn.Linear(3, 2)), {w.size(0, 50)}).to({w.dtype})",
        f"weighted(m({w.data(w.samples() or 1, n)})).backward()",
    ]
    if w.random.random() < 0.2:
        lines.append(f"m[0].weight.grad = {w.pick('None', 'm[0].weight.grad * math.inf', 'm[0].weight.grad * 0')}")
    norm = {"norm_type": w.pick(2.0, 1.0, 3, Raw("math.inf"), 0.5), "error_if_nonfinite": w.flag(), "foreach": w.pick(None, False)}
    return [
        *lines,
        *w.random.sample(
            [
                f"n = nn.utils.clip_grad_norm_(m.parameters(), {w.given({'max_norm': w.pick(0.5, 10.0, 1)}, norm)})",
                f"nn.utils.clip_grad_value_(m.parameters(), {w.given({'clip_value': w.pick(0.1, 1)}, {'foreach': w.pick(None, False)})})",
                f"t = nn.utils.get_total_norm([p.grad for p in m.parameters() if p.grad is not None], {w.given({}, norm)})",
                "v = nn.utils.parameters_to_vector(m.parameters())",
                "nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(m.parameters()) * 2, m.parameters())",
                "nn.utils.clip_grads_with_norm_(m.parameters(), max_norm=0.5, total_norm=torch.tensor(2.0))",
                "m.zero_grad(set_to_none=False)",
                "m.apply(lambda k: k.requires_grad_(False) if isinstance(k, nn.Tanh) else None)",
            ],
            3,
        ),
        f"y = m({w.data(2, n)})",
    ]  # fmt: skip


def _sequences(w: Writer) -> list[str]:
    lengths = [w.size(1, 4) for _ in range(w.size(1, 3))]
    first, ordered = w.flag(), w.flag()
    rows = [w.data(k, 2) for k in (sorted(lengths, reverse=True) if ordered else lengths)]
    lines = [f"s = [{', '.join(rows)}]"]
    options = w.given({}, {"padding_value": w.pick(0.0, -1.5), "padding_side": w.pick("right", "left")})
    lines.append(f"x = nn.utils.rnn.pad_sequence(s, {w.given({'batch_first': first})}, {options})")
    sizes = sorted(lengths, reverse=True) if ordered else lengths
    how = w.pick("pack", "packed", "unpad")
    if how == "unpad":
        return [*lines, f"u = nn.utils.rnn.unpad_sequence(x, torch.tensor({sizes}), batch_first={first})", "_k = weighted(u)",
                "if _k.requires_grad: _k.backward()"]  # fmt: skip
    if how == "pack":
        lines.append(
            f"_p = nn.utils.rnn.pack_padded_sequence(x, {w.pick(sizes, Raw(f'torch.tensor({sizes})'))}, "
            f"batch_first={first}, enforce_sorted={ordered and w.flag()})"
        )
    else:
        lines.append(f"_p = nn.utils.rnn.pack_sequence(s, enforce_sorted={ordered and w.flag()})")
    total = max(lengths) + w.size(0, 2)
    more = w.given({}, {"batch_first": w.flag(), "padding_value": w.pick(0.0, 2.5), "total_length": w.pick(None, total)})
    return [
        *lines, "p = list(_p)", f"y = nn.utils.rnn.pad_packed_sequence(_p, {more})", "u = nn.utils.rnn.unpack_sequence(_p)",
        "_l = weighted(y[0])", "if _l.requires_grad: _l.backward()",
    ]  # fmt: skip


def _containers(w: Writer) -> list[str]:
    n = w.size()
    layer = f"nn.Linear({n}, {n})"
    made = w.pick(
        f"nn.Sequential({layer}, nn.ReLU(), {layer})",
        f"nn.ModuleList([{layer}, nn.Tanh(), {layer}])",
        f"nn.ModuleDict({{'a': {layer}, 'b': nn.Tanh(), 'c': {layer}}})",
        f"nn.ParameterList([{w.data(n)}, {w.data(n, n)}])",
        f"nn.ParameterDict({{'a': {w.data(n)}, 'b': {w.data(n, n)}}})",
    )
    lines = [f"m = fill({made}, {w.size(0, 50)}).to({w.dtype})", f"x = {w.data(w.samples() or 1, n)}"]
    if "Sequential" in made:
        lines += w.random.sample(
            [
                "m.append(nn.ReLU())", "m.insert(1, nn.Softplus())", "m = m + nn.Sequential(nn.Tanh())", "m = m[1:]",
                "_ = m.pop(-1)", "m.extend([nn.Tanh()])", "del m[1]", "m = m * 2", "m[0] = nn.Identity()", "k = len(m)",
            ],
            2,
        )  # fmt: skip
        lines += ["y = m(x)", "_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    elif "ModuleList" in made:
        lines += w.random.sample(
            ["m.append(nn.ReLU())", "m.insert(0, nn.Softplus())", "m = m[::2]", "_ = m.pop(0)", "m += [nn.Tanh()]", "k = len(m)"], 2
        )
        lines += ["y = x", "for _f in m: y = _f(y)", "_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    elif "ModuleDict" in made:
        lines += w.random.sample(
            ["m.update({'d': nn.ReLU()})", "_ = m.pop('b')", "m['a'] = nn.Identity()", "k = list(m.keys())", "del m['c']"], 2
        )
        lines += ["y = x", "for _f in m.values(): y = _f(y)", "_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    elif "ParameterList" in made:
        lines += w.random.sample(["m.append(torch.ones(2))", "m.extend([torch.zeros(1)])", "k = len(m)", "m[0] = x"], 2)
        lines += ["y = x * m[0]", "_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    else:
        lines += w.random.sample(["m['c'] = torch.ones(2)", "_ = m.pop('b')", "k = list(m.keys())", "m.update({'b': x})"], 2)
        lines += ["y = x * m['a']", "_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    return [*lines, "s = m.state_dict()", "t = repr(m)"]
