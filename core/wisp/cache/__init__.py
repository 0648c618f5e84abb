"""Masks and mattes on disk, found again by what they depend on.

    ROOT/<plate key>/<object>-<object key>/alpha.%04d.exr   mattes, as hosts read them
    ROOT/<plate key>/masks/<fingerprint>.npz                a tracker's logits of one object on one frame
    ROOT/<plate key>/masks/<fingerprint>.state.npz          a tracker's memory after that mask
    ROOT/<plate key>/masks/<fingerprint>.is.<fingerprint>   empty: what the first stands for is that second mask
    ROOT/index.sqlite                                       fingerprint -> matte; may be deleted at any time

Every file appears whole or not at all. A matte's file name carries its frame, its folder everything else, so
a changed prompt makes a new folder and an unchanged frame is linked into it, never computed again. What is found is
believed only where its seal holds and it says itself that it is what was looked for; anything else counts as absent.
"""

from .mattes import FrameState, MatteStamp, read_matte, read_stamp, time_attributes
from .shelf import Cache, DamagedMaskError, Shelf, object_folder, plate_key

__all__ = [
    "Cache",
    "DamagedMaskError",
    "FrameState",
    "MatteStamp",
    "Shelf",
    "object_folder",
    "plate_key",
    "read_matte",
    "read_stamp",
    "time_attributes",
]
