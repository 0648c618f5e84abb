"""Everything worth knowing of this machine's GPU, within a number of minutes.

wisp bench gpu [--minutes 9] [--golden FOLDER] [-o DIR]     or, where nothing is set up, python3 dev.py gpu

The parts run one after the other, the most telling first, in a process that is watched: one that hangs, crashes or
takes longer than it may is named as not measured, and the next goes on in a new process. gpu.json and gpu.md are
written anew after every line, so that whatever ends the run, what was measured is there.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ..atomic import replacing

Row = dict[str, Any]

#: Of each part: its heading, and the most seconds it may take of a run of `_USUAL` minutes; shorter runs give less.
PARTS: Mapping[str, tuple[str, float]] = {
    "machine": ("The machine", 40),
    "parity": ("Distance from the published code's numbers (CPU, float32)", 100),
    "sam2matting T": ("SAM2Matting T", 60),
    "sam2matting B+": ("SAM2Matting B+", 60),
    "trackers": ("Trackers alone", 60),
    "clicks": ("From a click to a matte", 50),
    "sam3": ("SAM2Matting on SAM 3", 90),
    "embedded": ("Built-in tracker and head", 70),
    "memory_ladder": ("Out of memory on purpose", 40),
    "training": ("Training", 50),
    "compiled": ("torch.compile", 150),
    "heads": ("Other heads", 60),
}
_USUAL = 9.0
#: A part is begun only where this many seconds are left.
_LEAST = 8.0


def run(
    output: Path,
    *,
    minutes: float = _USUAL,
    device: str = "cuda",
    golden: Path | None = None,
    parts: Sequence[str] = tuple(PARTS),
    small: bool = False,
    worker: Callable[[Sequence[str]], list[str]] | None = None,
) -> dict[str, Any]:
    """Measure, writing `gpu.json` and `gpu.md` into the folder `output` as it goes; returns what the JSON holds.

    `small`: everything tiny, to see whether it runs. `worker`: the command that measures some parts, for tests.
    """
    began = time.monotonic()
    share = min(1.0, minutes / _USUAL)

    def command(left: Sequence[str]) -> list[str]:
        line = [sys.executable, "-m", "wisp.bench.gpu", "--measure", *left, "--device", device]
        line += ["--seconds", f"{2.5 * share:.2f}"] + (["--small"] if small else [])
        return line + (["--golden", str(golden)] if golden else [])

    found = _Report(output, minutes)
    left = list(parts)
    while left:
        with _Worker((worker or command)(left)) as process:
            while left:
                part = left[0]
                remaining = 60 * minutes - (time.monotonic() - began)
                if remaining < min(_LEAST, 6 * minutes):
                    for late in left:
                        found.fail(late, f"no time left of {minutes:g} minutes")
                    return found.data
                # The first part of a process also waits for torch to be loaded.
                allowed = min(remaining, PARTS[part][1] * share + (0 if process.lines_seen else 60))
                left.pop(0)
                fault = _listen(process, part, time.monotonic() + allowed, found)
                if fault is not None:
                    found.fail(part, fault)
                    if not process.lives:
                        break
    return found.data


def _listen(process: _Worker, part: str, until: float, found: _Report) -> str | None:
    """Take in a part's rows until it is done; why it was not, else None."""
    print(f"{part} ...", file=sys.stderr, flush=True)
    start = time.monotonic()
    while True:
        try:
            line = process.read(until - time.monotonic())
        except queue.Empty:
            process.kill()
            return f"took longer than its {time.monotonic() - start:.0f} s and was ended"
        if line is None:
            process.kill()
            return f"its process ended: {process.last_words()}"
        match line:
            case {"row": row}:
                found.add(part, row)
            case {"done": _}:
                found.took(part, time.monotonic() - start)
                return None
            case {"fault": str(fault)}:
                if "CUDA error" in fault or "Accelerator" in fault:
                    process.kill()  # nothing works in a process after such an error
                return fault


