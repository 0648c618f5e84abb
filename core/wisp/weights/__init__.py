"""Model weights: which exist, where they lie, whether they may be used, and how to load them safely."""
