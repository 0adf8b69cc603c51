import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
policy = nn.Linear(3, 2)
baseline = nn.Parameter(torch.zeros(1))
obs = torch.randn(5, 3)
probs = policy(obs).softmax(-1)
actions = torch.multinomial(probs, 1)  # fault: no-derivative
reward = actions.float() * 2 - 1
loss = -(reward - baseline).mean()
loss.backward()
print(torch.why(policy.weight))
