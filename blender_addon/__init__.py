# SPDX-License-Identifier: GPL-3.0-or-later
"""Wisp's front-end in the video sequencer: it draws and asks, the engine (another process) computes.

Importing this package does nothing and needs no host, so that its pure modules can be used alone.
"""


def register() -> None:
    """Called by the host when the extension is switched on."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by the host when the extension is switched off; leaves no trace."""
    from . import registration

    registration.unregister()
