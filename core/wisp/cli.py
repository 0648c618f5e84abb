"""The command line `wisp`: headless first. It never prompts and never needs a display.

Importing this module stays light; each command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import __version__
from .errors import UsageError, WispError, expected, one_line

#: Command -> the one-line help shown by `wisp --help`. Each lives in `wisp.commands.<name>`.
COMMANDS = {
    "matte": "from a plate and a few prompts straight to mattes",
    "solve": "compute what is missing or out of date in a shot",
    "detect": "turn the words of a shot's text prompts into boxes",
    "deliver": "write a solved shot's mattes as files for others",
    "batch": "run many shots, with one page that sums them up",
    "prompt": "edit a shot's prompts, locks and edges without a window",
    "absent": "say where an object is not to be seen",
    "region": "show models only the surroundings of a small object",
    "view": "draw prompts on a shot or a plate in a window, solve, and look",
    "status": "show what is done and what is not",
    "check": "find the frames that look wrong, and say why",
    "suggest": "name the frame whose correction would help most",
    "compare": "matte a shot with several heads, side by side",
    "farm": "solve a shot on a render farm (Open Job Description)",
    "models": "list, fetch and check model weights and their licences",
    "metrics": "compare mattes with the truth",
    "bench": "measure quality, speed and memory",
    "train": "train matting heads from made pictures or your own mattes",
    "demo": "make a clip whose mattes are known, matte it and measure",
    "doctor": "explain this installation",
    "install": "put a front-end in place: Nuke, Blender",
    "serve": "run the engine for Nuke and Blender",
    "schema": "print the JSON Schema of the shot document",
}

#: Commands for working on Wisp itself: the room each one needs is in a checkout and left out of the wheel.
CHECKOUT_ONLY = ("bench", "train", "demo")
#: Commands that get the options that they do not know.
HANDS_ON = ("demo",)

EXIT_CODES = """exit codes:
  0 ok   1 unexpected (a bug)   2 usage or invalid shot   3 input missing or unreadable
  4 weights missing or wrong   5 no suitable device   6 out of memory   7 cancelled
  8 cannot write   9 quality check failed   130 Ctrl-C   141 nobody reads the output"""

log = logging.getLogger("wisp")


class _Parser(argparse.ArgumentParser):
    """Errors as one sentence and a pointer to the help, exit code 2.

    What begins with a minus and a digit, or a point and a digit, is a value, as of `--exposure -.5`, `--box
    -5:10,10,90,90` or `wisp absent SHOT -3-2`, where argparse by itself sees single numbers only. No option looks so.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {one_line(message)}. Try '{self.prog} --help'.\n")


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole parser, or only with the options of one command (which imports only that command)."""
    parser = _Parser(
        prog="wisp",
        description="Prompts on one frame in, a soft stable alpha for the whole shot out.",
        epilog=f"Try: wisp matte plates/sh010.%04d.exr --box 1001:420,80,1310,1060\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"wisp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if command is None or command == name:
            module = importlib.import_module(f".commands.{name}", __package__) if command == name else None
            sub = commands.add_parser(
                name,
                help=summary,
                description=(module.__doc__ if module else None),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            if module:
                module.add_arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see `EXIT_CODES`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _fill_closed_streams()
    _print_any_name()
    try:
        return _run(arguments)
    except BrokenPipeError:  # whatever read our output, `head` say, has what it wanted
        _print_no_more()
        return 141


def _fill_closed_streams() -> None:
    """Started with closed descriptors, as by some schedulers: what is printed goes nowhere, and no file of ours gets
    the number of one of them, which libraries would then write to."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _print_any_name() -> None:
    """File names may hold bytes that are no text here: they are shown as escapes, never a reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _print_no_more() -> None:
    """What is still in the buffers goes nowhere, instead of a second error at the end of the process."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                os.dup2(nowhere, stream.fileno())


def _run(arguments: list[str]) -> int:
    command = next((word for word in arguments if not word.startswith("-")), None)
    try:
        parser = build_parser(command if command in COMMANDS else None)
        _refuse_dashes(arguments)
        args, others = parser.parse_known_args(arguments)
        if others and args.command not in HANDS_ON:
            parser.error(f"unrecognized arguments: {' '.join(others)}")
        if args.command in CHECKOUT_ONLY and find_spec(f".{args.command}", __package__) is None:
            raise UsageError(
                f"`wisp {args.command}` needs a checkout of Wisp: what pip installs has only what solving takes.",
                hint="Get the source, run `python3 dev.py demo` in it once, and use the wisp of its .venv.",
            )
        module = importlib.import_module(f".commands.{args.command}", __package__)
        return int(module.run(args, others) if args.command in HANDS_ON else module.run(args))
    except SystemExit as stop:  # argparse's own way out
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        return _fail("Interrupted.", 130, arguments, "interrupted", None)
    except BrokenPipeError:
        raise
    except Exception as error:
        known = expected(error)
        if known is not None:
            return _fail(str(known), known.exit_code, arguments, known.kind, known.path)
        what = one_line(f"Unexpected {type(error).__name__}: {str(error)[:500]}")
        return _fail(f"{what}. This is a bug{_kept(error)}.", 1, arguments, "unexpected", None)


def _kept(error: Exception) -> str:
    """Write what a report of a bug needs to a file, and say where; a traceback is nothing to show to a person."""
    import traceback

    from .engine.folders import log_folder

    try:
        place = log_folder() / "unexpected.log"
        place.write_text("".join(traceback.format_exception(error)), "utf-8", "backslashreplace")
    except (WispError, OSError):
        log.error("unexpected error", exc_info=error)
        return ""
    return f"; a report of it needs {place}"


def _fail(message: str, code: int, arguments: Sequence[str], kind: str, path: str | None) -> int:
    """Say what went wrong to the person, and to the program that reads events if there is one."""
    if "--json" in arguments:
        import json

        from .client.ends import Failed

        print(json.dumps(Failed(code, message, kind, "", path).line()), flush=True)
    print(f"wisp: {message}", file=sys.stderr, flush=True)
    return code


def _refuse_dashes(arguments: list[str]) -> None:
    """argparse takes the value out of `--cache=--` and hands on an empty list. Raises UsageError."""
    for word in arguments:
        if re.fullmatch(r"(--[a-z-]+=|-[A-Za-z])--", word):
            raise UsageError(f"'{word}' has no value: two dashes alone name nothing.", hint="A file is named as ./--.")


if __name__ == "__main__":
    sys.exit(main())
