"""Errors of alphas and masks against truth: pure functions on arrays, one file per question.

matting: one frame's alpha · temporal: its steadiness · tracking: J and F of masks.
"""

from .arrays import quantise
from .matting import conn, grad, mad, mad_t, maggie_to_mad, mse, sad, unknown_region
from .temporal import dtssd, dtssd_pair
from .tracking import boundary_f, j_and_f, jaccard

__all__ = [
    "boundary_f",
    "conn",
    "dtssd",
    "dtssd_pair",
    "grad",
    "j_and_f",
    "jaccard",
    "mad",
    "mad_t",
    "maggie_to_mad",
    "mse",
    "quantise",
    "sad",
    "unknown_region",
]
