"""Database roles and what they may touch."""

from alembic import context

revision = "0005_roles"
down_revision = "0004_triggers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0005_roles",):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0005_down")
