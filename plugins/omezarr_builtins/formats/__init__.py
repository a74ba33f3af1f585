"""Versions of the NGFF specification."""
