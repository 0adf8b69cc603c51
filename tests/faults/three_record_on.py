import adjoint
import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
x, y = torch.randn(8, 3), torch.randn(8, 1)
with adjoint.viz.record():
    hidden = model[1](model[0](x))
    hidden = torch.tensor(hidden.detach().numpy())  # fault: detach, numpy, copied-to-tensor
    loss = nn.functional.mse_loss(model[2](hidden), y)
    loss.backward()
    print(adjoint.why(model[0].weight))
