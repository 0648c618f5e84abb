"""What a matting tool should do, and where Wisp stands: `docs/capabilities.md` is made from `docs/capabilities.toml`.

python -m helpers.capabilities > ../docs/capabilities.md        in the folder `tests`
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TABLE, PAGE = ROOT / "docs" / "capabilities.toml", ROOT / "docs" / "capabilities.md"
SURFACES = {"command_line": "command line", "window": "window", "blender": "Blender", "nuke": "Nuke"}
STATES = {"yes": "✓", "partly": "(✓)", "no": "–", "not applicable": ""}
#: What a claim may have been run with only, and its sign.
ONLY = {"": "", "made weights": "*w*", "CPU": "*c*"}


class Stand(NamedTuple):
    """How far one capability is there on one surface: one of `STATES`, its proof (`FILE::FUNCTION` or a picture), what
    it was only ever run with, and what is missing."""

    state: str
    proof: str
    ran: str
    lacks: str

    @property
    def sign(self) -> str:
        """For a cell of the page."""
        return f"{STATES[self.state]} {ONLY[self.ran]}".strip()


class Capability(NamedTuple):
    number: int
    name: str
    stands: dict[str, Stand]


def capabilities() -> Iterator[Capability]:
    """The table's rows, counted from 1. KeyError for a key that is missing."""
    for number, row in enumerate(tomllib.loads(TABLE.read_text("utf-8"))["capability"], 1):
        stands = {
            surface: Stand(row[surface]["is"], *(row[surface].get(key, "") for key in ("proof", "ran", "lacks")))
            for surface in SURFACES
        }
        yield Capability(number, row["name"], stands)


def page() -> str:
    """`docs/capabilities.md`."""
    rows = list(capabilities())
    lines = [
        "<!-- Made by `python -m helpers.capabilities > ../docs/capabilities.md` in the folder `tests`. -->",
        "",
        "# What a matting tool should do, and where Wisp stands",
        "",
        f"{len(rows)} things that artists and pipelines ask of roto and matting, and how far each is there: on the",
        "command line (and from Python), in the window, in Blender and in Nuke. ✓: there, and a test or a picture",
        "shows it; (✓): in part; –: not there; empty: it has no meaning there. *w*: only ever run with made weights,",
        "not with the published ones; *c*: only on a CPU. **Nuke's column has only ever run in a stand-in** that",
        "is built after its documentation, never in Nuke itself. The proofs are named in `docs/capabilities.toml`.",
        "",
        "| | " + " | ".join(SURFACES.values()) + " |",
        "|---|" + "---|" * len(SURFACES),
    ]
    for state, sign in STATES.items():
        counts = [sum(row.stands[surface].state == state for row in rows) for surface in SURFACES]
        lines.append(f"| {state}{f' {sign}' if sign else ''} | " + " | ".join(map(str, counts)) + " |")
    lines += [
        "",
        "## One by one",
        "",
        "| | | " + " | ".join(SURFACES.values()) + " |",
        "|---|---|" + "---|" * len(SURFACES),
    ]
    for row in rows:
        signs = (stand.sign for stand in row.stands.values())
        lines.append(f"| {row.number} | {row.name} | " + " | ".join(signs) + " |")
    lines += ["", "## What is missing", ""]
    for row in rows:
        told: dict[str, list[str]] = {}
        for surface, stand in row.stands.items():
            if stand.lacks:
                told.setdefault(stand.lacks, []).append(SURFACES[surface])
        if told:
            words = "; ".join(
                f"{lacks} ({'everywhere' if len(where) == len(SURFACES) else ', '.join(where)})"
                for lacks, where in told.items()
            )
            lines.append(f"- {row.number}, {row.name}: {words}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
