"""Loss and validation curves as one picture: two plots over the steps, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SIZE = (560, 360)
_MARGIN = (56, 108, 24, 34)  # left, right (the legend), top, bottom
_COLOURS = ((90, 200, 120), (240, 160, 60), (90, 150, 250), (230, 90, 110), (180, 120, 230), (120, 220, 220))
_INK, _GROUND, _GRID = (205, 205, 205), 24, (60, 60, 60)

Series = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]


def draw_curves(history: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
    """uint8 RGB from a run's log: rows with `loss` and its parts, and rows with `validation`, by `step`."""
    steps = [row for row in history if "loss" in row]
    names = [name for name in steps[0] if name not in ("step", "loss")] if steps else []
    training = {name: _smooth(steps, name) for name in ["loss", *names[:5]]} if steps else {}
    checks = [row for row in history if "validation" in row]
    names = list(checks[0]["validation"]) if checks else []
    at = np.array([row["step"] for row in checks], float)
    held_out = {name: (at, np.array([row["validation"][name] for row in checks], float)) for name in names}
    return np.concatenate([_plot("training loss", training), _plot("validation", held_out)], axis=1)


def _smooth(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means over up to 120 stretches of the run: single steps are too noisy to be read."""
    at = np.array([row["step"] for row in rows], float)
    values = np.array([row[name] for row in rows], float)
    count = min(120, len(rows))
    return (
        np.array([part.mean() for part in np.array_split(at, count)]),
        np.array([part.mean() for part in np.array_split(values, count)]),
    )


def _plot(title: str, series: Series) -> NDArray[np.uint8]:
    """Lines on a logarithmic scale with a legend."""
    width, height = _SIZE
    picture = np.full((height, width, 3), _GROUND, np.uint8)
    _write(picture, title, (_MARGIN[0], 16), _INK)
    if not series:
        return picture
    left, right, top, bottom = _MARGIN
    last = max(float(x.max()) for x, _ in series.values())
    values = np.concatenate([y for _, y in series.values()])
    low, high = np.log10(max(float(values.min()), 1e-6)), np.log10(max(float(values.max()), 1e-5))
    low, high = low - 0.05, max(high + 0.05, low + 0.2)

    def place(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
        across = left + x / last * (width - left - right)
        up = (np.log10(np.maximum(y, 1e-6)) - low) / (high - low)
        return np.stack([across, height - bottom - up * (height - top - bottom)], axis=1).round().astype(np.int32)

    for tick in _ticks(low, high):
        level = int(place(np.zeros(1), np.array([tick]))[0, 1])
        cv2.line(picture, (left, level), (width - right, level), _GRID, 1)
        _write(picture, f"{tick:g}", (6, level + 4), _INK)
    _write(picture, f"{last:.0f} steps", (width - right - 90, height - 12), _INK)
    for number, (name, (x, y)) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = place(x, y)
        cv2.polylines(picture, [points], False, colour, 1, cv2.LINE_AA)
        for point in points if len(points) < 40 else ():
            cv2.circle(picture, point.tolist(), 2, colour, -1, cv2.LINE_AA)
        _write(picture, name, (width - right + 8, top + 14 + 15 * number), colour)
    return picture


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within two logarithms."""
    decades = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    return [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= np.log10(m * 10.0**d) <= high]


def _write(picture: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
