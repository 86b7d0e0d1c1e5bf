"""Search parameters that administrators add, and how far their index rows are."""

from alembic import context

revision = "0008_search_parameters"
down_revision = "0007_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0008_search_parameters",):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0008_down")
