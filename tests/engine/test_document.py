"""The protocol's document says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import TypeAdapter
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


def test_the_messages_shown_are_of_the_types_that_are_told() -> None:
    """What they hold, as far as it is shown."""
    shown = re.findall(r"^(?:->|<-) (.*)$", document.text(), re.MULTILINE)
    messages = [json.loads(line.replace("{...}", "{}").replace(", ...}", "}")) for line in shown]
    told = [message for message in messages if str(message.get("method")).startswith("job/")]
    asked = [message for message in messages if message.get("method") in api.METHODS]
    assert len(told) == len(asked) == 3
    for message in told:
        types = {key: hint for key, (hint, _) in api.described(NOTIFICATIONS[message["method"]][0]).items()}
        for key, value in message["params"].items():
            TypeAdapter({"job": str, **types}[key]).validate_python(value, strict=True)
    for message in asked:
        api.METHODS[message["method"]].params.model_validate(message["params"])


def test_defaults_are_shown_as_they_are_sent() -> None:
    for part in document.text().split("\n### "):
        method = api.METHODS.get(part.split()[0])
        rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `(.*?)` \|", part, re.MULTILINE) if method else []
        for name, default in rows:
            assert json.loads(default) == method.params.model_fields[name].get_default(call_default_factory=True)


def test_both_sides_agree() -> None:
    """The host's side cannot import the engine's, so its constants are repeated there."""
    assert client.PROTOCOL == api.PROTOCOL
    assert connection.MAX_LINE == api.MAX_LINE


def test_every_exit_code_has_an_error_code() -> None:
    """-32000 minus the exit code, but for bugs (1), usage (2) and cancelled work (7), which have standard codes."""
    codes = {kind.exit_code for kind in WispError.__subclasses__()}
    assert {-32000 - code for code in codes - {2, 7}} <= set(api.ERRORS)
