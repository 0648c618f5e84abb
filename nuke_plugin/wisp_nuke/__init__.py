"""Wisp inside Nuke: knobs, picks in the viewer, plates out, plain nodes with the mattes in.

Python 3.7, the standard library and `nuke` only. `vendor` holds the engine's client and the prompt editor, put there
by `wisp install nuke`. Only `host` imports `nuke`, so that everything else can be tried with a stand-in.
"""
