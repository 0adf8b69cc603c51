"""The functions of torch.nn.functional do what PyTorch's do: values, gradients, second gradients, nodes, errors."""

import pytest
from both import agree

# Calls of F with x, a leaf of the given shape that requires grad, and constants of the scenario.
SMOOTH = {
    "activations": (
        (3, 4),
        """F.leaky_relu(x) F.leaky_relu(x,0.3) F.elu(x) F.elu(x,2.) F.selu(x) F.celu(x) F.celu(x,alpha=2.) F.gelu(x)
        F.gelu(x,approximate='tanh') F.silu(x) F.mish(x) F.hardtanh(x) F.hardtanh(x,-.5,.25) F.relu6(x*4) F.relu(x)
        F.hardswish(x*3)  F.softplus(x) F.softplus(x,2.,1.) F.softsign(x) F.tanhshrink(x)
        F.softshrink(x) F.softshrink(x,.1) F.hardshrink(x) F.threshold(x,.1,2.) F.logsigmoid(x) F.glu(x) F.glu(x,1)
        F.prelu(x,w1) F.prelu(x,w4) F.rrelu(x) F.sigmoid(x) F.tanh(x) F.softmax(x,1) F.log_softmax(x,0) F.softmin(x,1)
        torch.relu(x) torch.prelu(x,w1) torch.celu(x) torch.selu(x) torch.threshold(x,0.,1.) torch.rrelu(x)
        torch.hardshrink(x) x.relu() x.prelu(w1) x.hardshrink()""",
    ),
    "convolutions": (
        (2, 4, 5, 6),
        """F.conv2d(x,k2433) F.conv2d(x,k2433,w2) F.conv2d(x,k2433,w2,padding=1) F.conv2d(x,k2433,w2,stride=2)
        F.conv2d(x,k2433,stride=(2,1),padding=(1,2),dilation=(1,2)) F.conv2d(x,k4233,groups=2) F.conv2d(x,k4133,groups=4)
        F.conv2d(x,k8133,groups=4,stride=2,padding=1) F.conv2d(x,k2433,padding='same') F.conv2d(x,k2433,padding='valid')
        F.conv2d(x,k2411) F.conv2d(x,k2411,stride=2) F.conv2d(x[0],k2433,w2) F.conv1d(x[0],k243) F.conv1d(x[0],k243,w2,2,1)
        F.conv3d(x[None],k22222) F.conv3d(x[None],k22222,w2,stride=(1,2,1),padding=1)
        F.conv_transpose2d(x,k4233) F.conv_transpose2d(x,k4233,w2,stride=2,padding=1,output_padding=1)
        F.conv_transpose2d(x,k4133,groups=2,dilation=2) F.conv_transpose2d(x[0],k4233) F.conv_transpose1d(x[0],k423,w2,3)
        F.conv_transpose3d(x[None],k22222,stride=2)""",
    ),
    "pools": (
        (2, 4, 6, 7),
        """F.max_pool2d(x,2) F.max_pool2d(x,3,2,1) F.max_pool2d(x,(3,2),stride=(2,1),dilation=(1,2))
        F.max_pool2d(x,3,2,1,ceil_mode=True) F.max_pool2d(x[0],2) F.max_pool1d(x[0],2) F.max_pool1d(x[0],3,2,1)
        F.max_pool3d(x,2) F.max_pool3d(x[None],(2,3,2),stride=1,padding=1) F.max_pool2d(x,2,return_indices=True)
        F.max_pool1d(x[0],2,return_indices=True) F.max_pool3d(x,2,return_indices=True) F.avg_pool1d(x[0],2)
        F.avg_pool2d(x,2) F.avg_pool2d(x,3,2,1) F.avg_pool2d(x,3,2,1,count_include_pad=False)
        F.avg_pool2d(x,3,2,1,ceil_mode=True) F.avg_pool2d(x,(2,3),divisor_override=5) F.avg_pool3d(x,2)
        F.avg_pool3d(x[None],2,1,1,ceil_mode=True,count_include_pad=False) F.adaptive_avg_pool1d(x[0],3)
        F.adaptive_avg_pool2d(x,3) F.adaptive_avg_pool2d(x,(4,None)) F.adaptive_avg_pool2d(x,1) F.adaptive_avg_pool3d(x,2)
        F.adaptive_max_pool1d(x[0],3) F.adaptive_max_pool2d(x,(4,3)) F.adaptive_max_pool3d(x,2)
        F.adaptive_max_pool2d(x,4,return_indices=True) F.lp_pool2d(x,2,2) F.lp_pool1d(x[0],2,3)
        F.max_unpool2d(*F.max_pool2d(x[...,:6],2,return_indices=True),2)
        F.max_unpool1d(*F.max_pool1d(x[0],2,return_indices=True),2,output_size=(7,))
        F.max_unpool3d(*F.max_pool3d(x[...,:6],2,return_indices=True),2)""",
    ),
    "norms": (
        (3, 4, 5),
        """F.batch_norm(x,None,None,training=True) F.batch_norm(x,None,None,w4,w4*2,True) F.batch_norm(x,w4,w4*w4)
        F.batch_norm(x,w4,w4*w4,w4,None,False,.1,1e-3) F.layer_norm(x,[5]) F.layer_norm(x,[4,5],m45,m45)
        F.layer_norm(x,(5,),w5,None,1e-3) F.group_norm(x,2) F.group_norm(x,4,w4,w4*2) F.instance_norm(x)
        F.instance_norm(x,None,None,w4,w4*2) F.rms_norm(x,[5]) F.rms_norm(x,[4,5],m45,1e-3)
        F.local_response_norm(x,2) F.local_response_norm(x,3,.1,.5,2.) F.normalize(x) F.normalize(x,1,2)""",
    ),
    "images": (
        (2, 4, 4, 6),
        """F.interpolate(x,scale_factor=2) F.interpolate(x,size=(7,5)) F.interpolate(x[0],scale_factor=1.5)
        F.interpolate(x[None],scale_factor=2) F.interpolate(x,size=(7,3),mode='bilinear')
        F.interpolate(x,scale_factor=2,mode='bilinear',align_corners=True) F.interpolate(x[0],size=9,mode='linear')
        F.interpolate(x[None],size=(3,5,9),mode='trilinear') F.interpolate(x,scale_factor=1.5,mode='bicubic')
        F.interpolate(x,size=(3,8),mode='bicubic',align_corners=True) F.interpolate(x,size=3,mode='area')
        F.interpolate(x,size=(5,7),mode='nearest-exact') F.interpolate(x,size=(2,3),mode='bilinear',antialias=True)
        F.interpolate(x,size=(3,9),mode='bicubic',antialias=True) F.interpolate(x,size=(3,9),mode='lanczos',antialias=True)
        F.interpolate(x,scale_factor=1.7,mode='bilinear',recompute_scale_factor=True)
        F.pixel_shuffle(x,2) F.pixel_unshuffle(x,2) F.channel_shuffle(x,2) F.unfold(x,2) F.unfold(x,(2,3),1,1,2)
        F.unfold(x[0],2,dilation=2) F.fold(F.unfold(x,2),(4,6),2) F.fold(F.unfold(x[0],3,1,1,2),(4,6),3,1,1,2)""",
    ),
    "losses": (
        (3, 4),
        """F.mse_loss(x,t) F.mse_loss(x,t,reduction='sum') F.mse_loss(x,t,reduction='none') F.mse_loss(x,t,weight=t)
        F.mse_loss(x,t[0]) F.mse_loss(x,t.double()) F.l1_loss(x,t) F.smooth_l1_loss(x,t) F.smooth_l1_loss(x,t,beta=.3)
        F.huber_loss(x,t) F.huber_loss(x,t,'sum',.2) F.binary_cross_entropy(x.sigmoid(),t)
        F.binary_cross_entropy(x.sigmoid(),t,t*2,reduction='none') F.binary_cross_entropy_with_logits(x,t)
        F.binary_cross_entropy_with_logits(x,t,reduction='none') F.binary_cross_entropy_with_logits(x,t,w4)
        F.binary_cross_entropy_with_logits(x,t,pos_weight=w4*w4) F.binary_cross_entropy_with_logits(x*50,t,reduction='sum')
        F.soft_margin_loss(x,s) F.kl_div(x,t,reduction='batchmean') F.kl_div(x,t) F.kl_div(x,t,log_target=True)
        F.poisson_nll_loss(x,t) F.poisson_nll_loss(x,t*3,full=True) F.poisson_nll_loss(x.exp(),t,False)
        F.gaussian_nll_loss(x,t,t) F.gaussian_nll_loss(x,t,t,full=True) F.gaussian_nll_loss(x,t,2.)
        F.hinge_embedding_loss(x,s) F.margin_ranking_loss(x,t,s,.1) F.cosine_embedding_loss(x,t,s[:,0],.1)
        F.triplet_margin_loss(x,t,s) F.triplet_margin_loss(x,t,s,swap=True,reduction='none')
        F.triplet_margin_with_distance_loss(x,t,s) F.multilabel_soft_margin_loss(x,t) F.multilabel_soft_margin_loss(x,t,w4)
        F.cosine_similarity(x,t) F.cosine_similarity(x,t,0) F.pairwise_distance(x,t) F.pairwise_distance(x,t,1.,0.,True)""",
    ),
    "classification": (
        (3, 4),
        """F.cross_entropy(x,c) F.cross_entropy(x,c,w4*w4) F.cross_entropy(x,c,ignore_index=1) F.cross_entropy(x,p)
        F.cross_entropy(x,p,w4*w4) F.cross_entropy(x,c,reduction='sum') F.cross_entropy(x,c,reduction='none')
        F.cross_entropy(x,c,label_smoothing=.1) F.cross_entropy(x,c,w4*w4,label_smoothing=.1)
        F.cross_entropy(x,c,w4*w4,ignore_index=1,label_smoothing=.1) F.cross_entropy(x,p,label_smoothing=.2,reduction='sum')
        F.cross_entropy(x,p,reduction='none') F.cross_entropy(x[0],c[0]) F.cross_entropy(x[0],c[0],reduction='none')
        F.nll_loss(x,c) F.nll_loss(x,c,w4*w4) F.nll_loss(x,c,w4*w4,reduction='none',ignore_index=2)
        F.nll_loss(x.expand(2,3,4),c4) F.nll_loss(x.expand(2,5,3,4),c54) F.nll_loss(x.expand(2,5,3,4),c54,reduction='none')
        F.cross_entropy(x.expand(2,3,4),c4,reduction='none') F.nll_loss(x.expand(2,2,5,3,4),c254)
        F.multi_margin_loss(x,c) F.multi_margin_loss(x,c,2,.5,w4*w4) F.multi_margin_loss(x,c,reduction='none')
        F.embedding_bag(c[None],x) F.embedding_bag(c,x,torch.tensor([0,2]),mode='sum')
        F.embedding_bag(c[:,None],x,mode='max') F.embedding_bag(c,x,torch.tensor([0,2,2]),padding_idx=1)""",
    ),
}

