"""Reading and mining logs: formats, templates, statistics, detectors. Knows nothing of jobs or chat."""
