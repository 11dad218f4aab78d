"""Search: keeps the index up to date with the catalog, and caches results."""
