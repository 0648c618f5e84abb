"""The engine process: takes over the pipe, reads lines until the host is gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from .wire import LineTooLong, Wire

if TYPE_CHECKING:
    from ..weights.options import RunOptions


#: A host that asked for the end has so long to read its answer.
FLUSH_SECONDS = 2.0


def main(options: RunOptions | None = None) -> NoReturn:
    """Serve the host on stdin and stdout; never returns.

    The end of stdin ends the process at once, whatever works: the pipe is the lease on the device, and all files
    are written whole or not at all. `options`: device, weights and licence policy of this engine; default those
    of the environment. Precision and seed are the shots'.
    """
    wire = Wire.take_over()
    from ..weights.options import RunOptions
    from . import api, log
    from .engine import Engine

    def send(message: dict[str, object]) -> None:
        try:
            wire.send(message)
        except OSError:  # the host is gone
            os._exit(0)

    options = options or RunOptions(device=os.environ.get("WISP_DEVICE") or "auto")
    engine = Engine(send, options, log_file=log.start())
    log.tell(engine.notify)
    for line in wire.lines(api.MAX_LINE):
        if isinstance(line, LineTooLong):
            engine.refuse_long_line()
        else:
            engine.receive(line)
        if engine.closing:
            wire.flush(FLUSH_SECONDS)
            break
    os._exit(0)
