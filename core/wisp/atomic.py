"""Files that appear whole or not at all: write under a temporary name, then rename."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import OutputError

#: Marks an unfinished file; anything of this suffix may be deleted when its writer is gone.
TEMPORARY_SUFFIX = ".tmp"


def _machine() -> str:
    """Of where a number of a process means the same process: a machine since its start, a container by itself."""
    told = [platform.node()]
    if sys.platform == "linux":
        try:
            told += [Path("/proc/sys/kernel/random/boot_id").read_text(), str(Path("/proc/self/ns/pid").readlink())]
        except OSError:  # then only this process knows
            told.append(secrets.token_hex())
    return hashlib.blake2b("\n".join(told).encode(), digest_size=4).hexdigest()


#: In names of temporary files on storage that several machines share.
_MACHINE = _machine()
_SIGNATURE = re.compile(r"(?P<machine>[0-9a-f]{8})\.(?P<process>[0-9]{1,10})\.[0-9a-f]+")
_TEMPORARY = re.compile(rf"\..*\.(?P<signature>{_SIGNATURE.pattern}){re.escape(TEMPORARY_SUFFIX)}", re.DOTALL)
#: Ends the name of a file that holds the signature of whoever has claimed something for a while.
CLAIM_SUFFIX = ".making"
#: An unfinished file of another machine is left alone until nothing was written to it for so many seconds.
ABANDONED = 3600.0


def signature() -> str:
    """Machine, process and a random number: another one at every call."""
    return f"{_MACHINE}.{os.getpid()}.{secrets.token_hex(4)}"


def signer_ended(signed: str) -> bool:
    """Whether the process that made this `signature` is known to run no more: one of this machine."""
    match = _SIGNATURE.fullmatch(signed)
    if match is None or match["machine"] != _MACHINE or os.name != "posix":
        return False
    return _has_ended(int(match["process"]))


@contextlib.contextmanager
def replacing(path: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the same folder (made if missing); rename it to `path` on success.

    The temporary name keeps the suffix of `path` before `.tmp` out of the way of sequence scanners by a
    leading dot and carries machine, process and a random number. On any failure the temporary file is removed and
    `path` is left as it was. OSErrors (full disk, no permission) become OutputError. `durable`: on the disk before it
    gets its name, so that no power cut leaves an empty file under it; takes some milliseconds.
    """
    path = Path(path)
    if _is_special(path):  # a rename would take it away
        raise OutputError(f"{path} is no ordinary file.", hint="Choose another place.", path=path)
    temporary = path.with_name(f".{path.name}.{signature()}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            _to_disk(temporary)
        _rename(temporary, path)
    except OSError as error:
        _discard(temporary)
        raise _explain(path, error) from error
    except BaseException:
        _discard(temporary)
        raise


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Have the file `source` at `target`, too, in place of what is there: as a hard link where the file system has
    them, else as a copy. Neither is to be changed in place from then on. Raises OutputError as `replacing`."""
    # Both under a name of its own: a copy that is written onto a name would be written into all links to it.
    with replacing(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def ordinary(path: Path) -> Path:
    """`path`, to read from; OSError where it is a pipe or a device, which may let its reader wait for ever."""
    if _is_special(path):
        raise OSError(errno.EINVAL, "it is no ordinary file")
    return path


def _is_special(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())


def spare_others(path: Path, is_own: Callable[[bytes], bool], hint: str = "Choose another name.") -> None:
    """OutputError where something lies at `path` that does not begin as what the same command writes there: what a
    person made is not replaced unasked. `is_own` gets the first bytes of the file."""
    try:
        with ordinary(path).open("rb") as file:
            own = is_own(file.read(4096))
    except FileNotFoundError:
        return
    except OSError:  # a folder, or what may not be read
        own = False
    if not own:
        raise OutputError(f"{path} is there already and would be overwritten.", hint=hint, path=path)


def sweep(folder: Path) -> None:
    """Delete what killed writers left unfinished or claimed in `folder`. Whatever cannot be deleted stays."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        left = [(entry, signed) for entry in entries if (signed := _signed(entry)) is not None]
        for entry, signed in left:
            with contextlib.suppress(OSError):
                if _is_abandoned(entry, signed):
                    Path(entry.path).unlink()


def _signed(entry: os.DirEntry[str]) -> str | None:
    """The signature of a file that is unfinished or claims something, nothing where its writer did not come so far;
    None for others."""
    if match := _TEMPORARY.fullmatch(entry.name):
        return match["signature"]
    if not (entry.name.startswith(".") and entry.name.endswith(CLAIM_SUFFIX)):
        return None
    try:
        return Path(entry.path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_abandoned(entry: os.DirEntry[str], signed: str) -> bool:
    match = _SIGNATURE.fullmatch(signed)
    if match is not None and match["machine"] == _MACHINE and os.name == "posix":
        return signer_ended(signed)
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED


def _has_ended(process: int) -> bool:
    """Whether there is no such process, or only its remains: in a container nobody may ask for how it ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's
        return False
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])
    except OSError:  # a system without /proc, or it has just gone
        return False


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _rename(temporary: Path, path: Path) -> None:
    """`os.replace`, tried again for a moment where Windows refuses while a reader holds the file."""
    for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(delay)
    temporary.replace(path)


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system says of a file that is written in the block (full disk, no permission), as OutputError."""
    try:
        yield
    except OSError as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: OSError) -> OutputError:
    if error.errno == errno.ENOSPC:
        hint = "Free some space or choose another folder; the finished files are kept."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "Choose a folder you may write to."
    else:
        hint = "Choose another place."
    return OutputError(f"Cannot write {path}: {error.strerror or error}.", hint=hint, path=path)
