"""What is said when something goes wrong: whole sentences, in one list, each with what to do; and nothing else."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest
from helpers.sentences import KINDS, PAGE, page, sentences
from hypothesis import given
from hypothesis import strategies as st
from wisp.cli import EXIT_CODES, main
from wisp.errors import CancelledError, InputError, OutputError, UsageError, WispError, expected, one_line


def test_the_list_is_whole() -> None:
    assert PAGE.read_text("utf-8") == page(), "run in tests: python -m helpers.sentences > ../docs/errors.md"
    assert len(list(sentences())) > 200


def test_each_is_a_sentence() -> None:
    for one in sentences():
        assert re.match(r"[A-Z'<`-]", one.text), one
        assert re.search(r"[.?>)]$", one.text), one
        assert not one.hint or re.search(r"[.?>)']$|opencolorio$", one.hint), one
        assert "\n" not in one.text + one.hint, one


def test_each_kind_says_what_to_do_and_has_a_documented_code() -> None:
    for kind in KINDS:
        assert kind.advice or kind in (WispError, CancelledError), kind
        assert f" {kind.exit_code} " in EXIT_CODES.replace("\n", " "), kind


@given(st.text(max_size=60) | st.just("t\udce9\n\x1b[31m"))
def test_whatever_a_name_holds_it_stays_on_its_line(name: str) -> None:
    error = InputError(f"Cannot read {name}.")
    assert error.message.isprintable() and str(error).isprintable()
    assert one_line("häuser 🎬 a b") == "häuser 🎬 a b"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError(errno.ENAMETOOLONG, "File name too long", "xxx"), InputError, "Cannot use xxx: file name too long."),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "f"), InputError, "Cannot use f: not a directory."),
        (OSError(errno.ENOSPC, "No space left on device", "d"), OutputError, "Cannot use d: no space left on device."),
        (UnicodeEncodeError("utf-8", "a\udce9", 1, 2, "surrogates not allowed"), UsageError, "bytes that are no text"),
        (ValueError("embedded null byte"), UsageError, "NUL"),
    ],
)
def test_what_the_system_refuses_is_nobodys_bug(error: Exception, kind: type[WispError], words: str) -> None:
    known = expected(error)
    assert isinstance(known, kind) and words in str(known) and known.hint


def test_a_bug_stays_one() -> None:
    assert expected(ValueError("no")) is None and expected(OSError("without a number")) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are not known here")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "call",
    [
        ["status", "{}.wisp"],
        ["solve", "{}.wisp"],
        ["batch", "{}.csv"],
        ["deliver", "{}.wisp", "-o", "out"],
        ["farm", "template", "{}.wisp"],
    ],
    ids=lambda call: call[0],
)
def test_a_pipe_is_refused_and_not_waited_for(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    call = [word.format("pipe") for word in call]
    name = next(word for word in call if word.startswith("pipe"))
    os.mkfifo(name)
    assert main(call) == InputError.exit_code
    assert f"{name} cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["--cache=--", "-o--"])
def test_two_dashes_are_no_value(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["farm", "task", "matte", "x.wisp", "--object", "one", word]) == 2
    assert f"'{word}' has no value" in capsys.readouterr().err
