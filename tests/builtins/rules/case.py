"""What a case is: how to break one rule, by edits of a complete document or hierarchy that break nothing else.

Where breaking a rule breaks others of necessity, these are named in `also`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from tests.builtins.rules.documents import STEP, VERSIONS

if TYPE_CHECKING:
    from tests.builtins.rules.edits import Edit


@frozen
class Case:
    """How to break one rule.

    Parameters
    ----------
    keys : tuple of str
        The NGFF keys whose documents or hierarchies are edited, and whose rule is broken.
    rule : str
    edits : tuple of Edit
    since, until : str
        The versions for which these are the edits.
    also : frozenset of str
        Rules that break with it.
    root : str
        The NGFF key of the hierarchy that is edited, where it is not that of the rule.
    """

    keys: tuple[str, ...]
    rule: str
    edits: tuple[Edit, ...]
    since: str = VERSIONS[0]
    until: str = VERSIONS[-1]
    also: frozenset[str] = field(default=frozenset(), converter=frozenset)
    root: str = ""


def step(name: str, path: str = "") -> str:
    """Return where the transformation of a name stands, or something inside it."""
    return f"{{steps}}/{STEP.index(name)}" + (f"/{path}" if path else "")


BOTH = "multiscales scene"
IMAGE = "multiscales"
LABEL = "image-label"
LAYOUT = "bioformats2raw.layout"
FIELD = "coordinateTransformations/field"
FIELD_AXES = "multiscales/0/coordinateSystems/0/axes"
SCALE = "multiscales/0/datasets/1/coordinateTransformations/0/scale"


def c(
    keys: str, rule: str, *edits: Edit, since: str = "0.1", until: str = "0.6", also: Any = (), root: str = ""
) -> Case:
    """Return a case; several keys are separated by blanks."""
    return Case(tuple(keys.split(" ")), rule, edits, since, until, also, root)
