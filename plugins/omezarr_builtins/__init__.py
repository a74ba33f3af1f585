"""The plugins that omezarr ships."""
