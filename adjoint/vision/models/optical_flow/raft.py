"""RAFT: Teed and Deng (2020), a flow that is improved again and again from the correlations of all pairs of places.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.optical_flow._utils import grid_sample, make_coords_grid, upsample_flow
from adjoint.vision.models.optical_flow.weights import Raft_Large_Weights, Raft_Small_Weights
from adjoint.vision.ops.misc import Conv2dNormActivation

__all__ = ("RAFT", "Raft_Large_Weights", "Raft_Small_Weights", "raft_large", "raft_small")

_Layer = Callable[..., nn.Module]


def _shortcut(in_channels: int, out_channels: int, norm_layer: _Layer | None, stride: int, always: bool) -> nn.Module:
    if stride == 1 and not always:
        return nn.Identity()
    return Conv2dNormActivation(
        in_channels,
        out_channels,
        norm_layer=norm_layer,
        kernel_size=1,
        stride=stride,
        bias=True,
        activation_layer=None,
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a bias and an activation each, beside a shortcut."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        norm_layer: _Layer | None,
        stride: int = 1,
        always_project: bool = False,
    ) -> None:
        super().__init__()
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, kernel_size=3, bias=True)
        self.convnormrelu1 = layer(in_channels, out_channels, stride=stride)
        self.convnormrelu2 = layer(out_channels, out_channels)
        self.downsample = _shortcut(in_channels, out_channels, norm_layer, stride, always_project)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convnormrelu2(self.convnormrelu1(x))
        return self.relu(self.downsample(x) + y)


class BottleneckBlock(nn.Module):
    """A 3x3 convolution between two 1x1 ones that narrow and widen, with a bias and an activation each, beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, *, norm_layer: _Layer | None, stride: int = 1) -> None:
        super().__init__()
        narrow = out_channels // 4
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, bias=True)
        self.convnormrelu1 = layer(in_channels, narrow, kernel_size=1)
        self.convnormrelu2 = layer(narrow, narrow, kernel_size=3, stride=stride)
        self.convnormrelu3 = layer(narrow, out_channels, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, out_channels, norm_layer, stride, always=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convnormrelu3(self.convnormrelu2(self.convnormrelu1(x)))
        return self.relu(self.downsample(x) + y)


class FeatureEncoder(nn.Module):
    """Features of images, and of their context: (N, 3, H, W) to (N, ``layers[-1]``, H / 8, W / 8).

    Raises ValueError unless ``layers`` are five.
    """

    def __init__(
        self,
        *,
        block: Any = ResidualBlock,
        layers: tuple[int, ...] = (64, 64, 96, 128, 256),
        strides: tuple[int, ...] = (2, 1, 2, 2),
        norm_layer: _Layer | None = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        if len(layers) != 5:
            raise ValueError(f"The expected number of layers is 5, instead got {len(layers)}")
        self.convnormrelu = Conv2dNormActivation(
            3, layers[0], norm_layer=norm_layer, kernel_size=7, stride=strides[0], bias=True
        )

        def two(i: int) -> nn.Sequential:
            first = block(layers[i], layers[i + 1], norm_layer=norm_layer, stride=strides[i + 1])
            return nn.Sequential(first, block(layers[i + 1], layers[i + 1], norm_layer=norm_layer, stride=1))

        self.layer1 = two(0)
        self.layer2 = two(1)
        self.layer3 = two(2)
        self.conv = nn.Conv2d(layers[3], layers[4], kernel_size=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d)):
                if module.weight is not None:
                    nn.init.constant_(module.weight, 1)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)
        self.output_dim = layers[-1]
        self.downsample_factor = 2 ** sum(stride == 2 for stride in strides)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.layer3(self.layer2(self.layer1(self.convnormrelu(x)))))


