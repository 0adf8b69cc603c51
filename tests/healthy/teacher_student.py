import copy

import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
student = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
teacher = copy.deepcopy(student).eval()
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(3):
    x = torch.randn(8, 4)
    with torch.no_grad():
        wanted = teacher(x + 0.1)
    loss = nn.functional.mse_loss(student(x), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p, q in zip(teacher.parameters(), student.parameters()):
            p.mul_(0.9).add_(q, alpha=0.1)
print(torch.why(student[0].weight))
