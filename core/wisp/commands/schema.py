"""Print the JSON Schema of the shot document, for tools that read or write it."""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # it has no options


def run(args: argparse.Namespace) -> int:
    del args
    from ..shot import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
