"""The chat platforms, a folder each. None imports another."""