class MotionEncoder(nn.Module):
    """What moves: the flow, and features of it and of the correlations along it, (N, ``out_channels``, H, W).

    Raises ValueError unless ``flow_layers`` are two, and ``corr_layers`` one or two.
    """

    def __init__(
        self,
        *,
        in_channels_corr: int,
        corr_layers: tuple[int, ...] = (256, 192),
        flow_layers: tuple[int, ...] = (128, 64),
        out_channels: int = 128,
    ) -> None:
        super().__init__()
        if len(flow_layers) != 2:
            raise ValueError(f"The expected number of flow_layers is 2, instead got {len(flow_layers)}")
        if len(corr_layers) not in (1, 2):
            raise ValueError(f"The number of corr_layers should be 1 or 2, instead got {len(corr_layers)}")
        layer = partial(Conv2dNormActivation, norm_layer=None)
        self.convcorr1 = layer(in_channels_corr, corr_layers[0], kernel_size=1)
        self.convcorr2 = layer(*corr_layers, kernel_size=3) if len(corr_layers) == 2 else nn.Identity()
        self.convflow1 = layer(2, flow_layers[0], kernel_size=7)
        self.convflow2 = layer(flow_layers[0], flow_layers[1], kernel_size=3)
        # The flow itself has the two other channels.
        self.conv = layer(corr_layers[-1] + flow_layers[-1], out_channels - 2, kernel_size=3)
        self.out_channels = out_channels

    def forward(self, flow: Tensor, corr_features: Tensor) -> Tensor:
        both = (self.convcorr2(self.convcorr1(corr_features)), self.convflow2(self.convflow1(flow)))
        return adjoint.cat([self.conv(adjoint.cat(both, dim=1)), flow], dim=1)


class ConvGRU(nn.Module):
    """A gated recurrent unit with convolutions: a state (N, ``hidden_size``, H, W) and an input to the next state."""

    def __init__(self, *, input_size: int, hidden_size: int, kernel_size: Any, padding: Any) -> None:
        super().__init__()
        layer = partial(nn.Conv2d, hidden_size + input_size, hidden_size, kernel_size=kernel_size, padding=padding)
        self.convz = layer()
        self.convr = layer()
        self.convq = layer()

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        both = adjoint.cat([h, x], dim=1)
        update, reset = adjoint.sigmoid(self.convz(both)), adjoint.sigmoid(self.convr(both))
        new = adjoint.tanh(self.convq(adjoint.cat([reset * h, x], dim=1)))
        return (1 - update) * h + update * new


def _pass_through_h(h: Tensor, _: Tensor) -> Tensor:
    return h


class RecurrentBlock(nn.Module):
    """One :class:`ConvGRU`, or two after each other: a state and an input to the next state.

    Raises ValueError for any other number of kernels, and unless there are as many paddings.
    """

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        kernel_size: tuple[Any, ...] = ((1, 5), (5, 1)),
        padding: tuple[Any, ...] = ((0, 2), (2, 0)),
    ) -> None:
        super().__init__()
        if len(kernel_size) != len(padding):
            raise ValueError(
                "kernel_size should have the same length as padding, instead got len(kernel_size) = "
                f"{len(kernel_size)} and len(padding) = {len(padding)}"
            )
        if len(kernel_size) not in (1, 2):
            raise ValueError(f"kernel_size should either 1 or 2, instead got {len(kernel_size)}")
        unit = partial(ConvGRU, input_size=input_size, hidden_size=hidden_size)
        self.convgru1 = unit(kernel_size=kernel_size[0], padding=padding[0])
        self.convgru2 = (
            unit(kernel_size=kernel_size[1], padding=padding[1]) if len(kernel_size) == 2 else _pass_through_h
        )
        self.hidden_size = hidden_size

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        return self.convgru2(self.convgru1(h, x), x)


class FlowHead(nn.Module):
    """What a state adds to the flow: (N, ``in_channels``, H, W) to (N, 2, H, W)."""

    def __init__(self, *, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, hidden_size, 3, padding=1)
        self.conv2 = nn.Conv2d(hidden_size, 2, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.relu(self.conv1(x)))


