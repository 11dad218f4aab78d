"""The migrations for Alembic: `env.py` runs the steps in `versions/`, which create and change the tables."""
