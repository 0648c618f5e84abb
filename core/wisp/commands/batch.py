"""Solve and deliver many shots, one after the other, and sum them up on one page.

  wisp batch shots/                                       every NAME.wisp below the folder
  wisp batch tonight.csv -o review                        a row per shot, or per object of a plate
  wisp batch shots/ --deliver "{shot}_mattes/{object}.%04d.exr"

A list has a header and the columns `shot` (a NAME.wisp, or a plate), and where wanted `frames`, `object`, `box`,
`point`, `stroke`, `mask`, `text` (as the options of wisp matte; several with ; between), `tracker`, `head`, `deliver`
(a name or folder) and `layout`. Paths are relative to the list. A plate's shot is kept beside the list, too, as
NAME_mattes/NAME.wisp; where that is another plate's, FOLDER_NAME_mattes/NAME.wisp with the plate's folder. Rows of one
shot are one shot: what is not of an object is said in one of them, or in all alike.

The same command again goes on where it stopped: what is solved and delivered is not done again; files of other content
are replaced with --overwrite. A shot that fails does not stop the others; the exit code is then that of the first that
failed.
"""

from __future__ import annotations

import argparse
import csv
import html
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import ordinary, replacing, spare_others
from ..client.ends import Stopped
from ..client.tables import LAYOUTS, PROMPT_KINDS, SHARED_LAYOUTS
from ..client.wording import counted
from ..errors import CancelledError, InputError, UsageError, expected
from ..frames import format_frames
from .options import add_output_options, set_up_logging
from .prompts import parse_prompt
from .report import Reporter, interruptible

if TYPE_CHECKING:
    from ..scripting.shots import OpenShot
    from ..solve import Listener

#: What is of a whole shot, and of one of its objects.
OF_SHOT = ("frames", "tracker", "head", "deliver", "layout")
COLUMNS = ("shot", "object", *PROMPT_KINDS, *OF_SHOT)
#: How a page begins that was written here.
_MARK = "<!doctype html><!-- wisp batch -->"


@dataclass
class _Entry:
    """One shot of the list and what became of it. `rows`: those of the list, none for a document as it is."""

    path: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    state: str = "waiting"
    says: str = ""
    seconds: float = 0.0
    doubtful: str = ""
    sheet: str = ""
    #: Where its files go, with the object or what all share: what no other shot of the list may have.
    outputs: set[tuple[str, str]] = field(default_factory=set)

    def value(self, column: str) -> str | None:
        """The first row's that has one."""
        return next((row[column] for row in self.rows if row.get(column)), None)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", type=Path, metavar="LIST.csv|DIR", help="what to run")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="for the page (default: <LIST>_batch)")
    parser.add_argument(
        "--deliver",
        metavar="PATTERN",
        help="also write files, where the list does not say; {shot}: the shot's name, {folder}: its folder's",
    )
    parser.add_argument("--layout", choices=LAYOUTS, help="of these files (default: the shot's)")
    parser.add_argument("--overwrite", action="store_true", help="replace files that an earlier run delivered")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu, cuda:N or mps (default: auto)")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    entries = _entries(args.list)
    folder: Path = args.output or args.list.with_name(f"{args.list.stem}_batch")
    page = folder / "index.html"
    spare_others(page, lambda start: start.startswith(_MARK.encode()))
    code = 0
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        for number, entry in enumerate(entries, 1):
            reporter.say(f"{number} of {len(entries)}: {entry.path}")
            began = time.monotonic()
            entry.state = "running"
            try:
                sheet = folder / f"{number:03d}_{entry.path.stem.partition('.')[0]}.png"
                _do(args, entry, entries[: number - 1], sheet, reporter, interrupt)
                entry.state = "done"
            except CancelledError as stop:
                entry.state, entry.says = "stopped", str(stop)
                _write(page, args.list, entries)
                reporter(Stopped(interrupt.exit_code, str(stop)))
                return interrupt.exit_code
            except Exception as error:
                known = expected(error)
                if known is None:
                    raise
                entry.state, entry.says = "failed", str(known)
                code = code or known.exit_code
                reporter.say(f"{entry.path}: {known}", warning=True)
            entry.seconds = time.monotonic() - began
            _write(page, args.list, entries)
            told = {"shot": str(entry.path), "state": entry.state, "message": entry.says, "suspicious": entry.doubtful}
            reporter.emit("shot", **told, seconds=round(entry.seconds, 3))
        failed = sum(entry.state == "failed" for entry in entries)
        reporter.emit("done", shots=len(entries), failed=failed, page=str(page))
        reporter.say(f"{len(entries) - failed} of {counted(len(entries), 'shot')} done: {page}")
    return code


