"""JSON-RPC 2.0: a line to a request, a result or a failure to an answer. Knows nothing of what methods do."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple, NoReturn

from pydantic import BaseModel, ValidationError

from ..errors import CancelledError, UsageError, WispError, expected
from . import api

Id = str | int | float | None
#: Error texts are cut here: a fault may quote input of any length.
MAX_TEXT = 2000


class RpcError(Exception):
    """A failure as it crosses the border. `request_id` None: the request could not be told."""

    def __init__(
        self, code: int, message: str, *, kind: str, hint: str = "", path: str | None = None, request_id: Id = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message[:MAX_TEXT]
        self.fault = api.Fault(kind=kind, hint=hint[:MAX_TEXT], path=path)
        self.request_id = request_id

    @classmethod
    def of(cls, error: BaseException) -> RpcError:
        """The failure that `error` is to a host: expected ones by their kind, anything else as a bug."""
        if isinstance(error, RpcError):
            return error
        known = expected(error)
        if known is not None:
            return cls(_code(known), known.message, kind=known.kind, hint=known.hint, path=known.path)
        text = f"{type(error).__name__}: {error}"
        return cls(api.INTERNAL_ERROR, text, kind="unexpected", hint="The engine's log has the details.")


def _code(error: WispError) -> int:
    if isinstance(error, UsageError):
        return api.INVALID_PARAMS
    if isinstance(error, CancelledError):
        return api.CANCELLED
    return -32000 - error.exit_code if error.exit_code > 1 else api.INTERNAL_ERROR


class Request(NamedTuple):
    """A well-formed request; whether the method exists and the params fit is not known yet."""

    id: Id
    method: str
    params: dict[str, Any]


def parse(line: bytes) -> Request | None:
    """The request on that line; None for a notification, which this protocol's hosts do not send.

    Raises RpcError with the request's id where one can be told.
    """
    infinite: list[str] = []

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            infinite.append(text)
        return value

    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_not_json, parse_float=number)
    except RecursionError:
        raise _refused(api.PARSE_ERROR, "The line is nested too deeply.") from None
    except ValueError as error:  # also UnicodeDecodeError, JSONDecodeError and numbers of too many digits
        raise _refused(api.PARSE_ERROR, f"The line is not JSON: {error}.") from None
    if isinstance(message, list):
        raise _refused(api.INVALID_REQUEST, "Batches are not supported; send one object per line.")
    if not isinstance(message, dict):
        raise _refused(api.INVALID_REQUEST, "A request is a JSON object.")
    request_id = message.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, str | int | float | None):
        raise _refused(api.INVALID_REQUEST, "The id must be text, a number or null.")
    if infinite:  # JSON has no infinity, but 1e999 reads as one, and cannot be worked with or answered with
        known = None if isinstance(request_id, float) and not math.isfinite(request_id) else request_id
        raise _refused(api.INVALID_REQUEST, f"The number {infinite[0][:40]} is too large.", known)
    if message.get("jsonrpc") != "2.0":
        raise _refused(api.INVALID_REQUEST, "'jsonrpc' must be \"2.0\".", request_id)
    method = message.get("method")
    if not isinstance(method, str):
        raise _refused(api.INVALID_REQUEST, "'method' must be text.", request_id)
    if "id" not in message:
        return None
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise _refused(api.INVALID_PARAMS, "'params' must be an object; give parameters by name.", request_id)
    return Request(request_id, method, params)


def validate(method: api.Method, params: dict[str, Any]) -> api.Message:
    """The params as their type. Raises RpcError that names every faulty parameter."""
    try:
        return method.params.model_validate(params)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'params'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)[:20]
        )
        raise _refused(api.INVALID_PARAMS, f"The parameters of '{method.name}' are wrong: {faults}.") from None


def result(request_id: Id, answer: BaseModel) -> dict[str, Any]:
    """The answer to a request that worked."""
    return {"jsonrpc": "2.0", "id": request_id, "result": answer.model_dump(mode="json")}


def failure(request_id: Id, error: RpcError) -> dict[str, Any]:
    """The answer to one that did not."""
    described = {"code": error.code, "message": error.message, "data": error.fault.model_dump()}
    return {"jsonrpc": "2.0", "id": request_id, "error": described}


def notification(params: api.Message) -> dict[str, Any]:
    """A message that expects no answer."""
    return {"jsonrpc": "2.0", "method": api.NOTIFICATION_NAMES[type(params)], "params": params.model_dump(mode="json")}


def _refused(code: int, message: str, request_id: Id = None) -> RpcError:
    return RpcError(code, message, kind="protocol", request_id=request_id)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
