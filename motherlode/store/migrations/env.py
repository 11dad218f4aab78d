"""Run by Alembic: migrations go through the unit of work that `Database.upgrade` opened, so all or nothing holds."""

from alembic import context

from motherlode.store.database import schema

context.configure(connection=context.config.attributes["connection"], target_metadata=schema.metadata)
context.run_migrations()
