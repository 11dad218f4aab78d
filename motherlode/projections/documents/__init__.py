"""Documents in memory: rendered from the database, dropped when the catalog shows a change."""
