"""Node classification with torch_geometric: a GCN and a GAT on a small made graph, trained for some epochs."""

# packages: torch_geometric

import torch
import torch.nn.functional as F
from torch_geometric.data import Data
from torch_geometric.nn import GATConv, GCNConv
from torch_geometric.utils import add_self_loops, degree, to_undirected

torch.manual_seed(0)
nodes, classes = 40, 4
labels = torch.arange(nodes) % classes
source = torch.randint(nodes, (160,))
shift = torch.where(torch.rand(160) < 0.8, 0, 1)  # most edges stay within a class
target = (source + classes * torch.randint(1, 6, (160,)) + shift) % nodes
edge_index = to_undirected(torch.stack([source, target]))
data = Data(x=torch.randn(nodes, 8) + F.one_hot(labels, 8), edge_index=edge_index, y=labels)
data.train_mask = torch.rand(nodes) < 0.6
print("data:", data, data.num_edges, data.has_isolated_nodes(), data.is_undirected())
print("degrees:", *degree(edge_index[0], nodes).int().tolist())
print("with loops:", *add_self_loops(edge_index)[0].shape)


class GCN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = GCNConv(8, 16)
        self.conv2 = GCNConv(16, classes)

    def forward(self, x, edge_index):
        x = F.dropout(self.conv1(x, edge_index).relu(), 0.3, training=self.training)
        return self.conv2(x, edge_index)


class GAT(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = GATConv(8, 8, heads=4, dropout=0.2)
        self.conv2 = GATConv(32, classes, heads=1, concat=False)

    def forward(self, x, edge_index):
        return self.conv2(F.elu(self.conv1(x, edge_index)), edge_index)


for make in (GCN, GAT):
    model = make()
    print(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
    for epoch in range(8):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.x, data.edge_index)[data.train_mask], data.y[data.train_mask])
        loss.backward()
        optimizer.step()
        print(f"{make.__name__} loss {epoch}: {loss.item():.6g}")
    model.eval()
    with torch.no_grad():
        out = model(data.x, data.edge_index)
    print(f"{make.__name__} accuracy:", (out.argmax(1) == data.y).sum().item(), f"{out.abs().sum().item():.6g}")
    for name, parameter in model.named_parameters():
        print(f"{name}: {parameter.sum().item():.6g} {parameter.grad.abs().sum().item():.6g}")
with torch.no_grad():
    _, (edges, weights) = model.conv1(data.x, data.edge_index, return_attention_weights=True)
print("attention:", tuple(edges.shape), f"{weights.sum().item():.6g}")
