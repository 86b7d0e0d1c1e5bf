"""Resources that show a part of another resource's row."""

from alembic import context

revision = "0013_shadows"
down_revision = "0012_orders"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0013_shadows",)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0013_down")
