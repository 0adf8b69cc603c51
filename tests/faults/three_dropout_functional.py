import adjoint as torch
import adjoint.nn.functional as F
torch.manual_seed(0)
w = torch.randn(3, 3, requires_grad=True)
h = torch.randn(2, 3) @ w
h = F.dropout(h, 1.0)  # fault: dropout-all
loss = (h + 1).pow(2).mean()
loss.backward()
print(torch.why(w))
