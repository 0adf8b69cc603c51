"""Not a rank: the tutorials' program, which starts its two ranks by ``torch.multiprocessing.spawn``: ``spawned.py METHOD FOLDER``."""

import os
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def setup(rank, world_size, method, folder, port):
    if method == "env":
        os.environ["MASTER_ADDR"] = "localhost"
        os.environ["MASTER_PORT"] = port
        dist.init_process_group("gloo", rank=rank, world_size=world_size)
    else:
        url = {"tcp": f"tcp://127.0.0.1:{port}", "file": f"file://{folder}/meeting"}[method]
        dist.init_process_group("gloo", init_method=url, rank=rank, world_size=world_size)


class ToyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net1, self.relu, self.net2 = nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 5)

    def forward(self, x):
        return self.net2(self.relu(self.net1(x)))


def train(rank, world_size, method, folder, port):
    setup(rank, world_size, method, folder, port)
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(20, 10), torch.randn(20, 5))
    loader = DataLoader(data, batch_size=2, sampler=DistributedSampler(data), num_workers=2, persistent_workers=True)
    model = DDP(ToyModel())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        loader.sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            nn.MSELoss()(model(x), y).backward()
            optimizer.step()
    torch.save(model.module.state_dict(), f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    method, folder, port = sys.argv[1:]
    mp.spawn(train, args=(2, method, folder, port), nprocs=2, join=True)
    first, second = (torch.load(f"{folder}/{rank}.pt") for rank in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    print(f"trained {sum(float(x.double().sum()) for x in first.values()):.5f}")
