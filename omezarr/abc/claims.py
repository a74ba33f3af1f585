"""What contributions answer when they are asked, and what they are told when they are asked."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.model import JSON


class Certainty(IntEnum):
    """How sure a format version is that a group is of its kind."""

    SHAPE = 1
    """The document looks like one of this version."""
    HINT = 2
    """A parent or child is of this version."""
    EXPLICIT = 3
    """The document names this version."""


@frozen
class Claim:
    """What a contribution answers when asked whether something is for it.

    Parameters
    ----------
    specificity : int
        The highest of all claims wins; two equal highest ones are an error that names both. Formats use `Certainty`,
        all others the numbers below, or what lies between them.
    reason : str
        Why, in words that fit behind "because".

    Attributes
    ----------
    FALLBACK : int
        It may be for this one, if for nobody else: a library opens much of the kind.
    NAME : int
        Its protocol or the end of its name says so.
    KIND : int
        What it holds is of a kind that another may know more closely, as a zarr hierarchy that may be a single array.
    INSIDE : int
        What is inside says so, such as its first bytes; or it lies in a container.
    OPENED : int
        The caller has opened it already.
    KEY : int
        Of a node type: the document has its key, or the place of the group says so.
    CLOSER_KEY : int
        Of a node type: it has the key beside that of another type, and is more of this one; a label image is an image.
    """

    FALLBACK, NAME, KIND, INSIDE, OPENED, KEY, CLOSER_KEY = 1, 10, 15, 20, 30, 1, 2

    specificity: int
    reason: str


@frozen(kw_only=True)
class Hint:
    """What is known of a node before it is opened, from the one that refers to it.

    Parameters
    ----------
    format_version : str, optional
        The NGFF version of the parent or child.
    node_key : str, optional
        The key of the node type that is expected.
    path : str
        The path of the node, as far as it is known, for example "labels/cells".
    keys : frozenset of str
        The keys of all node types that there are, when a format is asked; by them, attributes are known for a document
        where nothing else tells it apart.
    """

    format_version: str | None = None
    node_key: str | None = None
    path: str = ""
    keys: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Reference:
    """A group or array that a node names.

    Parameters
    ----------
    path : str
        Relative to the node, as the metadata gives it.
    role : {"level", "child"}
        A resolution level (an array), or a node of its own (a group).
    hint : Hint
        Passed on when the child is opened.
    optional : bool
        Whether it may be absent: then it is left out without a word. What metadata names is not optional.
    """

    path: str
    role: Literal["level", "child"]
    hint: Hint = Hint()
    optional: bool = False


@frozen(kw_only=True)
class ArrayFacts:
    """What the arrays of a node tell about it.

    Parameters
    ----------
    path : str
        Relative to the node.
    shape : tuple of int
    dtype : str
        A numpy name, for example "uint16".
    dimension_names : tuple of (str or None), optional
    attributes : mapping
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    dimension_names: tuple[str | None, ...] | None = None
    attributes: Mapping[str, JSON] = field(factory=dict)
