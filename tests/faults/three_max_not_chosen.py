import adjoint as torch
torch.manual_seed(0)
small = torch.randn(3, requires_grad=True)
large = torch.randn(3) + 100
loss = torch.maximum(small, large).sum()  # fault: not-chosen
loss.backward()
print(torch.why(small))
