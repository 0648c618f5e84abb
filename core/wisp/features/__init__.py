"""Pretrained picture features, shipped with Wisp: what a small network knows of pictures before it sees a plate."""

from .network import CHANNELS, STRIDES, Features, load_features

__all__ = ["CHANNELS", "STRIDES", "Features", "load_features"]
