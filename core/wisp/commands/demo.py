"""Make a clip whose mattes are known, matte it, measure the result, and leave a contact sheet."""

from __future__ import annotations

import argparse
import contextlib


def add_arguments(parser: argparse.ArgumentParser) -> None:
    with contextlib.suppress(ModuleNotFoundError):  # what pip installs has no demo, and the command says so
        from ..demo import add_options

        add_options(parser)


def run(args: argparse.Namespace, others: list[str]) -> int:
    """`others`: options for `wisp matte`."""
    from ..demo.run import start

    return start(args, others)
