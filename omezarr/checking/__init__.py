"""Whether a hierarchy is right, and mending it where it is not."""
