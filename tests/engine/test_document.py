"""The protocol's document says what the code does."""

from __future__ import annotations

from pathlib import Path

from wisp.client import client, connection
from wisp.client.notifications import NOTIFICATIONS
from wisp.engine import api, document
from wisp.errors import WispError

PROTOCOL_PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_the_page_is_generated_from_the_types() -> None:
    stale = "run: python -m wisp.engine.document > docs/protocol.md"
    assert PROTOCOL_PAGE.read_text(encoding="utf-8") == document.text(), stale


def test_everything_is_named_on_the_page() -> None:
    page = document.text()
    for name in (*api.METHODS, *api.NOTIFICATIONS, *NOTIFICATIONS, *map(str, api.ERRORS)):
        assert name in page, name


def test_both_sides_agree() -> None:
    """The host's side cannot import the engine's, so its constants are repeated there."""
    assert client.PROTOCOL == api.PROTOCOL
    assert connection.MAX_LINE == api.MAX_LINE


def test_every_exit_code_has_an_error_code() -> None:
    """-32000 minus the exit code, but for bugs (1), usage (2) and cancelled work (7), which have standard codes."""
    codes = {kind.exit_code for kind in WispError.__subclasses__()}
    assert {-32000 - code for code in codes - {2, 7}} <= set(api.ERRORS)
