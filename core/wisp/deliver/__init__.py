"""Solved mattes as files for others.

`delivery` knows which files there are to be and which are there already; `naming` what they are called; `layouts` what
is in them; `cryptomatte` and `foreground` make two kinds of content; `files` and `movies` write them.
"""

from .delivery import Delivery
from .job import deliver
from .naming import FORMATS, Format
from .style import Layout, Style

__all__ = ["FORMATS", "Delivery", "Format", "Layout", "Style", "deliver"]
