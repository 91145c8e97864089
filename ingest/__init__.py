"""The document side: list a source, parse, split, embed, store, and remove what vanished."""
