"""Errors a person can act on, and the exit code each one ends the program with.

Every message is one sentence that names the file, frame or option; `hint` says what to do.
The exit codes are part of the command line's contract and never change their meaning.
"""

from __future__ import annotations

from pathlib import Path


class WispError(Exception):
    """Base of all expected failures. `exit_code` is what the command line returns."""

    exit_code = 1
    kind = "unexpected"

    def __init__(self, message: str, *, hint: str = "", path: str | Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = str(path) if path is not None else None

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(WispError):
    """A wrong option, value or shot document."""

    exit_code = 2
    kind = "usage"


class InputError(WispError):
    """An input file is missing or cannot be read."""

    exit_code = 3
    kind = "input"


class FrameReadError(InputError):
    """One frame of a plate (or one mask) cannot be read; other frames may still be good."""

    kind = "frame"

    def __init__(self, path: str | Path, why: str, *, frame: int | None = None, hint: str = "") -> None:
        at = f" (frame {frame})" if frame is not None else ""
        super().__init__(f"Cannot read {path}{at}: {why}.", hint=hint, path=path)
        self.why = why
        self.frame = frame


class WeightsError(WispError):
    """Model weights are missing, damaged, or not allowed by the licence policy."""

    exit_code = 4
    kind = "weights"


class DeviceError(WispError):
    """The requested device does not exist or cannot run the model."""

    exit_code = 5
    kind = "device"


class MemoryLimitError(WispError):
    """Out of memory after every fall-back was tried."""

    exit_code = 6
    kind = "memory"


class CancelledError(WispError):
    """The work was asked to stop; everything finished so far is on disk."""

    exit_code = 7
    kind = "cancelled"


class OutputError(WispError):
    """A result cannot be written (permission, full disk, existing file)."""

    exit_code = 8
    kind = "output"


class QualityError(WispError):
    """A quality check did not pass."""

    exit_code = 9
    kind = "quality"


def expected(error: BaseException) -> WispError | None:
    """The failure that `error` is to a person; None for a bug. Libraries run out of memory in their own ways."""
    if isinstance(error, WispError):
        return error
    if lacks_memory(error):
        return MemoryLimitError(
            f"There is not enough memory ({str(error).strip() or type(error).__name__}).",
            hint="Solve fewer objects at once, or use a smaller plate, a smaller model or a machine with more memory.",
        )
    return None


def lacks_memory(error: BaseException) -> bool:
    """Whether a library has run out of memory; told without importing torch or OpenCV."""
    kind = type(error)
    return (
        isinstance(error, MemoryError)
        or kind.__name__ == "OutOfMemoryError"  # torch on a GPU
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error))  # torch on the CPU
        or (kind.__module__ == "cv2" and getattr(error, "code", 0) == -4)  # cv::Error::StsNoMem
    )
