"""The portal's tables as its description gives them, in PostgreSQL's types."""

from alembic import context

revision = "0001_portal"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in (
        "0001_accounts",
        "0001_clinical",
        "0001_orders",
        "0001_insurance",
        "0001_audit",
        "0001_updated_at",
    ):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0001_down")
