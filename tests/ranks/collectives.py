"""Every collective, in both libraries: what each rank is told in each case has to be the same."""

import warnings
from datetime import timedelta

import torch
import torch.distributed as dist

warnings.simplefilter("ignore")
torch.set_num_threads(1)
dist.init_process_group("gloo", timeout=timedelta(seconds=30))
rank, size = dist.get_rank(), dist.get_world_size()
other = (rank + 1) % size
before = (rank - 1) % size
O = dist.ReduceOp
lines = []


def show(value):
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype)[6:]}{value.tolist()}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(show, value))}]"
    return repr(value)


def case(name, function, *args, **kwargs):
    try:
        told = show(function(*args, **kwargs))
    except Exception as error:
        told = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    lines.append(f"{name}: {told}")


def mine(*shape, dtype=torch.float32, start=0):
    n = 1
    for s in shape:
        n *= s
    return (torch.arange(n) + 10 * rank + start).reshape(shape).to(dtype)


def empty(*shape, dtype=torch.float32):
    return torch.zeros(shape, dtype=dtype)


DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8, torch.int8, torch.int32, torch.int64]

for op in (O.SUM, O.AVG, O.PRODUCT, O.MIN, O.MAX, O.BAND, O.BOR, O.BXOR):
    for dtype in (*DTYPES, torch.complex64):
        x = mine(3, dtype=dtype, start=1)
        case(f"all_reduce {op} {dtype}", lambda: (dist.all_reduce(x, op=op), x)[1])
x = mine(2, 3).t()
case("all_reduce transposed", lambda: (dist.all_reduce(x), x))
x = mine(2, 2, 2, 2).contiguous(memory_format=torch.channels_last)
case("all_reduce channels_last", lambda: (dist.all_reduce(x), x))
x = mine(6)[::2]
case("all_reduce strided", lambda: (dist.all_reduce(x.clone()), x))
for shape in ((0,), (3, 0), ()):
    x = mine(*shape)
    case(f"all_reduce {shape}", lambda: (dist.all_reduce(x), x))
p = torch.ones(2, requires_grad=True)
case("all_reduce leaf", lambda: (dist.all_reduce(p), p.detach(), p.requires_grad, p.is_leaf))
for wrong in ([torch.ones(1)], 3.0, None):
    case(f"all_reduce of {type(wrong)}", dist.all_reduce, wrong)

for dtype in (*DTYPES, torch.complex64, torch.bool):
    x = mine(2, 2, dtype=dtype)
    case(f"broadcast {dtype}", lambda: (dist.broadcast(x, size - 1), x))
    x = mine(2, dtype=dtype)
    case(f"all_gather {dtype}", lambda: (dist.all_gather(out := [empty(2, dtype=dtype) for _ in range(size)], x), out))
x = mine(2, 3).t()
case("broadcast transposed", lambda: (dist.broadcast(x, 0), x))
case("broadcast group_src", lambda: (dist.broadcast(x, group_src=1), x))
case("broadcast no src", dist.broadcast, torch.ones(1))
case("broadcast two src", dist.broadcast, torch.ones(1), src=0, group_src=0)
case("broadcast wrong src", dist.broadcast, torch.ones(1), src=7)

for op in (O.SUM, O.AVG, O.MAX):
    x = mine(3)
    case(f"reduce {op}", lambda: (dist.reduce(x, 1, op=op), x if rank == 1 else 0))
    out = empty(2)
    case(f"reduce_scatter {op}", lambda: (dist.reduce_scatter(out, [mine(2, start=r) for r in range(size)], op=op), out))
    case(f"reduce_scatter_tensor {op}", lambda: (dist.reduce_scatter_tensor(out, mine(2 * size), op=op), out))

case("all_gather wrong length", lambda: dist.all_gather([empty(2)], mine(2)))
case("all_gather wrong type", lambda: dist.all_gather(empty(2), mine(2)))
case("all_gather wrong elements", lambda: dist.all_gather([1, 2, 3][:size], mine(2)))
out = empty(2 * size)
case("all_gather_into_tensor", lambda: (dist.all_gather_into_tensor(out, mine(2)), out))
outs = [empty(2, 2) for _ in range(size)] if rank == 1 else None
case("gather", lambda: (dist.gather(mine(2, 2), outs, dst=1), outs))
case("gather none", lambda: dist.gather(mine(2), None, dst=rank))
case("gather wrong", lambda: dist.gather(mine(2), [empty(2)] * size, dst=other))
x = empty(2)
given = [mine(2, start=100 * r) for r in range(size)] if rank == 1 else None
case("scatter", lambda: (dist.scatter(x, given, src=1), x))
case("scatter none", lambda: dist.scatter(x, None, src=rank))
case("scatter wrong", lambda: dist.scatter(x, [empty(2)] * size, src=other))
outs = [empty(2) for r in range(size)]
case("all_to_all", lambda: (dist.all_to_all(outs, [mine(2, start=100 * r) for r in range(size)]), outs))
out = empty(2 * size, 2)
case("all_to_all_single", lambda: (dist.all_to_all_single(out, mine(2 * size, 2)), out))
out = empty(sum(r + 1 for r in range(size)))
case(
    "all_to_all_single splits",
    lambda: (
        dist.all_to_all_single(out, mine(size * (rank + 1)), [r + 1 for r in range(size)], [rank + 1] * size),
        out,
    ),
)
case("all_to_all_single wrong", lambda: dist.all_to_all_single(empty(size), mine(size), [1], [1]))
case("all_to_all_single sum", lambda: dist.all_to_all_single(empty(size), mine(size), [2] * size, [1] * size))

