"""timm's training: its data transforms, mixup, label smoothing, optimizers, schedules, clipping and averages of weights."""

# packages: timm torchvision

import random

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import Mixup, create_transform, resolve_model_data_config
from timm.loss import LabelSmoothingCrossEntropy, SoftTargetCrossEntropy
from timm.optim import create_optimizer_v2, param_groups_layer_decay
from timm.scheduler import create_scheduler_v2
from timm.utils import ModelEmaV3, accuracy, dispatch_clip_grad

rng = np.random.default_rng(0)
pictures = [Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)) for _ in range(8)]


def seeded() -> None:
    torch.manual_seed(0), random.seed(0), np.random.seed(0)


def small() -> torch.nn.Module:
    seeded()
    return timm.create_model(
        "vit_tiny_patch16_224", img_size=32, patch_size=8, depth=2, num_classes=4, drop_path_rate=0.1
    )


model = small()
config = resolve_model_data_config(model)
print("config:", config["input_size"], config["interpolation"], *(f"{m:.3f}" for m in config["mean"]))
evaluation = create_transform(input_size=(3, 32, 32), is_training=False, interpolation="bicubic")
print(evaluation)
training = create_transform(
    (3, 32, 32), is_training=True, color_jitter=0.3, re_prob=0.5, auto_augment=None, interpolation="bilinear"
)
images = torch.stack([evaluation(picture) for picture in pictures])
print(f"evaluated: {tuple(images.shape)} {images.mean().item():.5f} {images.std().item():.5f}")
seeded()
drawn = torch.stack([training(picture) for picture in pictures])
print(f"augmented: {tuple(drawn.shape)} {drawn.mean().item():.4f} {drawn.std().item():.4f}")
labels = torch.arange(8) % 4

for name in ("sgd", "adamw", "lamb", "lion", "adafactor", "rmsproptf", "nadamw", "radam", "adamp", "madgrad"):
    model = small()
    optimizer = create_optimizer_v2(model, opt=name, lr=1e-3, weight_decay=0.05)
    schedule, epochs = create_scheduler_v2(optimizer, sched="cosine", num_epochs=4, warmup_epochs=1, warmup_lr=1e-5)
    losses, rates = [], []
    for epoch in range(3):
        loss = LabelSmoothingCrossEntropy(0.1)(model(drawn), labels)
        optimizer.zero_grad()
        loss.backward()
        dispatch_clip_grad(model.parameters(), 1.0)
        optimizer.step()
        schedule.step(epoch + 1)
        losses.append(f"{loss.item():.6g}")
        rates.append(f"{optimizer.param_groups[0]['lr']:.4g}")
    print(f"{name}: {' '.join(losses)} rates {' '.join(rates)} groups {len(optimizer.param_groups)}")

model = small()
groups = param_groups_layer_decay(model, weight_decay=0.05, layer_decay=0.7)
print("layers:", len(groups), *(f"{group['lr_scale']:.3f}" for group in groups))
optimizer = torch.optim.AdamW(
    [{k: v for k, v in group.items() if k in ("params", "weight_decay")} for group in groups], lr=1e-3
)
average = ModelEmaV3(model, decay=0.9)
mixup = Mixup(mixup_alpha=0.8, cutmix_alpha=1.0, prob=1.0, num_classes=4, label_smoothing=0.1)
seeded()
for _ in range(4):
    mixed, targets = mixup(images.clone(), labels)
    loss = SoftTargetCrossEntropy()(model(mixed), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    average.update(model)
    print(f"mixed: {loss.item():.6g} {targets.max().item():.5g}")
model.eval()
with torch.no_grad():
    print("accuracy:", *(f"{a.item():.4g}" for a in accuracy(model(images), labels, topk=(1, 2))))
    print(f"average: {average.module(images).abs().sum().item():.6g} {model(images).abs().sum().item():.6g}")
