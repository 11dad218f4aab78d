"""What is done with API keys."""
