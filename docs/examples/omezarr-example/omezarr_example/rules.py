"""Rules of a laboratory beside those of the specification: every image has a name, with a fix that gives it one."""

from __future__ import annotations

from omezarr.abc import RuleSet
from omezarr.abc.rules import Edit, Finding, Rule, Severity
from omezarr.hookspecs import hookimpl


def unnamed(context):
    """Yield the images without a name."""
    images = context.values.get("multiscales")
    for index, image in enumerate(images if isinstance(images, list) else ()):
        if isinstance(image, dict) and not (isinstance(image.get("name"), str) and image["name"]):
            yield Finding(path=("multiscales", index, "name"), found="no name", expected="a name")


def name_them(context, findings):
    """Yield a name for each: that of its group."""
    inside = ("attributes", "ome") if "ome" in context.attributes else ("attributes",)
    for finding in findings:
        yield Edit(path=(*inside, *finding.path), value=context.path.rpartition("/")[2] or "image")


@hookimpl
def omezarr_rules():
    """Give the rule set to omezarr."""
    rule = Rule(
        id="image.name",
        severity=Severity.WARNING,
        section="guide of the laboratory, 2",
        demand="Every image has a name.",
        check=unnamed,
        fix=name_them,
    )
    return [RuleSet(name="example-lab", key="multiscales", since="0.4", rules=[rule])]
