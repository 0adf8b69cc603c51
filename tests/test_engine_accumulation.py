"""What becomes of ``grad``: added to in place or not, shared with nothing, laid out like its tensor."""

from __future__ import annotations

from tests.both import agree
from tests.scenarios import leaf, same


@same
def test_a_gradient_is_added_in_place(torch):
    x = leaf(torch)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    g = x.grad
    version, pointer = g._version, g.data_ptr()
    y.backward(retain_graph=True)
    return x.grad is g, x.grad.data_ptr() == pointer, g, g._version - version


@same
def test_with_create_graph_a_gradient_is_added_out_of_place(torch):
    x = leaf(torch)
    y = (x * x * x).sum()
    y.backward(create_graph=True)
    g = x.grad
    print(g.requires_grad, g.grad_fn is not None)
    y.backward(create_graph=True)
    print(x.grad is g, g, x.grad)
    y.backward()
    print(x.grad.requires_grad)
    kept = x.grad
    x.grad = None
    (dd,) = torch.autograd.grad(g.sum(), x)
    return dd, kept.detach()


@same
def test_a_grad_that_requires_grad_is_added_to_out_of_place_or_in_place_as_pytorch_does(torch):
    x = leaf(torch)
    x.grad = torch.ones(3, requires_grad=True)
    g = x.grad
    (x * 2).sum().backward()
    return x.grad is g, g.detach(), x.grad.detach(), x.grad.requires_grad


@same
def test_a_grad_that_the_user_set_is_added_to_in_place(torch):
    x = leaf(torch)
    mine = torch.ones(3)
    x.grad = mine
    (x * 2).sum().backward()
    return x.grad is mine, mine


@same
def test_a_grad_that_is_a_view_is_added_to_in_place(torch):
    x = leaf(torch)
    flat = torch.zeros(6)
    x.grad = flat[3:]
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return flat, x.grad.data_ptr() == flat[3:].data_ptr(), x.grad._is_view(), flat._version


@same
def test_a_grad_that_is_expanded_cannot_be_added_to(torch):
    x = leaf(torch)
    x.grad = torch.zeros(1).expand(3)
    (x * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    return x.grad


@same
def test_the_gradient_handed_in_is_not_shared(torch):
    x = leaf(torch)
    g = torch.ones(3)
    x.backward(g)
    print(x.grad is g, x.grad.data_ptr() == g.data_ptr())
    x.grad.add_(5)
    y = leaf(torch)
    (y + 0).backward(g)
    y.grad.add_(5)
    return g


@same
def test_what_grad_returns_may_be_what_was_handed_in(torch):
    x = leaf(torch)
    g = torch.ones(3)
    (got,) = torch.autograd.grad(x, x, g)
    return got.data_ptr() == g.data_ptr()


@same
def test_two_leaves_do_not_share_one_gradient(torch):
    x, y = leaf(torch), leaf(torch)
    (x + y).sum().backward()
    x.grad.mul_(100)
    a, b = leaf(torch), leaf(torch)
    (a + b).backward(torch.ones(3))
    a.grad.mul_(100)
    return x.grad, y.grad, a.grad, b.grad


@same
def test_a_hook_that_keeps_the_gradient_does_not_share_it_with_grad(torch):
    kept = []
    x = leaf(torch)
    x.register_hook(lambda g: kept.append(g))
    (x * x).sum().backward()
    x.grad.zero_()
    return kept


@same
def test_retained_gradients_are_not_shared(torch):
    x = leaf(torch)
    a = x * 1
    b = a + 0
    a.retain_grad()
    b.retain_grad()
    b.backward(torch.ones(3))
    a.grad.mul_(2)
    b.grad.mul_(3)
    return x.grad, a.grad, b.grad


@same
def test_grad_has_the_layout_of_its_parameter(torch):
    outs = []
    for make in (
        lambda: torch.arange(6.0).reshape(2, 3),
        lambda: torch.arange(6.0).reshape(3, 2).t(),
        lambda: torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        lambda: torch.arange(12.0).reshape(4, 3)[::2],
        lambda: torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    ):
        x = make().requires_grad_()
        (x * 2).sum().backward()
        outs.append(x.grad.stride())
        x.grad = None
        x.sum().backward()
        outs.append(x.grad.stride())
        x.grad = None
        x.backward(torch.ones(x.shape))
        outs.append(x.grad.stride())
        x.grad = None
        x.backward(torch.ones(()).expand(x.shape))
        outs.append(x.grad.stride())
        x.grad = None
        (x.transpose(0, -1) * 2).contiguous().sum().backward()
        outs.append(x.grad.stride())
    return outs


@same
def test_transposed_and_expanded_gradients_become_the_layout_of_the_leaf(torch):
    outs = []
    x = torch.ones(2, 3, requires_grad=True)
    x.t().backward(torch.arange(6.0).reshape(3, 2))
    outs.append((x.grad.stride(), x.grad))
    x.grad = None
    x.sum().backward()
    outs.append((x.grad.stride(), x.grad.is_contiguous()))
    x.grad = None
    x.sum().backward(create_graph=True)
    outs.append((x.grad.stride(), x.grad.is_contiguous()))
    x.grad = None
    x.t().backward(torch.arange(6.0).reshape(3, 2), create_graph=True)
    outs.append(x.grad.stride())
    w = torch.ones(4, 3, requires_grad=True)
    torch.nn.functional.linear(torch.ones(2, 3), w).sum().backward()
    outs.append(w.grad.stride())
    return outs


def test_a_grad_of_another_layout_keeps_it():
    def scenario(torch):
        x = torch.ones(2, 3, requires_grad=True)
        x.grad = torch.zeros(3, 2).t()
        (x * 2).sum().backward()
        return x.grad.stride(), x.grad

    agree(scenario, warnings_too=False)  # PyTorch gives a performance warning, once in a process


@same
def test_zero_grad_and_what_was_held(torch):
    x = leaf(torch)
    (x * x).sum().backward()
    held = x.grad
    x.grad = None
    (x * x).sum().backward()
    x.grad.zero_()
    (x * 2).sum().backward()
    return held, x.grad


@same
def test_dtypes_of_gradients_are_those_of_the_leaves(torch):
    outs = []
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.complex64):
        x = torch.ones(2, dtype=dtype, requires_grad=True)
        y = torch.ones(2, requires_grad=True)
        z = x * y
        z.sum().backward(torch.ones((), dtype=z.dtype))
        outs += [x.grad, y.grad]
    return outs


