"""What runs inside a host program: the engine's client, the edits of a shot, the prompt codec, coordinates.

Standard library only, Python 3.7 syntax, relative imports only, because this folder is copied into
the front-ends and loaded by the interpreters of Nuke and Blender. Nothing here knows a host's API.
"""
