"""Edit a shot without a window: its prompts, locks, edges and the frames on which its objects are there.

  wisp prompt sh010.wisp list
  wisp prompt sh010.wisp add hero --box 1001:420,80,1310,1060 --point 1020:700,300,-
  wisp prompt sh010.wisp try hero --point 1020:700,300,- -o try.png      what it would give; nothing is changed
  wisp prompt sh010.wisp move hero --by 12,-4 --frames 1010-1020
  wisp prompt sh010.wisp remove hero --frames 1020 --kind point
  wisp prompt sh010.wisp lock hero 1001-1010
  wisp prompt sh010.wisp edge hero grow=1.5 soften=2
  wisp prompt sh010.wisp absent hero 1080-1100
  wisp prompt sh010.wisp scale                  the plate is a proxy now, or the final one
  wisp prompt sh010.wisp carry --view right     the other eye: writes sh010_right.wisp
  wisp prompt sh010.wisp carry --to take2.wisp --frames 1001 --shift 12
  wisp prompt sh010.wisp undo                   also what wisp absent, region, detect and batch have edited

Every edit is checked before the shot is written, and can be undone. Only `try` computes anything.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.tables import EDGE, PROMPT_KINDS
from ..client.wording import counted
from ..errors import InputError, UsageError
from ..frames import format_frames
from .history import History
from .options import add_history_option, add_output_options, cache_folder, set_up_logging
from .prompts import add_prompt_options, parse_prompt
from .report import Reporter, print_text

if TYPE_CHECKING:
    from ..scripting.objects import Object
    from ..scripting.shots import OpenShot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, summary: str, *, of_object: bool = True) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=summary, description=summary)
        if of_object:
            sub.add_argument("object", metavar="NAME", help="the object")
        add_history_option(sub)
        add_output_options(sub)
        return sub

    action("list", "show every prompt with its number", of_object=False)
    add_prompt_options(action("add", "add prompts; an object that there is not is made"))
    sub = action("try", "draw what prompts would give on their frames; the shot stays as it is")
    add_prompt_options(sub)
    sub.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE.png", help="before and after, a row each"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace the picture")
    for name, summary in (("move", "move points, boxes and strokes"), ("remove", "remove prompts")):
        sub = action(name, summary)
        sub.add_argument("--frames", metavar="R", help="only those on these frames (default: all)")
        sub.add_argument("--kind", choices=PROMPT_KINDS, help="only these")
        sub.add_argument("--number", type=int, metavar="N", help="only the N-th of these, as `list` counts them")
        if name == "move":
            sub.add_argument("--by", required=True, metavar="DX,DY", help="plate pixels, to the right and down")
    for name, summary in (
        ("lock", "keep the mattes of these frames as they are"),
        ("unlock", "let these frames be solved again"),
        ("absent", "it is not to be seen on these frames; behind them it is looked for"),
    ):
        action(name, summary).add_argument("frames", metavar="R", help="1001-1100 or 1001,1005,1010-1020")
    action("present", "it may be there on all frames again")
    keys = ", ".join(setting.key for setting in EDGE)
    action("edge", "change how its matte is finished").add_argument(
        "settings", nargs="*", metavar="KEY=VALUE", help=f"{keys}; none: as solved"
    )
    action("ease", "over how many frames on either side its painted strokes fade out").add_argument(
        "count", type=int, metavar="N", help="0: they are on their own frames alone (default: 2)"
    )
    action("delete", "remove the object")
    action("scale", "fit all that was drawn to the plate as it is now, a proxy or the final one", of_object=False)
    sub = action("carry", "put the prompts where their objects are in the other eye or another take", of_object=False)
    where = sub.add_mutually_exclusive_group(required=True)
    where.add_argument("--view", metavar="NAME", help="the other view of the same plate, such as right")
    where.add_argument("--to", type=Path, metavar="OTHER", help="another shot document, which is changed")
    sub.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    sub.add_argument("--frames", metavar="R", help="of this shot, solved ones too (default: those with prompts)")
    sub.add_argument("--shift", type=int, default=0, metavar="N", help="added to frame numbers (default: 0)")
    action("undo", "take the last edit back, also that of wisp absent, region, detect or batch", of_object=False)
    action("redo", "do the last edit that was taken back again", of_object=False)


#: What writes nothing, or works for so long that others must not wait: it is told where one has edited meanwhile.
_LONG = ("list", "try", "carry")


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents

    if args.shot.suffix.lower() != ".wisp":
        raise UsageError(f"{args.shot} is no shot document.", hint="Name a NAME.wisp, as wisp matte writes it.")
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        if args.action in _LONG:
            return _run(args, reporter)
        with documents.editing(args.shot):
            return _run(args, reporter)


def _run(args: argparse.Namespace, reporter: Reporter) -> int:
    from .. import open as open_shot
    from .. import shot as documents

    shot = open_shot(args.shot, cache=args.cache)
    if args.action == "list":
        _list(shot, args.json)
        return 0
    if args.action == "try":
        what = _try(args, shot)
        reporter.emit("done", action=args.action, what=what, path=str(args.output))
        reporter.say(what)
        return 0
    if args.action == "carry":
        shot = open_shot(args.to) if args.to else shot.other_view(args.view)
    history = History(cache_folder(args, shot.path), shot.path)
    if args.action in ("undo", "redo"):
        what = history.travel(args.action)
    else:
        before = documents.text_of(shot.path)
        what = _carry(args, shot, reporter) if args.action == "carry" else _ACTIONS[args.action](args, shot)
        shot.save()
        history.note(what, before)
    reporter.emit("done", action=args.action, what=what)
    reporter.say(f"{'Undone: ' if args.action == 'undo' else ''}{what}")
    return 0


# -- actions ----------------------------------------------------------------------------------------------------


def _list(shot: OpenShot, as_json: bool) -> None:
    for item in shot.objects:
        spec = item.spec
        head = {"id": spec.id, "object": item.name, "locks": spec.locks, "first": spec.first, "last": spec.last}
        if as_json:
            print(json.dumps({"event": "object", **head, "edge": spec.edge.model_dump(mode="json")}), flush=True)
        else:
            locked = f", locked {', '.join(f'{first}-{last}' for first, last in spec.locks)}" if spec.locks else ""
            print_text(f"{item.name}: {counted(len(item.prompts), 'prompt')}{locked}")
        for number, prompt in enumerate(item.prompts, 1):
            values = prompt.model_dump(mode="json")
            if as_json:
                print(json.dumps({"event": "prompt", "object": item.name, "number": number, **values}), flush=True)
            else:
                rest = " ".join(
                    f"{key}={_short(value)}" for key, value in values.items() if key not in ("frame", "kind")
                )
                print_text(f"  {number:3d}  {prompt.frame:6d}  {prompt.kind:6} {rest}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _add(args: argparse.Namespace, shot: OpenShot) -> str:
    typed = args.objects[0].prompts if len(args.objects) == 1 and args.objects[0].name is None else []
    if not typed:
        raise UsageError("There is no prompt to add.", hint="Give it as by --box 1001:420,80,1310,1060.")
    prompts = [parse_prompt(option, text, shot.document.plate.first).model_dump(mode="json") for option, text in typed]
    for prompt in prompts:
        if prompt["kind"] == "mask" and not Path(prompt["path"]).is_file():
            raise InputError(f"The mask {prompt['path']} does not exist.", hint="Check the path.", path=prompt["path"])
    item = shot.object(args.object)
    for prompt in prompts:
        if prompt["kind"] == "mask":
            item.mask(prompt["path"], prompt["frame"])
        else:
            item.add(prompt)
    frames = format_frames({one["frame"] for one in prompts})
    return f"{counted(len(prompts), 'prompt')} added to '{item.name}' on {frames}"


def _try(args: argparse.Namespace, shot: OpenShot) -> str:
    """A sheet of plate, matte as it is known and matte as it would be. UsageError for a frame too far from what is
    known."""
    from ..atomic import spare_others
    from ..contact_sheet import GridRow, check_name, cut_out, picture_grid, write_png

    check_name(args.output)
    if not args.overwrite:
        spare_others(args.output, lambda _: False, "Say --overwrite, or choose another name.")
    names = {item.name for item in shot.objects}
    first = shot.document.plate.first
    frames = sorted({parse_prompt(option, text, first).frame for one in args.objects for option, text in one.prompts})
    before = {}
    for frame in frames if args.object in names else ():
        with contextlib.suppress(UsageError):  # nothing was prompted, or too far away: there is no matte to compare
            before[frame] = shot.matte(args.object, frame)
    what = _add(args, shot)
    rows = []
    for frame in frames:
        plate = shot.picture(frame)
        known, after = before.get(frame), shot.matte(args.object, frame, lasting=False)
        left = plate if known is None else cut_out(plate, known)
        rows.append(GridRow(f"{args.object} {frame}", [plate, left, cut_out(plate, after)]))
    write_png(args.output, picture_grid(["plate", "before", "after"], rows))
    return f"Tried: {what}; the shot is as it was, {args.output} shows it"


def _move(args: argparse.Namespace, shot: OpenShot) -> str:
    try:
        dx, dy = (float(part) for part in args.by.split(","))
    except ValueError:
        raise UsageError(f"'--by {args.by}' cannot be understood.", hint="Expected DX,DY.") from None
    count = _known(args, shot).move((dx, dy), args.frames, args.kind, args.number)
    return f"{counted(count, 'prompt')} of '{args.object}' moved by {dx:g},{dy:g}"


def _remove(args: argparse.Namespace, shot: OpenShot) -> str:
    count = _known(args, shot).remove(args.frames, args.kind, args.number)
    return f"{counted(count, 'prompt')} of '{args.object}' removed"


def _lock(args: argparse.Namespace, shot: OpenShot) -> str:
    _known(args, shot).lock(args.frames, args.action == "lock")
    return f"'{args.object}' {args.action}ed on {args.frames}"


def _ease(args: argparse.Namespace, shot: OpenShot) -> str:
    _known(args, shot).ease(args.count)
    return f"strokes of '{args.object}' fade out over {counted(args.count, 'frame')}"


def _absent(args: argparse.Namespace, shot: OpenShot) -> str:
    _known(args, shot).absent(args.frames)
    return f"'{args.object}' is absent on {args.frames}"


def _present(args: argparse.Namespace, shot: OpenShot) -> str:
    _known(args, shot).exists().absent(None, absent=False)
    return f"'{args.object}' may be there on all frames"


def _edge(args: argparse.Namespace, shot: OpenShot) -> str:
    settings = {}
    for text in args.settings:
        key, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise UsageError(f"'{text}' is not of the form KEY=NUMBER.", hint="For example grow=1.5.") from None
        settings[key] = int(number) if number.is_integer() else number
    _known(args, shot).edge(**settings)
    return f"edge of '{args.object}': {' '.join(args.settings) or 'as solved'}"


def _delete(args: argparse.Namespace, shot: OpenShot) -> str:
    _known(args, shot).delete()
    return f"'{args.object}' deleted"


def _scale(_args: argparse.Namespace, shot: OpenShot) -> str:
    plate = shot.document.plate
    before = f"{plate.width}x{plate.height}"
    width, height = shot.scale()
    if before == f"{width}x{height}":
        return f"The plate is {before}, as the prompts are"
    held = [item.name for item in shot.document.objects if item.core or item.garbage]
    rest = f"; core and garbage mattes of {', '.join(map(repr, held))} have to be rendered at that size" if held else ""
    return f"prompts scaled from {before} to {width}x{height}{rest}"


def _carry(args: argparse.Namespace, shot: OpenShot, reporter: Reporter) -> str:
    cache = cache_folder(args, args.shot)
    found = shot.carry(args.shot, frames=args.frames, shift=args.shift, objects=args.objects, cache=cache)
    for event in found:
        reporter(event)
    doubtful = format_frames({event.frame for event in found if event.doubtful})
    doubt = f"; in doubt, look at them: {doubtful}" if doubtful else ""
    return f"prompts of {counted(len({event.frame for event in found}), 'frame')} carried to {shot.path}{doubt}"


def _known(args: argparse.Namespace, shot: OpenShot) -> Object:
    shot.document.object_named(args.object)  # what only `add` makes must be there
    return shot.object(args.object)


_ACTIONS: dict[str, Callable[[argparse.Namespace, Any], str]] = {
    "add": _add,
    "move": _move,
    "remove": _remove,
    "lock": _lock,
    "unlock": _lock,
    "absent": _absent,
    "ease": _ease,
    "present": _present,
    "edge": _edge,
    "delete": _delete,
    "scale": _scale,
}
