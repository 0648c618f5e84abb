"""`python -m wisp` is the command `wisp`."""

import sys

from .cli import main

sys.exit(main())
