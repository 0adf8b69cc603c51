import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(6, 4)
        self.dec = nn.Linear(2, 6)
    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, dim=1)
        std = torch.exp(0.5 * logvar)  # fault: exp-overflow
        z = mu + std * torch.randn_like(std)
        return self.dec(z), mu, logvar
vae = VAE()
with torch.no_grad():
    vae.enc.bias.copy_(torch.tensor([0.0, 0.0, 200.0, 200.0]))
x = torch.randn(5, 6)
recon, mu, logvar = vae(x)
kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum()
loss = nn.functional.mse_loss(recon, x) + kl
loss.backward()
print(torch.why(vae.enc.weight))
