"""A program as users write it, fully annotated: checkers must find nothing in it, and it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import adjoint as torch
import adjoint.nn.functional as F
from adjoint import Tensor, nn, optim
from adjoint.func import functional_call, grad, jacrev, vmap
from adjoint.optim.lr_scheduler import CosineAnnealingLR, StepLR
from adjoint.utils.data import DataLoader, Dataset, TensorDataset, random_split

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value: Any, kind: Any) -> None:
        pass


class Block(nn.Module):
    scale: Tensor

    def __init__(self, channels: int, *, slope: float = 0.1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.LeakyReLU(slope)
        self.gain = nn.Parameter(torch.ones(1))
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.norm(self.conv(x)))
        return x + self.gain * y / self.scale


class Squares(Dataset[Tensor]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return torch.full((2,), float(index)) ** 2


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        x: Tensor = ctx.saved_tensors[0]
        return 3 * x**2 * grad_output


def build() -> nn.Sequential:
    return nn.Sequential(Block(3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 5), nn.Dropout(0.1))


def train(model: nn.Module, steps: int = 2) -> list[float]:
    optimizer = optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = CosineAnnealingLR(optimizer, T_max=steps)
    momentum = optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    other = StepLR(momentum, step_size=1)
    data = TensorDataset(torch.randn(8, 3, 4, 4), torch.randint(0, 5, (8,)))
    first, _ = random_split(data, [6, 2], generator=torch.Generator().manual_seed(0))
    losses: list[float] = []
    correct = 0
    model.train()
    for _ in range(steps):
        for images, labels in DataLoader(first, batch_size=3, shuffle=True):
            optimizer.zero_grad(set_to_none=True)
            prediction = model(images)
            loss = F.cross_entropy(prediction, labels, label_smoothing=0.1)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            momentum.step()
            losses.append(loss.item())
            correct += (prediction.argmax(dim=1) == labels).sum().item()
        schedule.step()
        other.step()
    return losses


def results(x: Tensor) -> None:
    values, indices = x.max(dim=1)
    assert_type(values, Tensor)
    assert_type(indices, Tensor)
    assert_type(x.max(), Tensor)
    assert_type(torch.max(x, 1).indices, Tensor)
    assert_type(torch.max(x, x), Tensor)
    assert_type(x.sort(descending=True).values, Tensor)
    assert_type(x.topk(1).indices, Tensor)
    assert_type(torch.std_mean(x), tuple[Tensor, Tensor])
    assert_type(torch.unique(x), Tensor)
    assert_type(x.split(1), tuple[Tensor, ...])
    assert_type(x.size(), torch.Size)
    assert_type(x.size(0), int)
    assert_type(x.shape[0], int)
    assert_type(x.dtype, torch.dtype)
    assert_type(x.device, torch.device)
    assert_type(x.tolist(), Any)
    assert_type(torch.nonzero(x, as_tuple=True), tuple[Tensor, ...])
    assert_type(torch.where(x > 0, x, 0.0), Tensor)
    assert_type(torch.where(x > 0), tuple[Tensor, ...])
    assert_type(torch.linalg.svd(x).S, Tensor)
    assert_type(torch.linalg.norm(x), Tensor)
    assert_type(F.max_pool2d(x[None, None], 1), Tensor)
    assert_type(F.max_pool2d(x[None, None], 1, return_indices=True), tuple[Tensor, Tensor])
    assert_type(x.type(), str)
    assert_type(x.is_contiguous(), bool)
    assert_type(torch.is_tensor(x), bool)
    assert_type(torch.finfo(torch.float32).eps, float)
    assert_type(x.requires_grad_(), Tensor)
    _, column = torch.topk(x, k=1, dim=-1)
    assert_type(column, Tensor)
    for row in x:
        assert_type(row, Tensor)


def arithmetic(x: Tensor) -> Tensor:
    y = 2 * x + x / 3 - 1.5
    y = y**2 @ x.T
    y += 1
    y[0] = 0
    y[y > 1] = 0.5
    y = -y if bool((y > 0).any()) else y.abs()
    z = y.view(-1).reshape(-1, 1).expand(-1, 2).permute(1, 0).contiguous()
    z = torch.cat([z, z], dim=0).to(torch.float64).to("cpu").to(x)
    z = torch.stack((z, z)).sum(dim=(0, 1), keepdim=True).squeeze()
    z = torch.einsum("i,i->", z, z) + torch.zeros(2, 3).mean() + torch.zeros((2, 3)).mean(0).prod()
    mask = torch.ones(2, dtype=torch.bool, device="cpu") & ~torch.zeros(2, dtype=torch.bool)
    return z.masked_fill(~mask[0], -torch.inf).clamp(min=0, max=1e6).detach().clone()


def gradients() -> tuple[Tensor, ...]:
    x = torch.ones(2, 3, requires_grad=True)
    y = Cube.apply(x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    print(x.grad, x.grad.norm(), y.grad_fn.name(), y.grad_fn.next_functions[0][0])
    handle = x.register_hook(lambda grad: grad * 2)
    handle.remove()
    with torch.no_grad():
        x -= 0.1 * x.grad
        x.grad.zero_()
    x.grad = None

    def of_sum(v: Tensor) -> Tensor:
        return torch.sin(v).sum()

    each: Tensor = vmap(grad(of_sum))(torch.ones(4, 3))
    jacobian: Tensor = jacrev(torch.sin)(torch.ones(3))
    return g, each, jacobian


@torch.no_grad()
def evaluate(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    result: Tensor = functional_call(model, dict(model.named_parameters()), (x,))
    return result


@torch.inference_mode()
def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def shapes(model: nn.Module) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, parameter in model.named_parameters():
        yield name, tuple(parameter.shape)


def main() -> None:
    torch.manual_seed(0)
    model = build()
    losses = train(model)
    results(torch.rand(3, 3))
    print(len(losses), arithmetic(torch.rand(2, 2)), gradients())
    print(evaluate(model, torch.randn(2, 3, 4, 4)).shape, count(model), list(shapes(model)), model[0], len(model))
    nn.init.kaiming_normal_(torch.empty(2, 2), nonlinearity="relu")
    lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True)
    output, (hidden, cell) = lstm(torch.randn(2, 5, 3))
    print(output.shape, hidden.shape, cell.shape, len(Squares()), next(iter(DataLoader(Squares(), batch_size=2))))
    state = model.state_dict()
    model.load_state_dict(state, strict=True)
    array = torch.arange(6).reshape(2, 3).numpy()
    print(torch.from_numpy(array), torch.tensor(array, dtype=torch.float32), torch.linalg.inv(torch.eye(2)))
    scaler = torch.amp.GradScaler("cuda", enabled=False)
    with torch.autocast("cpu", enabled=False), torch.set_grad_enabled(True):
        print(scaler.scale(torch.ones(1)))


if __name__ == "__main__":
    main()
