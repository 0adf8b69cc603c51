"""Lightning's other ways: bf16-mixed precision, manual optimization of two networks, Fabric, swapped weights, metrics alone."""

# packages: lightning torchmetrics
# tolerance: 2e-2 because bfloat16 has eight bits, and the order of a sum decides the last of them

import logging
import tempfile
import warnings

import lightning as L
import torch
import torch.nn.functional as F
import torchmetrics.functional as M
from lightning.fabric import Fabric
from lightning.pytorch.callbacks import GradientAccumulationScheduler, StochasticWeightAveraging
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
    logging.getLogger(name).setLevel(logging.ERROR)
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def pairs(n: int = 64) -> TensorDataset:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(n, 6, generator=generator)
    return TensorDataset(x, x[:, :2].sum(1, keepdim=True).sin())


class Regression(L.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
        self.seen: list[str] = []

    def training_step(self, batch, index):
        x, y = batch
        out = self.net(x)
        self.seen.append(str(out.dtype))
        return F.mse_loss(out, y)

    def on_train_batch_end(self, outputs, batch, index):
        if index == 0:
            print(f"epoch {self.current_epoch}: {outputs['loss'].item():.4g} {self.seen[-1]}")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


class TwoNetworks(L.LightningModule):
    """A generator and a critic, each with its optimizer, stepped by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.critic = nn.Linear(3, 6), nn.Linear(6, 1)

    def training_step(self, batch, index):
        first, second = self.optimizers()
        noise = torch.randn(len(batch[0]), 3)
        self.toggle_optimizer(second)
        loss = F.softplus(-self.critic(batch[0])).mean() + F.softplus(self.critic(self.generator(noise).detach())).mean()
        second.zero_grad()
        self.manual_backward(loss)
        self.clip_gradients(second, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        second.step()
        self.untoggle_optimizer(second)
        self.toggle_optimizer(first)
        other = F.softplus(-self.critic(self.generator(noise))).mean()
        first.zero_grad()
        self.manual_backward(other)
        first.step()
        self.untoggle_optimizer(first)
        print(f"critic {loss.item():.5g} generator {other.item():.5g}")

    def configure_optimizers(self):
        return torch.optim.Adam(self.generator.parameters(), 0.01), torch.optim.Adam(self.critic.parameters(), 0.01)


def fit(model: L.LightningModule, **options) -> None:
    loader = DataLoader(pairs(), batch_size=16, shuffle=True)
    L.Trainer(max_epochs=4, **QUIET, **options).fit(model, loader)
    print("parameters:", *(f"{p.abs().sum().item():.4g}" for p in model.parameters()))


def main() -> None:
    L.seed_everything(5)
    fit(Regression())
    L.seed_everything(5)
    fit(Regression(), precision="bf16-mixed")
    L.seed_everything(5)
    fit(Regression(), precision="64-true")
    L.seed_everything(5)
    averaging = StochasticWeightAveraging(swa_lrs=0.05, swa_epoch_start=2, device=None)
    fit(Regression(), callbacks=[averaging, GradientAccumulationScheduler({1: 2})])
    L.seed_everything(5)
    fit(TwoNetworks())

    fabric = Fabric(accelerator="cpu")
    fabric.launch()
    fabric.seed_everything(7)
    model = nn.Linear(6, 1)
    model, optimizer = fabric.setup(model, torch.optim.Adam(model.parameters(), lr=0.05))
    loader = fabric.setup_dataloaders(DataLoader(pairs(), batch_size=32))
    for epoch in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
        print(f"fabric {epoch}: {loss.item():.5g}")
    with tempfile.TemporaryDirectory() as folder:
        fabric.save(f"{folder}/x.ckpt", {"model": model, "epoch": epoch})
        state = {"model": nn.Linear(6, 1), "epoch": 0}
        fabric.load(f"{folder}/x.ckpt", state)
    print("loaded:", state["epoch"], f"{sum(p.sum().item() for p in state['model'].parameters()):.5g}")

    torch.manual_seed(0)
    scores, labels = torch.randn(40, 4).softmax(1), torch.randint(4, (40,))
    for name in ("accuracy", "precision", "recall", "f1_score", "auroc", "average_precision", "cohen_kappa", "matthews_corrcoef"):
        print(f"{name}:", f"{float(getattr(M, name)(scores, labels, task='multiclass', num_classes=4)):.5g}")
    print("confusion:", M.confusion_matrix(scores, labels, task="multiclass", num_classes=4).flatten().tolist())
    a, b = torch.randn(30), torch.randn(30)
    for name in ("mean_squared_error", "mean_absolute_error", "r2_score", "pearson_corrcoef", "spearman_corrcoef"):
        print(f"{name}:", f"{float(getattr(M, name)(a, b)):.5g}")
    images = torch.rand(2, 3, 32, 32)
    print("ssim:", f"{float(M.image.structural_similarity_index_measure(images, images * 0.9, data_range=1.0)):.5g}")
    print("psnr:", f"{float(M.image.peak_signal_noise_ratio(images, images * 0.9, data_range=1.0)):.5g}")
    print("bleu:", f"{float(M.text.bleu_score(['the cat is on the mat'], [['a cat is on the mat']])):.5g}")


main()
