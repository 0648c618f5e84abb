"""One module per command: `add_arguments(parser)` declares its options, `run(args)` does it and returns the exit code."""
