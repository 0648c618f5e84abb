"""The Detector protocol: a picture and words in, boxes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..plates.clip import FloatImage


@dataclass(frozen=True)
class Detection:
    """One thing that may be what was asked for.

    `xyxy`: left, top, right, bottom in pixels of the picture (pixel edges at integers), inside it and not empty.
    `score`: 0..1. `label`: the words that the box answers.
    """

    xyxy: tuple[float, float, float, float]
    score: float
    label: str


class Detector(Protocol):
    """One way to find things by words."""

    id: str
    #: Hash of the weights.
    version: str

    def detect(self, rgb: FloatImage, text: str) -> list[Detection]:
        """All candidates for `text`, the best first, doubtful ones too: the caller says what is good enough.

        `rgb`: height x width x 3 float32, display-referred, 0..1. Several boxes around one thing have become one.
        Raises UsageError where `text` is empty or longer than the detector can read.
        """
        ...
