"""The prompt editor's widgets, shared by `wisp view` and the panel inside Nuke.

Standard library, PySide (6, else 2) and the engine's client only, Python 3.7 syntax, relative imports only: this folder
is copied into the Nuke plug-in beside `client`. Pixels come from whoever embeds it (see `frames.FrameSource`).
"""
