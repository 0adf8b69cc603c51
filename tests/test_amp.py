"""Automatic mixed precision on the CPU: which operators run in which precision, nesting, weights cast once, and the scaler."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import pytest

import adjoint
from tests.both import agree, torch

# Of float32 operands, a matrix `f`, a cube `q`, images `i`, and of bfloat16 ones, `b`, `c` and `j`.
EXPRESSIONS = """
f @ f; f @ b; f @ f[0]; f[0] @ f; f[0] @ f[0]; torch.mm(f, b); torch.matmul(q, q); torch.bmm(q, q)
torch.baddbmm(q, q, q); torch.addmm(f, f, f); torch.addbmm(f, q, q); torch.mv(f, f[0]); torch.addmv(f[0], f, f[0])
torch.dot(f[0], f[0]); torch.outer(f[0], f[0]); torch.inner(f, f); torch.inner(f[0], f[0]); torch.kron(f, f)
torch.einsum('ij,jk', f, f); torch.tensordot(f, f, 1); torch.chain_matmul(f, f); torch.linalg.multi_dot([f, f, f])
torch.linalg.matrix_power(f, 3); torch.linalg.vecdot(f, f); F.linear(f, f, f[0]); F.bilinear(f, f, q); F.conv1d(q, q)
F.conv2d(i, i, padding=1); F.conv_transpose1d(q, q); F.conv_transpose2d(i, i); F.prelu(f, f[0, :1]); F.embedding(n, f)
F.scaled_dot_product_attention(i, i, i); F.scaled_dot_product_attention(i, i, i, is_causal=True); torch.cat([b, f])
torch.cat([b, b]); torch.cat([b, f.double()]); torch.cat([b, f.half()]); torch.stack([b, f]); torch.stack([b, b])
f.index_copy(0, n, b[:2]); b + f; b * 2; torch.exp(b); torch.softmax(b, 0); F.log_softmax(b, 0); b.sum(); b.mean()
b.norm(); b.prod(); b.prod(0); F.mse_loss(b, f); F.l1_loss(b, b); F.smooth_l1_loss(b, f); F.huber_loss(b, f)
F.cross_entropy(b, n[[0, 1, 0]]); F.kl_div(b, f, reduction='sum'); F.nll_loss(b, n[[0, 1, 0]])
F.binary_cross_entropy(b.sigmoid(), f.sigmoid()); F.binary_cross_entropy_with_logits(b, f)
F.hinge_embedding_loss(b, b.sign()); F.cosine_embedding_loss(b, f, n[[0, 1, 0]].float() * 2 - 1)
F.poisson_nll_loss(b, f); F.soft_margin_loss(b, b.sign()); F.multi_margin_loss(b, n[[0, 1, 0]])
F.margin_ranking_loss(b, f, b.sign()); F.triplet_margin_loss(b, b, f); F.gaussian_nll_loss(b, f, f * f + 1)
F.layer_norm(b, (3,), f[0], f[1]); F.group_norm(c, 1, f[0], f[1]); F.rms_norm(b, (3,), f[0])
F.batch_norm(b, f[0] * 0, f[0] * 0 + 1, f[0], f[1], True); F.instance_norm(c); F.normalize(b)
F.cosine_similarity(b, f); F.pad(c, (1, 1), 'reflect'); F.pad(c, (1, 1), 'replicate'); F.pad(c, (1, 1))
F.interpolate(j, scale_factor=2, mode='bilinear'); F.avg_pool2d(j, 2); F.avg_pool3d(j[None], 1)
F.max_pool3d(j[None], 1); F.adaptive_avg_pool3d(j[None], 1); F.max_pool2d(j, 2); torch.cdist(b, f); torch.trace(b)
torch.quantile(b, 0.5); torch.polar(b, f); torch.view_as_complex(b[:, :2].contiguous())
torch.inverse(b + 9 * torch.eye(3).bfloat16()); torch.linalg.inv(b + 9 * torch.eye(3).bfloat16())
torch.linalg.cholesky(9 * torch.eye(3).bfloat16()); torch.linalg.solve(9 * torch.eye(3).bfloat16(), b)
torch.linalg.svdvals(b); torch.linalg.norm(b); torch.linalg.eigvalsh(torch.eye(3).bfloat16()); torch.cov(f)
torch.dist(f, b); torch.bmm(n[:1, None, None], n[:1, None, None]); f.double() @ f.double(); (f @ f).sum() + 1
b.addmm(f, f)
"""


@pytest.mark.parametrize("expression", [e.strip() for line in EXPRESSIONS.strip().splitlines() for e in line.split(";")])
@pytest.mark.parametrize("lower", ["bfloat16", "float16"])
def test_operators_run_in_the_precision_of_pytorchs_lists(expression: str, lower: str) -> None:
    def scenario(torch: Any) -> Any:
        f = torch.linspace(-1, 1, 9).reshape(3, 3)
        names = {
            "f": f, "b": f.to(getattr(torch, lower)), "q": torch.linspace(-1, 1, 27).reshape(3, 3, 3), "n": torch.tensor([0, 1]),
            "i": torch.linspace(-1, 1, 36).reshape(2, 2, 3, 3),
        }  # fmt: skip
        names |= {"c": names["q"].to(getattr(torch, lower)), "j": names["i"].to(getattr(torch, lower))}
        text = expression.replace("bfloat16()", f"to(torch.{lower})").replace("half()", "to(torch.half)")
        with warnings.catch_warnings(), torch.autocast("cpu", dtype=getattr(torch, lower)):
            warnings.simplefilter("ignore")
            found = eval(text, {"torch": torch, "F": torch.nn.functional, **names})
        return str(found.dtype), found.to(torch.complex64 if found.is_complex() else torch.float32)

    if lower == "float16" and "half()" in expression:
        pytest.skip("the same dtype")
    agree(scenario, tolerance=0.03)


MODULES = {
    "Linear": "torch.nn.Linear(3, 3)(x[0])",
    "LSTM": "torch.nn.LSTM(3, 2, 2, bidirectional=True)(x)",
    "GRU": "torch.nn.GRU(3, 2)(x)",
    "RNN": "torch.nn.RNN(3, 2)(x)",
    "LSTMCell": "torch.nn.LSTMCell(3, 2)(x[0])",
    "GRUCell": "torch.nn.GRUCell(3, 2)(x[0])",
    "MultiheadAttention": "torch.nn.MultiheadAttention(3, 1)(x, x, x)",
    "TransformerEncoderLayer": "torch.nn.TransformerEncoderLayer(3, 1, 4, 0.0)(x)",
    "EmbeddingBag": "torch.nn.EmbeddingBag(4, 3)(torch.tensor([[0, 1]]))",
    "Conv2d": "torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3), torch.nn.ReLU())(x[None])",
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_give_what_pytorchs_give(name: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.linspace(-1, 1, 18).reshape(2, 3, 3)
        with torch.autocast("cpu"):
            found = eval(MODULES[name], {"torch": torch, "x": x})
        flat = torch.utils._pytree.tree_leaves(found)
        return [(str(t.dtype), t.float().detach()) for t in flat]

    agree(scenario, tolerance=0.06)


def trained(torch: Any, scale: bool = False, dtype: str = "bfloat16") -> list[float]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 16), torch.nn.LayerNorm(16), torch.nn.GELU(), torch.nn.Linear(16, 16), torch.nn.Linear(16, 3)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", enabled=scale)
    x, y, losses = torch.linspace(-1, 1, 32).reshape(8, 4), torch.arange(8) % 3, []
    for _ in range(6):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=getattr(torch, dtype)):
            loss = torch.nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("scale", "dtype"), [(False, "bfloat16"), (True, "bfloat16"), (True, "float16")])
def test_a_training_goes_as_pytorchs(scale: bool, dtype: str) -> None:
    agree(lambda torch: trained(torch, scale, dtype), tolerance=0.02)


def test_contexts_nest_and_leave_everything_as_it_was() -> None:
    def scenario(torch: Any) -> Any:
        a, found = torch.ones(2, 2), []

        @torch.autocast("cpu", dtype=torch.float16)
        def product() -> Any:
            return (a @ a).dtype

        def asked() -> Any:
            on = torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled()
            return on, str((a @ a).dtype), torch.get_autocast_dtype("cpu")

        with torch.autocast("cpu"):
            found.append(asked())
            with torch.autocast("cpu", enabled=False):
                found.append(asked())
                with torch.autocast("cpu", dtype=torch.float16):
                    found.append(asked())
            found.append(product())
            try:
                with torch.autocast("cpu", enabled=False):
                    raise KeyError
            except KeyError:
                found.append(asked())
            with torch.autocast("cpu", torch.float64, enabled=False):
                found.append(torch.get_autocast_dtype("cpu"))
        return found, asked(), product()

    agree(scenario)


def test_a_weight_is_cast_once_in_a_context() -> None:
    def scenario(torch: Any) -> Any:
        def shared(**how: Any) -> Any:
            w = torch.nn.Parameter(torch.ones(2, 2))
            with torch.autocast("cpu", **how):
                with torch.no_grad():
                    w @ w
                y, z = torch.mm(w, w), torch.mm(w, w)
                first, second = (t.grad_fn.next_functions[0][0] for t in (y, z))
                torch.clear_autocast_cache()
                third = torch.mm(w, w).grad_fn.next_functions[0][0]
            (y + z).sum().backward()
            return first is second, first is third, w.grad, w.grad.dtype

        return shared(), shared(cache_enabled=False)

    agree(scenario)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpoint_computes_again_as_it_did(reentrant: bool) -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        checkpoint = import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
        w, x = torch.nn.Parameter(torch.full((2, 2), 1.01)), torch.full((2, 2), 1.003, requires_grad=True)
        with torch.autocast("cpu"):
            y = checkpoint(lambda x: torch.tanh(x @ w) @ w, x, use_reentrant=reentrant)
        y.float().sum().backward()
        return y.dtype, w.grad, x.grad

    agree(scenario, tolerance=0.02)


def test_functions_run_as_their_decorators_say() -> None:
    def scenario(torch: Any) -> Any:
        seen: list[Any] = []

        class Product(torch.autograd.Function):
            @staticmethod
            @torch.amp.custom_fwd(device_type="cpu")
            def forward(ctx: Any, a: Any, b: Any) -> Any:
                ctx.save_for_backward(a, b)
                seen.append((str(a.dtype), torch.is_autocast_enabled("cpu")))
                return a @ b

            @staticmethod
            @torch.amp.custom_bwd(device_type="cpu")
            def backward(ctx: Any, g: Any) -> Any:
                a, b = ctx.saved_tensors
                seen.append((str(g.dtype), torch.is_autocast_enabled("cpu"), str((a @ b).dtype)))
                return g @ b.T, a.T @ g

        class Cast(torch.autograd.Function):
            forward = staticmethod(
                torch.amp.custom_fwd(
                    lambda ctx, a, rest: seen.append((str(a.dtype), str(rest[0]["k"].dtype), torch.is_autocast_enabled("cpu")))
                    or a * 2,
                    device_type="cpu",
                    cast_inputs=torch.float32,
                )
            )
            backward = staticmethod(torch.amp.custom_bwd(lambda ctx, g: (g * 2, None), device_type="cpu"))

        a = torch.ones(2, 2, requires_grad=True)
        with torch.autocast("cpu"):
            y, z = Product.apply(a, a), Cast.apply(a.bfloat16(), ({"k": a.half()}, 3))
        (y.sum() + z.sum()).backward()
        Cast.apply(a.bfloat16(), ({"k": a.half()}, 3))
        return seen, a.grad

    agree(scenario)


ASKED = """
is_autocast_enabled(); is_autocast_enabled("cpu"); is_autocast_enabled("meta"); is_autocast_cpu_enabled()
get_autocast_dtype("cpu"); get_autocast_dtype("cuda"); get_autocast_dtype("xpu"); get_autocast_gpu_dtype()
get_autocast_cpu_dtype(); set_autocast_enabled(False); set_autocast_enabled("cpu", False); is_autocast_cache_enabled()
amp.is_autocast_available("cpu"); amp.is_autocast_available("cuda"); amp.is_autocast_available("meta")
autocast("meta"); autocast("foo"); autocast("cpu", torch.float32)._enabled; autocast("cuda")._enabled
autocast("cuda", torch.bfloat16).fast_dtype; autocast("mps").fast_dtype; autocast(3); autocast("cpu")(3)
cuda.amp.autocast().fast_dtype; cuda.amp.GradScaler().is_enabled(); cuda.amp.custom_fwd(len)([1])
cuda.amp.custom_bwd(len).__name__; amp.custom_fwd(device_type=3); amp.GradScaler("cpu").get_scale()
amp.GradScaler().get_scale(); amp.GradScaler("cpu", growth_factor=1); amp.GradScaler("cpu", backoff_factor=1)
amp.GradScaler("cpu").state_dict(); amp.GradScaler(enabled=False).state_dict(); amp.GradScaler("cpu").update()
amp.GradScaler("cpu").load_state_dict({}); amp.GradScaler("cpu").scale(3); amp.GradScaler("cpu").unscale_(None)
cuda.amp.common.amp_definitely_not_available(); amp.autocast_mode.autocast is torch.autocast
amp.grad_scaler.GradScaler is torch.GradScaler; cpu.amp.autocast().fast_dtype
"""


@pytest.mark.parametrize("call", [call.strip() for line in ASKED.strip().splitlines() for call in line.split(";")])
def test_questions_and_odd_arguments_are_answered_as_in_pytorch(call: str) -> None:
    def scenario(torch: Any) -> Any:
        __import__(f"{torch.__name__}.cpu.amp")
        return eval(f"torch.{call}", {"torch": torch})

    agree(scenario)


def test_the_scaler_skips_overflow_and_grows() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.nn.Parameter(torch.ones(3))
        optimizer, found = torch.optim.SGD([x], 0.1, momentum=0.9), []
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2, growth_factor=3.0, backoff_factor=0.25)
        for factor in (1.0, 2.0, float("inf"), 3.0, float("nan"), 1.0, 1.0, 1.0):
            optimizer.zero_grad()
            scaler.scale([(x * factor).sum()])[0].backward()
            if factor == 2.0:
                scaler.unscale_(optimizer)
                found.append(x.grad.clone())
            found.append((scaler.step(optimizer), x.detach().clone(), scaler.get_scale()))
            scaler.update()
            found.append(scaler.state_dict())
        again = pickle.loads(pickle.dumps(scaler))
        other = torch.amp.GradScaler("cpu")
        other.load_state_dict(scaler.state_dict())
        found += [again.state_dict(), other.state_dict(), scaler._growth_tracker]
        return found

    agree(scenario)


def test_a_scaler_out_of_step_says_so() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.nn.Parameter(torch.ones(3))
        optimizer, scaler, found = torch.optim.SGD([x], 0.1), torch.amp.GradScaler("cpu"), []

        def tried(function: Any) -> None:
            try:
                found.append(function())
            except Exception as error:
                found.append((type(error).__name__, str(error)))

        tried(lambda: scaler.step(optimizer))
        scaler.scale(x.sum()).backward()
        tried(lambda: scaler.update())
        scaler.unscale_(optimizer)
        tried(lambda: scaler.unscale_(optimizer))
        tried(lambda: scaler.step(optimizer, closure=lambda: 0))
        scaler.step(optimizer)
        tried(lambda: scaler.step(optimizer))
        tried(lambda: scaler.unscale_(optimizer))
        tried(lambda: pickle.dumps(scaler))
        scaler.update(7.0)
        found.append(scaler.get_scale())
        x.grad = None
        tried(lambda: scaler.step(optimizer))
        h = torch.nn.Parameter(torch.ones(2).half())
        h.grad = torch.ones(2).half()
        tried(lambda: scaler.unscale_(torch.optim.SGD([h], 0.1)))
        return found

    agree(scenario)


def test_an_optimizer_that_scales_itself_is_told_how() -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.optim.SGD):
            _step_supports_amp_scaling = True

            def step(self, closure: Any = None) -> Any:
                return float(self.grad_scale), float(self.found_inf)

        x = torch.nn.Parameter(torch.ones(3))
        optimizer, scaler = Own([x], 0.1), torch.amp.GradScaler("cpu", init_scale=2.0)
        scaler.scale((x * float("inf")).sum()).backward()
        told = scaler.step(optimizer)
        scaler.update()
        return told, scaler.get_scale(), hasattr(optimizer, "grad_scale")

    agree(scenario)


def test_another_thread_does_not_autocast() -> None:
    import threading

    found: list[Any] = []
    a = adjoint.ones(2, 2)
    with adjoint.autocast("cpu"):
        thread = threading.Thread(target=lambda: found.append((a @ a).dtype))
        thread.start()
        thread.join()
        found.append((a @ a).dtype)
    assert found == [adjoint.float32, adjoint.bfloat16]


assert torch is not None
