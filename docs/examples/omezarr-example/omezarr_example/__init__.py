"""A scaling method and a command for omezarr."""
