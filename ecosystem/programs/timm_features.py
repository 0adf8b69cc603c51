"""Features of timm's models: pyramids, intermediate layers, models traced by torch.fx, and heads put on anew."""

# packages: timm torchvision

import timm
import torch
from timm.models import create_feature_extractor, get_graph_node_names
from timm.utils.model import freeze, unfreeze

torch.manual_seed(0)
images = torch.randn(2, 3, 64, 64)

pyramid = timm.create_model("resnet10t", features_only=True, out_indices=(1, 2, 3)).eval()
print("pyramid:", pyramid.feature_info.channels(), pyramid.feature_info.reduction())
for feature in pyramid(images):
    print(f"level: {tuple(feature.shape)} {feature.abs().mean().item():.6g}")

vit = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=4, num_classes=0).eval()
for feature in vit.forward_intermediates(images, indices=2, intermediates_only=True):
    print(f"intermediate: {tuple(feature.shape)} {feature.abs().mean().item():.6g}")
print(f"pooled: {tuple(vit(images).shape)} {vit(images).abs().sum().item():.6g}")

resnet = timm.create_model("resnet10t", num_classes=5).eval()
names = get_graph_node_names(resnet)[1]
print("nodes:", len(names), *names[:4], *names[-3:])
extractor = create_feature_extractor(resnet, {"layer2": "middle", "global_pool": "pooled"})
for key, feature in extractor(images).items():
    print(f"{key}: {tuple(feature.shape)} {feature.abs().mean().item():.6g}")
print("left out:", any(name.startswith("fc") for name, _ in extractor.named_modules()))

resnet.reset_classifier(7)
print("classes:", tuple(resnet(images).shape), resnet.get_classifier())
freeze(resnet, ["layer1", "layer2"])
print("frozen:", sum(not p.requires_grad for p in resnet.parameters()), type(resnet.layer1[0].bn1).__name__)
unfreeze(resnet, ["layer1", "layer2"])
print("thawed:", sum(not p.requires_grad for p in resnet.parameters()), type(resnet.layer1[0].bn1).__name__)
print("groups:", *resnet.group_matcher().keys(), len(timm.list_models("vit_*")) > 50)
