import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
emb = nn.Embedding(5, 3, padding_idx=0)
ids = torch.zeros(4, dtype=torch.long)
out = emb(ids)  # fault: padding
out.add(1).pow(2).sum().backward()
print(torch.why(emb.weight))
