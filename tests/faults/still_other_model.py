import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
actor = nn.Linear(3, 2)
critic = nn.Linear(3, 1)
opt_actor = torch.optim.Adam(actor.parameters(), lr=1e-3)
opt_critic = torch.optim.Adam(actor.parameters(), lr=1e-3)  # fault: not-in-optimizer
for _ in range(3):
    opt_critic.zero_grad()
    critic(torch.randn(4, 3)).pow(2).mean().backward()
    opt_critic.step()
print(torch.why(critic.weight))
