"""`python -m wisp.demo`: a made clip with known mattes, matted and measured, on any machine and without downloads."""
