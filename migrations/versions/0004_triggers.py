"""Versions, copies of other tables and append-only audit, by trigger."""

from alembic import context

revision = "0004_triggers"
down_revision = "0003_stores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in (
        "0004_patients",
        "0004_practitioners",
        "0004_facilities_observations",
        "0004_audit",
        "0004_backfill",
        "0004_versioning",
    ):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0004_down")
