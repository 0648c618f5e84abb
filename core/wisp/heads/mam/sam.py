"""Segment Anything (Kirillov et al., 2023): picture -> features, features and a box or points -> masks.

Names of modules are those of the published weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Channels of the features, and of everything that the mask decoder works on.
CHANNELS = 256
PATCH = 16


@dataclass(frozen=True)
class SamSize:
    """How large the picture encoder is. The defaults are ViT-B's; smaller ones make quick tests.

    `image`: side of the network's square in pixels. `windowed` blocks attend within squares of `window` patches,
    the blocks in `whole` over all patches.
    """

    image: int = 1024
    width: int = 768
    depth: int = 12
    heads: int = 12
    whole: tuple[int, ...] = (2, 5, 8, 11)
    window: int = 14


class LayerNorm2d(nn.Module):
    """Layer normalisation over the channels of B x C x H x W."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        rows = x.permute(0, 2, 3, 1)
        return functional.layer_norm(rows, self.weight.shape, self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)


# Picture encoder -----------------------------------------------------------------------------------------------


class _PatchEmbed(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)


class _WindowAttention(nn.Module):
    """Attention among the patches of a square, with learned biases by vertical and horizontal distance."""

    def __init__(self, width: int, heads: int, side: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, width // heads))

    def forward(self, x: Tensor) -> Tensor:
        """`x`: B x S x S x width."""
        batch, side, _, width = x.shape
        qkv = self.qkv(x).reshape(batch, side * side, 3, self.heads, width // self.heads)
        offsets = torch.arange(side, device=x.device)
        distance = offsets[:, None] - offsets[None, :] + side - 1
        down, across = self.rel_pos_h[distance], self.rel_pos_w[distance]
        # Head by head: over the whole picture the biases of one head alone take 64 MB.
        heads = []
        for head in range(self.heads):
            query, key, value = qkv[..., head, :].unbind(2)
            heads.append(self._attend(query, key, value, down, across))
        joined: Tensor = self.proj(torch.cat(heads, dim=-1).view(batch, side, side, width))
        return joined

    @staticmethod
    def _attend(query: Tensor, key: Tensor, value: Tensor, down: Tensor, across: Tensor) -> Tensor:
        batch, count, width = query.shape
        side = math.isqrt(count)
        grid = query.reshape(batch, side, side, width)
        rows = torch.einsum("byxc,ykc->byxk", grid, down.to(query.dtype))
        columns = torch.einsum("byxc,xkc->byxk", grid, across.to(query.dtype))
        bias = (rows[..., :, None] + columns[..., None, :]).reshape(batch, count, count)
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)


class _Perceptron(nn.Module):
    def __init__(self, width: int, hidden: int, activation: nn.Module) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(self.activation(self.lin1(x)))  # type: ignore[no-any-return]


class _Block(nn.Module):
    def __init__(self, size: SamSize, window: int | None) -> None:
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(size.width, eps=1e-6)
        self.attn = _WindowAttention(size.width, size.heads, window or size.image // PATCH)
        self.norm2 = nn.LayerNorm(size.width, eps=1e-6)
        self.mlp = _Perceptron(size.width, 4 * size.width, nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        """`x`: B x S x S x width."""
        rows = self.norm1(x)
        x = x + (self.attn(rows) if self.window is None else self._in_windows(rows, self.window))
        widened: Tensor = x + self.mlp(self.norm2(x))
        return widened

    def _in_windows(self, x: Tensor, window: int) -> Tensor:
        """Attention within each window; the last ones are filled up with zeros."""
        batch, side, _, width = x.shape
        count = math.ceil(side / window)
        missing = count * window - side
        padded = functional.pad(x, (0, 0, 0, missing, 0, missing))
        tiles = padded.view(batch, count, window, count, window, width).transpose(2, 3)
        attended = self.attn(tiles.reshape(-1, window, window, width))
        joined: Tensor = attended.view(batch, count, count, window, window, width).transpose(2, 3)
        return joined.reshape(batch, count * window, count * window, width)[:, :side, :side]


class ImageEncoder(nn.Module):
    """The vision transformer of Segment Anything."""

    def __init__(self, size: SamSize) -> None:
        super().__init__()
        side = size.image // PATCH
        self.pos_embed = nn.Parameter(torch.zeros(1, side, side, size.width))
        self.patch_embed = _PatchEmbed(size.width)
        self.blocks = nn.ModuleList(
            _Block(size, None if number in size.whole else size.window) for number in range(size.depth)
        )
        self.neck = nn.Sequential(
            nn.Conv2d(size.width, CHANNELS, 1, bias=False),
            LayerNorm2d(CHANNELS),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False),
            LayerNorm2d(CHANNELS),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Features B x 256 x S/16 x S/16 of a normalised picture B x 3 x S x S."""
        x = self.patch_embed.proj(image).permute(0, 2, 3, 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.neck(x.permute(0, 3, 1, 2))  # type: ignore[no-any-return]


# Prompts -------------------------------------------------------------------------------------------------------


class _RandomFourier(nn.Module):
    """Positions as sines and cosines of random projections (Tancik et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.positional_encoding_gaussian_matrix: Tensor
        self.register_buffer("positional_encoding_gaussian_matrix", torch.zeros(2, CHANNELS // 2))

    def forward(self, places: Tensor) -> Tensor:
        """... x 2 (x, y in 0..1) -> ... x 256."""
        angles = 2 * math.pi * ((2 * places - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    """A box or points as tokens. The published weights also hold layers for mask prompts; nothing here uses them."""

    def __init__(self, image: int) -> None:
        super().__init__()
        self.image = image
        self.pe_layer = _RandomFourier()
        #: Beside the object, on it, top left corner, bottom right corner.
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, CHANNELS) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, CHANNELS)
        self.no_mask_embed = nn.Embedding(1, CHANNELS)
        few, more = 4, 16
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, few, 2, stride=2),
            LayerNorm2d(few),
            nn.GELU(),
            nn.Conv2d(few, more, 2, stride=2),
            LayerNorm2d(more),
            nn.GELU(),
            nn.Conv2d(more, CHANNELS, 1),
        )

    def box(self, xyxy: Tensor) -> Tensor:
        """Tokens 1 x 2 x 256 of a box (x0, y0, x1, y1) in pixels of the network's square."""
        return self._marked(xyxy.view(1, 2, 2), (2, 3))

    def points(self, xy: Tensor, labels: Sequence[int]) -> Tensor:
        """Tokens 1 x (n + 1) x 256 of n x 2 points in pixels of the square; labels 1: on the object, 0: beside it."""
        # A token that is no point stands where a box's would be.
        return torch.cat([self._marked(xy[None], labels), self.not_a_point_embed.weight[None]], dim=1)

    def _marked(self, xy: Tensor, kinds: Sequence[int]) -> Tensor:
        places: Tensor = self.pe_layer((xy + 0.5) / self.image)
        return places + torch.stack([self.point_embeddings.get_parameter(f"{kind}.weight") for kind in kinds], dim=1)

    def grid(self, side: int) -> Tensor:
        """Positions of the features: 1 x 256 x side x side."""
        at = (torch.arange(side, device=self.no_mask_embed.weight.device, dtype=torch.float32) + 0.5) / side
        y, x = torch.meshgrid(at, at, indexing="ij")
        return self.pe_layer(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None]  # type: ignore[no-any-return]


# Mask decoder --------------------------------------------------------------------------------------------------


class _Attention(nn.Module):
    def __init__(self, inner: int = CHANNELS, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(CHANNELS, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, CHANNELS)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, x in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value))
        )
        return self.out_proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class _TwoWayBlock(nn.Module):
    """Tokens look at each other and at the picture, then the picture at the tokens."""

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = _Attention()
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.cross_attn_token_to_image = _Attention(CHANNELS // 2)
        self.norm2 = nn.LayerNorm(CHANNELS)
        self.mlp = _Perceptron(CHANNELS, 2048, nn.ReLU())
        self.norm3 = nn.LayerNorm(CHANNELS)
        self.norm4 = nn.LayerNorm(CHANNELS)
        self.cross_attn_image_to_token = _Attention(CHANNELS // 2)

    def forward(self, tokens: Tensor, picture: Tensor, prompts: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        if self.first:  # the tokens are still the prompts themselves
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            marked = tokens + prompts
            tokens = tokens + self.self_attn(marked, marked, tokens)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + prompts, picture + places, picture))
        tokens = self.norm3(tokens + self.mlp(tokens))
        picture = self.norm4(picture + self.cross_attn_image_to_token(picture + places, tokens + prompts, tokens))
        return tokens, picture


class _TwoWayTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_TwoWayBlock(first=number == 0) for number in range(2))
        self.final_attn_token_to_image = _Attention(CHANNELS // 2)
        self.norm_final_attn = nn.LayerNorm(CHANNELS)

    def forward(self, features: Tensor, grid: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        picture, places = features.flatten(2).transpose(1, 2), grid.flatten(2).transpose(1, 2)
        tokens = prompts
        for layer in self.layers:
            tokens, picture = layer(tokens, picture, prompts, places)
        looked = self.final_attn_token_to_image(tokens + prompts, picture + places, picture)
        return self.norm_final_attn(tokens + looked), picture.transpose(1, 2).view_as(features)


class _Layers(nn.Module):
    """Three linear layers with ReLU between."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(CHANNELS, width) for width in (CHANNELS, CHANNELS, out))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.layers[-1](x)  # type: ignore[no-any-return]


class MaskDecoder(nn.Module):
    """Four masks and how well each fits; the first is the answer to several prompts, the others to a single one."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = _TwoWayTransformer()
        self.iou_token = nn.Embedding(1, CHANNELS)
        self.mask_tokens = nn.Embedding(4, CHANNELS)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(CHANNELS, CHANNELS // 4, 2, stride=2),
            LayerNorm2d(CHANNELS // 4),
            nn.GELU(),
            nn.ConvTranspose2d(CHANNELS // 4, CHANNELS // 8, 2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(_Layers(CHANNELS // 8) for _ in range(4))
        self.iou_prediction_head = _Layers(4)

    def forward(self, features: Tensor, grid: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Mask logits 1 x 4 x S/4 x S/4 and predicted overlaps 1 x 4."""
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight])[None]
        tokens, picture = self.transformer(features, grid, torch.cat([own, prompts], dim=1))
        enlarged = self.output_upscaling(picture)
        weights = torch.stack(
            [layers(tokens[:, 1 + number]) for number, layers in enumerate(self.output_hypernetworks_mlps)], dim=1
        )
        return torch.einsum("bmc,bchw->bmhw", weights, enlarged), self.iou_prediction_head(tokens[:, 0])


class Sam(nn.Module):
    """Segment Anything for pictures."""

    def __init__(self, size: SamSize | None = None) -> None:
        super().__init__()
        self.size = size or SamSize()
        self.image_encoder = ImageEncoder(self.size)
        self.prompt_encoder = PromptEncoder(self.size.image)
        self.mask_decoder = MaskDecoder()

    def best_mask(self, features: Tensor, prompts: Tensor) -> Tensor:
        """Logits 1 x 1 x S/4 x S/4 of that of the three masks for one ambiguous prompt that is said to fit best.

        `prompts`: tokens from `prompt_encoder`.
        """
        grid = self.prompt_encoder.grid(features.shape[-1])
        masks, overlaps = self.mask_decoder(
            features + self.prompt_encoder.no_mask_embed.weight[..., None, None], grid, prompts
        )
        best = int(overlaps[0, 1:].argmax()) + 1
        return masks[:, best : best + 1]  # type: ignore[no-any-return]