@same
def test_grad_that_is_a_leafs_own_detached_gradient_and_versions(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    y.backward(retain_graph=True)
    d = x.grad.detach()
    y.backward()
    return d, x.grad._version, d._version


@same
def test_grad_fills_retained_gradients_on_its_way(torch):
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    b = (a * 3).sum()
    g = torch.autograd.grad(b, x)
    return g, a.grad


@same
def test_grad_fills_the_retained_gradient_of_what_it_returns(torch):
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    b = (a * 3).sum()
    g = torch.autograd.grad(b, a)
    return g, a.grad


@same
def test_a_leaf_that_stopped_requiring_grad_gets_none(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    x.requires_grad_(False)
    y.backward()
    return x.grad


@same
def test_a_gradient_of_a_leaf_whose_data_changed_shape(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    x.data = torch.ones(5)
    y.backward()
    return x.grad


@same
def test_gradients_may_lie_in_one_flat_buffer(torch):
    flat = torch.zeros(4)
    w = [torch.ones(2, requires_grad=True) for _ in range(2)]
    for i, p in enumerate(w):
        p.grad = flat[2 * i : 2 * i + 2]
    (w[0] * 3 + w[1] * 4).sum().backward()
    return flat


@same
def test_gradients_of_scalars_are_added_in_place(torch):
    x = torch.tensor(2.0, requires_grad=True)
    x.grad = torch.tensor(1.0)
    g = x.grad
    (x * x).backward()
    (x * x).sum().backward()
    return g, x.grad is g


@same
def test_a_leaf_that_requires_grad_no_longer_gets_none_and_its_hooks_run(torch):
    x = leaf(torch)
    y = x.sin()
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad))
    y.grad_fn.register_prehook(lambda g: x.requires_grad_(False) and None)
    y.sum().backward()
    return seen, x.grad


@same
def test_a_grad_turned_in_place_is_not_added_to(torch):
    x = torch.ones(1, 2, requires_grad=True)
    (x * 2).sum().backward()
    x.grad.t_()
    (x * 2).sum().backward()


@same
def test_a_grad_cut_in_place_is_not_added_to(torch):
    x = torch.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    x.grad.resize_(2)
    (x * 2).sum().backward()
