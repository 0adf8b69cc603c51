"""A LightningModule through Trainer's fit, validate, test and predict, with metrics, callbacks, a scheduler and a checkpoint."""

# packages: lightning torchmetrics

import logging
import os
import tempfile
import warnings

import lightning as L
import torch
import torch.nn.functional as F
import torchmetrics
from lightning.pytorch.callbacks import Callback, EarlyStopping, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

warnings.filterwarnings("ignore")
for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
    logging.getLogger(name).setLevel(logging.ERROR)


class Made(L.LightningDataModule):
    """Points in the plane, in three classes."""

    def __init__(self, batch_size: int = 16) -> None:
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage: str) -> None:
        generator = torch.Generator().manual_seed(1)
        labels = torch.randint(3, (120,), generator=generator)
        centers = torch.tensor([[0.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        points = centers[labels] + 0.6 * torch.randn(120, 2, generator=generator)
        self.parts = random_split(TensorDataset(points, labels), [72, 24, 24], generator=generator)

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[0], batch_size=self.hparams.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[1], batch_size=self.hparams.batch_size)

    def test_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[2], batch_size=self.hparams.batch_size)

    predict_dataloader = test_dataloader


class Classifier(L.LightningModule):
    def __init__(self, width: int = 16, lr: float = 0.05) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(2, 2)
        first = nn.Linear(2, width, bias=False), nn.BatchNorm1d(width)
        self.net = nn.Sequential(*first, nn.Tanh(), nn.Dropout(0.1), nn.Linear(width, 3))
        metrics = torchmetrics.MetricCollection(
            {
                "accuracy": torchmetrics.Accuracy(task="multiclass", num_classes=3),
                "f1": torchmetrics.F1Score(task="multiclass", num_classes=3, average="macro"),
            }
        )
        self.valid_metrics, self.test_metrics = metrics.clone("val_"), metrics.clone("test_")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def training_step(self, batch, index):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, index):
        x, y = batch
        scores = self(x)
        self.valid_metrics.update(scores, y)
        self.log("val_loss", F.cross_entropy(scores, y))
        self.log_dict(self.valid_metrics)

    def test_step(self, batch, index):
        x, y = batch
        self.test_metrics.update(self(x), y)
        self.log_dict(self.test_metrics)

    def predict_step(self, batch, index):
        return self(batch[0]).argmax(1)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)}


class Told(Callback):
    def on_train_epoch_end(self, trainer, module):
        shown = {k: f"{float(v):.5g}" for k, v in sorted(trainer.callback_metrics.items())}
        print(f"epoch {trainer.current_epoch}: step {trainer.global_step}", *(f"{k} {v}" for k, v in shown.items()))


def main(folder: str) -> None:
    L.seed_everything(3)
    model, data = Classifier(), Made()
    best = ModelCheckpoint(folder, monitor="val_loss", save_last=True, filename="best-{epoch}")
    trainer = L.Trainer(
        max_epochs=5,
        accelerator="cpu",
        callbacks=[Told(), best, EarlyStopping("val_loss", patience=3), LearningRateMonitor()],
        logger=CSVLogger(folder),
        gradient_clip_val=0.5,
        accumulate_grad_batches=2,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        num_sanity_val_steps=1,
        deterministic=True,
    )
    trainer.fit(model, datamodule=data)
    print("parameters:", *(f"{p.sum().item():.5g}" for p in model.parameters()))
    print("best:", f"{best.best_model_score.item():.5g}", os.path.basename(best.best_model_path), sorted(os.listdir(folder))[:3])
    print("validate:", {k: f"{v:.5g}" for k, v in trainer.validate(model, datamodule=data, verbose=False)[0].items()})
    print("test:", {k: f"{v:.5g}" for k, v in trainer.test(ckpt_path="best", datamodule=data, verbose=False)[0].items()})
    print("predict:", *torch.cat(trainer.predict(model, datamodule=data)).tolist())
    loaded = Classifier.load_from_checkpoint(best.best_model_path)
    print("loaded:", dict(loaded.hparams), f"{sum(p.sum().item() for p in loaded.parameters()):.5g}")
    again = L.Trainer(
        max_epochs=6, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[Told()],
    )  # fmt: skip
    again.fit(Classifier(), datamodule=data, ckpt_path=os.path.join(folder, "last.ckpt"))
    print("resumed:", again.current_epoch, again.global_step)


with tempfile.TemporaryDirectory() as folder:
    main(folder)
