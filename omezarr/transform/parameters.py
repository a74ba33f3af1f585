"""The numbers of a transformation as numpy arrays, whether they stand in the document or in an array of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import MetadataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omezarr.model import Affine, Rotation, Scale, Translation
    from omezarr.transform.resolver import Resolver

    Floats = npt.NDArray[np.float64]


def scale_factors(transformation: Scale, resolver: Resolver) -> Floats:
    """Return the factors of a scale: shape (axes,)."""
    return _numbers("scale", transformation.scale, transformation.path, resolver, ndim=1)


def translation_offsets(transformation: Translation, resolver: Resolver) -> Floats:
    """Return the offsets of a translation: shape (axes,)."""
    return _numbers("translation", transformation.translation, transformation.path, resolver, ndim=1)


def affine_matrix(transformation: Affine, resolver: Resolver) -> Floats:
    """Return the matrix of an affine transformation: shape (outputs, inputs + 1), the last column the translation."""
    return _numbers("affine", transformation.affine, transformation.path, resolver, ndim=2)


def rotation_matrix(transformation: Rotation, resolver: Resolver) -> Floats:
    """Return the matrix of a rotation, as given: shape (axes, axes).

    Published matrices have as few as three decimals; they are neither refused nor orthonormalised here.
    """
    matrix = _numbers("rotation", transformation.rotation, transformation.path, resolver, ndim=2)
    if matrix.shape[0] != matrix.shape[1]:
        raise MetadataError(f"the rotation has {matrix.shape[0]} rows and {matrix.shape[1]} columns; it must be square")
    return matrix


def inverse_matrix(matrix: Floats) -> Floats | None:
    """Return the inverse of a square matrix, None where it has none.

    Axes may have very different units, so rows and columns are brought to a common size before the matrix is judged.
    """
    import numpy as np

    rows = np.abs(matrix).max(axis=1, initial=0.0)
    if not np.isfinite(matrix).all() or (rows == 0).any():
        return None
    balanced = matrix / rows[:, np.newaxis]
    columns = np.abs(balanced).max(axis=0, initial=0.0)
    if (columns == 0).any():
        return None
    balanced = balanced / columns
    if np.linalg.cond(balanced) > _SINGULAR:
        return None
    inverse: Floats = np.linalg.inv(balanced) / rows / columns[:, np.newaxis]
    return inverse


_SINGULAR = 1e14
"""A balanced matrix with a larger condition number leaves no correct digit in its inverse."""


def _numbers(key: str, inline: Any, path: Any, resolver: Resolver, *, ndim: int) -> Floats:
    import numpy as np

    where = f"the {key}"
    if inline:
        values: Any = inline
    elif path:
        where = f"the {key} at {path!r}"
        array = resolver.array(path)
        values = array[(slice(None),) * len(array.shape)]
    else:
        raise MetadataError(f"the {key} has no numbers: neither {key!r} nor 'path' is given")
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MetadataError(f"{where} must have rows of equally many numbers") from error
    if numbers.ndim != ndim or numbers.size == 0:
        raise MetadataError(f"{where} must have {ndim} dimension{'' if ndim == 1 else 's'}, not {numbers.ndim}")
    return numbers
