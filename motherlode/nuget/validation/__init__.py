"""What makes a package invalid, or deserves a warning. Begin at `rules.py`."""
