import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
embed = nn.Embedding(20, 8)
head = nn.Linear(8, 20)
optimizer = torch.optim.AdamW([*layer.parameters(), *embed.parameters(), *head.parameters()], lr=1e-3)
mask = torch.full((6, 6), float("-inf")).triu(1)
for _ in range(3):
    ids = torch.randint(0, 20, (4, 7))
    logits = head(layer(embed(ids[:, :-1]), src_mask=mask))
    loss = nn.functional.cross_entropy(logits.reshape(-1, 20), ids[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(torch.why(layer.self_attn.in_proj_weight))
print(torch.why(embed.weight))
