"""Run the engine for hosts: JSON-RPC 2.0, one object per line on stdin and stdout. Ends when stdin closes."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", required=True, help="speak on stdin and stdout")


def run(args: argparse.Namespace) -> int:
    del args
    from ..engine import serve

    serve.main()
