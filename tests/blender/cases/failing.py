"""A case that fails, to see that it is noticed."""


def run() -> None:
    raise AssertionError("as it should")
