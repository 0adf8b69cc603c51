import adjoint as torch
torch.manual_seed(0)
w = torch.nn.Parameter(torch.tensor([30.0, 40.0]))
x = torch.tensor([[1.0, 2.0], [2.0, 3.0]])
margin = x @ w
loss = torch.log(1 + torch.exp(margin)).mean()  # fault: exp-overflow
loss.backward()
print(torch.why(w))
