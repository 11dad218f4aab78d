"""Counters that are written to the database a little later: downloads, and uses of API keys."""
