"""Index rows of composite parameters, and amounts in canonical units."""

from alembic import context

revision = "0006_composites"
down_revision = "0005_roles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0006_composites", "0006_ucum_units", "0006_moments", "0006_grants"):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0006_down")
