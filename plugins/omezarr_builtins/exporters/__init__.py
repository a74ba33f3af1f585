"""Writers of files that are not OME-Zarr."""
