"""transformers: a tiny BERT for masked words, sentences, tokens and answers, padded, trained for a step each."""

# packages: transformers

import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    set_seed,
)

config = BertConfig(
    vocab_size=90, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_position_embeddings=40,
    num_labels=2,
)  # fmt: skip
set_seed(0)
tokens = torch.randint(1, 90, (4, 10))
mask = torch.ones(4, 10, dtype=torch.long)
mask[1, 7:] = 0
mask[3, 3:] = 0
targets = {
    BertForMaskedLM: {"labels": torch.where(torch.rand(4, 10) < 0.3, tokens, torch.tensor(-100))},
    BertForSequenceClassification: {"labels": torch.tensor([0, 1, 1, 0])},
    BertForTokenClassification: {"labels": torch.randint(0, 2, (4, 10))},
    BertForQuestionAnswering: {"start_positions": torch.tensor([1, 2, 0, 1]), "end_positions": torch.tensor([3, 4, 5, 2])},
}
for cls, labels in targets.items():
    set_seed(1)
    model = cls(config).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        loss = model(tokens, attention_mask=mask, token_type_ids=torch.zeros_like(tokens), **labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(cls.__name__ + ":", f"{loss.item():.6g}", f"{sum(p.sum() for p in model.parameters()).item():.6g}")

set_seed(2)
model = BertModel(config).eval()
with torch.no_grad():
    out = model(tokens, attention_mask=mask)
print("pooled:", tuple(out.pooler_output.shape), *(f"{v:.6g}" for v in out.pooler_output[1, :4].tolist()))
print("last:", *(f"{v:.6g}" for v in out.last_hidden_state[3, 2, :4].tolist()))
half = BertModel(config).eval().to(torch.bfloat16)
half.load_state_dict(model.state_dict())
print("bfloat16:", half(tokens, attention_mask=mask).last_hidden_state.dtype, half.embeddings.word_embeddings.weight.dtype)
