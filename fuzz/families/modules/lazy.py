"""Lazy: modules that find the sizes of their parameters with the first input, as which the other families' are written."""

from __future__ import annotations

import re

from fuzz.families.modules import layers
from fuzz.families.modules.writer import Made, Writer

_SIZED = re.compile(r"nn\.((?:Conv|ConvTranspose|BatchNorm|InstanceNorm)(\d)d|Linear)\((?:in_channels|num_features|in_features)=(\d+)(?:, )?(.*)")


def lazy(w: Writer) -> Made:
    """A convolution, a norm or a linear layer, without the number of its features."""
    while True:
        made = w.pick(layers.convolution, layers.convolution, layers.normalization, layers.linear)(w)
        if found := _SIZED.fullmatch(made.module):
            name, dimensions, features, rest = found.groups()
            space = ", 7" * int(dimensions or 0)
            return Made(f"sized(nn.Lazy{name}({rest}, 2, {features}{space})", made.inputs, made.call)
