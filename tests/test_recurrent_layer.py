"""A recurrent layer is one operator: its values, its gradients, and all that may be asked of them."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

import adjoint

KINDS = {"LSTM": {}, "GRU": {}, "RNN": {}, "RELU": {"nonlinearity": "relu"}}


def _net(torch: Any, kind: str, features: int, hidden: int, layers: int = 1, **options: Any) -> Any:
    torch.manual_seed(0)
    return getattr(torch.nn, "RNN" if kind == "RELU" else kind)(features, hidden, layers, **KINDS[kind], **options)


def _states(state: Any) -> list[Any]:
    return list(state) if isinstance(state, tuple) else [state]


def _wave(torch: Any, *shape: int, dtype: Any = None) -> Any:
    count = 1
    for n in shape:
        count *= n
    return torch.sin(torch.arange(count, dtype=dtype or torch.float32) * 1.7).reshape(shape)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"layers": 2, "bidirectional": True}, {"bias": False, "batch_first": True}])
def test_values_and_gradients(kind: str, dtype: str, options: dict[str, Any]) -> None:
    def scenario(torch: Any) -> Any:
        seen = []
        for steps, batch, hidden in ((1, 1, 8), (2, 3, 5), (10, 8, 16), (6, 17, 33)):
            kind_of = getattr(torch, dtype)
            net = _net(torch, kind, 7, hidden, **options).to(kind_of)
            x = _wave(torch, batch, steps, 7, dtype=kind_of).requires_grad_()
            many = net.num_layers * (1 + net.bidirectional)
            first = [_wave(torch, many, batch, hidden, dtype=kind_of).requires_grad_() for _ in range(1 + (kind == "LSTM"))]
            out, state = net(x if net.batch_first else x.transpose(0, 1), tuple(first) if kind == "LSTM" else first[0])
            loss = (out * out).sum() + sum(s.sin().sum() for s in _states(state))
            loss.backward()
            seen.append([out.detach(), [s.detach() for s in _states(state)], x.grad, [h.grad for h in first]])
            seen.append([p.grad for p in net.parameters()])
        return seen

    agree(scenario, 3e-5 if dtype == "float32" else 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_some_gradients_are_not_asked_for(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        seen = []
        net = _net(torch, kind, 3, 5)
        x, h = _wave(torch, 4, 2, 3), _wave(torch, 1, 2, 5)
        for name, weight in net.named_parameters():
            for each in net.parameters():
                each.requires_grad_(each is weight)
            out, state = net(x, (h, h) if kind == "LSTM" else h)
            seen.append((name, torch.autograd.grad(out[1:].sum(), weight)))
        out, state = net(x.requires_grad_(), (h, h) if kind == "LSTM" else h)
        return seen, torch.autograd.grad(_states(state)[-1].sum(), x), torch.autograd.grad(net(x)[0].prod(), x)

    agree(scenario, 3e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_the_output_may_be_written_to_where_pytorch_does_not_save_it(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 5).double()
        x = _wave(torch, 4, 2, 3, dtype=torch.float64).requires_grad_()
        out, _ = net(x)
        out.mul_(3).relu_()
        out.sum().backward()
        return x.grad, [p.grad for p in net.parameters()]

    agree(scenario, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_is_kept_and_gradients_come_in_batches(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 5).double()
        x = _wave(torch, 4, 2, 3, dtype=torch.float64).requires_grad_()
        out, _ = net(x)
        one = torch.autograd.grad(out.sum(), x, retain_graph=True)
        two = torch.autograd.grad(out.sum(), x, retain_graph=True)
        by = _wave(torch, 3, *out.shape, dtype=torch.float64)
        return one, two, torch.autograd.grad(out, [x, *net.parameters()], by, is_grads_batched=True)

    agree(scenario, 1e-10, warnings_too=False)


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_where_one_input_is_made_of_another(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 5, 5).double()
        x = _wave(torch, 4, 2, 5, dtype=torch.float64).requires_grad_()
        h = x[:1] * x[1:2]
        out, state = net(x.cos(), (h, h.sin()) if kind == "LSTM" else h)
        loss = out.sin().sum() + sum((s * s).sum() for s in _states(state))
        targets = [x, *net.parameters()]
        firsts = torch.autograd.grad(loss, targets, create_graph=True)
        return [f.detach() for f in firsts], torch.autograd.grad(sum(f.cos().sum() for f in firsts), targets)

    agree(scenario, 1e-8)


@pytest.mark.parametrize("kind", ["GRU", "RNN", "LSTM"])
def test_transforms_see_the_steps(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 4).double()
        x = _wave(torch, 5, 3, 2, 3, dtype=torch.float64)
        run = lambda x: torch.func.functional_call(net, dict(net.named_parameters()), (x,))[0]
        forward = torch.func.jvp(run, (x[0],), (x[1],))
        rows = torch.func.jacrev(run)(x[0]).detach()
        return [f.detach() for f in forward], rows

    agree(scenario, 1e-9, warnings_too=False)
    net = _net(adjoint, kind, 3, 4)
    x = _wave(adjoint, 5, 3, 2, 3)
    one_by_one = adjoint.stack([net(sample)[0] for sample in x])  # PyTorch has no rule for any of them
    assert adjoint.allclose(adjoint.func.vmap(lambda x: net(x)[0])(x), one_by_one, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_are_none(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 20)
        seen = []
        for value in (float("nan"), float("inf"), -float("inf"), 1e30, -1e30):
            x = _wave(torch, 6, 3, 3)
            x[2, 1, 0] = value
            x.requires_grad_()
            out, _ = net(x)
            out.sum().backward()
            seen.append([out.detach().isnan(), out.detach()[:, 0], x.grad[:, 2]])
        return seen

    agree(scenario, 3e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_lie_as_they_like(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 20)
        for p in net.parameters():
            p.data = torch.stack([p.data, p.data], -1)[..., 1]
        wide = _wave(torch, 3, 12, 8).requires_grad_()
        h = _wave(torch, 20, 4, 1).permute(2, 1, 0)
        out, state = net(wide[:, ::3, 1:7:2], (h, h) if kind == "LSTM" else h)
        (out.transpose(0, 2) * 2).sum().backward()
        return out.detach(), wide.grad, [p.grad for p in net.parameters()]

    agree(scenario, 3e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_packed_sequences_in_inference_and_training(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 20, 2, bidirectional=True)
        rows = [_wave(torch, n, 3) for n in (9, 4, 4, 1)]
        packed = torch.nn.utils.rnn.pack_sequence(rows)
        with torch.inference_mode():
            seen = [net(packed)[0].data.clone()]
            assert net(packed)[0].data.is_inference()
        out, state = net(packed)
        (out.data.sin().sum() + _states(state)[-1].sum()).backward()
        return seen, out.data.detach(), [s.detach() for s in _states(state)], [p.grad for p in net.parameters()]

    agree(scenario, 3e-5)


def test_the_nodes_are_known_by_pytorchs_names() -> None:
    def scenario(torch: Any) -> Any:
        seen: list[Any] = []
        for kind in KINDS:
            for dtype in (torch.float32, torch.float64):
                out, state = _net(torch, kind, 3, 4).to(dtype)(_wave(torch, 5, 2, 3, dtype=dtype))
                seen.append([type(t.grad_fn).__name__ for t in (out, *_states(state))])
        node = _net(torch, "LSTM", 3, 4)(_wave(torch, 5, 2, 3).requires_grad_())[0].grad_fn
        return seen, [None if n is None else n.name().split("::")[-1] for n, _ in node.next_functions], node._saved_weight1.shape

    agree(scenario)


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_hooks_see_what_passes(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        net = _net(torch, kind, 3, 4)
        seen: list[Any] = []
        net.register_forward_hook(lambda *given: seen.append(len(given)))
        net.register_full_backward_hook(lambda m, to, of: seen.append([None if g is None else g.sum() for g in of[:1]]))
        out, _ = net(_wave(torch, 5, 2, 3))
        out.register_hook(lambda g: g * 2)
        out.retain_grad()
        out.sum().backward()
        return seen, out.grad, [p.grad for p in net.parameters()]

    agree(scenario, 3e-5, warnings_too=False)
