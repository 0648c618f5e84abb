"""Read by Nuke in every mode, also on a farm: makes the package importable. No interface, no Qt."""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
if _folder not in sys.path:
    sys.path.append(_folder)
