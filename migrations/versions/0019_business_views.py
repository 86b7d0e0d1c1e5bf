"""What callers without PHI rights may see."""

from alembic import context

revision = "0019_business_views"
down_revision = "0018_contained"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0019_business_views",)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0019_down")
