"""What Alembic runs first: it takes the connection, and its transaction, from `migrate.py`."""

from alembic import context

from ticketing.store.migrate import CONNECTION

context.configure(connection=context.config.attributes[CONNECTION])
context.run_migrations()
