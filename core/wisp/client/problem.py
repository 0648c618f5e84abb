"""What those who help need to know of an installation and of a fault, without a path or a name of whoever met it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import List, Mapping

from .engine_path import OPTIONS
from .process import clean_environment

#: What Wisp's interpreter is given for the page that holds no path.
PAGE = ("-m", "wisp", "doctor", "--report")
#: Seconds that it may take: it looks at the device, which loads much.
PATIENCE = 120.0
#: A line of a traceback: the file below the package, the line, the function.
_PLACE = re.compile(r'File ".*?[\\/](wisp(?:_roto|_nuke)?(?:[\\/]\w+)*\.py)", line (\d+), in (\S+)')
#: Its last line: the kind of exception, before words that may hold anything.
_KIND = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Interrupt|Refusal|Gone))\b", re.M)


def page(python: Path, environment: Mapping[str, str]) -> str:
    """The page of that installation. Blocks; for a thread of its own. Raises OSError with a reason where it cannot be
    made."""
    try:
        done = subprocess.run(
            [str(python), *OPTIONS, *PAGE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(environment),
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"Wisp did not answer within {PATIENCE:.0f} seconds") from None
    text = done.stdout.decode("utf-8", "replace").rstrip()
    if not text:
        raise OSError(f"Wisp told nothing of itself (exit code {done.returncode})")
    return text


def arisen(kind: str, log: str) -> str:
    """A fault as it may be shown to anybody: its kind and where in Wisp it arose, by the end of a log; none of its
    words, which name files."""
    found: List[str] = [f"{place.replace(chr(92), '/')}, line {line}, in {name}" for place, line, name in _places(log)]
    kinds = _KIND.findall(log)
    return "\n".join([f"fault: {kind}", *(f"  {one}" for one in found), *(f"  {one}" for one in kinds[-1:])])


def _places(log: str) -> List[List[str]]:
    """Of the last traceback."""
    last = log.rpartition("Traceback (most recent call last)")[2]
    return [list(match) for match in _PLACE.findall(last)]
