"""The database: its tables, connections, migrations and the PostgreSQL that comes with the package."""
