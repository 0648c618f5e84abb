"""Shots in a few lines of Python, for pipelines: what the command line does, without a process of its own.

    import wisp

    shot = wisp.open("plates/sh010.%04d.exr")
    shot.object("hero").box((420, 80, 1310, 1060), frame=1001)
    shot.solve("1001-1050")
    shot.deliver("out/{object}.%04d.exr")
    shot.save()

Coordinates are plate pixels: origin top left, y down, pixel edges at integers. Frames are the plate's own numbers;
ranges are written as on the command line. Whatever goes wrong is an exception of `wisp.errors`, whose text is one
sentence.
"""