FIRST = {
    "F.hardsigmoid(x*3)": (3, 4),
    "F.rrelu(x,training=True)": (3, 40),
    "F.scaled_dot_product_attention(x,x*2,x*3)": (2, 3, 5, 4),
    "F.scaled_dot_product_attention(x,x*2,x*3,is_causal=True)": (2, 3, 5, 4),
    "F.scaled_dot_product_attention(x,x*2,x*3,torch.tensor([[True,False,True],[False,False,False],[True,True,True]]))": (2, 3, 4),
    "F.scaled_dot_product_attention(x,x*2,x*3,torch.arange(9.).view(3,3).to(x.dtype),scale=.3)": (2, 3, 4),
    "F.multilabel_margin_loss(x,torch.tensor([[1,3,-1,0],[-1,0,0,0],[0,1,2,3]]))": (3, 4),
}
NODE_DIFFERS = (
    "attention", "multilabel_margin", "pairwise_distance", "rms_norm",
    "embedding_bag", "instance_norm", "softmin", "(x,p",
)  # fmt: skip


def constants(torch, dtype):
    """What the expressions refer to by name."""
    F = torch.nn.functional

    def kernel(*shape):
        return torch.randn(shape, dtype=dtype)

    return {
        "torch": torch,
        "F": F,
        "t": torch.rand(3, 4).to(dtype),
        "s": torch.tensor([[1.0, -1.0, 1.0, 1.0]]).expand(3, 4).clone().to(dtype).t().reshape(3, 4),
        "p": torch.randn(3, 4, dtype=dtype).softmax(1),
        "c": torch.tensor([2, 0, 1]),
        "c4": torch.tensor([[2, 0, 1, 1], [0, 0, 2, 1]]),
        "c54": torch.randint(0, 5, (2, 3, 4)),
        "c254": torch.randint(0, 2, (2, 5, 3, 4)),
        "w1": kernel(1).requires_grad_(),
        "w2": kernel(2).requires_grad_(),
        "w4": kernel(4),
        "w5": kernel(5).requires_grad_(),
        "m45": kernel(4, 5).requires_grad_(),
        "k2433": kernel(2, 4, 3, 3).requires_grad_(),
        "k4233": kernel(4, 2, 3, 3).requires_grad_(),
        "k4133": kernel(4, 1, 3, 3).requires_grad_(),
        "k8133": kernel(8, 1, 3, 3).requires_grad_(),
        "k2411": kernel(2, 4, 1, 1).requires_grad_(),
        "k243": kernel(2, 4, 3).requires_grad_(),
        "k423": kernel(4, 2, 3).requires_grad_(),
        "k22222": kernel(2, 2, 2, 2, 2).requires_grad_(),
    }


