"""Every option and argument of every command is given what it cannot take: one sentence, a documented exit code, no
traceback, and nothing of a person's is touched."""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.solving import write_plate
from torture.conftest import Counter
from wisp.cli import CHECKOUT_ONLY, COMMANDS, EXIT_CODES, build_parser, main

#: What a person of bad will, a script with a bug or a cat on the keyboard would give. `@` begins a file of `strange`.
HOSTILE = (
    *("", " ", "-", "--", "0", "-1", "1e999", "nan", "-inf", "1_0", "9" * 400, "0x10", "١٢", "½"),
    *(
        "x" * 5000,
        "a\nb",
        "\0",
        "\ud800",
        "t\udce9",
        "\x1b[31m",
        "🎬" * 60,
        "null",
        "[]",
        "{}",
        "{object}",
        "{version}",
    ),
    *("../..", "nowhere/at/all", "%d", "%99999d", "%s", "####", "@@", "$F4", "{0}", "a%d.png", "*", "~", "~nobody/x"),
    *("1-", "-", "5-1", "1-99999999999", "1001-1002x0", "1001,,1002", ",", "1001:", ":", "1001:1,2", "1001:1,2,3,4,5"),
    *("1e400,1,2,3", "1001:nan,0,1,1", "0,0,0,0", "9,9,1,1", "99999:1,1,5,5", "keys:0", "most:-1", "a=b", "cuda:99"),
    *("@empty.exr", "@noise.exr", "@noise.png", "@noise.wisp", "@list.wisp", "@loop", "@folder", "@missing.%04d.exr"),
    *("@plates/plate.1001.exr", "@plates", "@s.wisp", "@cut.exr", "@huge.png", "@pipe", "@text.mov", "@deep.wisp"),
)
#: Commands that are somebody's window or service, or work on the project itself.
LEFT_OUT = {"serve", "view", *CHECKOUT_ONLY}
CODES = {int(code) for code in re.findall(r"\b([0-9]+) ", EXIT_CODES.partition(":")[2])} - {1}
#: A working call of each command, before something in it is replaced.
CALLS = {
    "matte": ["@plates", "--box", "4,4,20,12", "--head", "guided", "-o", "@out"],
    "solve": ["@s.wisp"],
    "detect": ["@s.wisp"],
    "deliver": ["@s.wisp", "-o", "@out"],
    "region": ["@s.wisp"],
    "status": ["@s.wisp"],
    "check": ["@s.wisp"],
    "compare": ["@s.wisp", "--heads", "guided", "-o", "@out.png"],
    "farm template": ["@s.wisp"],
    "farm submit": ["@s.wisp", "--to", "deadline-cloud"],
    "farm task": ["matte", "@s.wisp", "--object", "object1"],
    "models list": [],
    "models get": ["sam2.1-tiny"],
    "models verify": ["@folder"],
    "metrics": ["@plates", "@plates"],
    "doctor": [],
    "install": ["nuke", "--to", "@out"],
    "schema": [],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small solved shot, and strange files beside it."""
    folder = tmp_path_factory.mktemp("made")
    write_plate(folder / "plates", last=1002)
    words = ["--box", "4,4,20,12", "--head", "guided", "-o", str(folder), "-q"]
    assert main(["matte", str(folder / "plates"), *words]) == 0
    (folder / "plate.wisp").rename(folder / "s.wisp")
    noise = np.random.default_rng(1).bytes(3000)
    for name in ("noise.exr", "noise.png", "noise.wisp", "text.mov"):
        (folder / name).write_bytes(noise if "noise" in name else b"no movie\n")
    (folder / "empty.exr").touch()
    (folder / "cut.exr").write_bytes((folder / "plates" / "plate.1001.exr").read_bytes()[:-40])
    (folder / "list.wisp").write_text("[1]")
    (folder / "deep.wisp").write_text("[" * 100_000)
    (folder / "huge.png").write_bytes(
        bytes.fromhex("89504e470d0a1a0a0000000d494844527fffffff7fffffff080200000000000000")
    )
    (folder / "folder").mkdir()
    if os.name == "posix":
        (folder / "loop").symlink_to(folder / "loop")
        os.mkfifo(folder / "pipe")
    return folder


def options_of(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[tuple[str, argparse.Action]]:
    """Command words -> each argument of the command that takes a value."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from options_of(sub, (*words, name))
        elif action.nargs != 0 and words:
            yield " ".join(words), action


def every_option() -> list[tuple[str, argparse.Action]]:
    found: list[tuple[str, argparse.Action]] = []
    for name in COMMANDS.keys() - LEFT_OUT:
        found += options_of(build_parser(name), ())
    return sorted((pair for pair in found if pair[0] in CALLS), key=lambda pair: (pair[0], pair[1].dest))


def with_value(call: list[str], action: argparse.Action, value: str) -> list[str]:
    """The call with that value for that option, or in the place of that argument."""
    if action.option_strings:
        return [
            *call,
            f"{action.option_strings[-1]}={value}" if value.startswith("-") else action.option_strings[-1],
            *([] if value.startswith("-") else [value]),
        ]
    return [value, *call[1:]]


def test_no_traceback_reaches_a_person(
    made: Path, tmp_path: Path, counter: Counter, times: Any, capfd: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WISP_OFFLINE", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    random, pairs = np.random.default_rng(12), every_option()
    assert {name for name, _ in pairs} >= CALLS.keys() - {"models list", "schema", "doctor"}
    for turn in range(times(1, 60)):
        for command, action in pairs:
            place = tmp_path / "now"
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(made, place, symlinks=True, copy_function=os.link, ignore=shutil.ignore_patterns("pipe"))
            if os.name == "posix":
                os.mkfifo(place / "pipe")
            monkeypatch.chdir(place)
            kept = {path: path.stat().st_ino for path in (place / "plates").iterdir()}
            value = HOSTILE[random.integers(len(HOSTILE))]
            asked = [*command.split(), *with_value(CALLS[command], action, value)]
            asked = [str(place / word[1:]) if re.match(r"@[a-z]", word) else word for word in asked]
            caplog.clear()
            try:
                code = main(asked)
            except BaseException as error:
                counter.check(False, f"turn {turn}: {asked}: {type(error).__name__}: {error}")
                continue
            said = capfd.readouterr().err
            last = said.rstrip("\n").rpartition("\n")[2]
            wrong = [record.message for record in caplog.records if record.exc_info]
            good = code in CODES and not wrong and "Traceback" not in said and "is a bug" not in said
            spoken = code == 0 or last.startswith("wisp") or (command == "doctor" and code != 2)
            counter.check(good and spoken, f"turn {turn}: {[w[:60] for w in asked]}: {code}, {wrong}, {said[-300:]!r}")
            now = {path: path.stat().st_ino for path in (place / "plates").glob("plate.*")}
            counter.check(now == kept, f"turn {turn}: {asked}: the plate was touched")
