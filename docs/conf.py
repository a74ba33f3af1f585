"""How the pages are built: Sphinx with MyST, from what is in the repository, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from docutils import nodes
from docutils.parsers.rst import Directive

import omezarr
from omezarr.cli import omezarr as root_command
from omezarr.testing import isolated_registry

sys.path.insert(0, str(Path(__file__).parent))

from architecture_picture import draw

project = "omezarr"
copyright = "the omezarr developers"  # noqa: A001 - Sphinx reads it under this name
version = release = omezarr.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples", "reference/benchmark-figures.md"]
default_role = "py:obj"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"omezarr {release}"
html_show_sphinx = False
html_copy_source = False

man_pages = [("reference/cli", "omezarr", "read, write, convert and look at OME-Zarr", [], 1)]


class CommandHelp(Directive):
    """The help of a command, as the terminal shows it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the text as a literal block."""
        name = self.arguments[0]
        registry = isolated_registry()
        parent = click.Context(root_command, info_name="omezarr", obj=registry)
        command = registry.commands[name]
        context = click.Context(command, parent=parent, info_name=name, terminal_width=100, max_content_width=100)
        text = command.get_help(context)
        return [nodes.literal_block(text, text, language="text")]


class ArchitecturePicture(Directive):
    """The folders of the package and their imports, as they are."""

    def run(self) -> list[nodes.Node]:
        """Return the picture, in the colour of the text around it."""
        return [nodes.raw("", draw(), format="html")]


def setup(app: object) -> dict[str, bool]:
    """Add the directives."""
    app.add_directive("architecture-picture", ArchitecturePicture)  # type: ignore[attr-defined]
    app.add_directive("command-help", CommandHelp)  # type: ignore[attr-defined]
    return {"parallel_read_safe": True}