def derivatives(expression, shape, second=True, names=True, dtype="float64"):
    """A scenario: the result, the gradients of everything in it, and theirs."""

    def scenario(torch):
        d = getattr(torch, dtype)
        x = torch.randn(shape, dtype=d).requires_grad_()
        if "F.conv3d(x[None]" in expression or "F.conv_transpose3d(x[None]" in expression:
            x = x.detach()[:, :2].clone().requires_grad_()
            space = {**constants(torch, d), "x": x.transpose(0, 1)}
            space["x"] = x
        else:
            space = {**constants(torch, d), "x": x}
        result = eval(expression, space)
        results = result if isinstance(result, tuple) else (result,)
        leaves = [x] + [v for v in space.values() if isinstance(v, torch.Tensor) and v.requires_grad and v is not x]
        weights = torch.linspace(0.5, 1.5, results[0].numel(), dtype=results[0].dtype).view(results[0].shape)
        value = ((results[0] + results[0] * results[0]) * weights).sum()
        first = torch.autograd.grad(value, leaves, create_graph=second, allow_unused=True)
        found = [r if names else r.detach() for r in results] + [None if g is None else g.detach() for g in first]
        if second:
            total = sum((g * g).sum() for g in first if g is not None and g.requires_grad)
            if isinstance(total, torch.Tensor) and total.requires_grad:
                found += [
                    None if g is None else g.detach() for g in torch.autograd.grad(total, leaves, allow_unused=True)
                ]
        return found

    return scenario


