"""Alembic's entry: runs the revisions on the connection that fhir_server.persistence.migrate hands over.

https://alembic.sqlalchemy.org/en/latest/tutorial.html
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=context.config.attributes.get("target_metadata"))
with context.begin_transaction():
    context.run_migrations()
