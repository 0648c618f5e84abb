"""Errors a person can act on, and the exit code each one ends the program with.

Every message is one sentence that names the file, frame or option; `hint` says what to do, and where a message has
none of its own, its kind's `advice` does. `docs/errors.md` lists them all. The exit codes are part of the command
line's contract and never change their meaning.
"""

from __future__ import annotations

import errno
from pathlib import Path


class WispError(Exception):
    """Base of all expected failures. `exit_code` is what the command line returns."""

    exit_code = 1
    kind = "unexpected"
    advice = ""

    def __init__(self, message: str, *, hint: str = "", path: str | Path | None = None) -> None:
        message = one_line(message)
        super().__init__(message)
        self.message = message
        self.hint = one_line(hint) or self.advice
        self.path = str(path) if path is not None else None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(WispError):
    """A wrong option, value or shot document."""

    exit_code = 2
    kind = "usage"
    advice = "Correct it and try again."


class InputError(WispError):
    """An input file is missing or cannot be read."""

    exit_code = 3
    kind = "input"
    advice = "Check that it is the right file, whole and readable."


class FrameReadError(InputError):
    """One frame of a plate (or one mask) cannot be read; other frames may still be good."""

    kind = "frame"
    advice = "Write the file anew, or leave it out."

    def __init__(self, path: str | Path, why: str, *, frame: int | None = None, hint: str = "") -> None:
        at = f" (frame {frame})" if frame is not None else ""
        super().__init__(f"Cannot read {path}{at}: {why}.", hint=hint, path=path)
        self.why = why
        self.frame = frame


class WeightsError(WispError):
    """Model weights are missing, damaged, or not allowed by the licence policy."""

    exit_code = 4
    kind = "weights"
    advice = "'wisp models list' says what there is, 'wisp models get' fetches one."


class DeviceError(WispError):
    """The requested device does not exist or cannot run the model."""

    exit_code = 5
    kind = "device"
    advice = "Choose another with --device; wisp doctor names those that are there."


class MemoryLimitError(WispError):
    """Out of memory after every fall-back was tried."""

    exit_code = 6
    kind = "memory"
    advice = "Solve fewer objects at once, or use a smaller plate, a smaller model or a machine with more memory."


class CancelledError(WispError):
    """The work was asked to stop; everything finished so far is on disk."""

    exit_code = 7
    kind = "cancelled"


class OutputError(WispError):
    """A result cannot be written (permission, full disk, existing file)."""

    exit_code = 8
    kind = "output"
    advice = "Choose another place, or make room and give the right to write there."


class QualityError(WispError):
    """A quality check did not pass."""

    exit_code = 9
    kind = "quality"
    advice = "Look at the frames that are named, correct them, and solve again."


def expected(error: BaseException) -> WispError | None:
    """The failure that `error` is to a person; None for a bug. Libraries run out of memory in their own ways."""
    if isinstance(error, WispError):
        return error
    if lacks_memory(error):
        return MemoryLimitError(f"There is not enough memory ({str(error).strip() or type(error).__name__}).")
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error)
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return UsageError(f"{error.object[:80]!r} holds bytes that are no text.", hint="Use another name there.")
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        return InputError(f"{error}.", hint="Mend the links, or use another path.")
    if isinstance(error, ValueError) and str(error).startswith("embedded null"):
        return UsageError("A path holds a NUL character.", hint="Leave it out.")
    return None


def one_line(text: str) -> str:
    """`text` with all that would break a line or steer a terminal written as escapes: file names may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def plain(text: str) -> str:
    """`text` with its own line breaks, but nothing else that would steer a terminal: for what people read."""
    return "\n".join(map(one_line, text.split("\n")))


#: What the system says of a place that cannot be written, rather than of a file that cannot be read.
_OF_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EEXIST, errno.ENOTEMPTY, errno.EFBIG}


def _of_the_system(error: OSError) -> WispError:
    """A path that is too long, a loop of links, a folder that may not be looked into: nobody's bug."""
    kind = OutputError if error.errno in _OF_WRITING else InputError
    at = f" {error.filename}" if error.filename is not None else ""
    return kind(f"Cannot use{at}: {(error.strerror or str(error)).lower()}.", path=error.filename)


def lacks_memory(error: BaseException) -> bool:
    """Whether a library has run out of memory; told without importing torch or OpenCV."""
    kind = type(error)
    return (
        isinstance(error, MemoryError)
        or kind.__name__ == "OutOfMemoryError"  # torch on a GPU
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error))  # torch on the CPU
        or (kind.__module__ == "cv2" and getattr(error, "code", 0) == -4)  # cv::Error::StsNoMem
    )
