import adjoint as torch
torch.manual_seed(0)
model = torch.nn.Linear(5, 2)
crit = torch.nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.01)
train = [(torch.randn(4, 5), torch.randint(0, 2, (4,))) for _ in range(3)]
valid = (torch.randn(4, 5), torch.randint(0, 2, (4,)))
for x, y in train:
    opt.zero_grad()
    crit(model(x), y).backward()
    vloss = crit(model(valid[0]), valid[1])
    vloss.backward()  # fault: accumulated
    opt.step()
print(torch.why(model.weight))
