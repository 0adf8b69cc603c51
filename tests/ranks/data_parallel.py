"""DistributedDataParallel in both libraries: what each case returns or raises has to be the same."""

import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks import debugging_hooks, default_hooks
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.checkpoint import checkpoint

warnings.simplefilter("ignore")
dist.init_process_group("gloo")
R, W = dist.get_rank(), dist.get_world_size()
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
found = {}

def case(function):
    torch.manual_seed(0)
    try:
        found[function.__name__] = function()
    except Exception as error:
        found[function.__name__] = [type(error).__name__, str(error)]

def params(m): return [p.detach().flatten().tolist() for p in m.parameters()]
def grads(m): return [None if p.grad is None else p.grad.flatten().tolist() for p in m.parameters()]
def batch(seed, *shape): return torch.randn(12, *shape, generator=torch.Generator().manual_seed(seed))[R::W]
def mlp(): return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
def sgd(m): return torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
def adam(m): return torch.optim.Adam(m.parameters(), lr=0.01)

xs = [batch(i, 6) for i in range(4)]

def train(model, optimizer, batches=xs, **zeroed):
    losses = []
    for x in batches:
        optimizer.zero_grad(**zeroed)
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 3), nn.Linear(6, 3), nn.Linear(3, 2)
    def forward(self, x, which=0):
        return self.c((self.a, self.b)[which](x))

@case
def processes_that_begin_differently_train_alike_in_small_buckets():
    torch.manual_seed(R)
    m = mlp()
    d = DDP(m, bucket_cap_mb=0.0002)
    return [train(d, sgd(d)), params(m), grads(m)]

@case
def gradients_are_views_of_buckets():
    m = mlp()
    d = DDP(m, gradient_as_bucket_view=True)
    return [train(d, adam(d)), train(d, sgd(d), set_to_none=False), params(m), grads(m)]

@case
def gradients_are_copied_together():
    m = mlp()
    d = DDP(m, batched_grad_copy=True)
    return [train(d, sgd(d)), params(m)]

@case
def running_statistics_are_those_of_the_first_rank():
    m = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    d = DDP(m)
    return [train(d, sgd(d)), params(m), [b.tolist() for b in m.buffers()]]

@case
def running_statistics_are_their_own():
    m = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    d = DDP(m, broadcast_buffers=False)
    return [train(d, sgd(d)), params(m), [b.tolist() for b in m.buffers()]]

@case
def channels_last_convolutions():
    m = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 2))
    m = m.to(memory_format=torch.channels_last)
    d = DDP(m, gradient_as_bucket_view=True)
    return [train(d, sgd(d), [batch(i, 3, 8, 8) for i in range(3)]), params(m), [list(p.grad.stride()) for p in m.parameters()]]

@case
def an_lstm():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.l, self.o = nn.LSTM(6, 7, num_layers=2), nn.Linear(7, 2)
        def forward(self, x):
            return self.o(self.l(x.view(2, -1, 6))[0])
    m = M()
    d = DDP(m)
    return [train(d, adam(d)), params(m)]

@case
def tied_weights():
    m = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6))
    m[2].weight = m[0].weight
    d = DDP(m)
    return [train(d, adam(d)), params(m), list(d.state_dict())]

@case
def frozen_and_ignored_parameters():
    m = mlp()
    m[0].weight.requires_grad_(False)
    DDP._set_params_and_buffers_to_ignore_for_model(m, ["2.weight"])
    d = DDP(m)
    d(xs[0]).sum().backward()
    return grads(m)

@case
def several_dtypes():
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(6, 4, dtype=torch.float32), nn.Linear(4, 4), nn.Linear(4, 3, dtype=torch.bfloat16)
        def forward(self, x):
            return self.c(self.b(self.a(x.float()).double()).bfloat16())
    m = M()
    d = DDP(m)
    for _ in range(3):
        d(xs[0]).float().pow(2).sum().backward()
    log = d._get_ddp_logging_data()
    return [[str(p.grad.dtype) for p in m.parameters()], sorted(log["rebuilt_bucket_sizes"].split(", "))]

@case
def buckets_are_rebuilt_in_the_order_of_arrival():
    m = nn.Sequential(*[nn.Linear(64, 64) for _ in range(6)])
    d = DDP(m, bucket_cap_mb=0.05)
    sizes = [d._get_ddp_logging_data()["bucket_sizes"]]
    for _ in range(3):
        d(torch.randn(2, 64)).sum().backward()
    log = d._get_ddp_logging_data()
    names = ("rebuilt_bucket_sizes", "rebuilt_per_bucket_param_indices", "prev_iteration_grad_ready_order_indices", "world_size",
             "rank", "module_name", "num_parameter_tensors", "total_parameter_size_bytes", "bucket_cap_bytes", "iteration")
    d = DDP(m, bucket_cap_mb=0.05, find_unused_parameters=True)
    return [sizes, {name: log[name] for name in names}, d._get_ddp_logging_data()["bucket_sizes"]]

