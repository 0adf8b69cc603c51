"""accelerate: an Accelerator's training loop with accumulation, clipping, a scheduler, checkpoints, and gathered metrics."""

# packages: accelerate
# tolerance: 1e-3 because products in bfloat16 are rounded to three digits

import os

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import ProjectConfiguration, set_seed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

set_seed(3)
accelerator = Accelerator(
    cpu=True, gradient_accumulation_steps=2, project_config=ProjectConfiguration("project", automatic_checkpoint_naming=True)
)
x = torch.randn(64, 8)
data = TensorDataset(x, (x.sum(1) > 0).long())
model = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=16)
loader = DataLoader(data, batch_size=8, shuffle=True)
model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
print("state:", accelerator.device, accelerator.num_processes, accelerator.distributed_type, accelerator.is_main_process)
print("types:", type(model).__name__, type(optimizer).__name__, type(loader).__name__, type(scheduler).__name__)


def train(epoch: int) -> None:
    for step, (inputs, labels) in enumerate(loader):
        with accelerator.accumulate(model):
            loss = nn.functional.cross_entropy(model(inputs), labels)
            accelerator.backward(loss)
            norm = accelerator.clip_grad_norm_(model.parameters(), 1.0) if accelerator.sync_gradients else None
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        norm = "-" if norm is None else f"{norm.item():.6g}"
        print(f"{epoch} {step}: {loss.item():.6g} {norm} {scheduler.get_last_lr()[0]:.6g}")


train(0)
where = accelerator.save_state()
print("saved:", *sorted(os.listdir(where)))
kept = [p.detach().clone() for p in model.parameters()]
train(1)
after = [p.detach().clone() for p in model.parameters()]
accelerator.load_state(where)
print("restored:", all(torch.equal(a, b) for a, b in zip(kept, model.parameters())))
train(1)
print("again:", all(torch.equal(a, b) for a, b in zip(after, model.parameters())))
model.eval()
right = 0
for inputs, labels in loader:
    with torch.no_grad():
        guesses = model(inputs).argmax(-1)
    guesses, labels = accelerator.gather_for_metrics((guesses, labels))
    right += (guesses == labels).sum().item()
print("right:", right)
accelerator.save_model(model, "saved")
print("model:", *sorted(os.listdir("saved")), *(f"{p.sum().item():.6g}" for p in accelerator.unwrap_model(model).parameters()))

AcceleratorState._reset_state(True)
accelerator = Accelerator(cpu=True, mixed_precision="bf16")
torch.manual_seed(0)
net = nn.Linear(8, 2)
net, optimizer = accelerator.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))
with accelerator.autocast():
    loss = net(x[:8]).float().square().mean()
accelerator.backward(loss)
optimizer.step()
print("bf16:", net(x[:8]).dtype, net.weight.dtype, f"{loss.item():.4g} {net.weight.sum().item():.4g}")
