"""torchviz's graphs of backward nodes, as Graphviz text: names, shapes, what was saved, and attributes of nodes."""

# packages: torchviz graphviz

import re

import torch
from torch import nn
from torchviz import make_dot

torch.manual_seed(0)


def plain(dot: object) -> list[str]:
    """The text without the addresses by which its nodes are told apart."""
    numbers: dict[str, str] = {}
    lines = []
    for line in str(dot).splitlines():
        lines.append(re.sub(r"\b\d{9,}\b", lambda match: numbers.setdefault(match[0], f"n{len(numbers)}"), line))
    return lines


model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
x = torch.randn(2, 3, requires_grad=True)
loss = (model(x) ** 2).mean()
print(*plain(make_dot(loss, params=dict(model.named_parameters(), x=x))), sep="\n")

a, b = torch.ones(2, requires_grad=True), torch.full((2,), 2.0, requires_grad=True)
value = (a * b).exp() - b.sqrt().sin() + (a @ b).tanh()
print(*plain(make_dot(value, params={"a": a, "b": b}, show_attrs=True, show_saved=True)), sep="\n")

view = (a * 2)[:1]
print(*plain(make_dot((view.add_(1), value), params={"a": a, "b": b})), sep="\n")
