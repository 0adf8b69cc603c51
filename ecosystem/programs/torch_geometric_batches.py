"""Graph classification with torch_geometric: mini-batches of graphs, message passing of one's own, pooling, transforms."""

# packages: torch_geometric

import torch
import torch.nn.functional as F
from torch_geometric import transforms as T
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader
from torch_geometric.nn import (
    GINConv,
    GraphConv,
    MessagePassing,
    SAGEConv,
    Sequential,
    global_add_pool,
    global_max_pool,
    global_mean_pool,
)
from torch_geometric.utils import scatter, softmax, subgraph, to_dense_adj, to_dense_batch


def graph(kind: int) -> Data:
    """A ring, or a star, with noise on its nodes."""
    n = int(torch.randint(5, 9, ()))
    around = torch.arange(n)
    pairs = torch.stack([around, (around + 1) % n]) if kind else torch.stack([torch.zeros(n - 1, dtype=torch.long), around[1:]])
    edge_index = torch.cat([pairs, pairs.flip(0)], 1)
    return Data(x=torch.randn(n, 4), edge_index=edge_index, edge_attr=torch.rand(edge_index.shape[1], 2), y=torch.tensor([kind]))


class EdgeGated(MessagePassing):
    """Neighbours weighted by a gate that is computed of the edge."""

    def __init__(self, width_in: int, width_out: int, edges: int) -> None:
        super().__init__(aggr="add")
        self.lin = torch.nn.Linear(width_in, width_out)
        self.gate = torch.nn.Linear(edges, width_out)

    def forward(self, x, edge_index, edge_attr):
        return self.propagate(edge_index, x=self.lin(x), edge_attr=edge_attr)

    def message(self, x_j, edge_attr):
        return self.gate(edge_attr).sigmoid() * x_j

    def update(self, aggregated, x):
        return aggregated + x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gated = EdgeGated(4, 16, 2)
        self.gin = GINConv(torch.nn.Sequential(torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16)), train_eps=True)
        self.rest = Sequential(
            "x, edge_index", [(SAGEConv(16, 16), "x, edge_index -> x"), torch.nn.ReLU(), (GraphConv(16, 16), "x, edge_index -> x")]
        )
        self.head = torch.nn.Linear(48, 2)

    def forward(self, data):
        x = self.gated(data.x, data.edge_index, data.edge_attr).relu()
        x = self.rest(self.gin(x, data.edge_index).relu(), data.edge_index)
        pooled = [pool(x, data.batch) for pool in (global_add_pool, global_mean_pool, global_max_pool)]
        return self.head(torch.cat(pooled, 1))


def main() -> None:
    torch.manual_seed(0)
    graphs = [graph(i % 2) for i in range(24)]
    loader = DataLoader(graphs, batch_size=8, shuffle=True)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for epoch in range(3):
        for batch in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch), batch.y)
            loss.backward()
            optimizer.step()
            print(f"loss {epoch}: {loss.item():.6g} nodes {batch.num_nodes} graphs {batch.num_graphs}")
    print("parameters:", f"{sum(p.abs().sum().item() for p in model.parameters()):.6g}")

    batch = Batch.from_data_list(graphs[:3])
    dense, mask = to_dense_batch(batch.x, batch.batch)
    print("dense:", tuple(dense.shape), mask.sum().item(), tuple(to_dense_adj(batch.edge_index, batch.batch).shape))
    print("back:", [tuple(data.x.shape) for data in batch.to_data_list()])
    print("subgraph:", subgraph([0, 1, 2], graphs[1].edge_index, relabel_nodes=True)[0].tolist())
    for how in ("sum", "mean", "max", "min", "mul"):
        found = scatter(graphs[0].edge_attr[:, 0], graphs[0].edge_index[1], reduce=how)
        print(f"scatter {how}:", *(f"{v:.6g}" for v in found.tolist()))
    print("softmax:", *(f"{v:.6g}" for v in softmax(graphs[0].edge_attr[:, 0], graphs[0].edge_index[1]).tolist()))
    changed = T.Compose([T.ToUndirected(), T.AddSelfLoops(), T.NormalizeFeatures(), T.Constant()])(graphs[0].clone())
    print("transformed:", changed.num_edges, tuple(changed.x.shape), f"{changed.x.sum().item():.6g}")


if __name__ == "__main__":  # torch_geometric imports the module that a MessagePassing is defined in
    main()