def cases():
    for kind, (shape, expressions) in SMOOTH.items():
        for expression in expressions.split():
            yield pytest.param(expression, shape, id=f"{kind}: {expression}")


@pytest.mark.parametrize("expression, shape", list(cases()))
def test_first_and_second_derivatives_are_those_of_pytorch(expression, shape):
    names = not any(name in expression for name in NODE_DIFFERS)
    second = not any(name in expression for name in ("embedding_bag", "rrelu", "hardsigmoid", "multi_margin"))
    agree(derivatives(expression, shape, second, names), 1e-8)


@pytest.mark.parametrize("expression", FIRST)
def test_first_derivatives_are_those_of_pytorch(expression):
    agree(derivatives(expression, FIRST[expression], second=False, names=False), 1e-7)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-5), ("bfloat16", 0.2), ("float16", 6e-2)])
@pytest.mark.parametrize(
    "expression, shape",
    [
        ("F.conv2d(x,k2433,w2,padding=1)", (2, 4, 5, 6)),
        ("F.gelu(x)", (3, 4)),
        ("F.silu(x)", (3, 4)),
        ("F.leaky_relu(x)", (3, 4)),
        ("F.relu(x)", (60, 50)),
        ("F.layer_norm(x,[5],w5)", (3, 4, 5)),
        ("F.batch_norm(x,None,None,w4,training=True)", (3, 4, 5)),
        ("F.max_pool2d(x,2)", (2, 4, 6, 7)),
        ("F.avg_pool2d(x,3,2,1)", (2, 4, 6, 7)),
        ("F.cross_entropy(x,c)", (3, 4)),
        ("F.mse_loss(x,t)", (3, 4)),
        ("F.interpolate(x,size=(7,3),mode='bilinear')", (2, 4, 4, 6)),
    ],
)
def test_other_dtypes_give_their_own_dtype_and_about_pytorchs_values(expression, shape, dtype, tolerance):
    agree(derivatives(expression, shape, second=False, dtype=dtype), tolerance)


