"""In-memory counters that are written to the database in batches: downloads, and uses of API keys."""
