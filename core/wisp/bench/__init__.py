"""Measurements on material with truth. Nothing in the rest of the package depends on it."""
