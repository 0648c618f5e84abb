"""The figures of a run as one picture: a row each, a bar for the value and one for what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_WIDTH, _LINE, _MARGIN = 1240, 26, 28
_NAME, _BAR, _BAR_WIDTH, _VALUE = 28, 360, 420, 800
_GROUND, _INK, _FAINT = 24, (215, 215, 215), (140, 140, 140)
_OURS, _THEIRS, _WORSE = (90, 200, 120), (95, 105, 120), (240, 160, 60)


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it is to be compared with (None: nothing). Less is better unless `more`."""

    part: str
    name: str
    value: float
    unit: str
    baseline: str = ""
    baseline_value: float | None = None
    more: bool = False


def draw_page(
    figures: Sequence[Figure], machine: Mapping[str, str], skipped: Mapping[str, str] | None = None
) -> NDArray[np.uint8]:
    """uint8 RGB. The two bars of a row share a scale; a value worse than its baseline is orange."""
    parts = list(dict.fromkeys(figure.part for figure in figures))
    lines = len(figures) + 2 * len(parts) + len(skipped or {}) + 4
    page = np.full((lines * _LINE + 2 * _MARGIN, _WIDTH, 3), _GROUND, np.uint8)
    y = _MARGIN + 12
    _write(page, "Wisp benchmarks", (_NAME, y), 0.75, _INK)
    told = ", ".join(f"{machine[key]}" for key in ("cpu", "system", "date") if key in machine)
    _write(
        page,
        f"{told}; {machine.get('cores', '?')} cores; GPU: {machine.get('gpu', '?')}",
        (_NAME, y + _LINE),
        0.42,
        _FAINT,
    )
    y += 2 * _LINE
    for part in parts:
        y += _LINE
        _write(page, part, (_NAME, y), 0.55, _INK)
        cv2.line(page, (_NAME, y + 7), (_WIDTH - _MARGIN, y + 7), (60, 60, 60), 1)
        y += _LINE
        for figure in (item for item in figures if item.part == part):
            _row(page, figure, y)
            y += _LINE
    for part, why in (skipped or {}).items():
        _write(page, f"{part}: not measured, {why}", (_NAME, y + _LINE), 0.42, _WORSE)
        y += _LINE
    return page


def _row(page: NDArray[np.uint8], figure: Figure, y: int) -> None:
    other = figure.baseline_value
    scale = _BAR_WIDTH / max(abs(figure.value), abs(other or 0.0), 1e-9)
    worse = other is not None and (figure.value < other if figure.more else figure.value > other)
    _write(page, figure.name, (_NAME, y), 0.42, _INK)
    told = f"{figure.value:.4g} {figure.unit}"
    if other is not None:
        _bar(page, y - 13, 8, figure.value * scale, _WORSE if worse else _OURS)
        _bar(page, y - 4, 6, other * scale, _THEIRS)
        better = figure.value / other if figure.more else other / figure.value
        ratio = f"  ({better:.2f}x)" if figure.value > 0 and other > 0 else ""
        told += f"   {figure.baseline}: {other:.4g} {figure.unit}{ratio}"
    _write(page, told, (_VALUE, y), 0.42, _INK)


def _bar(page: NDArray[np.uint8], top: int, height: int, length: float, colour: tuple[int, int, int]) -> None:
    cv2.rectangle(page, (_BAR, top), (_BAR + max(1, round(max(length, 0))), top + height - 1), colour, -1)


def _write(page: NDArray[np.uint8], text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
