"""Alembic migrations: env.py, one script per revision in versions/, their SQL in sql/."""
