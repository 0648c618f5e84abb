"""Show what is done and what is not: per object, which frames are solved, dirty or out of reach of any prompt."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..frames import format_frames
from .options import add_model_options, add_output_options, cache_folder, run_options
from .report import set_up_logging


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..solve import Solver

    shot = documents.load(args.shot)
    options = run_options(args, shot.solve.precision, shot.solve.seed)
    status = Solver(shot, args.shot.resolve().parent, cache_folder(args, args.shot), options).status()
    for item in status.objects:
        states = {state: format_frames(item.of(state)) for state in ("solved", "dirty", "empty")}
        if args.json:
            print(json.dumps({"event": "object", "name": item.name, "folder": str(item.folder), **states}))
        else:
            print(f"{item.name}: " + "; ".join(f"{state} {spans}" for state, spans in states.items() if spans))
            print(f"  {item.folder}")
    if not status.objects and not args.json:
        print("The shot has no enabled object.")
    return 0
