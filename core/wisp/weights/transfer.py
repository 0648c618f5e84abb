"""One file over HTTP, going on where an earlier attempt broke off."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from ..errors import OutputError, UsageError, WeightsError

#: Called with the bytes on disk so far and the size of the whole file, None while unknown.
Progress = Callable[[int, int | None], None]

TIMEOUT = 30.0
CHUNK = 1 << 20
#: A server that sends less than this for so long is given up, as one that sends nothing is.
SLOWEST_BYTES_PER_SECOND = 4096
PATIENCE = 60.0
#: Nothing larger is fetched where the published size is not known.
MAX_SIZE = 2**36
#: Attempts in a row that bring nothing new before giving up.
FRUITLESS_ATTEMPTS = 4
#: Worth another attempt: the server asks for patience or is unwell.
PASSING_TROUBLE = {408, 425, 429, 500, 502, 503, 504}


def download(
    url: str,
    partial: Path,
    *,
    size: int | None = None,
    progress: Progress | None = None,
    pause: float = 1.0,
    without_network: str = "",
) -> None:
    """Bring the content of `url` into `partial`, which may hold its first bytes already and keeps what came.

    `size`, where known, must be the server's, and no more is taken; else no more than `MAX_SIZE`. Whether the content
    is right is for the caller to check. `pause` seconds before the second attempt, doubled with every one that brings
    nothing. `without_network`: what helps a machine that never has one, for the hint.
    Raises WeightsError (not there, unreachable, too slow, another size: then nothing is kept), OutputError (cannot
    write), UsageError (not http).
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url!r} is not an http or https address.", hint="A local file is given with --from.")
    fruitless = 0
    while True:
        before = _bytes_in(partial)
        if size is not None and before == size:
            return
        if size is not None and before > size:
            partial.unlink(missing_ok=True)  # not the beginning of this file
            before = 0
        try:
            if _continue(url, partial, size, progress):
                return
            why = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                partial.unlink(missing_ok=True)  # longer than the file there: not its beginning
            elif error.code not in PASSING_TROUBLE:
                raise WeightsError(
                    f"{url} cannot be fetched: the server says {error.code} {error.reason}.",
                    hint="Check the address, or give a local copy with --from FILE.",
                ) from error
            why = f"the server says {error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            why = str(getattr(error, "reason", error)) or type(error).__name__
        fruitless = 0 if _bytes_in(partial) > before else fruitless + 1
        if fruitless == FRUITLESS_ATTEMPTS:
            raise WeightsError(
                f"{url} could not be fetched whole ({_bytes_in(partial):,} bytes are here): {why}.",
                hint=f"Check the network and fetch it again; it goes on where it stopped. {without_network}",
            )
        time.sleep(pause * 2 ** max(0, fruitless - 1))


def _continue(url: str, partial: Path, size: int | None, progress: Progress | None) -> bool:
    """One request for what is missing; True when the server sent all of it."""
    start = _bytes_in(partial)
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            start = 0  # the server does not resume: from the beginning
        length = response.headers.get("Content-Length", "").strip()
        if length and not (length.isascii() and length.isdigit()):
            raise WeightsError(f"{url} cannot be fetched: the server says its length is {length[:40]!r}.")
        total = start + int(length[:20]) if length else None
        if size is not None and total is not None and total != size:
            raise WeightsError(
                f"{url} has {total:,} bytes, but the published file has {size:,}.",
                hint="The address leads to another file or version.",
            )
        done, limit = start, MAX_SIZE if size is None else size
        pace = _Pace(url)
        with _opened(partial, "ab" if start else "wb") as out:
            while chunk := response.read1(CHUNK):
                if done + len(chunk) > limit:
                    out.close()
                    partial.unlink(missing_ok=True)
                    raise WeightsError(
                        f"{url} sends more than the {limit:,} bytes of the published file; nothing was kept.",
                        hint="The address leads to another file or version.",
                    )
                _write(out, chunk, partial)
                done += len(chunk)
                pace.count(len(chunk))
                if progress:
                    progress(done, total)
    return done == (size or total or done)


class _Pace:
    """Gives up on a server that sends a byte now and then, which no time-out of a socket notices."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._since, self._bytes = time.monotonic(), 0

    def count(self, arrived: int) -> None:
        """So many more bytes are here. Raises WeightsError."""
        self._bytes += arrived
        seconds = time.monotonic() - self._since
        if seconds < PATIENCE:
            return
        if self._bytes < SLOWEST_BYTES_PER_SECOND * seconds:
            raise WeightsError(
                f"{self._url} sends less than {SLOWEST_BYTES_PER_SECOND:,} bytes a second and was given up.",
                hint="Run the same command later; it goes on where it stopped.",
            )
        self._since, self._bytes = time.monotonic(), 0


def _bytes_in(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        return path.open(mode)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _write(out: IO[bytes], chunk: bytes, path: Path) -> None:
    """Apart from the reading, so that a full disk is not taken for a broken connection."""
    try:
        out.write(chunk)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {path}: {error.strerror or error}.", hint="Choose another folder with --to.", path=path
    )
