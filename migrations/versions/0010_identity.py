"""Legal FHIR ids for rows whose own id is none."""

from alembic import context

revision = "0010_identity"
down_revision = "0009_plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0010_identity",):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0010_down")
