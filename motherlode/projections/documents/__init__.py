"""The document cache: documents are rendered from the database, and dropped when the catalog shows a change."""
