# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the add-on, in the order in which they need each other."""

from __future__ import annotations

import atexit

from . import (
    activity,
    approvals,
    exchange,
    foresight,
    gestures,
    handlers,
    icons,
    model,
    operators,
    overlay,
    panels,
    preferences_page,
    problem,
    regions,
    scaling,
    session,
    subject,
    tools,
    watch,
)

PARTS = (
    icons,
    preferences_page,
    model,
    gestures,
    foresight,
    operators,
    problem,
    approvals,
    exchange,
    subject,
    regions,
    scaling,
    overlay,
    panels,
    tools,
    activity,
    handlers,
    watch,
)


def register() -> None:
    for part in PARTS:
        part.register()
    atexit.register(session.drop_engine)


def unregister() -> None:
    atexit.unregister(session.drop_engine)
    for part in reversed(PARTS):
        part.unregister()
