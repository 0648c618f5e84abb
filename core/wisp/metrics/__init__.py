"""Errors of alphas and masks against truth: pure functions on arrays, one file per question.

matting: one frame's alpha · temporal: its steadiness · tracking: J and F of masks · colour: the foreground's ·
instances: several objects in one picture · report: two whole sequences.
"""

from .arrays import quantise
from .colour import colour_mad, colour_mse
from .instances import InstanceQuality, imq
from .matting import conn, grad, mad, mad_t, maggie_to_mad, mse, sad, unknown_region
from .report import METRICS, ClipReport, FrameScore, compare_sequences
from .temporal import dtssd, dtssd_pair, f_warp, mean_over_clips, messddt
from .tracking import boundary_f, j_and_f, jaccard

__all__ = [
    "METRICS",
    "ClipReport",
    "FrameScore",
    "InstanceQuality",
    "boundary_f",
    "colour_mad",
    "colour_mse",
    "compare_sequences",
    "conn",
    "dtssd",
    "dtssd_pair",
    "f_warp",
    "grad",
    "imq",
    "j_and_f",
    "jaccard",
    "mad",
    "mad_t",
    "maggie_to_mad",
    "mean_over_clips",
    "messddt",
    "mse",
    "quantise",
    "sad",
    "unknown_region",
]
