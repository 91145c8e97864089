"""Where documents come from, a module each."""
