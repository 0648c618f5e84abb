"""`python -m wisp.engine`: the engine with its default options."""

from .serve import main

main()