class _Worker:
    """A process that measures parts and says so in lines of JSON."""

    def __init__(self, command: list[str]) -> None:
        # A session of its own: compilers start processes that must not outlive it.
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str] = []
        assert self._process.stdout and self._process.stderr
        self._readers = [
            threading.Thread(target=self._take_lines, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._take_errors, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self.lines_seen = 0
        self.lives = True

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def read(self, seconds: float) -> dict[str, Any] | None:
        """The next line; None at the end. Raises queue.Empty after so many seconds."""
        until = time.monotonic() + seconds
        while True:
            line = self._lines.get(timeout=max(0.01, until - time.monotonic()))
            if line is None:
                return None
            if line.startswith("{"):  # libraries may print
                self.lines_seen += 1
                said: dict[str, Any] = json.loads(line)
                return said

    def kill(self) -> None:
        """End it, done or not."""
        self.lives = False
        if self._process.poll() is None and hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """What it last said of what went wrong."""
        for reader in self._readers:
            reader.join(timeout=2)
        said = [line.strip() for line in self._errors if line.strip()]
        return said[-1][-300:] if said else f"exit code {self._process.returncode}"

    def _take_lines(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)

    def _take_errors(self, stream: IO[str]) -> None:
        for line in stream:
            self._errors = [*self._errors[-20:], line]


class _Report:
    """What was measured so far, on disk after every change."""

    def __init__(self, folder: Path, minutes: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.data: dict[str, Any] = {
            "date": time.strftime("%Y-%m-%d"),
            "minutes": minutes,
            "rows": {},
            "seconds": {},
            "not_measured": {},
        }
        self._write()

    def add(self, part: str, row: Row) -> None:
        """One more line of a part's table."""
        self.data["rows"].setdefault(part, []).append(row)
        self._write()

    def took(self, part: str, seconds: float) -> None:
        """A part is done."""
        self.data["seconds"][part] = round(seconds, 1)
        self._write()

    def fail(self, part: str, why: str) -> None:
        """A part, or the rest of it, was not measured."""
        print(f"    {part} not measured: {why}", file=sys.stderr, flush=True)
        self.data["not_measured"][part] = why
        self._write()

    def _write(self) -> None:
        for name, text in (("gpu.json", json.dumps(self.data, indent=1) + "\n"), ("gpu.md", page(self.data))):
            with replacing(self._folder / name) as temporary:
                temporary.write_text(text, "utf-8")


def page(data: Mapping[str, Any]) -> str:
    """The figures as Markdown: a table per part, and what was not measured with the reason."""
    lines = ["# On a GPU", "", f"`python3 dev.py gpu`, {data['date']}. Random weights, pictures ready in memory.", ""]
    for part, (title, _) in PARTS.items():
        rows = data["rows"].get(part, [])
        why = data["not_measured"].get(part)
        if rows or why:
            lines += [f"## {title}", ""]
        if rows:
            lines += _table(rows)
        if why:
            lines += [f"Not measured{' to the end' if rows else ''}: {why}.", ""]
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> list[str]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    names = [name for name in names if any(row.get(name) is not None for row in rows)]
    body = ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return ["| " + " | ".join(names) + " |", "|" + "---|" * len(names), *body, ""]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 0.01 else str(value).replace("|", "/")


# ------------------------------------------------------------------------------------- in the watched process


def measure(parts: Sequence[str], device: str, seconds: float, golden: Path | None, small: bool) -> None:
    """Measure parts one by one, saying every row and the end of each part in a line of JSON."""
    # What libraries print must not be taken for ours.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(what: str, value: object) -> None:
        said.write(json.dumps({what: value}) + "\n")
        said.flush()

    from ..device import resolve_device
    from . import gpu_parts, gpu_setting

    where = resolve_device(device)
    setting = gpu_setting.small(where, golden) if small else gpu_setting.Setting(where, seconds, golden)
    for part in parts:
        name, _, variant = part.partition(" ")
        try:
            rows: Iterator[Row] = getattr(gpu_parts, name)(setting, *([variant] if variant else []))
            for row in rows:
                say("row", row)
        except Exception as error:  # whatever it is, the parts after it are still worth measuring
            say("fault", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:400])
        else:
            say("done", part)
        gpu_setting.forget(where)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(
        prog="wisp bench gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=_USUAL, metavar="M", help="all of it (default: 9)")
    parser.add_argument("--golden", type=Path, metavar="FOLDER", help="has `golden` and `spec`: the published numbers")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"), metavar="DIR", help="of gpu.json, gpu.md")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), metavar="PART")
    parser.add_argument("--small", action="store_true", help="everything tiny: does it run?")
    parser.add_argument("--seconds", type=float, default=2.5, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs="+", choices=tuple(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.measure:
        measure(options.measure, options.device, options.seconds, options.golden, options.small)
        return 0
    from ..device import resolve_device
    from ..errors import WispError

    try:
        resolve_device(options.device)
    except WispError as error:
        print(f"wisp bench gpu: {error}", file=sys.stderr)
        return error.exit_code
    data = run(
        options.output,
        minutes=options.minutes,
        device=options.device,
        golden=options.golden,
        parts=options.only,
        small=options.small,
    )
    print(f"{options.output / 'gpu.json'}, {options.output / 'gpu.md'}")
    return 1 if len(data["not_measured"]) == len(options.only) else 0


if __name__ == "__main__":
    raise SystemExit(main())
