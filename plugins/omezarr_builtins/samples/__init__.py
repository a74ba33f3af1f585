"""Data for trying things out: the same at every call, made without a network."""
