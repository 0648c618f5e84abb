"""Render every SVG of this folder to PNG: `python icons/render.py`, or `--sheet FILE` for a look at all of them.

Each icon at 24 and 48 pixels, the program's own mark also at 256, all with a transparent background. Needs
PySide6 (the `gui` extra) and no display.

How the icons are drawn: a grid of 24, strokes of 2 with round ends, a dark edge of 1 around everything so that
they read on dark and on light panels alike. The one accent colour always means the object.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parent
MARK = "wisp"


def sizes(name: str) -> tuple[int, ...]:
    """The widths in pixels that the icon is rendered to."""
    return (24, 48, 256) if name == MARK else (24, 48)


def render(source: Path, size: int) -> QImage:
    """The icon as a square picture of `size` pixels with alpha. ValueError if the SVG cannot be read."""
    svg = QSvgRenderer(str(source))
    if not svg.isValid():
        raise ValueError(f"{source} is not an SVG that Qt can read")
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    svg.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture.convertToFormat(QImage.Format.Format_RGBA8888)


def render_all(target: Path) -> list[Path]:
    """Write all PNGs into `target`; returns their paths."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(FOLDER.glob("*.svg")):
        for size in sizes(source.stem):
            path = target / f"{source.stem}-{size}.png"
            if not render(source, size).save(str(path)):
                raise OSError(f"cannot write {path}")
            written.append(path)
    return written


def sheet(path: Path) -> None:
    """All icons at 16, 24 and 48 pixels, twice enlarged, on a dark and on a light panel's grey."""
    sources = sorted(FOLDER.glob("*.svg"))
    rows = [(grey, size) for grey in ("#323232", "#c4c4c4") for size in (16, 24, 48)]
    cell, zoom = 56, 2
    canvas = QImage(cell * len(sources) * zoom, cell * len(rows) * zoom, QImage.Format.Format_RGB32)
    painter = QPainter(canvas)
    for row, (grey, size) in enumerate(rows):
        painter.fillRect(QRectF(0, row * cell * zoom, canvas.width(), cell * zoom), QColor(grey))
        for column, source in enumerate(sources):
            margin = (cell - size) / 2
            place = QRectF((column * cell + margin) * zoom, (row * cell + margin) * zoom, size * zoom, size * zoom)
            painter.drawImage(place, render(source, size))
    painter.end()
    if not canvas.save(str(path)):
        raise OSError(f"cannot write {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet there instead")
    arguments = parser.parse_args()
    if arguments.sheet:
        sheet(arguments.sheet)
    else:
        print(f"{len(render_all(FOLDER / 'png'))} pictures written to {FOLDER / 'png'}")
