"""Ensembles: modules whose parameters and buffers are stacked, called as one under vmap."""

from __future__ import annotations

import random
import re

MODULES = [
    "nn.Linear(3, 2, dtype=f64)",
    "nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.Tanh(), nn.Linear(4, 2, dtype=f64))",
    "nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.BatchNorm1d(4, dtype=f64), nn.ReLU(), nn.Linear(4, 2, dtype=f64))",
    "nn.Sequential(nn.BatchNorm1d(3, dtype=f64), nn.Linear(3, 2, dtype=f64))",
    "nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False, dtype=f64), nn.Linear(3, 2, dtype=f64))",
    "nn.Sequential(nn.BatchNorm1d(3, affine=False, momentum=None, dtype=f64), nn.Linear(3, 2, dtype=f64))",
    "nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.LayerNorm(4, dtype=f64), nn.GELU())",
    "nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv1d(1, 2, 2, dtype=f64), nn.ELU(), nn.Flatten())",
    "nn.Sequential(nn.Unflatten(1, (1, 3)), nn.InstanceNorm1d(1, affine=True, dtype=f64), nn.Flatten())",
    "nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.GroupNorm(2, 4, dtype=f64), nn.SiLU(), nn.PReLU(dtype=f64))",
    "nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.Dropout(0.5), nn.Linear(4, 1, dtype=f64))",
]


def ensemble(random: random.Random) -> list[str]:
    """Some modules alike, their outputs for the same or for different inputs, and gradients for both kinds of asking."""
    r = random
    module, count = r.choice(MODULES), r.choice([1, 2, 3])
    train = r.random() < 0.5
    lines = [
        f"models = [fill({module}, _i * 10 + {r.randrange(1000)}).{'train' if train else 'eval'}() for _i in range({count})]"
    ]
    lines.append("params, buffers = func.stack_module_state(models)")
    shared = r.random() < 0.5
    lines.append(
        f"x = data({r.randrange(1000)}, {'' if shared else f'{count}, '}4, 3, dtype=f64, grad={r.random() < 0.5})"
    )
    lines.append("base = models[0]")
    lines.append("_call = lambda _p, _b, _x: func.functional_call(base, (_p, _b), (_x,))")
    place = "None" if shared else "0"
    named = r.random() < 0.3
    dims = f"({{_k: 0 for _k in params}}, 0, {place})" if named else f"(0, 0, {place})"
    options = f"in_dims={dims}, randomness='{r.choice(['different', 'same'])}'"
    if r.random() < 0.2:
        options += ", chunk_size=2"
    lines.append("_s = torch.manual_seed(0)")
    way = r.randrange(5)
    if way == 3 and re.search("Norm", module):  # the gradients of their tangents are wrong in PyTorch
        way = 2
    if way == 0:
        lines.append(
            f"g, y = func.vmap(func.grad_and_value(lambda _p, _b, _x: _call(_p, _b, _x).square().sum()), {options})(params, buffers, x)"
        )
    elif way == 1:
        lines.append(
            f"g = func.vmap(func.grad(lambda _p, _b, _x: _call(_p, _b, _x).sin().sum(), argnums=(0, 2)), {options})(params, buffers, x)"
        )
    elif way == 2:
        lines.append(f"y = func.vmap(_call, out_dims={r.choice([0, 1, -1])}, {options})(params, buffers, x)")
        lines.append("loss = y.square().sum() + sum((_p * 10).sum() for _p in params.values()) + (x * 5).sum()")
        lines.append("loss.backward()")
    elif way == 3:
        lines.append(
            f"y = func.vmap(lambda _p, _b, _x: func.jvp(lambda _q: _call(_p, _b, _q), (_x,), (_x * 2,))[1], {options})(params, buffers, x)"
        )
        lines.append("loss = y.square().sum() + sum(_p.sum() for _p in params.values())")
        lines.append("loss.backward()")
    else:
        lines.append(f"y = func.vmap(func.jacrev(_call, argnums=2), {options})(params, buffers, x)")
        lines.append("loss = y.square().sum() + sum(_p.sum() for _p in params.values())")
        lines.append("g = torch.autograd.grad(loss, list(params.values()), create_graph=True, allow_unused=True)")
        if "Norm" not in module:  # whose third derivatives are wrong in PyTorch
            lines.append("again = sum(_g.square().sum() for _g in g if _g is not None)")
            lines.append("again.backward()")
    return lines
