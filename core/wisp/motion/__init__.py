"""How pictures move: dense flow between two frames and how far to trust it, and a clip seen small, with its motion."""
