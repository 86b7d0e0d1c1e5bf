"""Search parameters of US Core, and how far a rebuild of index rows is."""

from alembic import context

revision = "0011_us_core"
down_revision = "0010_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0011_us_core",):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0011_down")
