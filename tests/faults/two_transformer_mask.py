import adjoint as torch
import math
from adjoint import nn
torch.manual_seed(0)
class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
    def forward(self, x, mask):
        s = self.q(x) @ self.k(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        s = s + mask
        a = s.softmax(-1)  # fault: all-masked
        return a @ self.v(x)
att = Attention(4)
x = torch.randn(2, 3, 4)
mask = torch.full((3, 3), float("-inf")).triu(0)
loss = att(x, mask).pow(2).mean()
loss.backward()
print(torch.why(att.q.weight))
