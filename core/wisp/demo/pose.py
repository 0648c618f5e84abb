"""Where the demo's creature is at one instant, and which way it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pose:
    """Where the creature is at one instant. `centre` in plate pixels, `radius` the body's in plate pixels."""

    centre: tuple[float, float]
    radius: float
    yaw: float
    pitch: float
    roll: float
    flap: float
    time: float
    wind: float

    @property
    def rotation(self) -> NDArray[np.float64]:
        """From the creature's axes to the camera's: roll after pitch after yaw."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return np.asarray(roll @ pitch @ yaw)
