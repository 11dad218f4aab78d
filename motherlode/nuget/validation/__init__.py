"""What makes a package invalid or deserves a warning. Start with `rules.py`."""
