"""What starting the engine needs on Windows beyond `subprocess`; imported there only."""

from __future__ import annotations

import _winapi
import contextlib
import ctypes
import msvcrt
import subprocess
import sys
from ctypes import wintypes
from typing import IO, Iterator, List, Mapping, Optional

assert sys.platform == "win32"


def launch(command: List[str], environment: Mapping[str, str], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `command` without a console window, without the host's DLL folder, and tied to the host's life."""
    with _own_libraries():
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment),
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
    _tie_to_us(process)
    return process


def readable(pipe: IO[bytes]) -> int:
    """How many bytes may be read without waiting. Raises OSError where the other side is closed and nothing is left."""
    return int(_winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe.fileno()), 0)[0])


def _kernel32() -> ctypes.WinDLL:
    return ctypes.WinDLL("kernel32", use_last_error=True)


@contextlib.contextmanager
def _own_libraries() -> Iterator[None]:
    """Children inherit the host's DLL folder (SetDllDirectory); hold it back while starting ours."""
    kernel32 = _kernel32()
    size = kernel32.GetDllDirectoryW(0, None)
    folder = ctypes.create_unicode_buffer(max(size, 1))
    kernel32.GetDllDirectoryW(len(folder), folder)
    kernel32.SetDllDirectoryW(None)
    try:
        yield
    finally:
        kernel32.SetDllDirectoryW(folder.value or None)


#: Keeps the handle of the Windows job open for as long as the host lives; closing it ends the children.
_job: Optional[int] = None


def _tie_to_us(process: subprocess.Popen[bytes]) -> None:
    """Put the child in a Windows job that ends it when the host ends, however it ends.

    The end of stdin does the same; this is the second line for an engine that hangs in a driver. A job that
    cannot be made or joined is no reason not to work, so failures are ignored.
    """

    class BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", BasicLimits),
            ("IoInfo", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    kill_on_job_close, extended_limit_information = 0x2000, 9
    global _job
    kernel32 = _kernel32()
    kernel32.CreateJobObjectW.restype = wintypes.HANDLE
    kernel32.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
    kernel32.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
    kernel32.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    if _job is None:
        job = kernel32.CreateJobObjectW(None, None)
        limits = ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = kill_on_job_close
        size = ctypes.sizeof(limits)
        if not job or not kernel32.SetInformationJobObject(job, extended_limit_information, ctypes.byref(limits), size):
            return
        _job = job
    kernel32.AssignProcessToJobObject(_job, int(process._handle))
