"""The shot document: plate, objects, prompts and settings as one readable JSON file, `NAME.wisp`.

Coordinates are plate pixels of the full display window: origin top-left, y down, pixel edges at
integers (a pixel's centre lies at +0.5), pixel aspect not applied. Frames are the plate's own numbers.
Paths are stored relative to the document where they can be, with forward slashes.
"""

from ..client.tables import BESIDE, PALETTE
from .document import (
    VERSION,
    check_unchanged,
    checked,
    checked_prompt,
    dump,
    edited,
    editing,
    json_schema,
    load,
    moved,
    parse,
    renamed,
    save,
    text_of,
    upgrade,
    write_text,
)
from .model import (
    Box,
    DeliverSpec,
    Edge,
    MaskPrompt,
    ObjectSpec,
    PlateSpec,
    Point,
    Prompt,
    Shot,
    SolveSpec,
    Stroke,
    Text,
    Unknown,
)
from .paths import relative_path, resolve_path

__all__ = [
    "BESIDE",
    "PALETTE",
    "VERSION",
    "Box",
    "DeliverSpec",
    "Edge",
    "MaskPrompt",
    "ObjectSpec",
    "PlateSpec",
    "Point",
    "Prompt",
    "Shot",
    "SolveSpec",
    "Stroke",
    "Text",
    "Unknown",
    "check_unchanged",
    "checked",
    "checked_prompt",
    "dump",
    "edited",
    "editing",
    "json_schema",
    "load",
    "moved",
    "parse",
    "relative_path",
    "renamed",
    "resolve_path",
    "save",
    "text_of",
    "upgrade",
    "write_text",
]
