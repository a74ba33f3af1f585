"""Web sites that show images."""
