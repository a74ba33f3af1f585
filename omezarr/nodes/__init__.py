"""What is there: stores opened, formats and node types recognised, nodes with their children and levels."""
