"""What is added up: expressions of a tensor, of its rows, of matrices; and what is changed step by step.

``x`` is a tensor of any shape, ``y`` one like it, ``t`` too but between 0 and 1, ``b`` like a row of it and ``s`` a number.
``r`` is ``x`` where that is a table, ``i`` numbers of rows, ``w`` and ``p`` two small tables, ``q`` three numbers, ``c``
three kernels of five taps.
"""

from __future__ import annotations

ANY = [
    # sums and means
    "x.sum()", "x.sum(0)", "x.sum(-1)", "x.sum(0, keepdim=True)", "x.mT.sum(0) if x.ndim > 1 else x.sum(0)", "x[::2].sum(0)",
    "x.flip(0).sum()", "x.unsqueeze(0).expand(3, *x.shape).sum((0, 1))", "x.sum(tuple(range(x.ndim - 1)))", "x.mean()",
    "x.mean(0)", "x.mean(-1)", "x.nansum(0)", "x.nanmean()", "x.sum((0, -1) if x.ndim > 1 else 0)", "x.sum(dtype=torch.float64)",
    "(x * y).sum(0)", "(x / 100).exp().sum(0)", "torch.sigmoid(x / 100).sum(-1)", "(x.softmax(0) * y).sum(0)",
    # variances and norms
    "x.var()", "x.var(0)", "x.std(-1)", "x.std(0, correction=0)", "torch.var_mean(x, 0)", "torch.std_mean(x)", "(x + 3000).var(0)",
    "torch.var_mean(x, -1, correction=0, keepdim=True)", "((x - x.mean(0)) ** 2).mean(0).sqrt()", "x.norm()", "x.norm(dim=0)",
    "x.norm(1)", "torch.linalg.vector_norm(x, 3, dim=0)", "torch.linalg.vector_norm(x, .5, dim=-1)", "torch.linalg.norm(x, dim=-1)",
    "torch.dist(x, y)", "torch.dist(x, y, 3)", "F.normalize(x, dim=0)", "F.normalize(x, p=1., dim=-1)",
    "F.cosine_similarity(x, y, dim=0)", "F.cosine_similarity(x, y, dim=-1)", "F.pairwise_distance(x, y)",
    # exponentials
    "(x / 100).logsumexp(0)", "(x / 100).logsumexp(-1)", "x.logsumexp(tuple(range(x.ndim)))", "x.softmax(0)", "x.softmax(-1)",
    "x.log_softmax(0)", "x.log_softmax(-1)", "F.softmin(x / 50, 0)", "torch.logaddexp(x / 100, s)",
    # scans and products
    "x.cumsum(0)", "x.cumsum(-1)", "x.cumsum(0).cumsum(0) / len(x)", "(1 + x / x.shape[0] / 100).cumprod(0)",
    "(1 + x / x.shape[-1] / 100).cumprod(-1)", "x.logcumsumexp(0)", "x.logcumsumexp(-1)", "(1 + x / x.numel() / 100).prod()",
    "(1 + x / x.shape[0] / 100).prod(0)", "torch.trapezoid(x, dim=0)", "torch.trapezoid(x, t.cumsum(0), dim=0)",
    "torch.cumulative_trapezoid(x, dim=0)", "torch.cumulative_trapezoid(x, dx=.01, dim=-1)",
    # products with another
    "x.flatten().dot(y.flatten())", "torch.vdot(x.flatten(), y.flatten())", "torch.einsum('n...,n...->...', x, y)",
    "torch.einsum('...n,...n->...', x, y)", "torch.tensordot(x, y, x.ndim)", "torch.inner(x.flatten(), y.flatten())",
    # losses
    "F.mse_loss(x, y)", "F.mse_loss(x, y, reduction='sum')", "F.mse_loss(x, y, weight=t)", "F.l1_loss(x, y)",
    "F.smooth_l1_loss(x, y, reduction='sum')", "F.smooth_l1_loss(x, y, beta=.3)", "F.huber_loss(x, y)",
    "F.huber_loss(x, y, delta=.4, weight=t)", "F.kl_div(x, y.abs(), reduction='batchmean')",
    "F.kl_div(x / 100, y / 100, log_target=True, reduction='sum')", "F.binary_cross_entropy_with_logits(x, t)",
    "F.binary_cross_entropy_with_logits(x, t, weight=y.detach().abs(), reduction='sum')",
    "F.binary_cross_entropy_with_logits(x, t, pos_weight=b.detach())", "F.binary_cross_entropy(t.clamp(.01, .99), t.detach())",
    "F.binary_cross_entropy(torch.sigmoid(x / 50), t, reduction='sum')", "F.poisson_nll_loss(x / 100, y.abs())",
    "F.poisson_nll_loss(x / 100, y.abs().detach(), full=True, reduction='sum')", "F.gaussian_nll_loss(x, y, y.abs() + 1)",
    "F.gaussian_nll_loss(x, y, t + .5, full=True)", "F.soft_margin_loss(x / 20, y.detach().sign())",
    "F.hinge_embedding_loss(x, y.detach().sign())", "F.margin_ranking_loss(x, y, y.detach().sign(), margin=.1)",
    # of what was broadcast
    "x + b", "x * b", "x * s", "x / (b.abs() + 1)", "torch.where(x > 0, b, x)", "torch.lerp(x, b, s)", "torch.addcmul(b, x, y)",
    "torch.addcdiv(b, x, t + 1, value=.3)", "torch.maximum(x, s)", "torch.minimum(x, b)", "torch.atan2(x, b)", "torch.hypot(x, b)",
    "(x.abs() / 100) ** s", "b.expand_as(x) * y", "s.broadcast_to(x.shape)", "written(x, s)", "x.masked_fill(y > 0, s)",
    "torch.clamp(x, s, s + 1)", "F.prelu(x.flatten(), s)", "b.repeat(x.shape[0], *[1] * (x.dim() - 1))",
    "torch.kron(s.reshape(1), x.flatten())", "torch.xlogy(x, b)", "torch.copysign(b, x)",
    # norms of layers, averages over windows, resizing
    "F.layer_norm(x, x.shape)", "F.layer_norm(x, x.shape[-1:])", "F.rms_norm(x, x.shape)",
    "F.group_norm(x.reshape(1, 1, -1), 1, s.reshape(1), s.reshape(1))", "F.instance_norm(x.reshape(1, 1, -1))",
    "F.local_response_norm(x.reshape(1, 1, -1)[..., :5000] / 50, 1)",
    "F.avg_pool1d(x.reshape(1, 1, -1), 1000)", "F.avg_pool1d(x.reshape(1, 1, -1), 99, 7, 9)",
    "F.lp_pool1d(x.abs().reshape(1, 1, -1) + 1, 2., 500)", "F.adaptive_avg_pool1d(x.reshape(1, 1, -1), 3)",
    "F.adaptive_avg_pool1d(x.reshape(1, 1, -1), 1)", "F.adaptive_avg_pool2d(x.flatten()[:10000].reshape(1, 1, 100, 100), (3, 7))",
    "F.avg_pool2d(x.flatten()[:10000].reshape(1, 4, 50, 50), 25, 5)",
    "F.interpolate(s.reshape(1, 1, 1), size=x.numel())", "F.interpolate(x.reshape(1, 1, -1), size=100, mode='linear', align_corners=True)",
    "F.interpolate(x.reshape(1, 1, -1)[..., :50], size=20000, mode='linear')",
    "F.interpolate(x.flatten()[:2500].reshape(1, 1, 50, 50), size=(171, 203), mode='bicubic')",
    "F.interpolate(x.flatten()[:10000].reshape(1, 1, 100, 100), size=(33, 21), mode='bilinear', antialias=True)",
    "F.interpolate(x.flatten()[:9].reshape(1, 1, 3, 3), size=(300, 100), mode='nearest')",
    "F.pad(x.reshape(1, 1, -1)[..., :200], (199, 199), 'reflect')", "F.pad(x.reshape(1, 1, -1)[..., :7], (9999, 5), 'replicate')",
    "F.fold(x.flatten()[:9216].reshape(1, 9, 1024), 34, 3)", "F.unfold(x.flatten()[:10000].reshape(1, 1, 100, 100), 7)",
    "x.flatten().unfold(0, 300, 7)", "x.repeat_interleave(3, 0)", "s.expand(x.numel()).diff()", "torch.diff(x, dim=0)",
]  # fmt: skip

