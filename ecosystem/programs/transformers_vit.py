"""transformers: a tiny ViT that classifies pictures, its attentions and positions of another size, and a step of training."""

# packages: transformers

import torch
from transformers import ViTConfig, ViTForImageClassification, ViTForMaskedImageModeling, set_seed

set_seed(0)
config = ViTConfig(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=32, patch_size=8, encoder_stride=8,
    num_labels=5,
)
model = ViTForImageClassification(config).train()
pictures = torch.rand(4, 3, 32, 32)
labels = torch.tensor([0, 4, 2, 1])
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for _ in range(3):
    out = model(pictures, labels=labels)
    optimizer.zero_grad()
    out.loss.backward()
    optimizer.step()
    print("step:", f"{out.loss.item():.6g}", f"{sum(p.sum() for p in model.parameters()).item():.6g}")

model.eval()
with torch.no_grad():
    out = model(pictures, output_hidden_states=True)
    print("logits:", *(f"{v:.6g}" for v in out.logits[0].tolist()), len(out.hidden_states))
    larger = model(torch.rand(1, 3, 48, 64), interpolate_pos_encoding=True)
    print("interpolated:", *(f"{v:.6g}" for v in larger.logits[0].tolist()))
    print("innermost:", torch.allclose(model(pictures.to(memory_format=torch.channels_last)).logits, out.logits, atol=1e-5))
model.set_attn_implementation("eager")
attended = model(pictures, output_attentions=True)
print("attentions:", tuple(attended.attentions[1].shape), f"{attended.attentions[1].std().item():.6g}")

set_seed(1)
masked = ViTForMaskedImageModeling(config).train()
out = masked(pictures, bool_masked_pos=torch.rand(4, 16) < 0.5)
out.loss.backward()
print("masked:", f"{out.loss.item():.6g}", tuple(out.reconstruction.shape))
print("token:", f"{masked.vit.embeddings.mask_token.grad.sum().item():.6g}")
