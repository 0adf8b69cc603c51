"""The forms of expressions: what may stand in a place, and the places in it.

``$v``, ``$s``, ``$m``, ``$x`` are vectors of three, scalars, matrices and stacks of vectors; ``$V`` and ``$S`` functions of
vectors whose results are such, ``$V2`` of two.
"""

VECTORS = ["($v * $v)", "($v + $v)", "($v - $s)", "$v.sin()", "$v.tanh()", "($m @ $v)", "($v * $s)"]
VECTORS += ["$v.flip(0)", "$v.cumsum(0)", "torch.where($v > 0.01, $v, $v)", "$v.softmax(0)", "($v ** 2)"]
VECTORS += ["torch.stack([$s, $s, $s])", "normal($v)", "written($v, $v)", "part_written($v, $v)"]
VECTORS += ["added($v, $v)", "cube($v)", "$v.exp().reciprocal()", "constant($v)", "default($v, $v)"]
VECTORS += ["$v[torch.tensor([2, 0, 1])]", "torch.cat([$v[:1], $v[1:]])", "$v.roll(1)", "$module($v)"]
VECTORS += ["func.functional_call($module, dict(weight=$m), ($v,))", "$v.sort().values", "$v.expand(2, 3).sum(0)"]
VECTORS += ["torch.cross($v, $v, dim=0)", "$m.diagonal()", "torch.relu($v)", "$v.abs()", "lin_hooked($v)"]
VECTORS += ["$v.masked_fill($v > 0.01, 2.0)"]
VECTORS += ["torch.einsum('ij,j->i', $m, $v)", "$v.index_select(0, torch.tensor([1, 1, 2]))", "$v.clamp(-1, 1)"]
VECTORS += ["($m * $v).sum(0)", "$v.view(3, 1).squeeze(1)", "$v.unfold(0, 3, 1)[0]", "F.gelu($v)", "$v.cumprod(0)"]
SCALARS = ["$v.sum()", "($v * $v).sum()", "torch.dot($v, $v)", "$v[1]", "($s * $s)", "$v.logsumexp(0)"]
SCALARS += [
    "($s + $s)",
    "$s.sin()",
    "$v.pow(3).sum()",
    "$v.pow(2).mean()",
    "$m.sum()",
    "($v.square().sum() + 1).sqrt()",
]
SCALARS += ["($v - $v).square().mean()", "$v.max()"]
MATRICES = ["torch.outer($v, $v)", "($m * $v)", "$m.t()", "($m @ $m)", "$v.diag()", "$m.tanh()"]
STACKS = ["X", "Y", "($x * $v)", "torch.stack([$v, $v])", "$v.expand(4, 3)", "($x @ $m)", "$x.sin()", "$m"]

