"""What the programs of ``calls`` call besides the libraries: functions that do something around a function."""

PRELUDE = """
from collections import namedtuple
import contextlib

f64 = torch.float64
fwAD = torch.autograd.forward_ad
checkpoint = torch.utils.checkpoint.checkpoint
Pair = namedtuple('Pair', 'p q')

def leaves(tree):
    if isinstance(tree, torch.Tensor):
        return [tree]
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, (list, tuple)) else []

def values(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [v for part in tree for v in values(part)] if isinstance(tree, (list, tuple)) else [tree]

def mapped(f, tree):
    if isinstance(tree, torch.Tensor):
        return f(tree)
    if isinstance(tree, dict):
        return {k: mapped(f, v) for k, v in tree.items()}
    if isinstance(tree, Pair):
        return Pair(*[mapped(f, v) for v in tree])
    return type(tree)([mapped(f, v) for v in tree]) if isinstance(tree, (list, tuple)) else tree

def first(tree):
    return leaves(tree)[0]

def total(*trees):
    return sum([t.sin().sum() for t in leaves(trees)], torch.zeros((), dtype=f64))

def totalled(f):
    return lambda *a: total(f(*a))

def with_aux(f):
    return lambda *a: (f(*a), {'aux': (first(a) * 2, w)})

def shown(tree):
    return tree

def like(f, given):
    made = f(*given) if isinstance(given, tuple) else f(given)
    return mapped(torch.ones_like, made)

def around(f, context):
    def inside(*a):
        with context():
            return f(*a)
    return inside

def silent(f):
    return around(f, torch.no_grad)

def loud(f):
    return around(f, torch.enable_grad)

def inferring(f):
    return around(f, torch.inference_mode)

def in_level(f):
    return around(f, fwAD.dual_level)

def saves(f):
    return around(f, lambda: torch.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t / 2 if t.is_floating_point() else t // 2))

def before(does):
    def wrapper(f):
        def inside(*a):
            does(*a)
            return f(*a)
        return inside
    return wrapper

def also(does):
    def wrapper(f):
        return lambda *a: mapped(lambda t: t * does(*a), f(*a))
    return wrapper

def through(does):
    # the function of what is made of its arguments
    def wrapper(f):
        return lambda *a: f(*mapped(does, list(a)))
    return wrapper

def after(does):
    def wrapper(f):
        return lambda *a: mapped(does, f(*a))
    return wrapper

def in_place(does):
    def inside(t):
        t = t.clone()
        does(t)
        return t
    return through(inside)

writes_input = before(lambda *a: first(a).mul_(2))
writes_copy = in_place(lambda t: t.mul_(2).add_(1))
writes_square = in_place(lambda t: t.mul_(t).add_(1))
writes_view = in_place(lambda t: t.view(-1)[:1].mul_(3))
writes_captured = before(lambda *a: w.mul_(first(a).sum().real.to(f64)))
writes_part = in_place(lambda t: t.__setitem__(..., w.sum().to(t.dtype)))

@also
def copies_into(*a):
    u = first(a)
    made = torch.zeros(u.shape, dtype=u.dtype)
    made.copy_(u)
    return made.sum()

def branches(f):
    return lambda *a: f(*a) if total(a).real > 0 else mapped(lambda t: t * 2, f(*a))

takes_item = also(lambda *a: total(a).item())
loops = also(lambda *a: sum(row.sum() for row in first(a)))
requires = before(lambda *a: first(a).requires_grad_())

def _set(t):
    t.requires_grad = True
requires_attribute = before(lambda *a: _set(first(a)))

grad_inside = also(lambda *a: total(torch.autograd.grad(total(a), first(a), allow_unused=True)))
backward_inside = before(lambda *a: total(a).backward())
functional_inside = also(lambda *a: torch.autograd.functional.jacobian(lambda t: t.sin().sum(), first(a)).sum())
hessian_inside = also(lambda *a: torch.autograd.functional.hessian(lambda t: t.sin().sum(), first(a)).sum())
vjp_functional_inside = also(lambda *a: torch.autograd.functional.vjp(lambda t: t.sin().sum(), first(a))[1].sum())

def checkpointed(f):
    return lambda *a: checkpoint(f, *a, use_reentrant=False)

def checkpointed_reentrant(f):
    return lambda *a: checkpoint(f, *a, use_reentrant=True)

@after
def hooks(t):
    if t.requires_grad:
        t.register_hook(lambda g: g * 2)
    return t

@after
def retains(t):
    if t.requires_grad:
        t.retain_grad()
    return t

draws = also(lambda *a: torch.rand(2, dtype=f64).sum())
drops = also(lambda *a: F.dropout(first(a), 0.5).sum())
detaches = after(lambda t: t.detach() * t)

@also
def dual_inside(*a):
    with fwAD.dual_level():
        u = first(a)
        return fwAD.unpack_dual(fwAD.make_dual(u, u * 2).sin()).tangent.sum()

as_numbers = also(lambda *a: float(torch.tensor(first(a).tolist()).sum().real))
as_array = also(lambda *a: float(first(a).numpy().sum().real))
as_bool = before(lambda *a: bool(total(a)))
data_of = through(lambda t: t.data * 2)
sizes_of = also(lambda *a: first(a).numel() + first(a).dim() + first(a).shape[-1])
indexes_by_value = also(lambda *a: w[(first(a).sum().real > 0).long()])
masks = also(lambda *a: first(a)[first(a).real > 0].sum())
nonzero = also(lambda *a: (first(a) > 0).nonzero().sum())
uniques = also(lambda *a: first(a).unique().sum())
fills = in_place(lambda t: t.masked_fill_(t.real > 0, 0.5))
compares = before(lambda *a: torch.equal(first(a), first(a)))
makes_leaf = also(lambda *a: (torch.ones(2, dtype=f64, requires_grad=True) * first(a).sum()).sum())
clones_detached = through(lambda t: t.clone().detach().requires_grad_() if t.is_floating_point() else t)

def _swap(t):
    t.data = t.data * 2
swaps_data = in_place(_swap)
asks = also(lambda *a: float(first(a).requires_grad) + 8 * (first(a).grad is None))

class Square(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x ** 2
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0]
    @staticmethod
    def jvp(ctx, t):
        return t * 2 * ctx.saved_tensors[0]

class SquareRule(Square):
    generate_vmap_rule = True

class SquareOwn(Square):
    @staticmethod
    def vmap(info, in_dims, x):
        return SquareOwn.apply(x), in_dims[0]

class SquareBoth(SquareOwn):
    generate_vmap_rule = True

class SquareBare(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x ** 2, x * 1
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*inputs)
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g, _):
        return g * 2 * ctx.saved_tensors[0]

class SquareOld(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0]

squares = through(lambda t: SquareRule.apply(t))
squares_with_rule = through(lambda t: SquareOwn.apply(t))
squares_without = through(lambda t: Square.apply(t))
squares_old = through(lambda t: SquareOld.apply(t))
squares_twice = through(lambda t: SquareBare.apply(t)[0])

def norms(f):
    return also(lambda *a: nn.BatchNorm1d(3, dtype=f64)(first(a).reshape(-1, 3).to(f64)).sin().sum())(f)

def norms_untracked(f):
    return also(lambda *a: nn.BatchNorm1d(3, dtype=f64, track_running_stats=False)(first(a).reshape(-1, 3).to(f64)).sin().sum())(f)

calls_module = also(lambda *a: func.functional_call(lin, dict(weight=torch.outer(w, w)), (first(a).flatten()[:3],)).sum())

def functionalized(f):
    return func.functionalize(f)

def ones_like(tree):
    return mapped(torch.ones_like, tree)

def pulled(f, has_aux=False):
    def inside(*a):
        found = func.vjp(f, *a, has_aux=has_aux)
        return (found[0], found[1](ones_like(found[0])), *found[2:])
    return inside

def pulled_twice(f, has_aux=False):
    def inside(*a):
        found = func.vjp(f, *a, has_aux=has_aux)
        found[1](ones_like(found[0]))
        return found[1](mapped(lambda t: t * 2, found[0]))
    return inside

def valued(f, has_aux=False):
    def inside(*a):
        found = func.vjp(f, *a, has_aux=has_aux)
        return (found[0], *found[2:])
    return inside

def pushed(f, has_aux=False, strict=False):
    return lambda *a: func.jvp(f, a, mapped(lambda t: t * 0.5, a), has_aux=has_aux, strict=strict)

def linearized(f):
    # PyTorch's linearized function takes for a constant whatever is around it, and does not nest
    if torch.__name__ == 'torch':
        return pushed(f)
    def lambda_(*a):  # as pushed's is called in errors
        if not all(isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex()) for t in values(a)):
            return pushed(f)(*a)  # for the errors
        value, push = func.linearize(f, *a)
        return value, push(*mapped(lambda t: t * 0.5, a))
    lambda_.__name__ = '<lambda>'
    return lambda_

def linearized_alone(f):
    def inside(*a):
        value, push = func.linearize(f, *a)
        return value, push(*mapped(lambda t: t * 0.5, a))
    return inside
"""
