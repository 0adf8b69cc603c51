"""torchinfo's summaries: of a convolutional network, a recurrent one, several inputs, and a model that was given data."""

# packages: torchinfo

import torch
from torch import nn
from torchinfo import summary

torch.manual_seed(0)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3)
        )
        self.classifier = nn.Linear(16 * 4 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        self.lstm = nn.LSTM(16, 32, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 5)

    def forward(self, words: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(self.embedding(words))[0]) * scale


network = Network()
columns = ("input_size", "output_size", "num_params", "params_percent", "kernel_size", "mult_adds", "trainable")
print(summary(network, (4, 1, 12, 12), col_names=columns, depth=3, verbose=0, row_settings=("var_names", "depth")))
network.features[0].weight.requires_grad_(False)
found = summary(network, input_data=torch.randn(2, 1, 12, 12), verbose=0, mode="train")
print("counts:", found.total_params, found.trainable_params, found.total_mult_adds, found.total_output_bytes)
print("input:", *found.input_size)
print(summary(Tagger(), input_data=[torch.randint(0, 50, (3, 7)), torch.ones(1)], verbose=0))
print(summary(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (2, 5, 16), verbose=0, device="cpu"))
