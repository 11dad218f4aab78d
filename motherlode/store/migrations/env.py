"""Run by Alembic. Migrations use the unit of work that `Database.upgrade` opened, so they are all or nothing."""

from alembic import context

from motherlode.store.database import schema

context.configure(connection=context.config.attributes["connection"], target_metadata=schema.metadata)
context.run_migrations()