def _entries(path: Path) -> list[_Entry]:
    """What is to be run. InputError and UsageError for what is no list."""
    if path.is_dir():
        # `rglob` would end with an error where another job removes a folder meanwhile.
        below = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        found = sorted(shot for shot in below if shot.suffix == ".wisp" and shot.is_file())
        if not found:
            raise InputError(f"There is no shot below {path}.", hint="Shots are files called NAME.wisp.", path=path)
        return [_Entry(shot) for shot in found]
    try:
        with ordinary(path).open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        raise InputError(f"The list {path} does not exist.", hint="Check the path.", path=path) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The list {path} cannot be read: {error}.", path=path) from None
    entries: dict[str, _Entry] = {}
    for line, row in enumerate(rows, 2):
        unknown = [str(name) for name in row if name not in COLUMNS]
        if unknown:
            raise UsageError(f"{path} has a column '{unknown[0]}'.", hint=f"There are {', '.join(COLUMNS)}.", path=path)
        name = (row.get("shot") or "").strip()
        if not name:
            raise UsageError(f"{path} names no shot in line {line}.", hint="Fill the column 'shot'.", path=path)
        entries.setdefault(name, _Entry(path.parent / name)).rows.append({k: (v or "").strip() for k, v in row.items()})
    if not entries:
        raise UsageError(f"The list {path} is empty.", hint="Give it a header and a row per shot.", path=path)
    for name, entry in entries.items():
        for column in OF_SHOT:
            said = list(dict.fromkeys(row[column] for row in entry.rows if row.get(column)))
            if len(said) > 1:
                raise UsageError(
                    f"{path}: the rows of {name} say '{said[0]}' and '{said[1]}' in the column '{column}'.",
                    hint="It is of the whole shot: say it once.",
                    path=path,
                )
    return list(entries.values())


def _do(
    args: argparse.Namespace,
    entry: _Entry,
    before: list[_Entry],
    sheet: Path,
    listener: Listener,
    should_stop: Callable[[], bool],
) -> None:
    """One shot, from prompts to files and a sheet of what looks worst. `before`: those of the list that were done."""
    from .. import open as open_shot
    from .. import shot as documents
    from .history import History

    shot = open_shot(entry.path, document=_document(args.list, entry), device=args.device)
    if entry.value("tracker") or entry.value("head"):
        shot.models(entry.value("tracker"), entry.value("head"))
    _add_prompts(args.list, shot, entry)
    if any(prompt.kind == "text" for item in shot.objects for prompt in item.prompts):
        shot.detect()
    if entry.rows or not shot.path.exists():
        with documents.editing(shot.path):
            was = documents.text_of(shot.path)
            shot.save()
            History(shot.cache, shot.path).note(f"prompts of {args.list}", was)
    frames = entry.value("frames")
    end = shot.solve(frames, on_event=listener, should_stop=should_stop)
    words = [end.sentence, *(f"{name} lost on {lost}." for name, lost in end.lost.items())]
    output = entry.value("deliver") or args.deliver
    if output:
        for name, stands_for in (("{shot}", shot.path.stem), ("{folder}", shot.path.absolute().parent.name)):
            output = output.replace(name, stands_for)
        if entry.value("deliver"):
            output = os.path.join(args.list.parent, output)  # noqa: PTH118 (a trailing / stays)
        layout = entry.value("layout") or args.layout
        _take_outputs(entry, before, shot, output, layout)
        delivered = shot.deliver(
            output,
            frames=frames,
            layout=layout,
            overwrite=args.overwrite,
            on_event=listener,
            should_stop=should_stop,
        )
        words.append(delivered.sentence + ".")
    verdicts = shot.check(frames, sheet=sheet)
    entry.sheet = sheet.name if sheet.exists() else ""
    entry.doubtful = format_frames(sorted({one.frame for one in verdicts if one.suspicious}))
    entry.says = " ".join(words)


