"""Alembic's: `env.py` runs the files in `versions/`, which say step by step how the tables came to be as they are."""
