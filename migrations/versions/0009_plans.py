"""Indexes that searches over millions of rows need."""

from alembic import context

revision = "0009_plans"
down_revision = "0008_search_parameters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0009_plans",):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0009_down")
