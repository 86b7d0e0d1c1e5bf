"""What our own conformance resources need."""

from alembic import context

revision = "0021_conformance"
down_revision = "0020_audit_events"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0021_conformance",)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0021_down")
