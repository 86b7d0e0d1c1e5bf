"""Additive columns, child tables and indexes that FHIR needs; existing rows become version 1."""

from alembic import context

revision = "0002_additions"
down_revision = "0001_portal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in (
        "0002_functions",
        "0002_normalize",
        "0002_versions",
        "0002_patients",
        "0002_resources",
    ):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0002_down")
