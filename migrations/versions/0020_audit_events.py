"""Audit rows as FHIR resources."""

from alembic import context

revision = "0020_audit_events"
down_revision = "0019_business_views"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0020_logs",)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0020_down")
