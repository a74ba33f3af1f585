"""The commands, each a plugin of its own."""
