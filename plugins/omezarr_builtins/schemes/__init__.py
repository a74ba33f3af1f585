"""Ways to reach stores."""
