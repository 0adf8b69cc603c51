"""transformers: a tiny T5 that learns to copy for two steps, its relative positions, and what it generates."""

# packages: transformers

import torch
from transformers import T5Config, T5EncoderModel, T5ForConditionalGeneration, set_seed

set_seed(0)
config = T5Config(
    vocab_size=80, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1
)
model = T5ForConditionalGeneration(config).train()
source, target = torch.randint(2, 80, (3, 9)), torch.randint(2, 80, (3, 7))
mask = torch.ones_like(source)
mask[2, 5:] = 0
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(2):
    loss = model(input_ids=source, attention_mask=mask, labels=target).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("step:", f"{loss.item():.6g}", f"{sum(p.square().sum() for p in model.parameters()).item():.6g}")

model.eval()
bias = model.encoder.block[0].layer[0].SelfAttention.compute_bias(5, 5)
print("bias:", tuple(bias.shape), *(f"{v:.6g}" for v in bias[0, :, 0, 3].tolist()))
print("greedy:", model.generate(source, attention_mask=mask, max_new_tokens=8).tolist())
print("beams:", model.generate(source, attention_mask=mask, num_beams=3, max_new_tokens=8, early_stopping=True).tolist())
set_seed(3)
print("sampled:", model.generate(source, attention_mask=mask, do_sample=True, top_k=20, max_new_tokens=8).tolist())
encoder = T5EncoderModel(config).eval()
with torch.no_grad():
    encoder.encoder.load_state_dict(model.encoder.state_dict())
    print("encoded:", f"{encoder(source, attention_mask=mask).last_hidden_state.std().item():.6g}")
