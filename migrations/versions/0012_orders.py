"""Products, requests, orders and their lines as FHIR resources."""

from alembic import context

revision = "0012_orders"
down_revision = "0011_us_core"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0012_make_resource", "0012_projections", "0012_orders", "0012_grants"):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    # The grants as they were: their own files define them, and say what is not granted.
    for name in ("0012_down", "0005_roles", "0006_grants"):
        context.config.attributes["run_file"](name)
