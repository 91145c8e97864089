"""Minutes of a meeting, thread or chat, each line with its evidence."""
