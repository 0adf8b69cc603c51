"""What each rank asserts: a world, the first collectives, what disagrees, and a world again."""

import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
x = torch.ones(3) * (rank + 1)
assert dist.all_reduce(x) is None
assert x.tolist() == [size * (size + 1) / 2] * 3
b = torch.arange(4) * rank
dist.broadcast(b, src=1)
assert b.tolist() == [0, 1, 2, 3]
t = torch.full((2, 3), float(rank)).t()
work = dist.all_reduce(t, op=dist.ReduceOp.MAX, async_op=True)
later = work.get_future().then(lambda f: f.value()[0] * 10)
work.wait()
assert t.tolist() == [[size - 1.0] * 2] * 3 and later.wait()[0, 0] == 10 * (size - 1)
for wrong in (lambda: dist.all_reduce(torch.ones(2 + rank)), lambda: dist.barrier() if rank else dist.all_reduce(torch.ones(2))):
    try:
        wrong()
    except RuntimeError as error:
        assert "Detected mismatch between collectives on ranks. Rank 0 is running collective: all_reduce(shape=[2]" in str(error)
    else:
        raise AssertionError("no error")
dist.barrier()

store = dist.distributed_c10d._get_default_store()
store.set(f"said{rank}", str(rank))
assert store.get(f"said{(rank + 1) % size}") == str((rank + 1) % size).encode()

# A group's own methods, and a group of all that is made while collectives are under way.
again = dist.new_group()
for group in (dist.group.WORLD, again):
    y = torch.ones(2) + rank
    outs = [torch.zeros(2) for _ in range(size)]
    assert group.allreduce([y], dist.ReduceOp.MAX).wait() and y.tolist() == [size, size]
    assert group.broadcast(z := torch.ones(1) * rank, size - 1).wait() and z.item() == size - 1
    assert group.allgather([outs], [torch.ones(2) * rank]).wait() and [o[0].item() for o in outs] == list(range(size))
    assert group.barrier().wait()
works = [dist.all_reduce(torch.ones(1000), async_op=True) for _ in range(5)]
late = dist.new_group(list(range(size))[:2])
assert all(work.wait() for work in works)
if rank < 2:
    dist.all_reduce(z := torch.ones(1), group=late)
    assert z.item() == 2
dist.destroy_process_group()
dist.init_process_group("mpi")
dist.all_reduce(x)
assert x.tolist() == [size * size * (size + 1) / 2] * 3
report("ok")
