"""ZeroRedundancyOptimizer in both libraries: what each case gives has to be the same."""

import copy

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.join import Join
from torch.distributed.optim import ZeroRedundancyOptimizer as Zero
from torch.nn.parallel import DistributedDataParallel as DDP

dist.init_process_group("gloo")
R, W = dist.get_rank(), dist.get_world_size()
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
found = {}

def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))

def batch(seed): return torch.randn(12, 6, generator=torch.Generator().manual_seed(seed))[R::W]
def params(m): return [p.detach().flatten().tolist() for p in m.parameters()]
def plain(state): return [{k: v.tolist() if torch.is_tensor(v) else v for k, v in s.items()} for s in state.values()]

def train(model, optimizer, seeds=range(3)):
    for seed in seeds:
        optimizer.zero_grad()
        model(batch(seed)).pow(2).mean().backward()
        optimizer.step()
    return params(model)

for name, cls, options in (
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    ("adam", torch.optim.Adam, dict(lr=0.01)),
    ("adamw", torch.optim.AdamW, dict(lr=0.01)),
):
    model = DDP(mlp())
    expected = train(model, cls(model.parameters(), **options))
    for views in (False, True):
        model = DDP(mlp())
        optimizer = Zero(model.parameters(), cls, parameters_as_bucket_view=views, **options)
        got = train(model, optimizer)
        own = len(optimizer.optim.state)
        optimizer.consolidate_state_dict(to=1)
        state = optimizer.state_dict() if R == 1 else None
        found[f"{name} {views}"] = [
            got, own, None if state is None else [plain(state["state"]), state["param_groups"][0]["params"]]
        ]
        found[f"{name} {views} as plain"] = got == expected

m = mlp()
groups = [{"params": list(m[0].parameters()), "lr": 0.1}, {"params": list(m[2].parameters())}]
optimizer = Zero(groups, torch.optim.SGD, lr=0.01)
optimizer.add_param_group({"params": list(m[4].parameters()), "lr": 0.2})
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
model = DDP(m)
for seed in range(3):
    train(model, optimizer, [seed])
    scheduler.step()
shares = [[[list(p.shape) for p in g["params"]] for g in part] for part in optimizer._partition_parameters()]
found["groups"] = [params(m), shares, [g["lr"] for g in optimizer.param_groups], [g["lr"] for g in optimizer.optim.param_groups]]

model = DDP(mlp())
adam = torch.optim.Adam(model.parameters(), lr=0.01)
train(model, adam)
sharded = Zero(model.parameters(), torch.optim.Adam, lr=0.5)
sharded.load_state_dict(copy.deepcopy(adam.state_dict()))
found["loaded"] = [train(model, sharded), sharded.param_groups[0]["lr"]]

model = DDP(mlp())
optimizer = Zero(model.parameters(), torch.optim.Adam, lr=0.01)
with Join([model, optimizer]):
    train(model, optimizer, range(2 + 2 * R))
found["uneven"] = params(model)

told = []
for make in (
    lambda: Zero(mlp().parameters(), torch.optim.Adam).state_dict(),
    lambda: Zero([], torch.optim.SGD, lr=1),
    lambda: Zero([torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True, dtype=torch.float32)], torch.optim.SGD),
    lambda: Zero(torch.ones(1), torch.optim.SGD, lr=1),
    lambda: Zero([{"lr": 1}], torch.optim.SGD, lr=1),
    lambda: Join([]),
):
    try:
        make()
    except Exception as error:
        told.append([type(error).__name__, str(error)])
found["told"] = told
report(found)
