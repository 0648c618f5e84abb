"""Lines to requests: JSON-RPC 2.0, strictly, and never an exception other than RpcError."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.engine import api, rpc
from wisp.errors import CancelledError, FrameReadError, MemoryLimitError, UsageError

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def refused(line: bytes) -> rpc.RpcError:
    with pytest.raises(rpc.RpcError) as caught:
        rpc.parse(line)
    return caught.value


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b"\x00",
    ],
)
def test_what_is_not_json(line: bytes) -> None:
    error = refused(line)
    assert (error.code, error.request_id) == (api.PARSE_ERROR, None)


@pytest.mark.parametrize(
    ("message", "request_id"),
    [
        ([], None),
        ([PING], None),
        (3, None),
        ("ping", None),
        (None, None),
        ({}, None),
        ({"id": 4, "method": "ping"}, 4),
        ({**PING, "jsonrpc": "1.0"}, 1),
        ({**PING, "method": 3}, 1),
        ({**PING, "id": [1]}, None),
        ({**PING, "id": True}, None),
        ({"jsonrpc": "2.0", "method": {}}, None),
    ],
)
def test_what_is_no_request(message: object, request_id: object) -> None:
    error = refused(json.dumps(message).encode())
    assert (error.code, error.request_id) == (api.INVALID_REQUEST, request_id)


def test_positional_params_are_refused() -> None:
    error = refused(json.dumps({**PING, "params": [1]}).encode())
    assert (error.code, error.request_id) == (api.INVALID_PARAMS, 1)


@pytest.mark.parametrize("request_id", [0, "a", 2.5, None, 10**30])
def test_any_id_of_the_standard(request_id: object) -> None:
    request = rpc.parse(json.dumps({**PING, "id": request_id}).encode())
    assert request == rpc.Request(request_id, "ping", {})  # type: ignore[arg-type]


def test_a_notification_is_no_request() -> None:
    assert rpc.parse(b'{"jsonrpc": "2.0", "method": "ping"}') is None


def test_wrong_params_are_all_named() -> None:
    with pytest.raises(rpc.RpcError) as caught:
        rpc.validate(api.METHODS["preview"], {"shot_id": 3, "frame": "1001", "objekt": 1})
    assert caught.value.code == api.INVALID_PARAMS
    for name in ("shot_id", "frame", "object", "objekt"):
        assert name in caught.value.message


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (UsageError("x"), api.INVALID_PARAMS, "usage"),
        (FrameReadError("p.exr", "cut off", frame=3), api.INPUT, "frame"),
        (MemoryLimitError("x"), api.MEMORY, "memory"),
        (CancelledError("x"), api.CANCELLED, "cancelled"),
        (ZeroDivisionError("x"), api.INTERNAL_ERROR, "unexpected"),
    ],
)
def test_errors_by_kind(error: Exception, code: int, kind: str) -> None:
    fault = rpc.RpcError.of(error)
    assert (fault.code, fault.fault.kind) == (code, kind)


def test_a_long_text_is_cut() -> None:
    answer = rpc.failure(None, rpc.RpcError.of(UsageError("x" * 10**6, hint="y" * 10**6)))
    assert len(json.dumps(answer)) < 3 * rpc.MAX_TEXT


@given(st.binary())
def test_no_bytes_break_it(line: bytes) -> None:
    refused(line)
