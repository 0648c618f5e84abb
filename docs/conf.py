"""How Sphinx makes a site of these pages: `python3 dev.py docs`."""

import wisp

project, author, copyright = "Wisp", "The Wisp developers", "2026, The Wisp developers"
version = release = wisp.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"Wisp {version}"
templates_path: list[str] = []
autodoc_default_options = {"members": True, "undoc-members": False}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports: list[str] = []
