"""Short content hashes: equal for equal meaning, different for anything a result depends on."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def fingerprint(*parts: Any) -> str:
    """32 hex digits (BLAKE2b-128) over `parts`, any JSON-able values, in their order.

    Dictionaries are hashed with sorted keys; floats by their shortest exact text, so 1.0 and 1 differ but
    equal floats never do.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
