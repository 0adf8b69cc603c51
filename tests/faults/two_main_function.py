import adjoint as torch
from adjoint import nn

def main():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    opt = torch.optim.SGD(model.parameters(), lr=0.0)  # fault: lr-zero
    for _ in range(3):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.randn(6, 4)), torch.randint(0, 3, (6,)))
        loss.backward()
        opt.step()
    print(torch.why(model[0].weight))

if __name__ == "__main__":
    main()
