"""One module for each migration. Released migrations are never changed."""