x = empty(3)
if rank == 0:
    case("send", lambda: (dist.send(mine(3), 1), dist.send(mine(3, start=50), 1, tag=7), dist.send(mine(3, start=70), 1, tag=3)))
elif rank == 1:
    y, z = empty(3), empty(3)
    case("recv", lambda: (dist.recv(x, 0), dist.recv(y, 0, tag=7), dist.recv(z, tag=3), x, y, z))
works = [dist.isend(mine(2), other), dist.irecv(got := empty(2), before)]
case("isend irecv", lambda: ([w.wait() for w in works], got, works[0].is_completed()))
ops = [dist.P2POp(dist.isend, mine(2), other), dist.P2POp(dist.irecv, got, before)]
case("batch_isend_irecv", lambda: ([w.wait() for w in dist.batch_isend_irecv(ops)], got))
case("P2POp wrong", lambda: dist.P2POp(dist.broadcast, got, other))
case("send to itself", lambda: dist.send(got, rank))
case("send to nobody", lambda: dist.send(got))
case("batch wrong", lambda: dist.batch_isend_irecv([1]))

objects = [None] * size
case("all_gather_object", lambda: (dist.all_gather_object(objects, {"rank": rank, "many": "x" * rank}), objects))
objects = [None] * size if rank == 1 else None
case("gather_object", lambda: (dist.gather_object(("r", rank), objects, dst=1), objects))
objects = ["a", {"b": 2}, torch.ones(2)] if rank == 0 else [None] * 3
case("broadcast_object_list", lambda: (dist.broadcast_object_list(objects, src=0), objects))
out = [None]
case("scatter_object_list", lambda: (dist.scatter_object_list(out, [{"to": r} for r in range(size)] if rank == 0 else None), out))
case("scatter_object_list empty", lambda: dist.scatter_object_list([], None))
if rank == 0:
    case("send_object_list", lambda: dist.send_object_list([1, "two"], 1))
elif rank == 1:
    objects = [None, None]
    case("recv_object_list", lambda: (dist.recv_object_list(objects, 0), objects))

case("barrier", dist.barrier)
case("monitored_barrier", dist.monitored_barrier)
case("monitored_barrier wait_all_ranks", lambda: dist.monitored_barrier(wait_all_ranks=True, timeout=timedelta(seconds=20)))

pair = dist.new_group([0, 1])
member = pair is not dist.GroupMember.NON_GROUP_MEMBER
last = dist.new_group([size - 1, 0])
single = dist.new_group([1])
for name, group in (("pair", pair), ("last", last), ("single", single)):
    case(f"{name} rank", lambda: (dist.get_rank(group), dist.get_world_size(group)))
    x = mine(2)
    case(f"{name} all_reduce", lambda: (dist.all_reduce(x, group=group), x))
    if group is not dist.GroupMember.NON_GROUP_MEMBER:
        case(f"{name} ranks", lambda: (dist.get_process_group_ranks(group), dist.get_global_rank(group, 0), dist.get_backend(group)))
        case(f"{name} group rank", lambda: [dist.get_group_rank(group, r) for r in dist.get_process_group_ranks(group)])
        x = mine(2)
        source = dist.get_process_group_ranks(group)[-1]
        case(f"{name} broadcast", lambda: (dist.broadcast(x, source, group=group), x))
        outs = [empty(2) for _ in range(dist.get_world_size(group))]
        case(f"{name} all_gather", lambda: (dist.all_gather(outs, mine(2), group=group), outs))
        case(f"{name} destroy", lambda: dist.destroy_process_group(group))
for ranks in ([0, 0], [size], list(range(size + 1))):
    case(f"new_group({ranks})", dist.new_group, ranks)
own, every = dist.new_subgroups_by_enumeration([[r] for r in range(size)])
case("new_subgroups_by_enumeration", lambda: (dist.get_world_size(own), len(every)))
own, every = dist.new_subgroups(group_size=1)
case("new_subgroups", lambda: (dist.get_rank(own), len(every)))
case("new_subgroups too large", lambda: dist.new_subgroups(group_size=size + 1))
if rank < 2:
    local = dist.new_group([0, 1], use_local_synchronization=True)
    x = mine(1)
    case("by themselves", lambda: (dist.all_reduce(x, group=local), x))

x = mine(2)
work = dist.all_reduce(x, async_op=True)
then = work.get_future().then(lambda f: f.value()[0] * 2)
case("work", lambda: (work.wait(), work.is_completed(), work.is_success(), x, then.wait()))
case("work future", lambda: work.get_future().wait())
case("source_rank", work.source_rank)
works = [dist.all_reduce(mine(2), async_op=True) for _ in range(20)]
case("works", lambda: [w.wait() for w in works])
with dist.distributed_c10d._coalescing_manager(async_ops=True) as manager:
    xs = [mine(2), mine(3)]
    for y in xs:
        dist.all_reduce(y)
case("coalesced", lambda: (manager.wait(), xs))

case("init twice", dist.init_process_group, "gloo")
dist.destroy_process_group()
case("is_initialized", dist.is_initialized)
case("get_rank", dist.get_rank)
case("destroy twice", dist.destroy_process_group)
case("all_reduce without a group", dist.all_reduce, torch.ones(1))
report(lines)
