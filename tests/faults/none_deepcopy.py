import copy

import adjoint as torch
from adjoint import nn

student = nn.Linear(3, 1)
teacher = copy.deepcopy(student)  # fault: copy
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = student(torch.ones(2, 3)).pow(2).sum()
    loss.backward()
    optimizer.step()
print(torch.why(teacher.weight))
