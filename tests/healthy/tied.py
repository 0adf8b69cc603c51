import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
embed = nn.Embedding(12, 6)
decode = nn.Linear(6, 12, bias=False)
decode.weight = embed.weight
optimizer = torch.optim.SGD(embed.parameters(), lr=0.1)
ids = torch.randint(0, 12, (5, 4))
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(decode(embed(ids)).reshape(-1, 12), ids.reshape(-1))
    loss.backward()
    optimizer.step()
print(torch.why(embed.weight))
