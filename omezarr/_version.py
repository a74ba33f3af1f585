"""The version, for the package and for its build alike."""

__version__ = "0.1.0"
