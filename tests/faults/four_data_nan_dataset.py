import adjoint as torch
from adjoint.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(12, 3)
X[5, 1] = float("nan")  # fault: nan-in-data
Y = torch.randn(12, 1)
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for xb, yb in DataLoader(TensorDataset(X, Y), batch_size=4):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(net(xb), yb)
    loss.backward()
    opt.step()
print(torch.why(net.weight))
