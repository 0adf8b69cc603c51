import adjoint as torch
from adjoint import nn
import adjoint.nn.functional as F

class AutoEncoder(nn.Module):
    def __init__(self, d=8, k=3):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 16), nn.GELU(), nn.Linear(16, k))
        self.dec = nn.Sequential(nn.Linear(k, 16), nn.GELU(), nn.Linear(16, d))
        self.codebook = nn.Parameter(torch.randn(10, k))

    def forward(self, x):
        z = self.enc(x)
        idx = torch.cdist(z, self.codebook).argmin(dim=1)  # fault: no-derivative
        q = F.embedding(idx, self.codebook)
        return self.dec(q)

torch.manual_seed(0)
ae = AutoEncoder()
opt = torch.optim.AdamW(ae.parameters(), lr=1e-3)
for _ in range(3):
    x = torch.randn(12, 8)
    opt.zero_grad()
    F.mse_loss(ae(x), x).backward()
    opt.step()
print(torch.why(ae.enc[0].weight))
