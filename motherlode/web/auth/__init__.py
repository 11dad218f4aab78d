"""Authentication and authorization over HTTP: reads credentials, checks them, and caches the results."""
