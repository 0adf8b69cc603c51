"""What the programs of transforms call besides the libraries."""

PRELUDE = """
f64 = torch.float64

class Cube(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x ** 3
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x ** 2
    @staticmethod
    def jvp(ctx, t):
        (x,) = ctx.saved_tensors
        return t * 3 * x ** 2

def cube(x):  # in PyTorch a Function is recorded also in no_grad, inside of a transform
    return Cube.apply(x) if torch.is_grad_enabled() else x ** 3

def written(a, b):
    c = a * 1
    c[1:] = b[:2] * 2
    return c

def part_written(a, b):
    c = a + b * 0
    c[:2].mul_(b[1:])
    return c

def added(a, b):
    c = torch.zeros_like(a)
    c += a
    c.mul_(b)
    return c

def constant(x):
    with torch.no_grad():
        return x.sin() * 2

def without(f, x):
    with torch.no_grad():
        return f(x)

def normal(a):  # not F.layer_norm: the second derivatives of its tangents are wrong in PyTorch
    return (a - a.mean()) / (a.var() + 1).sqrt()

def default(a, w=None):
    return a if w is None else a * w

def both(module, m):
    return dict(weight=torch.stack([m, m * 2]))

def vmap(f, in_dims=0, out_dims=0, chunk_size=None):
    '''The library's, or a loop over the samples.'''
    if not LOOP:
        return func.vmap(f, in_dims, out_dims, chunk_size=chunk_size)
    def looped(*args):
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)
        sizes = []
        together(lambda d, a: None if d is None else sizes.append(a.shape[d]), dims, args)
        samples = [f(*together(lambda d, a: a if d is None else a.select(d, i), dims, args)) for i in range(sizes[0])]
        return together(lambda d, *parts: parts[0] if d is None else torch.stack(parts, d), out_dims, *samples)
    return looped

def together(f, dims, *values):
    '''f of a dimension and of the tensors in its place in values that are built alike.'''
    first = values[0]
    if isinstance(first, dict):
        return {k: together(f, dims[k] if isinstance(dims, dict) else dims, *(v[k] for v in values)) for k in first}
    if isinstance(first, (list, tuple)):
        each = dims if isinstance(dims, (list, tuple)) else [dims] * len(first)
        return type(first)(together(f, d, *parts) for d, *parts in zip(each, *values))
    return f(dims, *values)

def pushed(f, x, t):
    # PyTorch's linearized function takes for a constant whatever is around it
    return func.jvp(f, (x,), (t,))[1] if torch.__name__ == "torch" else func.linearize(f, x)[1](t)

def hook_inside(a):
    b = a * 2
    if b.requires_grad:
        b.register_hook(lambda g: g * 3)
    return b

checkpoint = torch.utils.checkpoint.checkpoint
def aux(f):
    return lambda *xs: (f(*xs), xs[0] * 2)
"""

HOOKED = """
hooked = fill(nn.Linear(3, 3, dtype=f64), 3)
hooked.register_forward_hook(lambda mod, args, out: out * 2)

watched = fill(nn.Linear(3, 3, dtype=f64), 5)
watched.register_full_backward_hook(lambda mod, before, after: (before[0] * 2,))
watched.register_full_backward_pre_hook(lambda mod, after: (after[0] * 3,))
watched.register_forward_pre_hook(lambda mod, args: (args[0] * 0.5,))

def lin_hooked(x):
    return hooked(x)

def module_hooked(a):
    return watched(a.reshape(1, 3)).reshape(3)
"""
"""For the programs that name them: modules take a fifth of the time."""