def _take_outputs(entry: _Entry, before: list[_Entry], shot: OpenShot, output: str, layout: str | None) -> None:
    """UsageError where another shot of the list has delivered to the same files."""
    place = os.path.normpath(os.path.abspath(output))  # noqa: PTH100 (a trailing / stays)
    names = [item.name for item in shot.document.objects if item.enabled]
    shared = (layout or shot.document.deliver.layout) in (*SHARED_LAYOUTS, "shapes")
    entry.outputs = {(place, name) for name in ([Path(shot.document.plate.path).name] if shared else names)}
    other = next((one for one in before if one.outputs & entry.outputs), None)
    if other is not None:
        entry.outputs = set()
        raise UsageError(
            f"{other.path} of this list is delivered to the same files, {output}.",
            hint="Say {folder} in the name for the shot's folder, or give each its own in the list's column 'deliver'.",
        )


def _document(source: Path, entry: _Entry) -> Path | None:
    """Where the shot of a plate in a list is kept: by the plate's name, and as long as others of that name are there
    already by those of its folders, too. None for what is a shot itself."""
    if entry.path.suffix.lower() == ".wisp":
        return None
    from .. import shot as documents
    from ..client.frames import as_sequence
    from ..plates import open_plate
    from ..scripting.shots import is_of_plate

    plate = as_sequence(entry.path)
    opened = open_plate(plate)
    folder, called = Path(os.path.abspath(opened.path)).parent, opened.name  # noqa: PTH100 (links stay as they are)
    while True:
        place = source.parent / f"{called}_mattes" / f"{opened.name}.wisp"
        if not folder.name or not place.exists() or is_of_plate(documents.load(place), place, plate):
            return place
        folder, called = folder.parent, f"{folder.name}_{called}"


def _add_prompts(source: Path, shot: OpenShot, entry: _Entry) -> None:
    """The list's, to objects that have none yet: a list that is run again changes nothing. UsageError where it is not
    the one by which an object got its prompts."""
    from ..shot import MaskPrompt, relative_path

    typed: dict[str, list[dict[str, Any]]] = {}
    for row in entry.rows:
        texts = [(kind, text.strip()) for kind in PROMPT_KINDS for text in (row.get(kind) or "").split(";")]
        made = [parse_prompt(kind, text, shot.document.plate.first) for kind, text in texts if text]
        for one in made:
            if isinstance(one, MaskPrompt):
                one.path = relative_path(source.parent / one.path, shot.path)
        if made:
            typed.setdefault(row.get("object") or "object1", []).extend(one.model_dump(mode="json") for one in made)
    for name, prompts in typed.items():
        item = shot.object(name)
        there = [prompt.model_dump(mode="json") for prompt in item.prompts]
        if not there:
            for prompt in prompts:
                item.add(prompt)
        elif any(prompt not in there for prompt in prompts):
            raise UsageError(
                f"'{name}' has other prompts in {shot.path} than in the list.",
                hint=f"Edit the shot (wisp prompt {shot.path}), or delete its object to have those of the list.",
                path=str(shot.path),
            )


def _write(page: Path, source: Path, entries: list[_Entry]) -> None:
    """The page as far as it is known; a folder that cannot be written is an OutputError."""
    rows = []
    for entry in entries:
        picture = f'<a href="{entry.sheet}"><img src="{entry.sheet}" alt=""></a>' if entry.sheet else ""
        cells = (entry.state, entry.path.name, f"{entry.seconds:.1f} s", entry.doubtful or "-", entry.says)
        texts = "".join(f"<td>{html.escape(text)}</td>" for text in cells)
        rows.append(f'<tr class="{entry.state}">{texts}<td>{picture}</td></tr>')
    done = sum(entry.state == "done" for entry in entries)
    text = f"""{_MARK}
<html lang="en"><meta charset="utf-8"><title>{html.escape(source.name)}</title>
<style>
body {{ font: 15px/1.4 sans-serif; background: #1f1f23; color: #e4e4e6; margin: 2em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .5em .8em; text-align: left; vertical-align: top; }}
tr {{ border-top: 1px solid #44444a; }}
.failed td:first-child {{ color: #ff8a75; }} .done td:first-child {{ color: #6fd39a; }}
img {{ max-width: 480px; max-height: 320px; }}
</style>
<h1>{html.escape(source.name)}</h1><p>{done} of {counted(len(entries), "shot")} done.</p>
<table><tr><th>state</th><th>shot</th><th>time</th><th>frames to look at</th><th></th><th>the worst</th></tr>
{chr(10).join(rows)}
</table></html>
"""
    with replacing(page) as temporary:
        temporary.write_text(text, "utf-8")
