"""What broke, where it began, what changed, and the lines that show it."""
