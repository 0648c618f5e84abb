"""JSON as text that any host's text field keeps unharmed: `wisp1:` + base64(zlib(compact JSON)).

Plain JSON cannot be stored in a Nuke knob: its text is evaluated as Tcl, where `[...]` runs as a command.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Dict

PREFIX = "wisp1:"
#: Longest text that is decoded, in characters, and largest JSON it may unfold to, in bytes.
MAX_TEXT = 16 * 1024 * 1024
MAX_JSON = 64 * 1024 * 1024


class CodecError(ValueError):
    """The text does not hold a document, or the document cannot be stored. Says why in one sentence."""


def encode(document: Dict[str, Any]) -> str:
    """The document as one line of ASCII without blanks, brackets, quotes or backslashes.

    Equal documents with keys in equal order give equal texts. Raises CodecError for what JSON cannot hold
    (NaN, infinities, foreign types) and for documents beyond the limits above.
    """
    try:
        plain = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise CodecError(f"The prompts cannot be stored: {error}.") from None
    text = PREFIX + base64.b64encode(zlib.compress(plain, 9)).decode("ascii")
    if len(plain) > MAX_JSON or len(text) > MAX_TEXT:
        raise CodecError(f"The prompts cannot be stored: {len(plain)} bytes are too many.")
    return text


def decode(text: str) -> Dict[str, Any]:
    """The document that `encode` stored; blanks and line breaks in the text are forgiven.

    Raises CodecError naming the step that failed: not ours, newer, cut off, damaged, too large.
    """
    if len(text) > MAX_TEXT:
        raise CodecError(f"The stored prompts are {len(text)} characters long; {MAX_TEXT} is the limit.")
    packed = "".join(text.split())
    if not packed.startswith(PREFIX):
        raise CodecError(_foreign(packed))
    document = _parse(_unpack(packed[len(PREFIX) :]))
    if not isinstance(document, dict):
        raise CodecError("The stored prompts are damaged: they hold no JSON object.")
    return document


def _foreign(packed: str) -> str:
    head = packed.split(":", 1)[0]
    if ":" in packed and head[:4] == "wisp" and head[4:].isdigit():
        return f"The stored prompts are of the form '{head}', this version reads '{PREFIX[:-1]}'. Update Wisp."
    return f"The text does not hold prompts: it should begin with '{PREFIX}'."


def _unpack(packed: str) -> bytes:
    try:
        squeezed = base64.b64decode(packed.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise CodecError(f"The stored prompts are damaged or cut off: {error}.") from None
    # A few kilobytes can unfold to gigabytes, so the limit is applied while unfolding.
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(squeezed, MAX_JSON)
    except zlib.error as error:
        raise CodecError(f"The stored prompts are damaged: {error}.") from None
    if unpacker.unconsumed_tail:
        raise CodecError(f"The stored prompts unfold to more than {MAX_JSON} bytes.")
    if not unpacker.eof:
        raise CodecError("The stored prompts are cut off.")
    return plain


def _parse(plain: bytes) -> Any:
    try:
        return json.loads(plain.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CodecError(f"The stored prompts are damaged: {error}.") from None
