"""transformers: a tiny Whisper: spectrograms of made sounds, two steps of training, and what it writes down."""

# packages: transformers

import numpy as np
import torch
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration, set_seed

set_seed(0)
config = WhisperConfig(
    vocab_size=120, num_mel_bins=20, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
    decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_source_positions=100, max_target_positions=30,
    decoder_start_token_id=3, bos_token_id=1, eos_token_id=2, pad_token_id=2, suppress_tokens=None, begin_suppress_tokens=None,
)  # fmt: skip
model = WhisperForConditionalGeneration(config).train()
extractor = WhisperFeatureExtractor(feature_size=20, chunk_length=2, sampling_rate=16000)
time = np.arange(32000) / 16000
sounds = [np.sin(2 * np.pi * f * time) * np.exp(-time) for f in (220.0, 440.0, 990.0)]
features = extractor(sounds, sampling_rate=16000, return_tensors="pt").input_features
print("features:", tuple(features.shape), features.dtype, f"{features.mean().item():.6g} {features.std().item():.6g}")

words = torch.randint(4, 120, (3, 8))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for _ in range(2):
    loss = model(input_features=features, labels=words).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("step:", f"{loss.item():.6g}", f"{sum(p.square().sum() for p in model.parameters()).item():.6g}")
model.eval()
print("greedy:", model.generate(features, max_new_tokens=6).tolist())
with torch.no_grad():
    out = model(input_features=features, decoder_input_ids=words[:, :4])
    print("logits:", tuple(out.logits.shape), *(f"{v:.6g}" for v in out.logits[0, -1, :4].tolist()))
    print("encoded:", tuple(out.encoder_last_hidden_state.shape), f"{out.encoder_last_hidden_state.std().item():.6g}")
