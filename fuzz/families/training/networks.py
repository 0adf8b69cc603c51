"""Networks: small ones of many kinds of layers, what they are given, and losses; each has two numbers a row as its result."""

from __future__ import annotations

import random
from dataclasses import dataclass

PRELUDE = """
class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.body = getattr(nn, kind)(3, 4, batch_first=True, **options)
        wide = (2 if options.get("bidirectional") else 1) * (options.get("proj_size") or 4)
        self.head = nn.Linear(wide, 2)

    def forward(self, x):
        return self.head(self.body(x)[0][:, -1])

class Words(nn.Module):
    def __init__(self, bag=False, **options):
        super().__init__()
        self.body = (nn.EmbeddingBag if bag else nn.Embedding)(9, 4, **options)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        found = self.body(x)
        return self.head(found if found.dim() == 2 else found.tanh().mean(1))

class Attentive(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.body = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, **options)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.body(x)[:, 0])

class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(3, 3)
        self.again = nn.Linear(3, 3, bias=False)
        self.again.weight = self.body.weight
        self.scale = nn.Parameter(torch.ones(()))
        self.unused = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return F.linear(self.again(self.body(x).tanh()) * self.scale, self.body.weight[:2])

class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
        self.gates = nn.ParameterDict({"0": nn.Parameter(torch.ones(3)), "1": nn.Parameter(torch.zeros(1, 3))})
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        for i, layer in enumerate(self.body):
            x = x + F.silu(layer(x)) * self.gates[str(i)]
        return self.head(x)
"""


@dataclass
class Network:
    """How a network is made, and what one row of its input is."""

    source: str
    row: tuple[int, ...] = (3,)
    words: bool = False
    """Whether its input is of indices below 9."""
    portable: bool = True
    """Whether its classes are nn's, which pickles need."""


def _sequential(random: random.Random) -> Network:
    hidden = random.choice([4, 5])
    act = random.choice(["Tanh()", "GELU()", "Softplus()", "SiLU()", "ELU()", "Sigmoid()", "LeakyReLU(0.1)", "ReLU()", "PReLU()",
                         "Mish()", "Hardtanh(-0.5, 0.5)", "GLU()", "GELU(approximate='tanh')", "Softmax(-1)"])  # fmt: skip
    between = random.choice(["", "", f"nn.LayerNorm({hidden}), ", f"nn.BatchNorm1d({hidden}), ", f"nn.GroupNorm(1, {hidden}), ",
                             f"nn.RMSNorm({hidden}), ", "nn.Dropout(0.3), ", "nn.AlphaDropout(0.2), ",
                             f"nn.BatchNorm1d({hidden}, momentum=None), "])  # fmt: skip
    bias = random.choice(["", "", ", bias=False"]) if "Batch" not in between else ", bias=False"
    out = hidden // 2 if act == "GLU()" else hidden
    hidden = 4 if act == "GLU()" else hidden
    between = between.replace("(5", "(4").replace(", 5)", ", 4)") if act == "GLU()" else between
    out = 2 if act == "GLU()" else out
    return Network(f"nn.Sequential(nn.Linear(3, {hidden}{bias}), {between}nn.{act}, nn.Linear({out}, 2))")


def _convolutional(random: random.Random) -> Network:
    return random.choice([
        Network("nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(12, 2))", (2, 4)),
        Network("nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.BatchNorm2d(2), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), "
                "nn.Linear(2, 2))", (1, 4, 3)),
        Network("nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2))", (2, 3, 3)),
        Network("nn.Sequential(nn.ConvTranspose1d(2, 2, 3, stride=2, padding=1), nn.Dropout1d(0.3), nn.Flatten(), nn.Linear(10, 2))",
                (2, 3)),
        Network("nn.Sequential(nn.Conv2d(1, 2, 3, padding='same', padding_mode='circular', bias=False), nn.InstanceNorm2d(2, affine=True), "
                "nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))", (1, 3, 4)),
        Network("nn.Sequential(nn.Conv1d(2, 4, 2, dilation=2), nn.PReLU(4), nn.Dropout(0.2), nn.Flatten(), nn.Linear(12, 2))", (2, 5)),
    ])  # fmt: skip


