"""Minutes of meetings as bot, workers and storage share them: their shape, and how people correct them."""
