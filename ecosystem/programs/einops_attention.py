"""Attention and patches written with einops: rearrange, reduce, repeat, einsum and the layers, trained for some steps."""

# packages: einops

import torch
from einops import einsum, pack, rearrange, reduce, repeat, unpack
from einops.layers.torch import EinMix, Rearrange, Reduce
from torch import nn

torch.manual_seed(0)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = rearrange(self.qkv(x), "b n (qkv h d) -> qkv b h n d", qkv=3, h=self.heads)
        weights = (einsum(q, k, "b h i d, b h j d -> b h i j") * q.shape[-1] ** -0.5).softmax(-1)
        return self.out(rearrange(einsum(weights, v, "b h i j, b h j d -> b h i d"), "b h n d -> b n (h d)"))


class Classifier(nn.Module):
    def __init__(self, width: int = 24, classes: int = 5) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4),
            EinMix("b n i -> b n o", weight_shape="i o", bias_shape="o", i=48, o=width),
        )
        self.token = nn.Parameter(torch.randn(width))
        self.attention = Attention(width, 4)
        self.head = nn.Sequential(Reduce("b n d -> b d", "mean"), nn.Linear(width, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.patches(images)
        x, _ = pack([repeat(self.token, "d -> b d", b=len(x)), x], "b * d")
        return self.head(x + self.attention(x))


model = Classifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
images, labels = torch.randn(8, 3, 16, 16), torch.randint(5, (8,))
for step in range(5):
    loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {step}: {loss.item():.6g}")
for name, parameter in model.named_parameters():
    print(f"{name}: {parameter.sum().item():.6g} {tuple(parameter.shape)}")
first, rest = unpack(images, [[1], [2]], "b * h w")
print("unpacked:", tuple(first.shape), tuple(rest.shape))
for how in ("max", "min", "sum", "mean", "prod"):
    print(f"{how}:", *(f"{v:.6g}" for v in reduce(images[:, :, :2, :2], "b c h w -> c", how).tolist()))
