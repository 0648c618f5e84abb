"""Read by Nuke when it has an interface."""

from wisp_nuke import menus

menus.install()
