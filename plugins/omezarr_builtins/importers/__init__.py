"""Readers of what is to become OME-Zarr.

How specific their claims are: 1 for a location that could hold anything, 10 for a suffix, 20 for a look at the content.
"""
