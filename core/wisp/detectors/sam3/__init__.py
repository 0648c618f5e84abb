"""SAM 3's own detector of what words describe (Carion et al., 2025), from its tracker's checkpoint."""

from .detector import Sam3Detector, build

__all__ = ["Sam3Detector", "build"]
