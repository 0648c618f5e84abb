"""Rendered subjects for training, drawn by a Blender beside this process: see `render_scenes`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

from ..errors import InputError, UsageError
from . import render_scenes


def make_renders(folder: Path, first: int, count: int, program: Path | None = None) -> Generator[int]:
    """Draw the pictures `first` up to `first + count` that `folder` lacks; the number of each when it is there.

    `program`: Blender, or a Python that can import `bpy`; this one if None. Raises UsageError where there is no such
    program, InputError with the program's last words where it cannot draw. Closing the iterator ends the program.
    """
    program = program or Path(sys.executable)
    folder.mkdir(parents=True, exist_ok=True)
    script, arguments = render_scenes.__file__, [str(folder), str(first), str(count)]
    by_blender = program.name.lower().startswith("blender")
    command = ["-b", "--python-exit-code", "1", "--python", script, "--", *arguments]
    try:
        process = subprocess.Popen(
            [str(program), *(command if by_blender else [script, *arguments])],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise UsageError(f"{program} cannot be started: {error.strerror}.", hint=_HINT) from error
    done, said = 0, ""
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(render_scenes.DONE):
                done += 1
                yield int(line.removeprefix(render_scenes.DONE))
            said = line.strip() or said
    finally:
        process.terminate()
        process.wait()
    # How it ends says nothing: `bpy` may crash when Python leaves it.
    if done < count:
        raise InputError(f"{program} drew {done} of {count} pictures: {said}", hint=_HINT)


_HINT = "Give Blender 4.2 or later, or a Python that can import bpy, with --blender."
