import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True)
        self.out = nn.Linear(5, 3)
    def forward(self, ids):
        e = self.emb(ids)
        h, _ = self.lstm(e)
        return self.out(h.data)  # fault: data
net = Tagger()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
ids = torch.randint(0, 10, (2, 4))
tags = torch.randint(0, 3, (2, 4))
for _ in range(2):
    opt.zero_grad()
    logits = net(ids)
    loss = nn.functional.cross_entropy(logits.reshape(-1, 3), tags.reshape(-1))
    loss.backward()
    opt.step()
print(torch.why(net.lstm.weight_ih_l0))
