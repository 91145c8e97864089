"""Minutes of a meeting, each line with the words it rests on; and answers about a meeting."""
