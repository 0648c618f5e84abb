"""From the display window, in which mattes are solved, to the data window of the plate's file."""

from __future__ import annotations

import numpy as np

from ..plates.clip import FloatImage
from ..plates.plate import PlateHeader, Window


def to_data_window(alpha: FloatImage, header: PlateHeader) -> FloatImage:
    """Alpha over the display window, cut or continued to the plate's data window.

    Overscan has no alpha of its own: the border's values are continued into it, so that a later lens warp or
    blur finds no false edge.
    """
    return _from_display(alpha, header.display, header.data)


def visible(header: PlateHeader) -> Window:
    """The part of the plate's data window that its display window shows; the whole display window where it shows none.

    Colour is delivered in it: unlike alpha, colour that was never seen cannot be continued.
    """
    display, data = header.display, header.data
    window = Window(
        max(display.x0, data.x0), max(display.y0, data.y0), min(display.x1, data.x1), min(display.y1, data.y1)
    )
    return window if window.width > 0 and window.height > 0 else display


def to_visible(picture: FloatImage, header: PlateHeader) -> FloatImage:
    """A picture over the display window, cut to `visible`."""
    return _from_display(picture, header.display, visible(header))


def _from_display(picture: FloatImage, display: Window, wanted: Window) -> FloatImage:
    if display == wanted:
        return picture
    rows = np.clip(np.arange(wanted.y0, wanted.y1) - display.y0, 0, display.height - 1)
    columns = np.clip(np.arange(wanted.x0, wanted.x1) - display.x0, 0, display.width - 1)
    return picture[np.ix_(rows, columns)]
