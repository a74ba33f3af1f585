"""The interface of web sites that show images."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit


class Viewer(ABC):
    """A web site that reads an OME-Zarr from an address, and shows it.

    Attributes
    ----------
    name : str
    description : str
        One line: what it shows, and of whom it is.
    site : str
        Its address. Scripts from its origin, and no others, may read what is served.

    Examples
    --------
    The smallest one:

    >>> from omezarr.abc import Viewer
    >>> class Plain(Viewer):
    ...     name = "plain"
    ...     description = "Shows images."
    ...     site = "https://plain.example/"
    >>> Plain().origin
    'https://plain.example'
    >>> Plain().address("http://127.0.0.1:8765/x/a.zarr", None)
    'https://plain.example/?source=http%3A%2F%2F127.0.0.1%3A8765%2Fx%2Fa.zarr'
    """

    name: ClassVar[str]
    description: ClassVar[str]
    site: str

    @property
    def origin(self) -> str:
        """Scheme, host and port of the site."""
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    def address(self, source: str, node: Any) -> str:
        """Return the address that shows what is at a source; by default with the query ``source``.

        Parameters
        ----------
        source : str
            Where the root of the hierarchy is served.
        node : Node
            What is there. `omezarr.abc` lies below nodes, so that it is not named as a type.
        """
        return f"{self.site}{'&' if '?' in self.site else '?'}source={quote(source, safe='')}"
