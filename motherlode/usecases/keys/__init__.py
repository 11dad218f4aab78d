"""Use cases for API keys and verification keys."""
