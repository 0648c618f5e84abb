"""Where the matte of a fingerprint lies: a table of hints, each believed only as far as the file holds what it says."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..client.tables import INDEX
from ..errors import InputError
from .mattes import MatteStamp

log = logging.getLogger(__name__)

#: How many rows one statement asks for or adds (SQLite takes 999 values at least).
_AT_ONCE = 300
#: Raise when the table changes: an index of another number is made anew.
INDEX_SCHEMA = 2
_TABLE = "CREATE TABLE IF NOT EXISTS mattes (fingerprint TEXT, path TEXT PRIMARY KEY, state TEXT)"
_MATTES = "alpha.*.exr"
#: So many folders below the cache's root a matte lies.
_DEPTH = 3
#: Seconds until an index that could not be used is tried again.
_AGAIN = 30.0
#: Seconds for which one that others write to is waited for.
_BUSY, _BRIEFLY = 10.0, 0.5


class MatteIndex:
    """fingerprint -> matte file. A convenience: lost or damaged, it is made anew from the files' headers.

    A row is a hint where to look. A file counts where its seal holds and its own header has the fingerprint; the row
    remembers size, time and inode of a file that was found so.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._connection: sqlite3.Connection | None = None
        #: Rows that the file still lacks, because it could not be written; when it is tried again.
        self._late: list[tuple[Any, ...]] = []
        self._again: float | None = None
        #: Folders whose files the rows were compared with.
        self._compared: set[Path] = set()
        #: Files whose seal held, as they were then: looked at once in a process.
        self._whole: dict[tuple[str, str], str] = {}
        #: Fingerprints whose files were not what they should be.
        self.damaged: set[str] = set()

    def find(self, mark: str, folder: Path | None = None, *, sure: bool = False) -> Path | None:
        """A file that holds that fingerprint's matte. `folder`: where it lies if no row tells. `sure`: not only by
        size, time and inode."""
        path = self._find(mark, sure)
        return self._find(mark, sure) if path is None and self._compare(folder) else path

    def _find(self, mark: str, sure: bool) -> Path | None:
        for name, known in self._rows("SELECT path, state FROM mattes WHERE fingerprint = ?", mark):
            path = self._place(str(name))
            if path is None or (state := _file_state(path)) is None:
                continue
            if self._whole.get((mark, str(path))) == state or (state == known and not sure):
                return path
            if self._holds(path, mark):
                self._whole[mark, str(path)] = state
                if state != known:
                    self.add(mark, path)
                return path
            log.warning("The cached matte %s is damaged or another one; it counts as not solved.", path)
            self.damaged.add(mark)
            self._rows("DELETE FROM mattes WHERE path = ?", name)
        return None

    def find_all(self, marks: Iterable[str], folder: Path | None = None, *, sure: bool = False) -> dict[str, Path]:
        """The same for many."""
        wanted = list(dict.fromkeys(marks))
        found = self._find_all(wanted, sure)
        missing = [mark for mark in wanted if mark not in found]
        return found | self._find_all(missing, sure) if missing and self._compare(folder) else found

    def _find_all(self, wanted: Sequence[str], sure: bool) -> dict[str, Path]:
        found: dict[str, Path] = {}
        doubtful: set[str] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            holes = ",".join("?" * len(some))
            rows = self._rows(f"SELECT fingerprint, path, state FROM mattes WHERE fingerprint IN ({holes})", *some)
            for mark, name, known in rows:
                path = None if sure or mark in found else self._place(str(name))
                if path is not None and _file_state(path) == known:
                    found[mark] = path
                elif mark not in found:
                    doubtful.add(mark)
        for mark in doubtful.difference(found):
            path = self._find(mark, sure)
            if path is not None:
                found[mark] = path
        return found

    def look_again(self) -> None:
        """Other processes may have written since, and could perhaps not add their rows."""
        self._compared.clear()

    def _compare(self, folder: Path | None) -> bool:
        """Add rows for the files in that folder that have none; whether there were any. Once until `look_again`."""
        if folder is None or folder in self._compared:
            return False
        self._compared.add(folder)
        paths = sorted(folder.glob(_MATTES))
        if not paths:
            return False
        place = folder.relative_to(self._root).as_posix()
        # The folder's: "0" is the character after "/".
        rows = self._rows("SELECT path, state FROM mattes WHERE path > ? AND path < ?", f"{place}/", f"{place}0")
        known = dict(rows)
        names = {f"{place}/{path.name}": path for path in paths}
        unknown = [name for name, path in names.items() if known.get(name) not in ("", _file_state(path))]
        lacking = [row for row in self._scan(unknown) if row[0] not in self.damaged]
        self._insert(lacking)
        return bool(lacking)

    def add(self, mark: str, path: Path) -> None:
        """Remember a file just written or linked."""
        self.add_all([(mark, path)])

    def add_all(self, mattes: Sequence[tuple[str, Path]]) -> None:
        """The same for many."""
        states = [(mark, path.relative_to(self._root).as_posix(), _file_state(path)) for mark, path in mattes]
        self._insert([row for row in states if row[2] is not None])

    def _insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            holes = ",".join(["(?, ?, ?)"] * len(some))
            self._rows(f"INSERT OR REPLACE INTO mattes VALUES {holes}", *(value for row in some for value in row))
        if self._again is not None:
            self._late += rows

    def flush(self) -> None:
        """Write what is only remembered so far, if that is possible without waiting for long."""
        if self._late:
            self._return()

    def _place(self, name: str) -> Path | None:
        """The file of a row; None where no matte of this cache can lie there."""
        parts = Path(name).parts
        if len(parts) != _DEPTH or ".." in parts or Path(name).is_absolute() or Path(name).suffix != ".exr":
            return None
        return self._root / name

    @staticmethod
    def _holds(path: Path, mark: str) -> bool:
        from ..plates import seal

        try:
            return seal.is_whole(path, fingerprint=mark)
        except OSError:
            return False

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement. A damaged index is made anew; one that cannot be used is kept in memory for a while."""
        if self._again is not None and time.monotonic() >= self._again:
            self._return()
        try:
            return self._open().execute(statement, values).fetchall()
        except (sqlite3.OperationalError, OSError):  # locked, read-only, a full disk
            pass
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error, OSError):
                self._discard()
                return self._open().execute(statement, values).fetchall()
        self._connection = self._fill(sqlite3.connect(":memory:", check_same_thread=False))
        self._again = time.monotonic() + _AGAIN
        return self._connection.execute(statement, values).fetchall()

    def _return(self) -> None:
        """From memory to the file, if it can be used again soon."""
        aside, self._connection = self._connection, None
        try:
            connection = self._open(_BRIEFLY)
            connection.executemany("INSERT OR REPLACE INTO mattes VALUES (?, ?, ?)", self._late)
            connection.execute(f"PRAGMA busy_timeout = {round(1000 * _BUSY)}")
            self._late, self._again = [], None
            self._compared.clear()
        except (sqlite3.Error, OSError):
            self._close()
            self._connection, self._again = aside, time.monotonic() + _AGAIN

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _discard(self) -> None:
        """Delete a damaged index."""
        self._close()
        place = self._root / INDEX
        for name in (place.name, f"{place.name}-journal", f"{place.name}-wal", f"{place.name}-shm"):
            place.with_name(name).unlink(missing_ok=True)
        log.warning("The cache's index %s was damaged and is made anew.", place)

    def _open(self, patience: float = _BUSY) -> sqlite3.Connection:
        if self._connection is None:
            place = self._root / INDEX
            if not self._root.exists():
                return self._fill(sqlite3.connect(":memory:"))  # nothing stored yet: do not make the folder
            # Autocommit, and no WAL: it needs shared memory, which network drives lack.
            self._share(place)
            connection = sqlite3.connect(place, timeout=patience, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = OFF")
            self._connection = connection
            if not _is_current(connection):
                connection.execute("DROP TABLE IF EXISTS mattes")
                self._fill(connection)
        return self._connection

    def _share(self, place: Path) -> None:
        """Whoever may write into the folder may write the index: SQLite alone gives a new file no group's rights."""
        with contextlib.suppress(OSError):  # another user's, or a folder that nobody may write to
            if not place.exists():
                place.touch()
            wanted = stat.S_IMODE(self._root.stat().st_mode) & 0o666
            if stat.S_IMODE(place.stat().st_mode) != wanted:
                place.chmod(wanted)

    def _fill(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.isolation_level = None
        connection.execute(_TABLE)
        connection.execute("CREATE INDEX IF NOT EXISTS by_fingerprint ON mattes (fingerprint)")
        connection.execute(f"PRAGMA user_version = {INDEX_SCHEMA}")
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN")
            paths = sorted(self._root.glob(f"*/*/{_MATTES}"))
            rows = self._scan(path.relative_to(self._root).as_posix() for path in paths)
            connection.executemany("INSERT OR REPLACE INTO mattes VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
        return connection

    def _scan(self, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """The rows of these files. What a file says of itself is believed when it is looked for, hence no state."""
        from ..plates.exr import read_header

        for name in names:
            with contextlib.suppress(InputError, OSError, ValueError, TypeError):  # damage may be anywhere
                stamp = MatteStamp.from_attributes(read_header(self._root / name).attributes)
                if stamp is not None:
                    yield stamp.fingerprint, name, ""


def _file_state(path: Path) -> str | None:
    """Size, time and inode of a regular file (no link); None where there is none."""
    try:
        state = path.lstat()
    except OSError:
        return None
    return f"{state.st_size}:{state.st_mtime_ns}:{state.st_ino}" if stat.S_ISREG(state.st_mode) else None


def _is_current(connection: sqlite3.Connection) -> bool:
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    return bool(version == INDEX_SCHEMA)
