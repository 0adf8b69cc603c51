import adjoint as torch
torch.manual_seed(0)
class Enc(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pos = torch.zeros(1, 5, 8, requires_grad=False)  # fault: requires-grad-off
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    def forward(self, x):
        return self.layer(x + self.pos)
e = Enc()
loss = e(torch.randn(2, 5, 8)).pow(2).mean()
loss.backward()
print(torch.why(e.pos))
