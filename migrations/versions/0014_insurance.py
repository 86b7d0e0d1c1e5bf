"""Eligibility checks, authorizations and Medicare validations as FHIR resources."""

from alembic import context

revision = "0014_insurance"
down_revision = "0013_shadows"
branch_labels = None
depends_on = None

FILES: tuple[str, ...] = ("0014_projections", "0014_insurance")


def upgrade() -> None:
    """Run the SQL files of this revision."""
    for name in FILES:
        context.config.attributes["run_file"](name)


def downgrade() -> None:
    """Take everything back that upgrade made."""
    if FILES:
        context.config.attributes["run_file"]("0014_down")
