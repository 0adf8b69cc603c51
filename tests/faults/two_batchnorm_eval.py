import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 6 * 6, 2)
    def forward(self, x):
        return self.fc(self.bn(self.conv(x)).relu().flatten(1))
def evaluate(m, x):
    m.eval()  # fault: eval-mode
    with torch.no_grad():
        return m(x).argmax(1)
def train(m, x, y, epochs=3):
    opt = torch.optim.SGD(m.parameters(), lr=0.01)
    for _ in range(epochs):
        opt.zero_grad()
        nn.functional.cross_entropy(m(x), y).backward()
        opt.step()
        evaluate(m, x)
model = CNN()
x, y = torch.randn(6, 1, 8, 8), torch.randint(0, 2, (6,))
train(model, x, y)
print(torch.why(model.conv.weight))
