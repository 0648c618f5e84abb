"""The exported JSON Schema is current, and describes the documents that are in use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wisp.shot import json_schema

ROOT = Path(__file__).parent.parent.parent
EXPORT = ROOT / "docs" / "shot.schema.json"
FROZEN = ROOT / "tests" / "data" / "shot-v1.wisp"


def test_the_export_is_current() -> None:
    assert json.loads(EXPORT.read_text("utf-8")) == json_schema(), (
        "The document changed: write docs/shot.schema.json again with `wisp schema`."
    )


def test_every_reference_leads_somewhere_and_no_key_may_be_unknown() -> None:
    schema = json_schema()
    references = _references(schema)
    assert references
    for reference in references:
        assert reference.removeprefix("#/$defs/") in schema["$defs"]
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert set(part.get("required", ())) <= set(part["properties"])
    assert "wisp" in schema["required"]


def test_the_frozen_sample_uses_every_key_of_the_schema_and_no_other() -> None:
    schema = json_schema()
    used: dict[str, set[str]] = {}
    _walk(json.loads(FROZEN.read_text("utf-8")), schema, schema["$defs"], used)
    known = {schema["title"]: schema, **{part["title"]: part for part in schema["$defs"].values()}}
    assert used == {title: set(part["properties"]) for title, part in known.items()}


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []


def _walk(value: Any, schema: dict[str, Any], parts: dict[str, Any], used: dict[str, set[str]]) -> None:
    """Go through a document and its schema together, and note which keys of which part occur."""
    if "$ref" in schema:
        schema = parts[schema["$ref"].removeprefix("#/$defs/")]
    if "discriminator" in schema:
        reference = schema["discriminator"]["mapping"][value["kind"]]
        schema = parts[reference.removeprefix("#/$defs/")]
    if "properties" in schema:
        assert set(schema.get("required", ())) <= set(value)
        used.setdefault(schema["title"], set()).update(value)
        for key, item in value.items():
            assert key in schema["properties"], f"{schema['title']} has no key {key}"
            _walk(item, schema["properties"][key], parts, used)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value:
            _walk(item, schema["items"], parts, used)
