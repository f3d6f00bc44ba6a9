"""The documentation as a site, which ``python3 bootstrap.py docs`` writes to ``build/site``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backends")]

from tunas_dsl import __version__  # noqa: E402 (found by the path above)

project = "tunas-dsl"
version = release = __version__
html_theme = "furo"
html_title = project
html_copy_source = False

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]  # examples of what is wrong are meant

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "show-inheritance": True}
default_role = "code"
