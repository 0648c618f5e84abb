"""List, fetch and check model weights and their licences. Computing mattes never downloads anything.

wisp models list
wisp models get sam2.1-tiny
wisp models get sam2matting-sam2.1-tiny --from SAM2Matting-SAM2.1Tiny.pt
wisp models get mam --from mam_vitb.pth       one of its two files; the other is fetched without --from
wisp models get sam2.1-tiny --to /transfer    for a machine without network: copy, then set WISP_WEIGHTS
wisp models verify [DIR]
wisp models where sam2.1-tiny
wisp models licences
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..client.wording import size_text
from ..weights.options import RunOptions
from .options import add_output_options, set_up_logging
from .report import print_text

#: Of a model that the studio's policy forbids.
_REFUSED = "REFUSED by WISP_LICENCE=commercial"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--weights", action="append", type=Path, default=[], metavar="DIR", help="look here first")
    add_output_options(shared)
    actions.add_parser(
        "list", parents=[shared], help="every model: what it is for, whether it is here, its size and licence"
    )
    get = actions.add_parser("get", parents=[shared], help="fetch a model's weights")
    get.add_argument("model", metavar="ID")
    get.add_argument("--to", type=Path, metavar="DIR", help="into this folder (default: the user's weights folder)")
    source = get.add_mutually_exclusive_group()
    source.add_argument("--from", dest="from_file", type=Path, metavar="FILE", help="take a local file or folder")
    source.add_argument("--from-url", metavar="URL", help="take them from a folder on a server of yours")
    verify = actions.add_parser("verify", parents=[shared], help="hash every weight file and compare")
    verify.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="only this folder")
    where = actions.add_parser(
        "where", parents=[shared], help="which files a model would use, and where they are looked for"
    )
    where.add_argument("model", metavar="ID")
    actions.add_parser("licences", parents=[shared], help="the terms of every model")


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    action = {"list": _list, "get": _get, "verify": _verify, "where": _where, "licences": _licences}[args.action]
    return action(args, RunOptions(weights=tuple(args.weights)))


def _print(args: argparse.Namespace, event: str, text: str, **values: Any) -> None:
    if args.json:
        print(json.dumps({"event": event, **values}, default=str))
    else:
        print_text(text)


def _list(args: argparse.Namespace, options: RunOptions) -> int:
    from ..weights.inventory import where
    from ..weights.licences import allowed
    from ..weights.registry import entries

    for model in entries():
        here = where(model.id, weights=options.weights).complete
        state = "built in" if not model.files else "here" if here else "not here"
        sizes = {file.name: file.size for file in model.files.values()}
        refused = "" if allowed(model, options) else f"{_REFUSED}  "
        text = f"{model.id:<30} {'+'.join(model.kinds):<14} {state:<9} {_size(sizes.values()):>8}  {model.licence:<16} "
        text += f"commercial: {model.commercial:<4} {refused}{model.title}"
        settings = [f"{name}={'|'.join(known)}" for name, known in model.settings.items()]
        text += f" ({model.id}:{':'.join(settings)})" if settings else ""
        values: dict[str, Any] = {"id": model.id, "kinds": model.kinds, "state": state, "licence": model.licence}
        values |= {"commercial": model.commercial, "allowed": not refused, "title": model.title, "note": model.note}
        values |= {
            "files": sizes,
            "size": None if None in sizes.values() else sum(size or 0 for size in sizes.values()),
        }
        _print(args, "model", text, **values, settings=dict(model.settings))
    return 0


def _size(sizes: Collection[int | None]) -> str:
    """Of all files together; where that of some is not known, of the others."""
    known = [size for size in sizes if size is not None]
    if not known:
        return "?" if sizes else "-"
    return f"{'' if len(known) == len(sizes) else '>'}{size_text(sum(known))}"


def _get(args: argparse.Namespace, options: RunOptions) -> int:
    from ..weights.fetch import get
    from ..weights.inventory import where

    done = -1

    def progress(name: str, so_far: int, total: int | None) -> None:
        nonlocal done
        percent = 100 * so_far // total if total else 0
        if percent != done and not args.quiet:
            done = percent
            print(f"\rFetching {name}: {percent}%", end="", file=sys.stderr, flush=True)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    fetched = get(
        args.model,
        to=args.to,
        from_file=args.from_file,
        from_url=args.from_url,
        options=options,
        progress=progress,
        say=say,
    )
    if done >= 0:
        print(file=sys.stderr)
    for item in fetched:
        text = f"{item.how}: {item.file.path} ({item.file.trust})"
        _print(args, "file", text, how=item.how, path=item.file.path, sha256=item.file.sha256, trust=item.file.trust)
    if not fetched:
        _print(args, "done", f"{args.model} is built in and needs no weights.", files=0)
    places = [args.to] if args.to else options.weights
    missing = [file.name for file, path in where(args.model, weights=places).files if path is None]
    if missing:
        say(f"Still missing: {', '.join(missing)}.")
    return 0


def _verify(args: argparse.Namespace, options: RunOptions) -> int:
    from ..weights.inventory import verify

    reports = verify(args.folder, weights=options.weights)
    for report in reports:
        users = ", ".join(model.id for model in report.models)
        why = f": {report.why}" if report.why else ""
        text = f"{report.state:<9} {report.file.name}  (for {users}){why}"
        values = {"name": report.file.name, "state": report.state, "path": report.path, "sha256": report.sha256}
        _print(args, "file", text, **values, why=report.why)
    return 4 if any(report.state == "wrong" for report in reports) else 0


def _where(args: argparse.Namespace, options: RunOptions) -> int:
    from ..weights.inventory import where

    found = where(args.model, weights=options.weights)
    for file, path in found.files:
        _print(args, "file", f"{file.name}: {path or 'not found'}", name=file.name, path=path)
    if not found.files:
        _print(args, "done", f"{args.model} is built in and needs no weights.", files=0)
        return 0
    folders = [str(folder) for folder in found.folders]
    _print(args, "folders", "Looked in: " + ", ".join(folders), folders=folders)
    return 0 if found.complete else 4


def _licences(args: argparse.Namespace, options: RunOptions) -> int:
    from dataclasses import asdict

    from ..weights.licences import licences

    for line in licences(options):
        refused = "" if line.allowed else f"  {_REFUSED}"
        text = f"{line.model_id:<30} {line.licence:<16} commercial: {line.commercial:<4}{refused}  {line.attribution}"
        _print(args, "licence", text, **asdict(line))
    return 0
