"""Wisp: prompts on one frame in, a soft stable alpha for the whole shot out.

Importing this package stays light: no torch, no OpenCV, no numpy.
"""

__version__ = "0.1.0"
