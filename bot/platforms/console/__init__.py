"""Steward in a terminal, for people and scripts: `steward ask` and `steward run`."""
