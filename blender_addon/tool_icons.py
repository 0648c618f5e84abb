# SPDX-License-Identifier: GPL-3.0-or-later
"""The icons of the tools, as the toolbar wants them: files of triangles. No host here."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

XY = tuple[float, float]
Color = tuple[int, int, int, int]
PLAIN: Color = (230, 230, 230, 255)
ACCENT: Color = (51, 194, 107, 255)
MIDDLE = 127.5
#: The corners of the box.
CORNERS = ((38.0, 58.0), (217.0, 58.0), (217.0, 197.0), (38.0, 197.0))


def _ring(width: float, height: float, up: float = 0.0) -> list[XY]:
    turn = [2 * math.pi * i / 24 for i in range(25)]
    return [(MIDDLE + width * math.cos(a), MIDDLE + up + height * math.sin(a)) for a in turn]


#: Tool -> lines, each with its colour and width; 0..255, y up.
LINES: dict[str, list[tuple[list[XY], Color, float]]] = {
    "point": [
        (_ring(76, 76), PLAIN, 18.0),
        ([(MIDDLE, 88), (MIDDLE, 167)], ACCENT, 24.0),
        ([(88, MIDDLE), (167, MIDDLE)], ACCENT, 24.0),
    ],
    "box": [
        ([*CORNERS, CORNERS[0]], PLAIN, 18.0),
        *(([(x - 18, y), (x + 18, y)], ACCENT, 36.0) for x, y in CORNERS),
    ],
    "lasso": [
        (_ring(88, 54, 24), PLAIN, 18.0),
        ([(70, 110), (92, 80), (76, 50), (96, 28)], ACCENT, 18.0),
    ],
    "stroke": [
        ([(30 + 13 * i, 110 + 45 * math.sin(0.8 * i)) for i in range(11)], ACCENT, 36.0),
        ([(170, 150), (215, 215)], PLAIN, 26.0),
    ],
}


def write(folder: Path, tool: str) -> Path:
    """Write the icon of a tool; returns its path without the suffix, as a tool names it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"wisp-tool-{tool}"
    path.with_suffix(".dat").write_bytes(triangles(tool))
    return path


def triangles(tool: str) -> bytes:
    """Icon geometry: `VCO`, a version, the range of x and y, the corners of all triangles, the colours of these."""
    corners, colours = bytearray(), bytearray()
    for points, colour, width in LINES[tool]:
        for (xa, ya), (xb, yb) in itertools.pairwise(points):
            length = math.hypot(xb - xa, yb - ya) or 1.0
            dx, dy = (yb - ya) / length * width / 2, (xa - xb) / length * width / 2
            quad = ((xa + dx, ya + dy), (xb + dx, yb + dy), (xb - dx, yb - dy), (xa - dx, ya - dy))
            for number in (0, 1, 2, 0, 2, 3):
                corners += bytes(min(max(round(value), 0), 255) for value in quad[number])
                colours += bytes(colour)
    return b"VCO\0" + bytes((255, 255, 0, 0)) + bytes(corners) + bytes(colours)