ROWS = [
    # products, and the gradients of their weights
    "F.linear(r, w, q)", "F.linear(r, w)", "F.linear(r[None], w, q)", "torch.addmm(q, r, w.t())", "torch.addmv(s, r, w[0])",
    "torch.baddbmm(q, r[None], w.t()[None])", "r.t() @ r[:, 0]", "r.t() @ w[:, 0].sum().expand(len(r))", "r.t() @ r",
    "torch.einsum('ni,nj->ij', r, r)", "torch.einsum('ni,ki->nk', r, w)", "torch.einsum('ni,ni,ki->k', r, r, w)",
    "torch.bmm(r.t()[None], r[None])", "torch.tensordot(r, r, ([0], [0]))", "torch.addbmm(w @ w.t(), r[None] @ w.t(), w[None, :, 0].expand(1, 3, 3))[0]",
    "F.bilinear(r[:, :3], r[:, :3], p[:3, :3].reshape(1, 3, 3)) if r.shape[1] >= 3 else r @ w.t()",
    "F.scaled_dot_product_attention(w[None], r[None], r[None])", "torch.outer(r[:, 0], w[0])", "torch.addr(p[:3, :1], w[:, 0], r[:1, 0])",
    "torch.linalg.multi_dot([w, r.t(), r])", "torch.chain_matmul(w, r.t(), r) if False else w @ r.t() @ r",
    # norms with weights
    "F.layer_norm(r, (r.shape[1],), p[0], p[1])", "F.layer_norm(r.t().contiguous(), (len(r),))", "F.rms_norm(r, (r.shape[1],), p[0])",
    "F.batch_norm(r, None, None, p[0], p[1], True)", "F.batch_norm(r.t()[None], None, None, p[0], p[1], True)",
    "F.batch_norm(r, p.detach()[0], p.detach()[1].abs() + 1, p[0], p[1], False)", "F.batch_norm(r + 500, None, None, None, None, True)",
    "F.group_norm(r.t()[None], 1, p[0], p[1])", "F.instance_norm(r.t()[None], None, None, p[0], p[1])",
    # convolutions
    "F.conv1d(r.t()[None], w.detach()[..., None], q)", "F.conv1d(r[:, None], q[:, None, None], q)", "F.conv1d(r.t()[None], c, q, padding=2)",
    "F.conv1d(r.t()[None], c, stride=3)", "F.conv1d(r.t()[None], c, q, dilation=2)", "F.conv1d(r[:64].t()[None], c, q, padding=4)",
    "F.conv_transpose1d(r.t()[None], c.transpose(0, 1), q, stride=2)", "F.conv1d(r.t()[None], p[:, None, :3][: r.shape[1]], groups=r.shape[1]) if 3 <= r.shape[1] <= 9 else r * 1",
    "F.conv2d(r.t()[None, :, : len(r) // 8 * 8].reshape(1, r.shape[1], -1, 8), c[..., None, :], q, padding=(0, 2))",
    "F.conv2d(r.t()[None, :, : len(r) // 8 * 8].reshape(1, r.shape[1], -1, 8), c[..., None, :3] * c[..., :3, None], q, padding=1)",
    # rows at indices
    "F.prelu(-r.abs(), s.reshape(1))", "F.prelu(-r.abs(), p[0])", "F.embedding(i, p)", "F.embedding(i, p, scale_grad_by_freq=True)",
    "F.embedding_bag(i[None], p, mode='sum')", "F.embedding_bag(i, p, torch.tensor([0, 5]))", "F.embedding_bag(i[None], p, mode='max')",
    "F.embedding_bag(i[None], p, mode='sum', per_sample_weights=r[None, :, 0])", "p.index_add(0, i, r)", "p.index_add(0, i, r, alpha=.3)",
    "p.scatter_add(0, i[:, None].expand_as(r), r)", "p.scatter_reduce(0, i[:, None].expand_as(r), r, 'mean')",
    "p.scatter_reduce(0, i[:, None].expand_as(r), r, 'sum', include_self=False)", "p.index_reduce(0, i, r, 'mean')",
    "p.scatter_reduce(0, i[:, None].expand_as(r), 1 + r / len(r) / 100, 'prod')", "p.index_reduce(0, i, 1 + r / len(r) / 100, 'prod')",
    "p.index_put((i,), r, accumulate=True)", "p.index_put((i, i % r.shape[1]), r[:, 0], accumulate=True)", "p.put(i, r[:, 0], accumulate=True)",
    "p.gather(0, i[:, None].expand_as(r))", "p[i]", "p[i] * r", "p[i, i % r.shape[1]]", "p.index_select(0, i)", "p.take(i)",
    "torch.take_along_dim(p, i[:, None].expand_as(r), 0)", "p.repeat_interleave(torch.bincount(i, minlength=9), 0)",
    "torch.bincount(i, r.detach()[:, 0])", "torch.histc(r.detach()[:, 0].float(), 5)",
    # losses of classes
    "F.nll_loss(r, i % r.shape[1])", "F.nll_loss(r, i % r.shape[1], weight=p.detach()[0].abs() + 1)", "F.cross_entropy(r, i % r.shape[1])",
    "F.nll_loss(r, i % r.shape[1], ignore_index=0, reduction='sum')", "F.cross_entropy(r, i % r.shape[1], weight=p.detach()[0].abs() + 1)",
    "F.cross_entropy(r, i % r.shape[1], label_smoothing=.1)", "F.cross_entropy(r, r.detach().softmax(1))",
    "F.cross_entropy(r.t()[None], (i % r.shape[1])[None], reduction='sum')", "F.multi_margin_loss(r.float(), i % r.shape[1])",
    "F.multilabel_soft_margin_loss(r / 50, (r.detach() > 0).to(r.dtype))", "F.triplet_margin_loss(r, r.flip(0), r.roll(1, 0))",
    "F.cosine_embedding_loss(r, r.flip(0), (i % 2 * 2 - 1).to(r.dtype))",
    # distances and moments
    "torch.cov(r.t())", "torch.corrcoef(r.t())", "torch.cov(r.t(), aweights=r.detach()[:, 0].abs())", "torch.cdist(r, w)", "torch.cdist(w, r, 1.)",
    "torch.cdist(r, w, 3.)", "torch.cdist(w, r, float('inf'))", "torch.renorm(r.detach(), 2, 1, 1.)",
    "torch.nn.utils.clip_grad_norm_([torch.nn.Parameter(r.detach())], 1.)", "torch.trace(r.t() @ r)",
]  # fmt: skip

