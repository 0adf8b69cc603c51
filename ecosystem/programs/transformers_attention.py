"""transformers: attention by its parts and as one operator, with padding, sliding windows, shared heads and cross attention."""

# packages: transformers

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)


def tiny(kind, **more):
    sizes = {"vocab_size": 31, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
    return kind(**sizes, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=32, **more)


torch.manual_seed(0)
tokens = torch.randint(3, 31, (2, 9))
mask = torch.tensor([[1] * 9, [0] * 3 + [1] * 6])
models = {
    "llama": lambda: LlamaForCausalLM(tiny(LlamaConfig)),
    "mistral": lambda: MistralForCausalLM(tiny(MistralConfig, sliding_window=4)),
    "bart": lambda: BartForConditionalGeneration(
        BartConfig(vocab_size=31, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
                   decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, max_position_embeddings=32,
                   dropout=0.0, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2)
    ),
}  # fmt: skip
for name, make in models.items():
    torch.manual_seed(1)
    model = make()
    for way in ("eager", "sdpa"):
        model.set_attn_implementation(way)
        model.zero_grad()
        loss = model(tokens, attention_mask=mask, labels=tokens).loss
        loss.backward()
        gradient = sum(p.grad.abs().sum() for p in model.parameters() if p.grad is not None)
        print(f"{name} {way}: {loss.item():.6g} {gradient.item():.6g}")
    model.eval()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        logits = model(tokens, attention_mask=mask).logits
        print(f"{name} parts: {logits[mask.bool()].abs().sum().item():.6g}", tuple(logits.shape))
    out = model.generate(tokens[:, :5], attention_mask=mask[:, -5:], max_new_tokens=6, do_sample=False, pad_token_id=1)
    print(f"{name} greedy:", *out.flatten().tolist())
    model.set_attn_implementation("eager")
    seen = model(tokens[:1], output_attentions=True)
    weights = seen.decoder_attentions if name == "bart" else seen.attentions
    print(f"{name} weights:", len(weights), tuple(weights[0].shape), f"{weights[-1].square().sum().item():.6g}")