# What a transform makes of a function; V, S, M stand for functions whose results are vectors, scalars, matrices.
# An output that no sample differs in is expanded at the wrong place in PyTorch, if it is not the first: so _q is in all of these.
VECTOR_TRANSFORMS = [
    "func.grad($S)($v)",
    "func.grad($S2, argnums=$arg)($v, $v)",
    "func.grad_and_value($S)($v)[0]",
    "func.grad(aux($S), has_aux=True)($v)[$arg]",
    "func.vjp($V, $v)[1]($v)[0]",
    "func.vjp($V2, $v, $v)[1]($v)[$arg]",
    "func.vjp($V, $v)[0]",
    "func.jvp($V, ($v,), ($v,))[1]",
    "func.jvp($V2, ($v, $v), ($v, $v))[1]",
    "func.jvp($V, ($v,), ($v,))[0]",
    "(func.jacrev($V)($v) @ $v)",
    "(func.jacrev($V, chunk_size=2)($v) @ $v)",
    "(func.jacfwd($V)($v) @ $v)",
    "(func.hessian($S)($v) @ $v)",
    "func.jacrev($S)($v)",
    "func.jacfwd($S)($v)",
    "vmap($V)($x).sum(0)",
    "vmap($V, chunk_size=2)($x).sum(0)",
    "vmap($V2, in_dims=(0, None))($x, $v).sum(0)",
    "vmap($V2, in_dims=(0, 1))($m, $m).sum(0)",
    "vmap(lambda _r: _r * $V(_r), in_dims=1, out_dims=1)($m).sum(0)",
    "vmap($S)($m)",
    "vmap(func.grad($S))($x).sum(0)",
    "vmap(func.jacrev($V))($x).sum((0, 1))",
    "vmap(func.jacfwd($V))($x).sum((0, 1))",
    "vmap(func.hessian($S))($x).sum((0, 1))",
    "func.jacrev(lambda _q: vmap($V)(X * _q))($v).sum((0, 1))",
    "vmap(lambda _q: ($V(_q), $S(w)), out_dims=(0, None))($x)[0].sum(0)",
    "vmap(lambda _q: _q['a'] * _q['b'], in_dims=({'a': 0, 'b': None},))({'a': $x, 'b': $v}).sum(0)",
    "vmap(lambda _p, _q: func.functional_call(lin, _p, (_q,)), in_dims=(0, None))(both(lin, $m), $v).sum(0)",
    "vmap(lambda _p, _q: func.functional_call(lin, _p, (_q,)))(both(lin, $m), $m[:2]).sum(0)",
    "func.grad(lambda _p: func.functional_call(lin, _p, ($v,)).sum())(dict(weight=$m))['weight'].sum(0)",
    "vmap(func.grad(lambda _p, _q: func.functional_call(lin, _p, (_q,)).sum()), in_dims=(None, 0))("
    "dict(weight=$m), $x)['weight'].sum((0, 1))",
    "torch.stack(func.jacrev($V2, argnums=(0, 1))($v, $v)).sum((0, 1))",
    "torch.stack(func.jacfwd($V2, argnums=(0, 1))($v, $v)).sum((0, 1))",
    "pushed($V, $v, $v)",
    "func.vjp(lambda _q: pushed($V, _q, $v), $v)[1]($v)[0]",
    "vmap(lambda _q: pushed($V, _q, $v))($x).sum(0)",
    "vmap(lambda _q: $V(_q) + 0 * _q, out_dims=1)($x).sum(1)",
    "vmap(lambda _q: $V(_q) * _q, out_dims=-1)($x).sum(-1)",
    "vmap(lambda _q: ($V(_q) - _q, $S(_q)), out_dims=(1, 0))($x)[0].sum(1)",
    "vmap(lambda _q: {'a': $V(_q) + _q, 'b': [$V(_q)]}, out_dims={'a': 1, 'b': [0]})($x)['a'].sum(1)",
    "vmap(vmap(lambda _q: $V(_q) + _q), in_dims=1, out_dims=1)($x.expand(2, *$x.shape)).sum((0, 1))",
    "sum(func.grad($S2, argnums=(0, 1))($v, $v))",
    "sum(func.grad($S2, argnums=(1, 0))($v, $v), $v)",
    "func.grad_and_value(aux($S), has_aux=True)($v)[1][1]",
    "func.vjp(aux($V), $v, has_aux=True)[2]",
    "func.vjp(aux($V), $v, has_aux=True)[1]($v)[0]",
    "func.jvp(aux($V), ($v,), ($v,), has_aux=True)[$jvp]",
    "(func.jacrev(aux($V), has_aux=True)($v)[0] @ $v)",
    "func.jacrev(aux($V), has_aux=True)($v)[1]",
    "(func.jacfwd(aux($V), has_aux=True)($v)[0] @ $v)",
    "(func.hessian($S2, argnums=(0, 1))($v, $v)[$arg][$arg] @ $v)",
    "(func.hessian($S2, argnums=$arg)($v, $v) @ $v)",
    "func.grad(lambda _q: $S(hook_inside(_q)))($v)",
    "func.vjp(lambda _q: $V(hook_inside(_q)), $v)[1]($v)[0]",
    "func.grad(lambda _q: $S(_q) + hook_inside(_q * w).sum())($v)",
    "vmap(func.grad(lambda _q: $S(hook_inside(_q))))($x).sum(0)",
    "without(func.grad($S), $v)",
    "without($V, $v)",
]
SCALAR_TRANSFORMS = [
    "vmap($S)($x).sum()",
    "vmap($S, chunk_size=3)($x).logsumexp(0)",
    "func.grad_and_value($S)($v)[1]",
    "func.jvp($S, ($v,), ($v,))[1]",
    "func.hessian($S)($v).sum()",
]
OUTERMOST = [  # what is not to be used inside of another transform
    "checkpoint(lambda _c: _c * $v, $v, use_reentrant=False)",
    "torch.autograd.functional.jacobian($V, $v, create_graph=True).sum(0)",
    "torch.autograd.functional.hessian($S, $v, create_graph=True).sum(0)",
    "func.vmap(lambda _g: torch.autograd.grad((w + b) ** 3, [w, b][w.requires_grad < 1], _g, retain_graph=True, "
    "create_graph=True)[0])(X).sum(0)",
    "torch.autograd.functional.jacobian($V, $v, create_graph=True, vectorize=True).sum(0)",
    "torch.autograd.functional.hessian($S, $v, create_graph=True, vectorize=True).sum(0)",
    "torch.autograd.functional.jvp($V, $v, $v, create_graph=True)[$arg]",
    "torch.autograd.functional.vjp($V, $v, $v, create_graph=True)[$arg]",
    "torch.autograd.functional.vhp($S, $v, $v, create_graph=True)[1]",
    "torch.autograd.functional.hvp($S, $v, $v, create_graph=True)[1]",
    "torch.autograd.functional.jvp($V2, ($v, $v), ($v, $v), create_graph=True)[1]",
    "torch.autograd.functional.vjp($V2, ($v, $v), $v, create_graph=True)[1][$arg]",
    "torch.autograd.functional.jacobian($V2, ($v, $v), create_graph=True)[$arg].sum(0)",
    "torch.autograd.functional.hessian($S2, ($v, $v), create_graph=True)[0][$arg].sum(0)",
    "torch.autograd.functional.jacobian($V, $v).sum(0)",
    "torch.autograd.functional.jacobian($V, $v, vectorize=True, strategy='forward-mode').sum(0)",
    "torch.autograd.functional.hessian($S, $v, vectorize=True, outer_jacobian_strategy='forward-mode').sum(0)",
    "hook_inside($v)",
    "func.vmap(lambda _r: torch.autograd.grad((w * _r).sum() + $s * 0, w)[0])(X).sum(0)",
    "func.vmap(lambda _r: _r * torch.autograd.grad((w * w).sum() + $s * 0, w, create_graph=True)[0])(X).sum(0)",
    "module_hooked($v)",
    "func.vmap(lambda _r: F.dropout($v * _r, 0.5), randomness='different')($x).sum(0)",
    "func.vmap(lambda _r: F.dropout($v * _r, 0.5), randomness='same')($x).sum(0)",
    "func.vmap(lambda _r: $v * torch.rand(3, dtype=f64) * _r, randomness='different')($x).sum(0)",
]
