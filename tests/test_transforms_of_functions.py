"""Functions of the user's own, and checkpoints, under several transforms at once."""

import pytest
from both import agree


def _functions(t):
    class Cube(t.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

        @staticmethod
        def jvp(ctx, d):
            (x,) = ctx.saved_tensors
            return d * 3 * x**2

    class Product(t.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return Product.apply(g, y), Product.apply(g, x)

        @staticmethod
        def jvp(ctx, a, b):
            x, y = ctx.saved_tensors
            return a * y + x * b

        @staticmethod
        def vmap(info, in_dims, x, y):
            x, y = (v if d is None else v.movedim(d, 0) for v, d in zip((x, y), in_dims))
            return Product.apply(x, y), 0

    return Cube.apply, Product.apply


NESTED = {
    "jvp of vmap, one for all": lambda t, cube, product, w, x: t.func.jvp(
        lambda a: t.vmap(lambda r: cube(a) * r)(x), (w,), (w.sin(),)
    ),
    "jvp of vmap": lambda t, cube, product, w, x: t.func.jvp(
        lambda a: t.vmap(lambda r: cube(a * r))(x), (w,), (w.sin(),)
    ),
    "jacfwd of vmap": lambda t, cube, product, w, x: t.func.jacfwd(lambda a: t.vmap(lambda r: product(r, a))(x))(w),
    "jacrev of vmap": lambda t, cube, product, w, x: t.func.jacrev(lambda a: t.vmap(lambda r: product(r, a))(x))(w),
    "hessian of vmap": lambda t, cube, product, w, x: t.func.hessian(
        lambda a: t.vmap(lambda r: product(a, a * r))(x).sum()
    )(w),
    "vmap of vmap": lambda t, cube, product, w, x: t.vmap(lambda r: t.vmap(lambda q: product(r, q) * w)(x))(x),
    "vmap of vmap of one": lambda t, cube, product, w, x: t.vmap(lambda r: t.vmap(lambda q: product(r, w) * q)(x))(x),
    "jvp of vmap of vmap": lambda t, cube, product, w, x: t.func.jvp(
        lambda a: t.vmap(lambda r: t.vmap(lambda q: product(r * q, a))(x))(x), (w,), (w.sin(),)
    ),
}


@pytest.mark.parametrize("nesting", NESTED)
def test_a_function_is_seen_by_every_transform_around_it(nesting):
    def scenario(t):
        cube, product = _functions(t)
        w = t.tensor([0.5, 0.25, -1.0], dtype=t.float64, requires_grad=True)
        found = NESTED[nesting](t, cube, product, w, t.arange(6.0, dtype=t.float64).view(2, 3))
        found = found if isinstance(found, tuple) else (found,)
        return [f.detach() for f in found], t.autograd.grad(sum((f**2).sum() for f in found) + w.sum(), w)

    agree(scenario)


VMAPS = {
    "vmap": lambda t, z, x: t.vmap(lambda r: (z * r).sin())(x),
    "vmap of vmap": lambda t, z, x: t.vmap(lambda r: t.vmap(lambda q: (z * r * q).sin())(x))(x),
    "chunks": lambda t, z, x: t.vmap(lambda r: (z * r).sin().exp(), chunk_size=2)(x).prod(0),
}


@pytest.mark.parametrize("inside", VMAPS)
def test_a_checkpoint_computes_a_vmap_again(inside):
    """The vmap of the second run stands for that of the first, of whose samples the gradients are."""

    def scenario(t):
        x = t.arange(9.0, dtype=t.float64).view(3, 3) / 7
        w = t.tensor([0.5, 0.25, -1.0], dtype=t.float64, requires_grad=True)

        def loss():
            run = t.utils.checkpoint.checkpoint(lambda z: VMAPS[inside](t, z, x), w * 2, use_reentrant=False)
            return run.sum() + (w * 100).sum()

        (first,) = t.autograd.grad(loss(), w)
        (again,) = t.autograd.grad(loss(), w, create_graph=True)
        (second,) = t.autograd.grad(again.sum(), w)
        batched = t.autograd.grad(loss().expand(2), w, t.eye(2, dtype=t.float64), is_grads_batched=True)
        return first, second, batched

    agree(scenario)
