"""A plugin of omezarr for every extension axis, each small and whole."""
