"""The generic stores with their index tables, and the history of every resource table."""

from alembic import context

revision = "0003_stores"
down_revision = "0002_additions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in (
        "0003_store_phi",
        "0003_store_open",
        "0003_history",
    ):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0003_down")
