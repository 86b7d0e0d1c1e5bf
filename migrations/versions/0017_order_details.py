"""What requests and orders show of their lines and shipments."""

from alembic import context

revision = "0017_order_details"
down_revision = "0016_lifecycles"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0017_requested_products", "0017_shipments", "0017_roles", "0017_search")


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0017_down")
