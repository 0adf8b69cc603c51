import adjoint as torch
torch.manual_seed(0)
logits = torch.randn(4, 3, requires_grad=True)
values = torch.randn(3, requires_grad=True)
onehot = torch.nn.functional.one_hot(logits.argmax(-1), 3).float()  # fault: no-derivative
loss = (onehot @ values).sum()
loss.backward()
print(torch.why(logits))