def _recurrent(random: random.Random) -> Network:
    kind = random.choice(["RNN", "GRU", "LSTM"])
    options = random.choice(["", ", bidirectional=True", ", num_layers=2, dropout=0.3", ", bias=False", ", num_layers=2"])
    if kind == "RNN" and random.random() < 0.4:
        options += ", nonlinearity='relu'"
    if kind == "LSTM" and random.random() < 0.2:
        options = ", proj_size=2"
    return Network(f"Recurrent({kind!r}{options})", (4, 3), portable=False)


def _words(random: random.Random) -> Network:
    options = random.sample(["padding_idx=3", "max_norm=0.6", "scale_grad_by_freq=True"], random.randint(0, 2))
    if random.random() < 0.3:
        mode = random.choice(["'sum'", "'mean'", "'max'"])
        options = [o for o in options if o != "scale_grad_by_freq=True"]  # PyTorch scales by the frequencies of other rows
        options += ["bag=True", f"mode={mode}"]
    return Network(f"Words({', '.join(options)})", (3,), words=True, portable=False)


def network(random: random.Random) -> Network:
    """One of them."""
    kind = random.random()
    if kind < 0.45:
        return _sequential(random)
    if kind < 0.6:
        return _convolutional(random)
    if kind < 0.72:
        return _recurrent(random)
    if kind < 0.82:
        return _words(random)
    if kind < 0.9:
        options = random.choice(["", ", norm_first=True", ", activation='gelu'", ", bias=False"])
        return Network(f"Attentive(dropout={random.choice([0.0, 0.2])}{options})", (3, 4), portable=False)
    return Network(random.choice(["Tied()", "Residual()"]), portable=False)


def loss(random: random.Random) -> str:
    """A loss of ``out`` and ``goal``, of two numbers a row each."""
    reduction = random.choice(["", "", ", reduction='sum'"])
    smooth = random.choice(["", ", label_smoothing=0.2", ", weight=torch.tensor([0.5, 2.0], dtype=_kind)", ", ignore_index=0"])
    return random.choice([
        f"F.mse_loss(out, goal{reduction})", f"F.huber_loss(out, goal, delta=0.7{reduction})", f"F.smooth_l1_loss(out, goal{reduction})",
        f"F.l1_loss(out, goal{reduction})", "(out - goal).abs().pow(2.5).mean()", "F.cross_entropy(out, goal.softmax(1))",
        f"F.cross_entropy(out, goal.argmax(1){smooth})", f"F.nll_loss(out.log_softmax(1), goal.argmax(1){reduction})",
        f"F.binary_cross_entropy_with_logits(out, goal.sigmoid(){reduction})", "F.binary_cross_entropy(out.sigmoid(), goal.sigmoid())",
        "F.binary_cross_entropy_with_logits(out, (goal > 0).to(out.dtype), pos_weight=torch.tensor([2.0, 0.5], dtype=_kind))",
        "F.kl_div(out.log_softmax(1), goal.softmax(1), reduction='batchmean')", "F.soft_margin_loss(out, goal.sign())",
        "F.hinge_embedding_loss(out, goal.sign())", "F.gaussian_nll_loss(out, goal, goal.square() + 0.5)",
        "F.poisson_nll_loss(out, goal.abs())", "F.multi_margin_loss(out, goal.argmax(1))", "out.logsumexp(1).mean() - (out * goal).mean()",
        "F.multilabel_soft_margin_loss(out, (goal > 0).to(out.dtype))", "(1 - F.cosine_similarity(out, goal)).mean()",
        "F.margin_ranking_loss(out[:, 0], out[:, 1], goal[:, 0].sign(), margin=0.2)",
        "F.triplet_margin_loss(out, goal, goal.flip(0))", "(out - goal).square().mean().add(0.1).sqrt()",
    ])  # fmt: skip
