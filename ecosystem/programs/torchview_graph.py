"""torchview's graphs: which operations and modules a model runs, and the shapes between them, as Graphviz text."""

# packages: torchview graphviz

import torch
from torch import nn
from torchview import draw_graph

torch.manual_seed(0)


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.body(x))


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2)
        self.blocks = nn.ModuleList([Residual(4), Residual(4)])
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        mean, most = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        return self.head(torch.cat([mean, most])[: len(mean)])


for options in ({"depth": 1}, {"depth": 3, "expand_nested": True}, {"depth": 2, "roll": True, "hide_inner_tensors": False}):
    graph = draw_graph(Model(), input_size=(1, 3, 9, 9), device="cpu", **options)
    print("edges:", len(graph.edge_list), "nodes:", len(graph.id_dict))
    print(graph.visual_graph.source)

recurrent = draw_graph(nn.LSTM(3, 4), input_data=torch.randn(5, 1, 3), device="cpu")
print("recurrent:", recurrent.visual_graph.source.count("->"))
