"""Words of resources, positions of locations, and how names sound."""

from alembic import context

revision = "0007_text"
down_revision = "0006_composites"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in ("0007_text", "0007_near", "0007_phonetic"):
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    context.config.attributes["run_file"]("0007_down")
