"""E-mail drafts as bot, workers and storage share them, and the port that mail channels stand behind."""
