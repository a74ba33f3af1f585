"""``omezarr edit``: what an OME-Zarr says of itself, changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import ArgumentError
from omezarr.location import Location
from omezarr.terminal import PathOrURL, echo, echo_json, json_option, parse_assignments, progress_bar, storage_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.checking.repair import Repair

CHANNEL_WORDS = ("label", "color", "start", "end", "min", "max", "active")
"""What ``--channel`` can say of a channel."""


@click.command(epilog="Example: omezarr edit image.ome.zarr --scale 0.5 --unit micrometer --channel 0:label=DAPI")
@click.argument("path", type=PathOrURL())
@click.option("--name", help="The name of the image or plate.")
@click.option("--scale", metavar="SIZE", help="Size of a pixel at full resolution: 0.5, or z=2,y=0.5,x=0.5.")
@click.option("--translation", metavar="AXIS=N,..", help="Position of the first pixel, for example y=10,x=20.")
@click.option("--unit", "units", metavar="UNIT", help="Of all spatial axes, or z=micrometer,t=second.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    metavar="N:KEY=VALUE,..",
    help="What channel N, from 0, is to be: label, color, start, end, min, max, active. May be repeated.",
)
@click.option(
    "--append-channel",
    metavar="NAME=FILE",
    help="Append a channel to an image; the others are not written again. Not with other changes.",
)
@click.option("--measure-windows", is_flag=True, help="Measure the contrast of all channels anew.")
@click.option("--default-z", type=click.IntRange(min=0), help="The plane that viewers show at first.")
@click.option("--default-t", type=click.IntRange(min=0), help="The time point that viewers show at first.")
@click.option(
    "--label-color", "label_colors", multiple=True, metavar="VALUE=RRGGBB[AA]", help="Of a label. May be repeated."
)
@click.option(
    "--label-property",
    "label_properties",
    multiple=True,
    metavar="VALUE:KEY=VALUE,..",
    help="What is said of a label; an empty value takes it away. May be repeated.",
)
@click.option("--remove-label", "remove_labels", multiple=True, metavar="NAME", help="Delete labels, pixels and all.")
@click.option("--acquisition", "acquisitions", multiple=True, metavar="ID=NAME", help="Of a plate. May be repeated.")
@click.option("--remove", multiple=True, metavar="PATH", help="Delete wells (B/2) or fields (A/1/0), pixels and all.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="Wells (A/1=A/2) or fields (A/1/0=A/1/1) of a plate.")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and write nothing.")
@storage_option
@json_option
@click.pass_obj
def edit(
    registry: Any,
    /,
    *,
    path: str,
    dry_run: bool,
    as_json: bool,
    storage_options: Any,
    append_channel: str | None,
    **words: Any,
) -> None:
    """Change what the OME-Zarr at PATH says of itself, without touching pixels.

    Levels and labels of an image follow its scale, translation and unit. Of a plate, a well or a collection, what is
    said of images is changed in all images below it. What would not be valid is refused before anything is written.
    """
    if append_channel is not None:
        if any(words.values()):
            raise click.UsageError("--append-channel goes alone; make the other changes before or after")
        ((name, file),) = parse_assignments((append_channel,), "--append-channel").items()
        given = {"storage_options": storage_options, "registry": registry}
        _append(path, name, file, given, dry_run=dry_run, as_json=as_json)
        return
    from omezarr.checking.repair import carry_out
    from omezarr.editing import complete_interrupted, plan_metadata_edit

    if not dry_run:
        complete_interrupted(Location.parse(path, storage_options), registry)
    repair = plan_metadata_edit(path, storage_options=storage_options, registry=registry, **_changes(words))
    if not dry_run:
        carry_out(repair, registry)
    if as_json:
        from omezarr.checking.repair import change_as_dict

        echo_json({"path": path, "dry_run": dry_run, "changes": [change_as_dict(item) for item in repair.changes]})
    else:
        echo("\n".join(_lines(repair, dry=dry_run)))


def _append(path: str, name: str, file: str, given: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> None:
    """Append a channel, or say what that would write."""
    from omezarr.abc.plan import WriteLevels
    from omezarr.editing import append_channel, plan_appended_channel
    from omezarr.writing import RunOptions

    plan = plan_appended_channel(path, file, name, **given)
    if not dry_run:
        with progress_bar(f"Appending {name}") as progress:
            append_channel(path, file, name, run=RunOptions(progress=progress), **given)
    arrays = [spec for step in plan.steps if isinstance(step, WriteLevels) for spec in step.arrays]
    objects = sum(spec.units for spec in arrays)
    if as_json:
        echo_json({"path": path, "dry_run": dry_run, "channel": name, "levels": len(arrays), "objects": objects})
        return
    done = "Would append" if dry_run else "Appended"
    echo(f"{done} the channel {name}: {len(arrays)} levels, {objects} chunks at most; what is there stays as it is.")


def _changes(words: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        "name": words["name"],
        "scale": _numbers(words["scale"], "--scale"),
        "translation": _numbers(words["translation"], "--translation"),
        "units": _by_name(words["units"], "--unit"),
        "channels": dict(map(_channel, words["channels"])) or None,
        "default_z": words["default_z"],
        "default_t": words["default_t"],
        "label_colors": _keyed(words["label_colors"], "--label-color") or None,
        "label_properties": dict(map(_properties, words["label_properties"])) or None,
        "remove": words["remove"] or None,
        "rename": parse_assignments(words["rename"], "--rename") or None,
        "acquisitions": _keyed(words["acquisitions"], "--acquisition") or None,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    if words["measure_windows"]:
        changes["measure_windows"] = True
    if words["remove_labels"]:
        changes["remove_labels"] = words["remove_labels"]
    if not changes:
        raise click.UsageError("say what is to be changed; see: omezarr edit --help")
    return changes


def _by_name(text: str | None, option: str) -> str | dict[str, str] | None:
    if text is None or "=" not in text:
        return text
    return parse_assignments(tuple(text.split(",")), option)


def _numbers(text: str | None, option: str) -> float | dict[str, float] | None:
    given = _by_name(text, option)
    if given is None:
        return None
    if isinstance(given, dict):
        return {name: _number(value, option) for name, value in given.items()}
    return _number(given, option)


def _number(text: str, option: str) -> float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise ArgumentError(f"{option} takes numbers such as 0.5 or y=0.5,x=0.5, not {text!r}") from None


def _keyed(values: tuple[str, ...], option: str) -> dict[int, str]:
    pairs = parse_assignments(values, option)
    try:
        return {int(key): value for key, value in pairs.items()}
    except ValueError:
        raise ArgumentError(f"{option} takes a whole number before the =, not {values[0]!r}") from None


def _properties(text: str) -> tuple[int, dict[str, Any]]:
    """Return the value of a label and what is said of it: numbers and truth values are such.

    Examples
    --------
    >>> _properties("3:class=cell,area=12.5,alive=true,note=")
    (3, {'class': 'cell', 'area': 12.5, 'alive': True, 'note': None})
    """
    number, mark, rest = text.partition(":")
    if not mark or not number.isdecimal():
        raise ArgumentError(f"--label-property takes VALUE:KEY=VALUE,.. such as 3:class=cell, not {text!r}")
    found = parse_assignments(tuple(rest.split(",")), "--label-property")
    return int(number), {key: _plain(value) for key, value in found.items()}


def _plain(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text or None


def _channel(text: str) -> tuple[int, dict[str, Any]]:
    """Return the position of a channel and what is said of it.

    Examples
    --------
    >>> _channel("1:label=GFP,end=900")
    (1, {'label': 'GFP', 'window': {'end': 900}})
    """
    number, mark, rest = text.partition(":")
    if not mark or not number.isdecimal():
        raise ArgumentError(f"--channel takes N:KEY=VALUE,.. such as 0:label=DAPI,color=0000FF, not {text!r}")
    channel: dict[str, Any] = {}
    for key, value in parse_assignments(tuple(rest.split(",")), "--channel").items():
        if key not in CHANNEL_WORDS:
            raise ArgumentError(f"--channel knows no {key!r}; it takes {', '.join(CHANNEL_WORDS)}")
        if key in ("label", "color"):
            channel[key] = value
        elif key == "active":
            if value.lower() not in ("true", "false"):
                raise ArgumentError(f"--channel: active is true or false, not {value!r}")
            channel[key] = value.lower() == "true"
        else:
            channel.setdefault("window", {})[key] = _number(value, "--channel")
    return int(number), channel


def _lines(repair: Repair, *, dry: bool) -> Iterator[str]:
    from omezarr.abc.plan import DeleteKeys, TransferObjects
    from omezarr.checking.repair import change_line

    if repair.plan is None:
        yield f"{repair.location} says so already; nothing has to be changed."
        return
    yield "Would change" if dry else "Changed"
    yield from (f"  {change_line(change)}" for change in repair.changes)
    renamed = sum(len(step.pairs) for step in repair.plan.steps if isinstance(step, TransferObjects))
    deleted = sum(len(step.keys) for step in repair.plan.steps if isinstance(step, DeleteKeys)) - renamed
    if renamed:
        yield f"  {renamed} stored objects get other names"
    if deleted > 0:
        yield f"  {deleted} stored objects are deleted"
