import adjoint as torch
from adjoint import nn
def freeze(module):
    module.requires_grad_(False)  # fault: frozen
    return module
def build():
    backbone = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    head = nn.Linear(4, 2)
    return freeze(backbone), freeze(head)
backbone, head = build()
scale = torch.ones(1, requires_grad=True)
out = head(backbone(torch.ones(3, 4))) * scale
out.sum().backward()
print(torch.why(head.weight))