@pytest.mark.parametrize("options", [{}, {"reduction": "none"}, {"pos_weight": [0.5, 2.0]}])
@pytest.mark.parametrize("kinds", [("float64", "float32"), ("float32", "float64"), ("float32", "float16"), ("bfloat16", "float32")])
def test_the_cross_entropy_of_logits_and_targets_of_two_dtypes_is_of_the_targets(kinds, options):
    import torch

    import adjoint

    found = []
    for library in (adjoint, torch):
        x, t = (library.tensor(v, dtype=getattr(library, kind)) for v, kind in zip(([0.5, -1.0], [1.0, 0.0]), kinds))
        given = {k: library.tensor(v) if k == "pos_weight" else v for k, v in options.items()}
        loss = library.nn.functional.binary_cross_entropy_with_logits(x.requires_grad_(), t, **given)
        loss.sum().backward()
        kind = str(loss.dtype).rpartition(".")[2]
        found.append((kind, loss.grad_fn.name(), [*loss.reshape(-1).double().tolist(), *x.grad.double().tolist()]))
    assert found[0][:2] == found[1][:2]
    assert found[0][2] == pytest.approx(found[1][2], rel=1e-2)


def test_batch_norm_moves_the_running_statistics_in_training_only():
    def scenario(torch):
        F = torch.nn.functional
        mean, var = torch.zeros(3), torch.ones(3)
        x = torch.randn(4, 3, 2)
        F.batch_norm(x, mean, var, training=True, momentum=0.3)
        moved = mean.clone(), var.clone()
        F.batch_norm(x, mean, var, training=False)
        F.instance_norm(x, mean, var, momentum=0.5)
        return [moved, mean, var, mean._version]

    agree(scenario)


def test_relu_lets_no_infinite_gradient_through_where_it_is_flat():
    def scenario(torch):
        x = torch.tensor([-1.0, 2.0], requires_grad=True)
        torch.relu(x).backward(torch.tensor([float("inf"), float("inf")]))
        y = torch.linspace(-1, 1, 4000).requires_grad_()
        torch.relu(y).backward(torch.full((4000,), float("inf")))
        return x.grad, y.grad[:3], y.grad[-3:]

    agree(scenario)


