"""What each rank asserts: what gloo refuses works, what disagrees or does not come is named, gradients flow."""

from datetime import timedelta

import torch
import torch.distributed as dist

dist.init_process_group("gloo", timeout=timedelta(seconds=30))
rank, size = dist.get_rank(), dist.get_world_size()

def raises(kind, part, function):
    try:
        function()
    except kind as error:
        assert part in str(error), error
    else:
        raise AssertionError(f"no error: {part}")

# What gloo refuses or gets wrong.
for dtype in (torch.int16, torch.uint16, torch.uint32, torch.uint64):
    x = torch.ones(2).to(dtype)
    dist.all_reduce(x)
    assert x.tolist() == [size, size] and x.dtype is dtype
x = torch.tensor([rank == 0, True, False])
dist.all_reduce(x)
assert x.dtype is torch.bool and x.tolist() == [True, True, False]
x = torch.tensor([rank == 0, True, False])
dist.all_reduce(x, op=dist.ReduceOp.BAND)
assert x.tolist() == [False, True, False]
x = torch.arange(6.0).reshape(2, 3).expand(2, 2, 3)
raises(RuntimeError, "more than one element", lambda: dist.all_reduce(x))
stacked = torch.zeros(size, 2)
dist.all_gather_into_tensor(stacked, torch.full((2,), float(rank)))
assert stacked.tolist() == [[r, r] for r in range(size)]
outs = [torch.zeros(r + 1) for r in range(size)]
dist.all_to_all(outs, [torch.full((rank + 1,), float(rank)) for _ in range(size)])
assert [o.tolist() for o in outs] == [[float(r)] * (r + 1) for r in range(size)]

# A write is counted: a backward that needs what was there says so.
w = torch.ones(2, requires_grad=True)
y = (w * 2).exp()
loss = y.sum()
dist.all_reduce(y)
raises(RuntimeError, "modified by an inplace operation", loss.backward)

# Disagreements raise on every rank, and the group goes on.
dtype = [torch.float32, torch.float64][rank % 2]
raises(dist.DistBackendError, "dtype=float64", lambda: dist.all_reduce(torch.ones(2, dtype=dtype)))
raises(dist.DistBackendError, "src=1", lambda: dist.broadcast(torch.ones(2), src=rank % 2))
raises(dist.DistBackendError, "op=MAX", lambda: dist.all_reduce(torch.ones(2), op=[dist.ReduceOp.SUM, dist.ReduceOp.MAX][rank % 2]))
raises(dist.DistBackendError, "split sizes", lambda: dist.all_to_all_single(
    torch.zeros(size), torch.zeros(size), None, None if rank else [2, 0] + [1] * (size - 2)))
works = [dist.all_reduce(torch.ones(3 if i != 2 else 3 + rank), async_op=True) for i in range(5)]
raises(dist.DistBackendError, "collective number", works[2].wait)
for i in (0, 1, 3, 4):
    assert works[i].wait()
if rank == 0:
    dist.send(torch.ones(4), 1)
    dist.send(torch.ones(2), 1)
elif rank == 1:
    raises(dist.DistBackendError, "recv", lambda: dist.recv(torch.ones(2), 0))
    raises(dist.DistBackendError, "sent 8 bytes, and the tensor has 12", lambda: dist.recv(torch.ones(3), 0))

# Who does not come is named.
short = dist.new_group(timeout=timedelta(seconds=0.5))
if rank != 1:
    raises(dist.DistBackendError, "rank 1 has not come to it", lambda: dist.all_reduce(torch.ones(1), group=short))
    raises(dist.DistBackendError, "lost each other", lambda: dist.all_reduce(torch.ones(1), group=short))
dist.barrier()
if rank == 0:
    raises(RuntimeError, "[Rank 0]: Rank 1 failed to pass monitoredBarrier in 300 ms",
           lambda: dist.monitored_barrier(timeout=timedelta(seconds=0.3)))
dist.barrier()

# Gradients flow through collectives.
from torch.distributed.nn import functional as F

x = torch.arange(2.0, dtype=torch.float64).add(rank).requires_grad_()
total = sum(((r + 1) * g ** 2).sum() for r, g in enumerate(F.all_gather(x)))
total.backward()
assert torch.allclose(x.grad, size * (rank + 1) * 2 * x.detach()), x.grad
x.grad = None
(F.all_reduce(x) ** 2).sum().backward()
everyone = sum(torch.arange(2.0, dtype=torch.float64) + r for r in range(size))
assert torch.allclose(x.grad, size * 2 * everyone), x.grad

# Processes that a rank forks have no part in it, and load data.
import warnings

warnings.simplefilter("ignore")
from torch.utils.data import DataLoader

assert sum(int(b.sum()) for b in DataLoader(torch.arange(10), batch_size=2, num_workers=2)) == 45
import os

child = os.fork()
if not child:
    try:
        dist.all_reduce(torch.ones(1))
    except RuntimeError as error:
        os._exit(7 if "was forked from rank" in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
dist.barrier()
report("ok")
