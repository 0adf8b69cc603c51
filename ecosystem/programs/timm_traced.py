"""timm's models traced by torch.fx: the code of each graph, and a pass that folds normalizations into convolutions."""

# packages: timm

import copy
import hashlib

import timm
import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

MODELS = {
    "resnet10t": {},
    "convnext_atto": {},
    "mobilenetv3_small_050": {},
    "vit_tiny_patch16_224": {"img_size": 64, "depth": 2},
    "swin_tiny_patch4_window7_224": {"img_size": 64, "window_size": 4, "depths": (1, 1, 1, 1), "embed_dim": 24},
}


def folded(model: nn.Module) -> fx.GraphModule:
    """The model without the normalizations that follow a convolution."""
    traced = fx.symbolic_trace(copy.deepcopy(model))
    modules = dict(traced.named_modules())
    for node in traced.graph.nodes:
        before = node.args[0] if node.op == "call_module" else None
        if before is None or before.op != "call_module" or len(before.users) > 1:
            continue
        conv, norm = modules[before.target], modules[node.target]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            owner, _, name = before.target.rpartition(".")
            setattr(modules[owner], name, fuse_conv_bn_eval(conv, norm))
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.graph.lint()
    traced.recompile()
    return traced


x = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
for name, options in MODELS.items():
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=3, **options).eval()
    traced = fx.symbolic_trace(model)
    code = hashlib.sha256(traced.code.encode()).hexdigest()[:16]
    print(f"{name}: {len(traced.graph.nodes)} {code} {torch.equal(traced(x), model(x))}")

model = timm.create_model("resnet10t", num_classes=3).eval()
small = folded(model)
print(
    "folded:",
    len(small.graph.nodes),
    torch.allclose(small(x), model(x), atol=1e-4),
    [n for n, _ in small.named_children()],
)
print(small.code)
