import adjoint as torch
torch.manual_seed(0)
logits = torch.randn(4, 5, requires_grad=True)
p = torch.softmax(logits, dim=1)
loss = (p.sum(1) - 1).pow(2).sum() + p.sum()  # fault: constant-loss
loss.backward()
print(torch.why(logits))
