# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on files in a process of its own, one after the other: `python helper.py PACKAGE` with Blender's own Python.

No thread does it, because threads may break the host (`client/pipe.py`). A line on standard input is a number, a
function of one of the add-on's modules without a host in it, and its arguments; a line on standard output the number,
whether it went well, and what came of it: base64 of a pickle both, between two processes of the same add-on.
"""

from __future__ import annotations

import base64
import importlib.machinery
import importlib.util
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any


def packed(content: Any) -> bytes:
    """As one line."""
    return base64.b64encode(pickle.dumps(content, pickle.HIGHEST_PROTOCOL))


def unpacked(line: bytes) -> Any:
    """What was packed."""
    return pickle.loads(base64.b64decode(line))


def _stand_in(package: str) -> None:
    """Make the add-on's modules importable under their names without the package's own file, which wants a host."""
    names = package.split(".")
    for depth in range(1, len(names) + 1):
        spec = importlib.machinery.ModuleSpec(".".join(names[:depth]), None, is_package=True)
        spec.submodule_search_locations = [str(Path(__file__).parent)] if depth == len(names) else []
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)


def main(package: str) -> None:
    """Work until standard input ends; being terminated lets what is in hand tidy up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _stand_in(package)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        number, work, arguments = unpacked(line)
        try:
            answer = packed((number, True, work(*arguments)))
        except Exception as error:
            try:
                unpacked(answer := packed((number, False, error)))
            except Exception:  # one that does not survive the journey
                answer = packed((number, False, RuntimeError(repr(error))))
        answers.write(answer + b"\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
