"""A case that takes the whole process down, to see that it is noticed."""

import os
import signal


def run() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
