"""Zip archives, read entry by entry within limits, and the names of their entries."""
