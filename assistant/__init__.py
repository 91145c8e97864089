"""What Steward's three programs share: the data that travels, tables, settings, errors, queue, knowledge."""
