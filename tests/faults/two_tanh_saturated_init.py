import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.mu = nn.Linear(4, 2)
        nn.init.normal_(self.body.weight, std=1000.0)
    def forward(self, obs):
        return self.mu(torch.tanh(self.body(obs)))  # fault: saturated
policy = Policy()
obs = torch.randn(6, 4) + 3
loss = -policy(obs).mean()
loss.backward()
print(torch.why(policy.body.weight))
