"""The engine's turn at the device: resolved when first needed, shared with other engines by its lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from ..device import resolve_device
from . import api
from .lock import DeviceLock, device_key
from .rpc import RpcError

#: Seconds between two looks at whether the device is free.
POLL = 0.05


class DeviceTurn:
    """Holds the device's lock while work runs on it. Used by the worker thread only, but for `name`."""

    def __init__(self, wanted: str) -> None:
        """`wanted`: see `wisp.device.resolve_device`."""
        #: The device in use, None until the first work.
        self.name: str | None = None
        self._wanted = wanted
        self._lock: DeviceLock | None = None

    @contextlib.contextmanager
    def reserved(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Wait for the device and hold it for the block; a block inside a block holds it already.

        `waiting` is called again and again while another engine has it, and may raise to give up.
        Raises DeviceError where the wanted device does not exist.
        """
        lock = self._resolved()
        if lock.held:
            yield
            return
        while not lock.try_acquire():
            waiting()
            time.sleep(POLL)
        try:
            yield
        finally:
            lock.release()

    def patience(self, seconds: float) -> Callable[[], None]:
        """A `waiting` that gives up after so long, by an RpcError that names who has the device."""
        deadline = time.monotonic() + seconds

        def waiting() -> None:
            if time.monotonic() > deadline:
                holder = self._resolved().holder()
                by = f" (process {holder})" if holder is not None else ""
                text = f"The device {self.name} is used by another Wisp engine{by}."
                raise RpcError(api.BUSY, text, kind="busy", hint="Try again when its job is done.")

        return waiting

    def _resolved(self) -> DeviceLock:
        if self._lock is None:
            self.name = str(resolve_device(self._wanted))
            self._lock = DeviceLock(device_key(self.name))
        return self._lock
