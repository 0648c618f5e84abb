"""Name the frame whose correction would help most, per object, by what the tracker said of its masks.

wisp suggest shots/sh010.wisp
wisp suggest shots/sh010.wisp --objects hero --json

Nothing is computed anew and nothing is changed; frames that are not solved are passed over.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..client.suggest import suggest, uncertainty
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, print_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..cache import read_stamp

    solver = solver_of(args, documents.load(args.shot))
    works = solver.works if args.objects is None else [solver.work(name) for name in args.objects]
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        for work in works:
            name = work.item.name
            found = ((frame, read_stamp(path)) for frame, path in work.mattes(solver.plate.frames).items())
            said = {frame: (stamp.track_state, stamp.confidence) for frame, stamp in found}
            frame = suggest(said, work.plan.keyframes)
            state, confidence = said[frame] if frame is not None else ("", 0.0)
            doubtful = round(uncertainty(state, confidence), 3) if frame is not None else 0.0
            reporter.emit("suggestion", object=name, frame=frame, state=state, doubt=doubtful, frames=len(said))
            if args.json:
                continue
            if not said:
                print_text(f"{name}: nothing is solved yet; run wisp solve.")
            elif frame is None:
                print_text(f"{name}: nothing is doubtful.")
            else:
                print_text(f"{name}: correct frame {frame} ({state}, confidence {confidence:.2f})")
    return 0
