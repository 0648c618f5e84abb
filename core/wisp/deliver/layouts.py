"""What is in a delivered file, by layout: planes by name, or one picture with alpha."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..finish.exclusive import union
from ..plates.clip import FloatImage
from ..plates.plate import PlateHeader, Window
from . import cryptomatte
from .windows import to_data_window, to_visible, visible

Channels = dict[str, FloatImage]


def alpha_channels(alpha: FloatImage, header: PlateHeader) -> Channels:
    """R=G=B=A=alpha, so that every viewer shows it and every front-end finds it. Over the data window."""
    return dict.fromkeys("RGBA", to_data_window(alpha, header))


def layer_channels(alphas: Mapping[str, FloatImage], header: PlateHeader, *, exclusive: bool) -> Channels:
    """`matte.<object>` per object, and `A`: all of them together."""
    planes = {name: to_data_window(alpha, header) for name, alpha in alphas.items()}
    shared_out = np.minimum(np.sum(list(planes.values()), axis=0), 1.0)
    together = shared_out if exclusive else union(planes.values())
    return {"A": together, **{f"matte.{name}": plane for name, plane in planes.items()}}


def colour_channels(rgb: FloatImage, alpha: FloatImage, header: PlateHeader, *, premultiply: bool) -> Channels:
    """R, G, B (straight, or times alpha) and A, over what is visible of the data window."""
    picture = to_visible(premultiplied(rgb, alpha) if premultiply else rgb, header)
    return {**dict(zip("RGB", np.moveaxis(picture, 2, 0), strict=True)), "A": to_visible(alpha, header)}


def crypto_channels(alphas: Mapping[str, FloatImage], colours: Mapping[str, str], header: PlateHeader) -> Channels:
    """The layers of a Cryptomatte."""
    return cryptomatte.channels({name: to_data_window(alpha, header) for name, alpha in alphas.items()}, colours)


def premultiplied(rgb: FloatImage, alpha: FloatImage) -> FloatImage:
    """Colour times alpha."""
    return rgb * alpha[..., None]


def data_window(layout: str, header: PlateHeader) -> Window:
    """The window that a layout's channels cover."""
    return visible(header) if layout == "rgba" else header.data


def over_window(layout: str, plane: FloatImage, header: PlateHeader) -> FloatImage:
    """A plane of the picture over that window; 0 beyond what models see."""
    return to_visible(plane, header) if layout == "rgba" else to_data_window(plane, header)
