import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
for p in backbone.parameters():
    p.requires_grad_(False)
head = nn.Linear(8, 3)
optimizer = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.9)
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(head(backbone(torch.randn(5, 4))), torch.randint(0, 3, (5,)))
    loss.backward()
    nn.utils.clip_grad_norm_(head.parameters(), 1.0)
    optimizer.step()
print(torch.why(head.weight))
