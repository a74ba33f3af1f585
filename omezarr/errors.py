"""The errors and warnings that omezarr raises, each also of the standard type that a caller would catch.

::

    OMEZarrError
    ├── LocationNotFoundError (FileNotFoundError)   nothing is there
    ├── StorageError (OSError)                      a store did not answer as it should
    │   └── AccessDeniedError (PermissionError)     it refused to answer
    ├── NotOMEZarrError (ValueError)                something is there, but no OME-Zarr
    ├── MetadataError (ValueError)                  the metadata is malformed
    ├── IncompleteError (ValueError)                a hierarchy whose writing never finished
    ├── ArgumentError (ValueError)                  the request makes no sense
    ├── UnsupportedError (ValueError)               the request makes sense, but not for this version, store or method
    │   ├── LossyError                              metadata would be lost
    │   ├── MemoryBoundError                        the work does not fit in the memory that was allowed
    │   └── NotInvertibleError                      a coordinate transformation leads in one direction only
    ├── SourceError (ValueError)                    pixels to be imported cannot be read
    ├── TargetExistsError (FileExistsError)         the target is there already
    ├── LockedError (OSError)                       somebody else is writing there
    ├── WriteError (OSError)                        writing failed midway
    ├── MissingDependencyError (ImportError)        an optional package is not installed
    ├── UnknownNameError (KeyError)                 no plugin provides that name
    ├── ConflictError (ValueError)                  several plugins claim the same thing
    └── PluginError (RuntimeError)                  a plugin broke its contract

    OMEZarrWarning (UserWarning)
    └── ToleranceWarning                            metadata off the specification was understood all the same

Examples
--------
>>> try:
...     raise LocationNotFoundError("image.zarr does not exist")
... except FileNotFoundError as error:
...     print(error)
image.zarr does not exist
"""

from __future__ import annotations


class OMEZarrError(Exception):
    """The root of all errors that omezarr raises on purpose."""


class LocationNotFoundError(OMEZarrError, FileNotFoundError):
    """Nothing is stored at the location."""


class StorageError(OMEZarrError, OSError):
    """A store could not be reached or refused the request."""


class AccessDeniedError(StorageError, PermissionError):
    """A store refused a request; some do so, too, where nothing is stored."""


class NotOMEZarrError(OMEZarrError, ValueError):
    """The location holds something, but no zarr group that any format recognises."""


class MetadataError(OMEZarrError, ValueError):
    """Metadata is not what its version says it is.

    Parameters
    ----------
    message : str
        What is wrong, with its JSON path.
    path : tuple of (str or int)
        The JSON path inside the attributes, outermost key first.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        """Return the message, after the JSON path in the notation ``multiscales[0].datasets``."""
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).removeprefix(".")
        return f"{where}: {self.message}" if where else self.message

    def below(self, *path: str | int) -> MetadataError:
        """Return the same error, seen from further outside."""
        return MetadataError(self.message, (*path, *self.path))


class IncompleteError(OMEZarrError, ValueError):
    """The hierarchy was never finished; resume or remove it."""


class ArgumentError(OMEZarrError, ValueError):
    """An argument has a value that nothing could satisfy."""


class UnsupportedError(OMEZarrError, ValueError):
    """What is asked for is beyond this format version, store, method or source."""


class LossyError(UnsupportedError):
    """Writing would lose metadata that was given, and this was not allowed."""


class MemoryBoundError(UnsupportedError):
    """The smallest piece of work needs more memory than was allowed."""


class NotInvertibleError(UnsupportedError):
    """A coordinate transformation has no inverse; the message says why."""


class SourceError(OMEZarrError, ValueError):
    """A source of pixels is broken, truncated or of an unknown kind."""


class TargetExistsError(OMEZarrError, FileExistsError):
    """The target exists and overwriting was not asked for, or would remove something else."""


class LockedError(OMEZarrError, OSError):
    """Another process is writing to the target."""


class WriteError(OMEZarrError, OSError):
    """Writing failed; the message says what remains and how to go on."""


class MissingDependencyError(OMEZarrError, ImportError):
    """A part needs a package that is not installed; the message names the extra."""


class UnknownNameError(OMEZarrError, KeyError):
    """No plugin provides a contribution of that name."""

    def __str__(self) -> str:
        """Return the message as it is; ``KeyError`` would show its representation."""
        return str(self.args[0]) if self.args else ""


class ConflictError(OMEZarrError, ValueError):
    """Several contributions claim the same name or location with equal right."""


class PluginError(OMEZarrError, RuntimeError):
    """A plugin returned what its interface does not allow."""


class OMEZarrWarning(UserWarning):
    """The root of all warnings that omezarr gives."""


class ToleranceWarning(OMEZarrWarning):
    """Metadata deviates from the specification but has one clear meaning, which was taken."""
