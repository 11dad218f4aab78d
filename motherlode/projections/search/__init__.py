"""Search results: the index kept in step with the catalog, and results that are remembered."""
