"""transformers: a tiny Llama with grouped queries, rotary positions and checkpointing, trained for two steps in float32."""

# packages: transformers

import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, set_seed

set_seed(0)
config = LlamaConfig(
    vocab_size=101, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)  # fmt: skip
model = LlamaForCausalLM(config).train()
tokens = torch.randint(3, 101, (3, 16))
mask = torch.ones_like(tokens)
mask[0, :5] = 0
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
for _ in range(2):
    loss = model(tokens, attention_mask=mask, labels=tokens.masked_fill(mask == 0, -100)).loss
    loss.backward()
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    print("step:", f"{loss.item():.6g}", f"{sum(p.square().sum() for p in model.parameters()).item():.6g}")

model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
loss = model(tokens, labels=tokens, use_cache=False).loss
loss.backward()
print("checkpointed:", f"{loss.item():.6g}", f"{model.model.layers[0].self_attn.k_proj.weight.grad.abs().sum().item():.6g}")

model.eval()
with torch.no_grad():
    whole = model(tokens).logits
    cache = model(tokens[:, :10]).past_key_values
    parts = [model(tokens[:, i : i + 1], past_key_values=cache).logits for i in range(10, 16)]
print("cached:", torch.allclose(torch.cat(parts, 1), whole[:, 10:], atol=1e-5), cache.get_seq_length())
print("logits:", *(f"{v:.6g}" for v in whole[1, -1, :5].tolist()))
for scaling in ({"rope_type": "linear", "factor": 2.0}, {"rope_type": "dynamic", "factor": 2.0}):
    changed = LlamaForCausalLM(LlamaConfig(**{**config.to_dict(), "rope_parameters": {"rope_theta": 10000.0, **scaling}})).eval()
    changed.load_state_dict(model.state_dict())
    print(scaling["rope_type"] + ":", f"{changed(tokens).logits.std().item():.6g}")

config.num_labels = 4
classifier = LlamaForSequenceClassification(config)
print("classes:", tuple(classifier(tokens).logits.shape))