@case
def gradients_are_accumulated_without_synchronization():
    m = mlp()
    d = DDP(m)
    optimizer = sgd(d)
    for _ in range(3):
        optimizer.zero_grad()
        with d.no_sync():
            for x in xs[:2]:
                d(x).pow(2).mean().backward()
        before = grads(m)
        d(xs[2]).pow(2).mean().backward()
        optimizer.step()
    return [before, grads(m), params(m)]

@case
def the_forward_decides_about_synchronization():
    m = mlp()
    d = DDP(m)
    with d.no_sync():
        output = d(xs[0])
    output.sum().backward()
    first = grads(m)
    output = d(xs[1])
    with d.no_sync():
        output.sum().backward()
    return [first, grads(m)]

@case
def clipping_sees_the_averages():
    m = mlp()
    d = DDP(m)
    d(xs[0]).pow(2).mean().backward()
    return [nn.utils.clip_grad_norm_(d.parameters(), 0.01).item(), grads(m)]

@case
def parameters_that_only_some_ranks_use():
    m = Branch()
    d = DDP(m, find_unused_parameters=True)
    for x in xs:
        d(x, which=R % 2).pow(2).mean().backward()
    return grads(m)

@case
def parameters_that_no_rank_uses_keep_what_they_have():
    m = Branch()
    d = DDP(m, find_unused_parameters=True)
    collected = []
    for i, x in enumerate(xs):
        m.zero_grad()
        d(x, which=i % 2).pow(2).mean().backward()
        collected.append(grads(m))
    return [collected, d._get_ddp_logging_data()["unused_parameter_size"]]

@case
def unused_parameters_are_an_error_in_the_next_forward():
    m = Branch()
    d = DDP(m)
    d(xs[0]).sum().backward()
    d(xs[0])

@case
def outputs_that_are_not_in_the_loss():
    class Two(Branch):
        def forward(self, x):
            return {"a": self.a(x), "b": [self.b(x)], "c": self.c(self.a(x))}
    m = Two()
    d = DDP(m, find_unused_parameters=True)
    for _ in range(2):
        d(xs[0])["a"].sum().backward()
    first = grads(m)
    m = Two()
    d = DDP(m)
    d(xs[0])["a"].sum().backward()
    try:
        d(xs[0])
    except RuntimeError as error:
        return [first, str(error)]

@case
def a_static_graph_finds_unused_parameters_once():
    m = Branch()
    d = DDP(m, static_graph=True)
    collected = []
    for x in xs:
        m.zero_grad()
        d(x).pow(2).sum().backward()
        collected.append(grads(m))
    return collected

@case
def a_static_graph_that_changes():
    d = DDP(Branch(), static_graph=True)
    d(xs[0]).sum().backward()
    d(xs[0], which=1).sum().backward()

class Checkpointed(nn.Module):
    def __init__(self, order, reentrant):
        super().__init__()
        self.a, self.b, self.order, self.reentrant = nn.Linear(6, 6), nn.Linear(6, 6), order, reentrant
    def forward(self, x):
        for name in self.order:
            x = checkpoint(getattr(self, name), x, use_reentrant=self.reentrant)
        return x

@case
def checkpoints():
    collected = []
    for order, reentrant, static in (("ab", False, False), ("ab", True, False), ("aba", True, True)):
        m = Checkpointed(order, reentrant)
        d = DDP(m, static_graph=static)
        for x in xs:
            m.zero_grad()
            d(x.clone().requires_grad_()).pow(2).sum().backward()
            collected.append(grads(m))
    return collected

@case
def a_parameter_that_is_ready_twice():
    d = DDP(Checkpointed("baa", True))
    d(xs[0].clone().requires_grad_()).sum().backward()

@case
def two_forwards_before_a_backward():
    m = mlp()
    d = DDP(m)
    (d(xs[0]).sum() + d(xs[1]).sum()).backward()
    first = grads(m)
    a, b = d(xs[0]), d(xs[1])
    a.sum().backward()
    second = grads(m)
    b.sum().backward()
    return [first, second, grads(m)]

