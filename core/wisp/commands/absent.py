"""Say on which frames an object is not to be seen: its matte is empty there, and nothing is tracked into them.

Behind them it is looked for. A frame with prompts, or one whose matte is locked, cannot be one of them. `wisp prompt
SHOT undo` takes it back.

  wisp absent sh010.wisp 1040-1060 --objects hero
  wisp absent sh010.wisp 1040-1045 --clear
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..client.frames import span_text, spans, with_span
from ..frames import parse_frames
from .options import add_history_option, add_output_options, cache_folder, set_up_logging
from .report import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    parser.add_argument("frames", metavar="R", help="1040-1060, 1001-1100x2 or 1001,1005,1010-1020")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    parser.add_argument("--clear", action="store_true", help="they may be there after all")
    add_history_option(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from .history import History

    asked = parse_frames(args.frames)
    with documents.editing(args.shot):
        before = documents.text_of(args.shot)
        shot = documents.load(args.shot)
        if not args.clear:
            shot.plate.check_frames(asked)
        names = args.objects or [item.name for item in shot.objects if item.enabled]
        items = [shot.object_named(name) for name in names]
        for item in items:
            for first, last in spans(asked):
                item.absent = [(a, b) for a, b in with_span(item.absent, first, last, not args.clear)]
        documents.save(shot, args.shot)
        said = "not absent" if args.clear else "absent"
        History(cache_folder(args, args.shot), args.shot).note(
            f"{', '.join(repr(item.name) for item in items)} {said} on {args.frames}", before
        )
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        for item in items:
            frames = span_text(item.absent)
            reporter.emit("absent", object=item.name, frames=frames)
            reporter.say(f"{item.name}: absent on {frames}" if frames else f"{item.name}: absent nowhere")
    return 0
