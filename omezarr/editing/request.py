"""What of an OME-Zarr is to be different, as a user says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from omezarr.model import JSON, Channel


@frozen(kw_only=True)
class MetadataEdit:
    """What is to be different; what is None stays as it is.

    Parameters
    ----------
    name : str, optional
        Of the image or plate that is named, not of what lies below it.
    scale, translation : float, sequence or mapping, optional
        Size of a pixel and position of the first one at full resolution, as for `omezarr.write_image`; in a mapping,
        axes that are missing stay as they are. All levels and the labels of the image follow.
    units : str or mapping, optional
        One for all spatial axes, or by axis name; the labels of the image follow.
    channels : sequence or mapping, optional
        Names, JSON objects or `Channel` for all channels in their order, or for some by position; what a channel does
        not say stays.
    measure_windows : bool
        Whether the windows of channels that `channels` gives none are measured anew, from the smallest level.
    default_z, default_t : int, optional
        Which plane and time point viewers show at first.
    label_colors : mapping, optional
        Value of a label to its colour: six or eight hexadecimal digits, or four numbers from 0 to 255.
    label_properties : mapping, optional
        Value of a label to its properties, which are put beside those that it has; None takes one away.
    remove_labels : collection of str
        Names of label images that are deleted, pixels and all.
    acquisitions : mapping, optional
        Id of an acquisition of a plate to its name.
    remove : collection of str
        Wells and fields of a plate that are deleted, pixels and all, for example "B/2" and "A/1/0"; fields of a well.
    rename : mapping
        Wells and fields to their new paths, for example ``{"A/1": "A/2", "B/3/0": "B/3/1"}``.
    """

    name: str | None = None
    scale: float | Sequence[float] | Mapping[str, float] | None = None
    translation: Sequence[float] | Mapping[str, float] | None = None
    units: str | Mapping[str, str] | None = None
    channels: Sequence[str | Channel | Mapping[str, Any]] | Mapping[int, str | Channel | Mapping[str, Any]] | None = (
        None
    )
    measure_windows: bool = False
    default_z: int | None = None
    default_t: int | None = None
    label_colors: Mapping[int, str | Sequence[int]] | None = None
    label_properties: Mapping[int, Mapping[str, JSON]] | None = None
    remove_labels: Collection[str] = ()
    acquisitions: Mapping[int, str] | None = None
    remove: Collection[str] = ()
    rename: Mapping[str, str] = field(factory=dict)

    @property
    def of_images(self) -> bool:
        """Whether anything is said of images."""
        return self.places or self.shows

    @property
    def places(self) -> bool:
        """Whether anything is said of where pixels are."""
        return any(value is not None for value in (self.scale, self.translation, self.units))

    @property
    def shows(self) -> bool:
        """Whether anything is said of how images are displayed."""
        given = (self.channels, self.default_z, self.default_t)
        return self.measure_windows or any(value is not None for value in given)
