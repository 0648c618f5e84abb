"""Work on files is done in another process, in order; failures are told; the host does what a lost process should."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from . import stage


def run() -> None:
    filing, pictures, mattes = (stage.addon(name) for name in ("filing", "pictures", "mattes"))
    helper = filing.Helper("case")
    told: list[Any] = []

    def settle() -> None:
        while helper.pending():
            helper.drain(timeout=0.05)

    def ask(work: Any, *arguments: Any) -> None:
        helper.submit(work, *arguments, then=told.append, failed=lambda error: told.append((type(error), str(error))))

    folder = mattes.MatteFolder(stage.FOLDER / "beside")
    for number, value in ((1, 0.5), (2, 0.25)):
        path = stage.FOLDER / f"{number}.exr"
        ask(pictures.write_matte, path, np.full((4, 6), value, np.float32))
        ask(folder.place, number, 7, path, {1, 2})
    ask(folder.told, 2, 7)
    ask(pictures.read_matte, stage.FOLDER / "none.exr")
    ask(os.getpid)
    assert not told, "nothing is handed out before it is drained"
    settle()
    *done, tells, missing, pid = told
    assert done == [None, True, None, True] and isinstance(tells, mattes.Told), done
    assert missing[0] is pictures.PictureError and "none.exr" in missing[1], missing
    assert pid != os.getpid(), "it is done in another process"
    union = pictures.read_matte(folder.union_path(7))
    assert np.abs(union - (1 - 0.5 * 0.75)).max() < 1e-3

    del told[:]
    os.kill(pid, 9)
    for _ in range(3):
        ask(os.getpid)
    settle()
    assert told == [os.getpid()] * 3, "the host does what a lost process was asked"
    ask(os.getpid)
    ask(Path.read_text, stage.FOLDER / "none.txt")
    settle()
    assert told[3] not in (pid, os.getpid()), "and a new one comes with the next work"
    assert told[4][0] is FileNotFoundError, told[4]
    ask(bytes, 9_000_000)
    settle()
    assert len(told[5]) == 9_000_000, "longer than a line to the engine may be"
    helper.stop()

    textures = stage.addon("textures")
    made: list[np.ndarray] = []
    textures._texture = lambda opacity: made.append(opacity) or "texture"  # a texture needs a window
    assert textures.get(stage.FOLDER / "1.exr", "white") is None
    while not textures.upload():
        pass
    assert textures.get(stage.FOLDER / "1.exr", "white") == "texture"
    assert made[0].shape == (4, 6) and np.abs(made[0] - 0.5).max() < 1e-3
    textures.clear()

    lame = filing.Helper("lame")
    executable, sys.executable = sys.executable, str(stage.FOLDER / "python-that-is-not-there")
    for number in range(3):
        lame.submit(os.getpid, then=told.append, failed=told.append)
        assert lame.drain() and told[-1] == os.getpid(), number
    sys.executable = executable
    lame.stop()
