"""What peers do not do with valid data, and why: checked in both directions by `test_peers.py`.

A refusal that is listed must happen, with the words that are listed, so that the list stays true; one that is not
listed is a failure.
"""

from __future__ import annotations

from attrs import frozen

ALL = ("image", "labels", "image-label", "plate", "well", "bioformats2raw", "scene")


@frozen(kw_only=True)
class Refusal:
    """Something that a peer refuses.

    Parameters
    ----------
    peer : str
    nodes, versions : tuple of str
    words : str
        Stands in the message of the peer.
    reason : str
        Why it refuses, and that it is not for us to mend.
    below : str, optional
        The first version of the peer that does not refuse any more.
    """

    peer: str
    nodes: tuple[str, ...]
    versions: tuple[str, ...]
    words: str
    reason: str
    below: str | None = None

    def covers(self, peer: str, version: str, node: str, installed: str) -> bool:
        """Say whether this is about a peer, in the version that is installed, and a kind of data."""
        return (
            peer == self.peer
            and version in self.versions
            and node in self.nodes
            and (self.below is None or _numbers(installed) < _numbers(self.below))
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())


READING = (
    Refusal(
        peer="ome-zarr",
        nodes=("bioformats2raw",),
        versions=("0.4", "0.5", "0.6"),
        words="yields nothing",
        reason="its reader knows images, labels, plates and wells only",
    ),
    Refusal(
        peer="ome-zarr",
        nodes=("image", "image-label"),
        versions=("0.6",),
        words="Unsupported OME-Zarr version: 0.6",
        reason="those that know 0.6 need Python 3.12",
        below="0.21",
    ),
    Refusal(
        peer="ome-zarr",
        nodes=("scene",),
        versions=("0.6",),
        words="OMEZarrScene",
        reason="those that know scenes need Python 3.12",
        below="0.21",
    ),
    Refusal(
        peer="ngff-zarr",
        nodes=("labels",),
        versions=("0.1", "0.2", "0.3", "0.4"),
        words="Could not detect NGFF version",
        reason="it opens images, and a list of labels is none",
    ),
    Refusal(
        peer="ngff-zarr",
        nodes=("labels",),
        versions=("0.5", "0.6"),
        words="'multiscales'",
        reason="it opens images, and a list of labels is none",
    ),
    Refusal(
        peer="ngff-zarr",
        nodes=("plate", "well"),
        versions=("0.1", "0.2", "0.3"),
        words="is not one of ['0.4']",
        reason="it knows plates from 0.4 on",
    ),
    Refusal(
        peer="ngff-zarr",
        nodes=("bioformats2raw",),
        versions=("0.4", "0.5", "0.6"),
        words="bioformats2raw container with 2 images",
        reason="it recognises a collection, and asks for one of its images",
    ),
    Refusal(
        peer="ome-zarr-models",
        nodes=("image", "image-label", "plate", "well"),
        versions=("0.1", "0.2", "0.3"),
        words="Could not successfully validate",
        reason="its models begin with 0.4; a list of labels passes, since it looks the same in all versions before 0.5",
    ),
    Refusal(
        peer="ome-zarr-models",
        nodes=("bioformats2raw",),
        versions=("0.5", "0.6"),
        words="Could not successfully validate",
        reason="it tries its model of collections for 0.4 only",
    ),
    Refusal(
        peer="ome-zarr-models",
        nodes=("image", "labels", "image-label", "plate", "well", "scene"),
        versions=("0.6",),
        words="Could not successfully validate",
        reason="those that know 0.6 need Python 3.12",
        below="1.8",
    ),
    Refusal(
        peer="yaozarrs",
        nodes=("image", "image-label", "plate", "well"),
        versions=("0.1", "0.2", "0.3"),
        words="is not implemented",
        reason="it knows 0.4 and 0.5",
    ),
    Refusal(
        peer="yaozarrs",
        nodes=ALL,
        versions=("0.6",),
        words="is not implemented",
        reason="it knows 0.4 and 0.5",
    ),
    Refusal(
        peer="yaozarrs",
        nodes=("labels",),
        versions=("0.1", "0.2", "0.3", "0.4"),
        words="Unable to determine OME-Zarr version",
        reason="nothing in a list of labels says its version before 0.5, and the specification asks for nothing",
    ),
    Refusal(
        peer="ome-zarr",
        nodes=("image", "image-label"),
        versions=("0.9.dev1",),
        words="Unsupported OME-Zarr version",
        reason="it knows no draft",
    ),
    Refusal(
        peer="ngff-zarr",
        nodes=("labels",),
        versions=("0.9.dev1",),
        words="'multiscales'",
        reason="it opens images, and a list of labels is none",
    ),
    Refusal(
        peer="ome-zarr-models",
        nodes=("image", "labels", "image-label"),
        versions=("0.9.dev1",),
        words="Could not successfully validate",
        reason="it knows no draft",
    ),
    Refusal(
        peer="yaozarrs",
        nodes=("image", "labels", "image-label"),
        versions=("0.9.dev1",),
        words="is not implemented",
        reason="it knows 0.4 and 0.5",
    ),
)
"""What peers refuse of what omezarr writes."""

WRITING = (
    Refusal(
        peer="ome-zarr",
        nodes=("image", "scene"),
        versions=("0.6",),
        words="",
        reason="those that know 0.6 need Python 3.12",
        below="0.21",
    ),
)
"""What peers cannot write."""
