import adjoint as torch
torch.manual_seed(0)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(4, 4)
        self.drop = torch.nn.Dropout(0.5)
        self.b = torch.nn.Linear(4, 1)
    def forward(self, x):
        return self.b(self.drop(self.a(x)))
net = Net()
net.train(False)  # fault: eval-mode
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(4, 4)).pow(2).mean().backward()
    opt.step()
print(torch.why(net.a.weight))
