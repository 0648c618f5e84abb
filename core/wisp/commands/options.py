"""Options that several commands share."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..client.requests import Request
from ..client.tables import MAX_FRAME
from ..errors import UsageError
from ..weights.options import RunOptions

if TYPE_CHECKING:
    from ..models.store import Models
    from ..shot import Shot
    from ..solve import Solver

Wanted = TypeVar("Wanted", bound=Request)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """How a command speaks."""
    parser.add_argument("--json", action="store_true", help="events as JSON lines on stdout; text for people on stderr")
    parser.add_argument("-q", "--quiet", action="store_true", help="only warnings and errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="also what the libraries log")


def add_history_option(parser: argparse.ArgumentParser) -> None:
    """Where a command that only edits keeps what can be undone."""
    parser.add_argument("--cache", type=Path, metavar="DIR", help="of the shot; what can be undone is kept there")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Where and how models run."""
    group = parser.add_argument_group("models and machine")
    group.add_argument("--device", default=None, metavar="NAME", help="auto, cpu, cuda:N or mps (default: auto)")
    group.add_argument(
        "--precision", choices=("auto", "fp32", "bf16", "fp16"), help="of the networks (default: the shot's, auto)"
    )
    group.add_argument(
        "--weights", action="append", type=Path, default=[], metavar="DIR", help="look for weights here first"
    )
    group.add_argument(
        "--allow-unverified-weights",
        action="store_true",
        help="accept weights of another hash (in-house, tests); the mattes say so",
    )
    group.add_argument(
        "--cache", type=Path, metavar="DIR", help="masks and mattes (default: wisp-cache beside the shot)"
    )


def checked(request: Wanted) -> Wanted:
    """The request, if its numbers make sense. UsageError otherwise."""
    if request.faults:
        raise UsageError(f"{'; '.join(request.faults)}.".capitalize(), hint="See --help.")
    return request


def request_of(kind: type[Wanted], args: argparse.Namespace, **others: object) -> Wanted:
    """What is asked for by `others` and by the options that are named as the request's fields. UsageError as above."""
    values = {field.name: getattr(args, field.name) for field in dataclasses.fields(kind) if hasattr(args, field.name)}
    return checked(kind(**{**values, **others}))


def run_options(args: argparse.Namespace, precision: str = "auto", seed: int = 0) -> RunOptions:
    """The choices of this invocation. DeviceError for a device that is not there, whichever models will run."""
    device = args.device or os.environ.get("WISP_DEVICE") or "auto"
    if device not in ("auto", "cpu"):
        from ..device import resolve_device

        resolve_device(device)
    return RunOptions(
        device=device,
        precision=args.precision or precision,
        seed=seed,
        weights=tuple(args.weights),
        allow_unverified=args.allow_unverified_weights,
    )


def solver_of(args: argparse.Namespace, shot: Shot, models: Models | None = None) -> Solver:
    """The solver of the document `args.shot`, with the choices of this invocation; `models`: see `models_of`."""
    return solver_at(args, shot, args.shot, models)


def solver_at(args: argparse.Namespace, shot: Shot, document: Path, models: Models | None = None) -> Solver:
    """The same for a document that lies, or will lie, at `document`."""
    from ..cache import Cache
    from ..solve import Solver, Source

    if args.precision:  # in the document, by which mattes are known
        shot = shot.model_copy(update={"solve": shot.solve.model_copy(update={"precision": args.precision})})
    source = Source(shot.plate, document.resolve().parent)
    return Solver(shot, source, models or models_of(args), Cache(cache_folder(args, document)))


def models_of(args: argparse.Namespace) -> Models:
    """The models of this invocation, none loaded yet; a process that does several tasks keeps them between these."""
    from ..models.store import ModelStore

    return ModelStore(run_options(args))


def cache_folder(args: argparse.Namespace, shot: Path) -> Path:
    """`--cache`, else `$WISP_CACHE`, else beside the shot, so that it moves along with it."""
    from ..view.places import cache_beside

    return cache_beside(shot, os.environ) if args.cache is None else Path(args.cache).resolve()


def at_least(least: int, most: int = 10**9) -> Callable[[str], int]:
    """The type of an option that is a whole number from `least` on."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number from {least} to {most}")
        return value

    return number


#: The type of an option that is a frame's number.
frame_number = at_least(-MAX_FRAME, MAX_FRAME)


def set_up_logging(verbose: bool) -> None:
    """Library messages to stderr; everything with `-v`, else warnings."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(name)s: %(message)s" if verbose else "%(message)s",
        stream=sys.stderr,
    )
