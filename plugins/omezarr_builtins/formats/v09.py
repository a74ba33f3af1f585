"""The drafts of NGFF 0.9: axes of any number, order and type (RFC-3), and where axes point in a body (RFC-4).

Source: https://github.com/ome/ngff-spec, versions 0.9.dev1 and 0.9.dev2. It is 0.6 in everything else, and all that is
different is in this file. Drafts change; so they are written only where they are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc import Certainty
from omezarr.abc.rules import Finding, Rule, Severity
from omezarr.hookspecs import hookimpl
from omezarr_builtins.formats.v06 import V06
from omezarr_builtins.rules.places import NUMBER, has, is_a, select, shown
from omezarr_builtins.rules.transformations import each_of, is_index_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omezarr.abc import Claim, FormatVersion, Hint
    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSON, Axis
    from omezarr_builtins.rules.transformations import LocatedTransformation

AXES = {"multiscales": "multiscales/*/coordinateSystems/*/axes", "scene": "scene/coordinateSystems/*/axes"}
"""Where axes are, by the NGFF key of the group."""

WINDOW = "omero/channels/*/window"

OPPOSITES = (
    ("left", "right"),
    ("anterior", "posterior"),
    ("inferior", "superior"),
    ("dorsal", "ventral"),
    ("dorsal", "palmar"),
    ("dorsal", "plantar"),
    ("rostral", "caudal"),
    ("cranial", "caudal"),
    ("proximal", "distal"),
    ("superficial", "deep"),
    ("apical", "basal"),
    ("apex", "base"),
)
"""The directions of RFC-4, each of which an axis may follow either way."""

ORIENTATIONS = {
    f"{start}-to-{end}": frozenset(pair) for pair in OPPOSITES for start, end in (pair, tuple(reversed(pair)))
}
"""Each value of an orientation, with the direction that it follows."""


class V09Draft(V06):
    """A draft of NGFF 0.9: 0.6 without limits on axes, and with their orientation."""

    without_rules = (
        "axes.count",
        "axes.time.count",
        "axes.channel.count",
        "axes.types.order",
        "axes.space.count",
        "axes.space.order",
        "axes.type.value",
        "axes.array.alone",
        "transformations.projectAxis.form",
        "transformations.rotation.form",
    )

    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Claim what names the draft, or what a neighbour says is of it; nothing by its form."""
        claim = super().claim(attributes, zarr_format, hint)
        return None if claim is None or claim.specificity == Certainty.SHAPE else claim

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Allow any axes, as long as each has a name of its own."""
        names = [axis.name for axis in axes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            return f"names of axes are unique; {twice} occurs several times in {', '.join(names)}"
        return None if all(names) else "an axis has no name; give every axis one"

    def rules(self, key: str) -> Iterable[Rule]:
        """Return what is different from 0.6: the version's name, orientations, windows that need only what is shown."""
        if key == "":
            yield from (rule for rule in super().rules(key) if rule.id != "ome.version.value")
            yield self._rule("ome.version.value", "The version is that of the specification.", self._named)
        if key in AXES:
            orientation = f"{AXES[key]}/*/orientation"
            yield self._rule(
                "axes.orientation.form", "An orientation is anatomical, of a known value.", _known(orientation)
            )
            yield self._rule("axes.orientation.space", "Only axes of space are oriented.", _of_space(AXES[key]))
            yield self._rule("axes.orientation.once", "No two axes follow the same direction.", _once(AXES[key]))
            yield self._rule("transformations.mapAxis.form", "mapAxis is an array of different indices.", _map_axis)
        if key == "multiscales":
            limits = tuple(f"{WINDOW}/{end}" for end in ("start", "end"))
            numbers = tuple(f"{WINDOW}/{end}" for end in ("min", "max", "start", "end"))
            yield self._rule("omero.window.limits.present", "A window has start and end.", has(*limits))
            yield self._rule("omero.window.limits.form", "The limits of a window are numbers.", is_a(NUMBER, *numbers))

    def _rule(self, name: str, demand: str, check: Check) -> Rule:
        return Rule(id=name, severity=Severity.ERROR, section=f"NGFF {self.version}, axes", demand=demand, check=check)

    def _named(self, context: RuleContext) -> Iterator[Finding]:
        ome: Any = context.attributes.get("ome")
        version = ome.get("version") if isinstance(ome, Mapping) else None
        if isinstance(version, str) and version not in (self.version, *self.spellings):
            yield Finding(path=("version",), found=shown(version), expected=repr(self.version))


class V09Dev1(V09Draft):
    """The draft 0.9.dev1."""

    version = "0.9.dev1"


class V09Dev2(V09Draft):
    """The draft 0.9.dev2, which calls itself 0.9 as well."""

    version = "0.9.dev2"
    spellings = ("0.9",)


def _known(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select(context.values, pattern):
            kind, direction = (value.get("type"), value.get("value")) if isinstance(value, Mapping) else (None, None)
            if kind != "anatomical" or not isinstance(direction, str) or direction not in ORIENTATIONS:
                expected = "an object of the type 'anatomical' whose value is such as 'left-to-right'"
                yield Finding(path=path, found=shown(value), expected=expected)

    return check


def _oriented(axes: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the axes of a list that are oriented, with their positions."""
    items = enumerate(axes) if isinstance(axes, list) else ()
    return [(index, axis) for index, axis in items if isinstance(axis, Mapping) and "orientation" in axis]


def _of_space(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, axes in select(context.values, pattern):
            for index, axis in _oriented(axes):
                if axis.get("type") != "space":
                    found = f"an axis of type {shown(axis.get('type'))}" if "type" in axis else "an axis without a type"
                    yield Finding(path=(*path, index, "orientation"), found=found, expected="an axis of type 'space'")

    return check


def _once(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, axes in select(context.values, pattern):
            seen: set[frozenset[str]] = set()
            for index, axis in _oriented(axes):
                orientation = axis["orientation"]
                value = orientation.get("value") if isinstance(orientation, Mapping) else None
                direction = ORIENTATIONS.get(value) if isinstance(value, str) else None
                if direction in seen:
                    expected = "a direction that no other axis follows"
                    yield Finding(path=(*path, index, "orientation", "value"), found=shown(value), expected=expected)
                if direction is not None:
                    seen.add(direction)

    return check


@each_of("mapAxis")
def _map_axis(step: LocatedTransformation) -> Iterator[Finding]:
    value = step.get("mapAxis")
    if not is_index_list(value) or not value or len(set(value)) < len(value):
        yield Finding(path=step.path, found=shown(value), expected="different whole numbers from 0 on")


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide the drafts of NGFF 0.9."""
    return [V09Dev1(), V09Dev2()]