OF_INTEGERS = ["x.sum()", "x.sum(0)", "x.cumsum(0)", "x.cumsum(-1)", "x.float().mean(0)", "x.count_nonzero()", "x.prod(0)",
               "x.cumprod(0)", "x.double().var(0)", "torch.trapezoid(x.double(), dim=0)", "x.sum(dtype=torch.int8)", "x.bool().sum(-1)"]  # fmt: skip

# Of a tensor that changes a little at each of many steps, by a gradient that changes too.
STEPS = [
    "z.add_(x * math.sin(k), alpha=.01)", "z.lerp_(x * math.cos(k), .01)", "z.mul_(.99).add_(x, alpha=.01)", "z.addcmul_(x, y, value=.001)",
    "z.copy_(z + x * .001)", "z.sub_(x.sign() * math.sin(k) * .01)", "z = z * .999 + x * math.cos(k)", "z.addcdiv_(x, y.abs() + 1, value=-.003)",
]  # fmt: skip

OPTIMIZERS = [
    "SGD([p], lr=.01)", "SGD([p], lr=.01, momentum=.9, nesterov=True)", "SGD([p], lr=.1, momentum=.9, dampening=.1, weight_decay=.01)",
    "Adam([p], lr=.01)", "Adam([p], lr=.003, weight_decay=.1, amsgrad=True)", "AdamW([p], lr=.01, betas=(.8, .95))", "NAdam([p], lr=.01)",
    "RAdam([p], lr=.01)", "Adamax([p], lr=.01)", "Adagrad([p], lr=.1)", "Adadelta([p])", "RMSprop([p], lr=.01, centered=True)",
    "RMSprop([p], lr=.01, momentum=.5)", "ASGD([p], lr=.01)",
]  # fmt: skip
