import adjoint as torch
torch.manual_seed(0)
gru = torch.nn.GRUCell(2, 3)
readout = torch.nn.Linear(3, 1)
h = torch.zeros(1, 3)
total = 0.0
for t in range(4):
    h = gru(torch.randn(1, 2), h)
    total += readout(h).item()  # fault: item
loss = torch.tensor(total, requires_grad=True)
loss.backward()
print(torch.why(gru.weight_ih))
