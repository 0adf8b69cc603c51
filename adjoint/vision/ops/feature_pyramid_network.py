"""Feature pyramids: features of several sizes with what coarser ones know added (Lin et al., "Feature Pyramid Networks", 2017)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.ops.misc import Conv2dNormActivation

__all__ = ["ExtraFPNBlock", "FeaturePyramidNetwork", "LastLevelMaxPool", "LastLevelP6P7"]


class ExtraFPNBlock(nn.Module):
    """The base of what adds coarser levels to a pyramid."""

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> Any:
        """The levels and their names with more behind them, from the pyramid's levels, the features it was made of, and the
        names."""
        raise NotImplementedError(f"{type(self).__name__} does not say which levels it adds")


class FeaturePyramidNetwork(nn.Module):
    """From features of ``in_channels_list`` channels, the finest first, a pyramid whose levels have ``out_channels``.

    ``extra_blocks`` adds levels, ``norm_layer`` is put behind each convolution.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import FeaturePyramidNetwork
    >>> features = {"fine": torch.rand(1, 3, 8, 8), "coarse": torch.rand(1, 6, 4, 4)}
    >>> {name: tuple(level.shape) for name, level in FeaturePyramidNetwork([3, 6], 5)(features).items()}
    {'fine': (1, 5, 8, 8), 'coarse': (1, 5, 4, 4)}
    """

    _version = 2

    def __init__(
        self,
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        for channels in in_channels_list:
            if channels == 0:
                raise ValueError("in_channels=0 is currently not supported")
            options: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": None}
            self.inner_blocks.append(Conv2dNormActivation(channels, out_channels, 1, padding=0, **options))
            self.layer_blocks.append(Conv2dNormActivation(out_channels, out_channels, 3, **options))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                _initialize(module)
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError(f"extra_blocks should be of type ExtraFPNBlock not {type(extra_blocks)}")
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        if (
            local_metadata.get("version") or 1
        ) < 2:  # a block was a convolution, and is a sequence that begins with one
            for block in ("inner_blocks", "layer_blocks"):
                for i in range(len(self.inner_blocks)):
                    for kind in ("weight", "bias"):
                        if (old := f"{prefix}{block}.{i}.{kind}") in state_dict:
                            state_dict[f"{prefix}{block}.{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)

    def get_result_from_inner_blocks(self, x: Tensor, idx: int) -> Tensor:
        """``x`` by the convolution of that level's features."""
        return self.inner_blocks[idx](x)  # type: ignore[no-any-return]

    def get_result_from_layer_blocks(self, x: Tensor, idx: int) -> Tensor:
        """``x`` by the convolution of that level."""
        return self.layer_blocks[idx](x)  # type: ignore[no-any-return]

    def forward(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        """The levels by the names of the features, the finest first."""
        names, features = list(x), list(x.values())
        inner = self.get_result_from_inner_blocks(features[-1], -1)
        results = [self.get_result_from_layer_blocks(inner, -1)]
        for i in range(len(features) - 2, -1, -1):
            lateral = self.get_result_from_inner_blocks(features[i], i)
            inner = lateral + F.interpolate(inner, size=lateral.shape[-2:], mode="nearest")
            results.insert(0, self.get_result_from_layer_blocks(inner, i))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, features, names)
        return OrderedDict(zip(names, results))


def _initialize(convolution: nn.Conv2d) -> None:
    nn.init.kaiming_uniform_(convolution.weight, a=1)
    if convolution.bias is not None:
        nn.init.constant_(convolution.bias, 0)


class LastLevelMaxPool(ExtraFPNBlock):
    """One more level: every second pixel of the coarsest, ``"pool"``."""

    def forward(  # type: ignore[override]
        self, x: list[Tensor], y: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        """The levels ``x`` and their names, with that one."""
        names.append("pool")
        x.append(F.max_pool2d(x[-1], kernel_size=1, stride=2, padding=0))
        return x, names


class LastLevelP6P7(ExtraFPNBlock):
    """Two more levels, ``"p6"`` and ``"p7"``, by convolutions of stride 2 (Lin et al., "Focal Loss for Dense Object Detection")."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            _initialize(module)
        self.use_P5 = in_channels == out_channels

    def forward(  # type: ignore[override]
        self, p: list[Tensor], c: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        """The levels ``p`` and their names, with those of the coarsest level or, where its channels do not fit, of the features
        ``c``."""
        p6 = self.p6(p[-1] if self.use_P5 else c[-1])
        p.extend([p6, self.p7(F.relu(p6))])
        names.extend(["p6", "p7"])
        return p, names
