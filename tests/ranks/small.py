"""What is compared with PyTorch each time the tests run, and not with what was recorded: a few collectives, a step of training."""

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
x = torch.arange(3.0) + rank
dist.all_reduce(x, op=dist.ReduceOp.AVG)
outs = [torch.zeros(2) for _ in range(size)]
dist.all_gather(outs, torch.ones(2) * rank)
objects = [None] * size
dist.all_gather_object(objects, {"rank": rank})
torch.manual_seed(rank)
model = DistributedDataParallel(torch.nn.Linear(2, 2).double())
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(3):
    optimizer.zero_grad()
    model(torch.ones(2, 2).double() * (rank + i)).pow(2).mean().backward()
    optimizer.step()
report([x.tolist(), [out.tolist() for out in outs], objects, [p.flatten().tolist() for p in model.parameters()]])
