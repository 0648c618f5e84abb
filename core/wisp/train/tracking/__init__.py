"""Training of the built-in tracker on clips that are made, never filmed: `things` move in `clips`, `teach` learns."""
