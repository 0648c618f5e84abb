"""Every sentence with which Wisp refuses something, read from the source: `docs/errors.md` is made from them.

python -m helpers.sentences > ../docs/errors.md        in the folder `tests`
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wisp import errors
from wisp.errors import WispError

CORE = Path(errors.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
#: What only a checkout has.
_WORKSHOP = ("bench", "train", "demo")

#: The kinds a person meets, in the order of their exit codes.
KINDS: tuple[type[WispError], ...] = tuple(
    sorted(
        (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, WispError)),
        key=lambda one: (one.exit_code, one.__name__),
    )
)
_BY_NAME = {one.__name__: one for one in KINDS}


class Sentence(NamedTuple):
    """What is said, what is to be done (empty: what the kind advises), and the room it comes from."""

    kind: str
    text: str
    hint: str
    room: str


def sentences() -> Iterator[Sentence]:
    """All that is raised with its own words, in the order of the files."""
    for path in sorted(CORE.rglob("*.py")):
        room = path.relative_to(CORE).with_suffix("").as_posix()
        if room.startswith(_WORKSHOP):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _BY_NAME:
                continue
            words = [_words(argument) for argument in node.args]
            if node.func.id == "FrameReadError" and len(words) > 1:
                text = f"Cannot read <path>: {words[1]}."
            elif words:
                text = words[0]
            else:
                continue
            if text.strip("<>. ") and any(letter.isspace() for letter in text):
                hint = next((_words(word.value) for word in node.keywords if word.arg == "hint"), "")
                yield Sentence(node.func.id, text, hint, room)


def _words(node: ast.expr) -> str:
    """A literal as it is, with `<name>` where something is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_words(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _words(left) + _words(right)
        case ast.IfExp(body=body, orelse=other):
            return f"{_words(body)} / {_words(other)}"
        case ast.FormattedValue(value=value):
            return _words(value)
        case ast.Name(id=name):
            return f"<{name.strip('_').lower()}>"
        case ast.Attribute(attr=name):
            return f"<{name.strip('_')}>"
        case ast.Subscript(value=value):
            return _words(value)
        case _:
            return "<...>"


def page() -> str:
    """`docs/errors.md`."""
    found = list(sentences())
    lines = [
        "# What Wisp says when it cannot go on",
        "",
        "Made from the source by `python -m helpers.sentences` in `tests`. `<name>` is filled in. Where a sentence has",
        "nothing of its own in the second column, what its kind advises is said.",
        "",
        "| exit code | kind | meaning | what to do |",
        "|---|---|---|---|",
    ]
    for kind in KINDS:
        meaning = (kind.__doc__ or "").split("\n")[0]
        lines.append(f"| {kind.exit_code} | `{kind.kind}` | {meaning} | {kind.advice} |")
    for kind in KINDS:
        mine = sorted({(one.text, one.hint) for one in found if one.kind == kind.__name__})
        if mine:
            lines += ["", f"## `{kind.kind}`", "", "| sentence | what to do |", "|---|---|"]
            lines += [f"| {_cell(text)} | {_cell(hint)} |" for text, hint in mine]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    print(page(), end="")
