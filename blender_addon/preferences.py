# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's settings, as they are now. Their page is `preferences_page`."""

from types import SimpleNamespace

import bpy

from .client.tables import IDLE_MINUTES

DEFAULTS = {
    "engine": "",
    "place": "beside",
    "folder": "",
    "placeholder": "clear",
    "opacity": 0.5,
    "idle": IDLE_MINUTES,
}


def get():
    """The settings; the defaults while the add-on is registered without being enabled, as in tests."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None and addon.preferences else SimpleNamespace(**DEFAULTS)
