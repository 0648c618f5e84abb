"""One module per command: `add_arguments(parser)` declares its options, `run(args)` does it.

`run` returns the exit code or raises a `WispError` that carries one.
"""
