"""The steps of requests and orders, obeyed by every writer and written down."""

from alembic import context

revision = "0016_lifecycles"
down_revision = "0015_documents"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = (
    "0016_tables",
    "0016_transitions",
    "0016_guards",
    "0016_facts",
    "0016_triggers",
    "0016_commissions",
)


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0016_down")
