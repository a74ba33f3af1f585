"""All cases: for each rule, how to break it."""

from __future__ import annotations

from tests.builtins.rules.case import Case
from tests.builtins.rules.hierarchy_cases import ATTRIBUTES, WHOLE
from tests.builtins.rules.image_cases import AXES, IMAGES, SCALING
from tests.builtins.rules.other_cases import COLLECTIONS, LABELS, PLATES, WELLS
from tests.builtins.rules.transformation_cases import LEVELS, SCENES, SYSTEMS, TRANSFORMATIONS

__all__ = ["ATTRIBUTES", "DOCUMENT", "WHOLE", "Case"]

DOCUMENT = [
    *(*IMAGES, *AXES, *SCALING),
    *(*SYSTEMS, *LEVELS, *TRANSFORMATIONS, *SCENES),
    *(*LABELS, *PLATES, *WELLS, *COLLECTIONS),
]
"""Cases that the document alone decides."""
