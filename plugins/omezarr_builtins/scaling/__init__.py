"""Built-in scaling methods, one per module."""
