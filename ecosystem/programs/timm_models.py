"""Eight models of timm, each trained for a step: a ResNet, ViT, ConvNeXt, EfficientNet, MobileNet, Swin, Mixer and RegNet."""

# packages: timm
# tolerance: 5e-3 because a batch of four is normalized layer after layer, which makes much of the last bits

import timm
import torch
from torch import nn

MODELS = {
    "resnet18": {},
    "vit_tiny_patch16_224": {"img_size": 64, "depth": 3},
    "convnext_atto": {},
    "efficientnet_b0": {},
    "mobilenetv3_small_050": {},
    "swin_tiny_patch4_window7_224": {"img_size": 64, "window_size": 4, "depths": (1, 1, 2, 1), "embed_dim": 24},
    "mixer_s32_224": {"img_size": 64},
    "regnetx_002": {},
}

for name, options in MODELS.items():
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=10, **options)
    images, labels = torch.randn(4, 3, 64, 64), torch.arange(4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(2):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(f"{loss.item():.6g}")
    model.eval()
    with torch.no_grad():
        features = model.forward_features(images)
        scores = model.forward_head(features)
    print(f"{name}: {' '.join(losses)}")
    print(
        f"{name} state: {len(model.state_dict())} {sum(p.abs().double().sum().item() for p in model.parameters()):.6g}"
    )
    print(
        f"{name} features: {tuple(features.shape)} {features.abs().mean().item():.5g} {scores.abs().mean().item():.4g}"
    )