def test_max_pool_finds_nan_and_negative_infinity():
    def scenario(torch):
        x = torch.tensor([[[1.0, float("nan"), 0.0, 2.0]]], requires_grad=True)
        y, i = torch.nn.functional.max_pool1d(x, 2, return_indices=True)
        y.backward(torch.tensor([[[3.0, 4.0]]]))
        return y, i, x.grad

    agree(scenario)


def test_activations_work_in_place_where_they_may():
    def scenario(torch):
        F = torch.nn.functional
        found = []
        for f in (F.relu, F.relu6, F.elu, F.selu, F.celu, F.silu, F.mish, F.leaky_relu, F.hardtanh, F.hardswish):
            x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
            y = x * 2
            z = f(y, inplace=True)
            z.sum().backward()
            found += [z is y, z.detach(), x.grad, y._version]
        found.append(F.relu_(torch.tensor([-1.0, 1.0])))
        F.relu(torch.ones(2, requires_grad=True), True)
        return found

    agree(scenario, raises=True)


BAD = """F.conv2d(o(1,3,5,5),o(2,4,3,3))
F.conv2d(o(1,3,5,5),o(2,3,3,3),o(3))
F.conv2d(o(1,3,5,5),o(2,3,7,7),padding=(0,1))
F.conv2d(o(3,5),o(2,3,3,3))
F.conv1d(o(1,3,5,5),o(2,3,3))
F.conv2d(o(1,3,5),o(2,3,3))
F.conv2d(o(1,3,5,5),o(2,3,3,3),stride=0)
F.conv2d(o(1,3,5,5),o(2,3,3,3),padding=-1)
F.conv2d(o(1,3,5,5),o(2,3,3,3),dilation=0)
F.conv2d(o(1,3,5,5),o(2,3,3,3),groups=0)
F.conv2d(o(1,4,5,5),o(3,2,3,3),groups=2)
F.conv2d(o(1,4,5,5),o(2,4,3,3),groups=2)
F.conv2d(o(1,3,5,5),o(2,3,3,3),stride=(1,2,3))
F.conv2d(o(1,3,5,5),o(2,3,3,3),padding='same',stride=2)
F.conv2d(o(1,3,5,5),o(2,3,3,3),padding='foo')
F.conv2d(o(1,3,5,5).double(),o(2,3,3,3))
F.conv2d(o(1,3,5,5),o(2,3,3,3),o(2).double())
F.conv2d(o(1,3,0,5),o(2,3,3,3),padding=3)
F.conv2d(3,o(2,3,3,3))
F.conv2d(o(1,3,5,5),3)
F.conv_transpose2d(o(1,3,5,5),o(2,3,3,3))
F.conv_transpose2d(o(1,3,5,5),o(3,2,3,3),o(3))
F.conv_transpose2d(o(1,3,5,5),o(3,2,3,3),output_padding=1)
F.conv_transpose2d(o(1,3,1,1),o(3,2,1,1),padding=1)
F.max_pool2d(o(1,1,4,4),3,padding=2)
F.max_pool2d(o(1,1,4,4),0)
F.max_pool2d(o(1,1,4,4),5)
F.max_pool2d(o(4,4),2)
F.max_pool2d(o(1,1,4,4),2,dilation=0)
F.max_pool2d(o(1,1,4,4),(2,2,2))
F.max_pool1d(o(4,4),5)
F.max_pool1d(o(4),2)
F.max_pool1d(o(1,4,4),2,padding=2)
F.max_pool3d(o(4,4,4),2)
F.max_pool2d(o(1,0,4,4),2)
F.avg_pool2d(o(1,1,4,4),5)
F.avg_pool2d(o(4,4),2)
F.avg_pool2d(o(1,4,4),2,divisor_override=0)
F.avg_pool1d(o(4),2)
F.adaptive_avg_pool2d(o(4,4),2)
F.adaptive_avg_pool2d(o(1,4,4),(2,2,2))
F.adaptive_avg_pool2d(o(1,4,4).long(),(2,2))
F.adaptive_max_pool2d(o(1,4,4),(2,))
F.batch_norm(o(2,3),o(2),o(3))
F.batch_norm(o(2,3),None,None)
F.batch_norm(o(1,3),None,None,training=True)
F.batch_norm(o(2,3),None,None,o(2),training=True)
F.batch_norm(o(2),None,None,training=True)
F.batch_norm(o(2,3).long(),None,None,training=True)
F.group_norm(o(2,3),2)
F.instance_norm(o(1,3,1))
F.instance_norm(o(1,3,2),use_input_stats=False)
F.layer_norm(o(2,3),[2])
F.layer_norm(o(2,3),[3],o(2))
F.rms_norm(o(2,3),[2])
F.local_response_norm(o(2,3),2)
F.mse_loss(o(2,3),o(4))
F.mse_loss(o(2),o(2),reduction='x')
F.mse_loss(o(2).long(),o(2).long())
F.binary_cross_entropy(o(2),o(3))
F.binary_cross_entropy(o(2)*2,o(2))
F.binary_cross_entropy_with_logits(o(2),o(3))
F.binary_cross_entropy_with_logits(o(2),o(2),reduction='x')
F.binary_cross_entropy_with_logits(o(2),o(2).long())
F.binary_cross_entropy_with_logits(o(2),o(2).bool())
F.cross_entropy(o(2,3),o(2))
F.cross_entropy(o(2,3),o(3).long())
F.cross_entropy(o(2,3),o(2).long()*3)
F.cross_entropy(o(2,3),-o(2).long())
F.cross_entropy(o(2,3),o(2,4))
F.cross_entropy(o(2,3),o(2,3).long())
F.cross_entropy(o(2,3),o(2).long(),weight=o(2))
F.cross_entropy(o(2,3,4),o(2,3).long())
F.cross_entropy(o(2,3,4,4),o(2,4,3).long())
F.cross_entropy(o(2,3),o(2).long(),label_smoothing=2.)
F.nll_loss(torch.tensor(1.),o(2).long())
F.smooth_l1_loss(o(2),o(2),beta=-1)
F.huber_loss(o(2),o(2),delta=0)
F.hinge_embedding_loss(o(2),o(3))
F.triplet_margin_loss(o(2,2),o(2,2),o(3))
F.margin_ranking_loss(o(2),o(2),o(2,2))
F.gaussian_nll_loss(o(2,2),o(2,2),o(3))
F.gaussian_nll_loss(o(2,2),o(2,2),-o(2,2))
F.multi_margin_loss(o(2,3),o(3).long())
F.elu(o(2).long())
F.gelu(o(2),approximate='x')
F.glu(o(3))
F.glu(torch.tensor(3.))
F.prelu(o(2,3),o(2))
F.prelu(torch.tensor(3.),o(2))
F.hardtanh(o(1),1,-1)
F.softshrink(o(1),-1)
F.relu(torch.tensor([True]))
F.relu(3)
F.interpolate(o(1,1,4,4))
F.interpolate(o(1,1,4,4),size=2,scale_factor=2)
F.interpolate(o(1,1,4,4),size=(2,2,2))
F.interpolate(o(1,1,4,4),size=2,align_corners=True)
F.interpolate(o(1,1,4),size=2,mode='bilinear')
F.interpolate(o(1,1),size=2)
F.pixel_shuffle(o(1,3,4,4),2)
F.pixel_unshuffle(o(1,3,5,4),2)
F.unfold(o(1,1,2,2),3)
F.fold(o(1,4,5),(4,4),2)
F.unfold(o(2,2),2)
F.scaled_dot_product_attention(o(1,2,2),o(1,2,2),o(1,2,2),o(2,2),is_causal=True)
F.embedding_bag(o(2).long(),o(3,2))
F.embedding_bag(o(2,2).long(),o(3,2),mode='x')"""


@pytest.mark.parametrize("expression", BAD.splitlines())
def test_bad_arguments_raise_pytorchs_error(expression):
    agree(lambda torch: eval(expression, {"torch": torch, "F": torch.nn.functional, "o": torch.ones}), raises=True)
