"""What each database role can and cannot do."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

Session = Connection[dict[str, Any]]

PHI_TABLES = (
    "fhir_patients",
    "fhir_patient_names",
    "fhir_patient_identifiers",
    "fhir_patient_addresses",
    "fhir_patient_telecoms",
    "fhir_patient_strings",
    "fhir_observations",
    "eligibility_checks",
    "prior_authorizations",
    "medicare_mac_validations",
    "patient_manufacturer_ivr_episodes",
    "docuseal_submissions",
    "clinical_opportunities",
    "order_audit_logs",
    "fhir_audit_logs",
    "phi.fhir_resources",
    "phi.documents",
    "phi.token_index",
    "phi.string_index",
    "history.fhir_patients",
    "history.fhir_observations",
)


@pytest.fixture
def role(portal: Session, request: pytest.FixtureRequest) -> Session:
    """A session that has become the role of the test's marker."""
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    portal.execute(f"SET ROLE {request.param}")
    return portal


@pytest.mark.parametrize("table", PHI_TABLES)
@pytest.mark.parametrize("role", ["fhir_business"], indirect=True)
def test_business_cannot_read_a_table_with_phi(role: Session, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("table", ["product_requests", "orders", "order_items", "users", "open.documents"])
@pytest.mark.parametrize("role", ["fhir_business"], indirect=True)
def test_business_reads_no_table_that_holds_phi_in_some_columns(role: Session, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(f"SELECT updated_at FROM {table}" if "." not in table else f"SELECT fhir_id FROM {table}")


@pytest.mark.parametrize("role", ["fhir_business"], indirect=True)
def test_business_reads_views_and_adds_to_the_audit(role: Session) -> None:
    for view in ("orders", "order_items", "product_requests", "products", "organizations", "documents", "token_index"):
        assert role.execute(f"SELECT * FROM business.{view}").fetchall() == []
    role.execute("INSERT INTO fhir_audit_logs (resource_type, operation) VALUES ('Task', 'read')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute("SELECT FROM business_private.opaque_key")


@pytest.mark.parametrize("role", ["fhir_portal"], indirect=True)
def test_the_portal_writes_its_tables_and_never_sees_history(role: Session) -> None:
    role.execute("UPDATE fhir_patients SET phone = '1'")
    role.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    role.execute("INSERT INTO organizations (name) VALUES ('A')")
    role.execute("DELETE FROM fhir_patients")
    role.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    assert role.execute("SELECT version_id FROM fhir_patients").fetchone() == {"version_id": 5}
    for table in ("history.fhir_patients", "fhir_tombstones", "phi.documents"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("role", ["fhir_app"], indirect=True)
def test_the_server_deletes_softly_only(role: Session) -> None:
    role.execute("UPDATE fhir_patients SET deleted_at = now()")
    for table in ("fhir_patients", "fhir_observations", "fhir_audit_logs", "users", "orders"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(f"DELETE FROM {table}")
    for statement in ("UPDATE fhir_audit_logs SET status = 1", "DELETE FROM history.fhir_patients"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(statement)


@pytest.mark.parametrize("role", ["fhir_app"], indirect=True)
def test_the_server_writes_stores_index_rows_and_audit(role: Session) -> None:
    role.execute(
        "INSERT INTO phi.fhir_resources (resource_type, fhir_id, document_version) VALUES ('Condition', 'c', 1)"
    )
    role.execute("INSERT INTO phi.documents VALUES ('Condition', 'c', 1, '{}', 'POST')")
    role.execute("INSERT INTO phi.token_index (parameter, code, resource_key) VALUES (1, 'x', 1)")
    role.execute("DELETE FROM phi.token_index")
    role.execute("INSERT INTO fhir_audit_logs (resource_type, operation) VALUES ('Condition', 'create')")
    role.execute("SELECT fhir_create_audit_partitions(1)")
    role.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    role.execute("DELETE FROM fhir_patient_names")
    role.execute("SELECT 1 FROM history.fhir_patients")
