import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
q = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
target = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(4):
    s, s2 = torch.randn(8, 4), torch.randn(8, 4)
    action, reward = torch.randint(0, 2, (8, 1)), torch.randn(8)
    with torch.no_grad():
        wanted = reward + 0.9 * target(s2).max(1).values
    taken = q(s).gather(1, action).squeeze(1)
    loss = nn.functional.smooth_l1_loss(taken, wanted)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(q.parameters(), 10.0)
    optimizer.step()
    if step % 2:
        target.load_state_dict(q.state_dict())
print(torch.why(q[0].weight))
