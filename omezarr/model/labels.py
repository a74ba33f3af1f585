"""Label images and the groups that hold them.

Source: OME-NGFF "labels", "image-label" (all versions).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from omezarr.model._base import JSON, UNSET, Unset, extra, named


@frozen
class Labels:
    """The key ``labels``: paths of label images below the group, each a zarr group."""

    paths: tuple[str, ...]


@frozen
class LabelColor:
    """The colour of one label value, as four integers from 0 to 255."""

    label_value: int | float = named("label-value")
    rgba: tuple[int, ...] | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen
class LabelProperty:
    """What is known of one label value; the properties themselves are in `extra`."""

    label_value: int | float = named("label-value")
    extra: Mapping[str, JSON] = extra()


@frozen
class LabelSource:
    """The image that was segmented, relative to the label group; "../../" where unset."""

    image: str | Unset = UNSET
    extra: Mapping[str, JSON] = extra()


@frozen(kw_only=True)
class ImageLabel:
    """The key ``image-label``: colours and properties of label values, and the source image."""

    colors: tuple[LabelColor, ...] | Unset = UNSET
    properties: tuple[LabelProperty, ...] | Unset = UNSET
    source: LabelSource | Unset = UNSET
    version: JSON | Unset = UNSET
    extra: Mapping[str, JSON] = extra()