class UpdateBlock(nn.Module):
    """The next state, and what it adds to the flow, from a state, the context, correlations and the flow."""

    def __init__(self, *, motion_encoder: nn.Module, recurrent_block: RecurrentBlock, flow_head: nn.Module) -> None:
        super().__init__()
        self.motion_encoder = motion_encoder
        self.recurrent_block = recurrent_block
        self.flow_head = flow_head
        self.hidden_state_size = recurrent_block.hidden_size

    def forward(
        self, hidden_state: Tensor, context: Tensor, corr_features: Tensor, flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        motion = self.motion_encoder(flow, corr_features)
        hidden_state = self.recurrent_block(hidden_state, adjoint.cat([context, motion], dim=1))
        return hidden_state, self.flow_head(hidden_state)


class MaskPredictor(nn.Module):
    """The weights with which a flow is made eight times as large: (N, ``in_channels``, H, W) to (N, 8 * 8 * 9, H, W)."""

    def __init__(self, *, in_channels: int, hidden_size: int, multiplier: float = 0.25) -> None:
        super().__init__()
        self.convrelu = Conv2dNormActivation(in_channels, hidden_size, norm_layer=None, kernel_size=3)
        self.conv = nn.Conv2d(hidden_size, 8 * 8 * 9, 1, padding=0)
        self.multiplier = multiplier

    def forward(self, x: Tensor) -> Tensor:
        return self.multiplier * self.conv(self.convrelu(x))


class CorrBlock(nn.Module):
    """The correlations of all places of two images, of the second at ``num_levels`` sizes, and those around given places.

    Around a place are those at most ``radius`` away in each dimension.
    """

    def __init__(self, *, num_levels: int = 4, radius: int = 4) -> None:
        super().__init__()
        self.num_levels = num_levels
        self.radius = radius
        self.corr_pyramid: list[Tensor] = []
        self.out_channels = num_levels * (2 * radius + 1) ** 2

    def build_pyramid(self, fmap1: Tensor, fmap2: Tensor) -> None:
        """Correlate two feature maps of shape (N, C, H, W); ValueError unless they are of one shape and large enough."""
        if fmap1.shape != fmap2.shape:
            raise ValueError(
                f"Input feature maps should have the same shape, instead got {fmap1.shape} (fmap1.shape) != {fmap2.shape} "
                "(fmap2.shape)"
            )
        least = 2 * (2 ** (self.num_levels - 1))  # two places on the last level, between which to sample
        if any(size < least for size in fmap1.shape[-2:]):
            raise ValueError(
                "Feature maps are too small to be down-sampled by the correlation pyramid. "
                f"H and W of feature maps should be at least {least}; got: {fmap1.shape[-2:]}. "
                "Remember that input images to the model are downsampled by 8, so that means their "
                f"dimensions should be at least 8 * {least} = {8 * least}."
            )
        n, c, h, w = fmap1.shape
        level = adjoint.matmul(fmap1.flatten(2).transpose(1, 2), fmap2.flatten(2)) / math.sqrt(c)
        level = level.reshape(n * h * w, 1, h, w)
        self.corr_pyramid = [level]
        for _ in range(self.num_levels - 1):
            level = F.avg_pool2d(level, kernel_size=2, stride=2)
            self.corr_pyramid.append(level)

    def index_pyramid(self, centroids_coords: Tensor) -> Tensor:
        """The correlations around places (N, 2, H, W) of the second image: (N, ``out_channels``, H, W)."""
        side = 2 * self.radius + 1
        along = adjoint.linspace(-self.radius, self.radius, side, device=centroids_coords.device)
        around = adjoint.stack(adjoint.meshgrid(along, along, indexing="ij"), dim=-1).view(1, side, side, 2)
        n, _, h, w = centroids_coords.shape
        places = centroids_coords.permute(0, 2, 3, 1).reshape(n * h * w, 1, 1, 2)
        found = []
        for level in self.corr_pyramid:
            sampled = grid_sample(level, places + around, align_corners=True, mode="bilinear")
            found.append(sampled.view(n, h, w, -1))
            places = places / 2
        features = adjoint.cat(found, dim=-1).permute(0, 3, 1, 2).contiguous()
        expected = (n, self.out_channels, h, w)
        if features.shape != expected:
            raise ValueError(f"Output shape of index pyramid is incorrect. Should be {expected}, got {features.shape}")
        return features


class RAFT(nn.Module):
    """The flow from one image to another, improved ``num_flow_updates`` times: a list of (N, 2, H, W), in pixels, the best last.

    Takes two images (N, 3, H, W) with values from -1 to 1, H and W divisible by 8.  The encoders make them eight times smaller;
    ``context_encoder``'s output is the ``update_block``'s first state, as many channels as its ``hidden_state_size``, and the
    context.  ``corr_block`` has ``build_pyramid`` and ``index_pyramid``.  Without ``mask_predictor`` flows are made larger between
    their values.  Raises ValueError where shapes do not fit.
    """

    def __init__(
        self,
        *,
        feature_encoder: nn.Module,
        context_encoder: nn.Module,
        corr_block: Any,
        update_block: Any,
        mask_predictor: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.feature_encoder = feature_encoder
        self.context_encoder = context_encoder
        self.corr_block = corr_block
        self.update_block = update_block
        self.mask_predictor = mask_predictor
        if not hasattr(self.update_block, "hidden_state_size"):
            raise ValueError("The update_block parameter should expose a 'hidden_state_size' attribute.")

    def forward(self, image1: Tensor, image2: Tensor, num_flow_updates: int = 12) -> list[Tensor]:
        n, _, h, w = image1.shape
        if (h, w) != image2.shape[-2:]:
            raise ValueError(f"input images should have the same shape, instead got ({h}, {w}) != {image2.shape[-2:]}")
        if h % 8 or w % 8:
            raise ValueError(f"input image H and W should be divisible by 8, instead got {h} (h) and {w} (w)")
        small = (h // 8, w // 8)
        features = self.feature_encoder(adjoint.cat([image1, image2], dim=0))
        first, second = adjoint.chunk(features, chunks=2, dim=0)
        if first.shape[-2:] != small:
            raise ValueError("The feature encoder should downsample H and W by 8")
        self.corr_block.build_pyramid(first, second)

        context = self.context_encoder(image1)
        if context.shape[-2:] != small:
            raise ValueError("The context encoder should downsample H and W by 8")
        state_size = self.update_block.hidden_state_size
        rest = context.shape[1] - state_size
        if rest <= 0:
            raise ValueError(
                f"The context encoder outputs {context.shape[1]} channels, but it should have at strictly more than "
                f"hidden_state={state_size} channels"
            )
        state, context = adjoint.split(context, [state_size, rest], dim=1)
        state, context = adjoint.tanh(state), F.relu(context)

        start = make_coords_grid(n, *small).to(first.device)
        places, flows = start, []
        for _ in range(num_flow_updates):
            places = places.detach()  # each improvement is trained by itself
            correlations = self.corr_block.index_pyramid(centroids_coords=places)
            state, change = self.update_block(state, context, correlations, places - start)
            places = places + change
            mask = None if self.mask_predictor is None else self.mask_predictor(state)
            flows.append(upsample_flow(flow=places - start, up_mask=mask))
        return flows


def _raft(
    *,
    feature_encoder_layers: tuple[int, ...],
    feature_encoder_block: Any,
    feature_encoder_norm_layer: _Layer | None,
    context_encoder_layers: tuple[int, ...],
    context_encoder_block: Any,
    context_encoder_norm_layer: _Layer | None,
    corr_block_num_levels: int,
    corr_block_radius: int,
    motion_encoder_corr_layers: tuple[int, ...],
    motion_encoder_flow_layers: tuple[int, ...],
    motion_encoder_out_channels: int,
    recurrent_block_hidden_state_size: int,
    recurrent_block_kernel_size: tuple[Any, ...],
    recurrent_block_padding: tuple[Any, ...],
    flow_head_hidden_size: int,
    use_mask_predictor: bool,
    **kwargs: Any,
) -> RAFT:
    """Of these sizes; ``kwargs`` are parts of :class:`RAFT` to use in place of those made."""
    features = kwargs.pop("feature_encoder", None) or FeatureEncoder(
        block=feature_encoder_block, layers=feature_encoder_layers, norm_layer=feature_encoder_norm_layer
    )
    context = kwargs.pop("context_encoder", None) or FeatureEncoder(
        block=context_encoder_block, layers=context_encoder_layers, norm_layer=context_encoder_norm_layer
    )
    correlations = kwargs.pop("corr_block", None) or CorrBlock(
        num_levels=corr_block_num_levels, radius=corr_block_radius
    )
    update, state_size = kwargs.pop("update_block", None), recurrent_block_hidden_state_size
    if update is None:
        motion = MotionEncoder(
            in_channels_corr=correlations.out_channels,
            corr_layers=motion_encoder_corr_layers,
            flow_layers=motion_encoder_flow_layers,
            out_channels=motion_encoder_out_channels,
        )
        recurrent = RecurrentBlock(
            input_size=motion.out_channels + context_encoder_layers[-1] - state_size,
            hidden_size=state_size,
            kernel_size=recurrent_block_kernel_size,
            padding=recurrent_block_padding,
        )
        head = FlowHead(in_channels=state_size, hidden_size=flow_head_hidden_size)
        update = UpdateBlock(motion_encoder=motion, recurrent_block=recurrent, flow_head=head)
    mask = kwargs.pop("mask_predictor", None)
    if mask is None and use_mask_predictor:
        mask = MaskPredictor(in_channels=state_size, hidden_size=256, multiplier=0.25)
    return RAFT(
        feature_encoder=features,
        context_encoder=context,
        corr_block=correlations,
        update_block=update,
        mask_predictor=mask,
        **kwargs,
    )


raft_large = builder(
    "raft_large", _raft, Raft_Large_Weights, "RAFT, large (Teed and Deng, 2020).", pretrained="C_T_SKHT_V2",
    feature_encoder_layers=(64, 64, 96, 128, 256), feature_encoder_block=ResidualBlock,
    feature_encoder_norm_layer=nn.InstanceNorm2d,
    context_encoder_layers=(64, 64, 96, 128, 256), context_encoder_block=ResidualBlock,
    context_encoder_norm_layer=nn.BatchNorm2d,
    corr_block_num_levels=4, corr_block_radius=4,
    motion_encoder_corr_layers=(256, 192), motion_encoder_flow_layers=(128, 64), motion_encoder_out_channels=128,
    recurrent_block_hidden_state_size=128, recurrent_block_kernel_size=((1, 5), (5, 1)),
    recurrent_block_padding=((0, 2), (2, 0)), flow_head_hidden_size=256, use_mask_predictor=True,
)  # fmt: skip
raft_small = builder(
    "raft_small", _raft, Raft_Small_Weights, "RAFT, small (Teed and Deng, 2020).", pretrained="C_T_V2",
    feature_encoder_layers=(32, 32, 64, 96, 128), feature_encoder_block=BottleneckBlock,
    feature_encoder_norm_layer=nn.InstanceNorm2d,
    context_encoder_layers=(32, 32, 64, 96, 160), context_encoder_block=BottleneckBlock, context_encoder_norm_layer=None,
    corr_block_num_levels=4, corr_block_radius=3,
    motion_encoder_corr_layers=(96,), motion_encoder_flow_layers=(64, 32), motion_encoder_out_channels=82,
    recurrent_block_hidden_state_size=96, recurrent_block_kernel_size=(3,), recurrent_block_padding=(1,),
    flow_head_hidden_size=128, use_mask_predictor=False,
)  # fmt: skip
