"""What Wisp says that it can do is proved by something that is there."""

from __future__ import annotations

import re

import pytest
from helpers.capabilities import PAGE, ROOT, STATES, Capability, Stand, capabilities, page

ROWS = list(capabilities())


def test_the_page_is_made_of_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "run in tests: python -m helpers.capabilities > ../docs/capabilities.md"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_claim_has_its_proof_and_each_lack_its_words(row: Capability) -> None:
    for surface, stand in row.stands.items():
        assert stand.state in STATES, (surface, stand.state)
        assert (stand.state == "yes") <= bool(stand.proof), surface
        assert (stand.state in ("partly", "no")) == bool(stand.lacks), surface
        assert not stand.proof or _is_there(stand), (surface, stand.proof)


def test_no_capability_stands_twice() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names) == 95


def test_a_proof_that_is_not_there_is_found() -> None:
    for proof in ("tests/nowhere.py::test_it", "tests/docs/test_capabilities.py::test_other", "docs/pictures/none.png"):
        assert not _is_there(Stand("yes", proof, "", ""))


def _is_there(stand: Stand) -> bool:
    """A picture is; of a test both file and function are, and one of a Blender case is run by `run` of its file."""
    file, _, function = stand.proof.partition("::")
    if not (ROOT / file).is_file():
        return False
    return not function or re.search(rf"^def {function}\(", (ROOT / file).read_text("utf-8"), re.M) is not None
