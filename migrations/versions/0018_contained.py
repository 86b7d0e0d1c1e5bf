"""What searches of contained resources need."""

from alembic import context

revision = "0018_contained"
down_revision = "0017_order_details"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0018_contained",)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0018_down")
