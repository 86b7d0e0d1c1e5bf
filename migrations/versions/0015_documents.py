"""Episodes, submissions, commissions and opportunities as FHIR resources."""

from alembic import context

revision = "0015_documents"
down_revision = "0014_insurance"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0015_parameters", "0015_projections", "0015_documents", "0015_shadows")


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0015_down")
