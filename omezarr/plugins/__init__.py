"""How contributions are found: plugins loaded and guarded, and the registry that everything else asks."""
