"""transformers: a tiny GPT-2 trained for two steps, its hidden states and cache, and its attentions written out."""

# packages: transformers

import torch
from transformers import GPT2Config, GPT2LMHeadModel, set_seed

set_seed(0)
config = GPT2Config(vocab_size=97, n_positions=32, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=1)
model = GPT2LMHeadModel(config)
tokens = torch.randint(2, 97, (3, 12))
print("parameters:", model.num_parameters(), len(model.state_dict()))

model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for _ in range(2):
    loss = model(tokens, labels=tokens).loss
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print("step:", f"{loss.item():.6g} {norm.item():.6g}", f"{sum(p.sum() for p in model.parameters()).item():.6g}")

model.eval()
mask = torch.ones_like(tokens)
mask[1, :4] = 0
with torch.no_grad():
    out = model(tokens, attention_mask=mask, output_hidden_states=True)
    print("logits:", tuple(out.logits.shape), *(f"{v:.6g}" for v in out.logits[1, -1, :4].tolist()))
    print("hidden:", len(out.hidden_states), f"{out.hidden_states[1].std().item():.6g}")
    first = model(tokens[:, :8], use_cache=True)
    second = model(tokens[:, 8:], past_key_values=first.past_key_values)
    print("cached:", torch.allclose(second.logits, model(tokens).logits[:, 8:], atol=1e-5), second.past_key_values.get_seq_length())

eager = GPT2LMHeadModel._from_config(config, attn_implementation="eager").eval()
eager.load_state_dict(model.state_dict())
out = eager(tokens, attention_mask=mask, output_attentions=True)
print("attentions:", len(out.attentions), *(f"{v:.6g}" for v in out.attentions[0][1, 2, -1].tolist()))
out.logits[:, -1].logsumexp(-1).sum().backward()
print("gradient:", f"{eager.transformer.wte.weight.grad.abs().sum().item():.6g}")