@case
def a_graph_that_is_kept():
    m = mlp()
    d = DDP(m)
    output = d(xs[0])
    output.sum().backward(retain_graph=True)
    output.sum().backward()
    return grads(m)

@case
def autograd_grad_reduces_nothing():
    m = mlp()
    d = DDP(m)
    found = torch.autograd.grad(d(xs[0]).sum(), list(m.parameters()))
    d(xs[0])
    return [g.tolist() for g in found]

@case
def hooks_of_parameters_run_before():
    m, seen = mlp(), []
    m[0].weight.register_hook(lambda g: g * 2)
    m[0].bias.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    d = DDP(m)
    m[2].bias.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    d(xs[0]).sum().backward()
    return [grads(m), seen]

@case
def communication_hooks():
    collected = []
    for hook in (default_hooks.allreduce_hook, debugging_hooks.noop_hook):
        for views in (False, True):
            m = mlp()
            d = DDP(m, gradient_as_bucket_view=views)
            d.register_comm_hook(None, hook)
            collected.append([train(d, sgd(d)), params(m)])
    return collected

@case
def a_hook_of_ones_own():
    seen = []
    def hook(state, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        shapes = [list(g.shape) for g in bucket.gradients()]
        seen.append([state, bucket.index(), bucket.is_last(), list(bucket.buffer().shape), shapes, len(bucket.parameters())])
        future = torch.futures.Future()
        future.set_result(bucket.buffer() * 2)
        return future
    m = mlp()
    d = DDP(m, bucket_cap_mb=0.0005)
    d.register_comm_hook("state", hook)
    for x in xs[:2]:
        d(x).sum().backward()
    return [seen, grads(m)]

@case
def what_is_refused():
    def returns_int(state, bucket) -> int: ...
    def takes_int(state, bucket: int): ...
    d = DDP(mlp())
    d.register_comm_hook(None, default_hooks.allreduce_hook)
    refused = []
    for call in (
        lambda: d.register_comm_hook(None, default_hooks.allreduce_hook),
        lambda: DDP(mlp()).register_comm_hook(None, 3),
        lambda: DDP(mlp()).register_comm_hook(None, returns_int),
        lambda: DDP(mlp()).register_comm_hook(None, takes_int),
        lambda: DDP(nn.ReLU()),
        lambda: DDP(mlp(), device_ids=[0]),
        lambda: DDP(mlp(), device_ids=[0, 1]),
        lambda: DDP(mlp()).weight,
    ):
        try:
            call()
        except Exception as error:
            refused.append([type(error).__name__, str(error)])
    return refused

@case
def the_module_inside():
    d = DDP(mlp(), device_ids=[])
    names = [list(d.state_dict()), [n for n, _ in d.named_parameters()], [n for n, _ in d.named_modules()]]
    return [names, d.training, d.eval().module.training, repr(d)]

@case
def uneven_inputs():
    collected = []
    for by_all in (True, False):
        m = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))
        d = DDP(m, bucket_cap_mb=0.0002)
        optimizer = sgd(d)
        with d.join(divide_by_initial_world_size=by_all):
            losses = train(d, optimizer, [batch(i, 6) for i in range(2 + 2 * R)])
        collected.append([losses, params(m), [b.tolist() for b in m.buffers()]])
    return collected

@case
def uneven_inputs_with_accumulation():
    m = mlp()
    d = DDP(m)
    with d.join():
        for i in range(2 + 2 * R):
            if i % 2:
                d(batch(i, 6)).pow(2).mean().backward()
            else:
                with d.no_sync():
                    d(batch(i, 6)).pow(2).mean().backward()
    return grads(m)

@case
def uneven_inputs_and_unused_parameters():
    m = Branch()
    d = DDP(m, find_unused_parameters=True)
    optimizer = torch.optim.SGD(d.parameters(), lr=0.1)
    with d.join():
        for i in range(2 + 2 * R):
            optimizer.zero_grad()
            d(batch(i, 6), which=R % 2).pow(2).mean().backward()
            optimizer.step()
    return params(m)

@case
def uneven_inputs_end_the_training_of_all():
    d = DDP(mlp())
    with d.join(throw_on_early_termination=True):
        for i in range(2 + 2 * R):
            d(batch(i, 6)).pow(2).mean().backward()

@case
def samplers_share_a_dataset():
    from torch.utils.data import DistributedSampler
    sampler = DistributedSampler(range(11))
    orders = [list(sampler)]
    sampler.set_epoch(1)
    orders.append(list(sampler))
    straight = DistributedSampler(range(11), shuffle=False, drop_last=True)
    return [orders, list(straight), len(sampler), len(straight)]

report(found)
