"""The version protocol, sentence by sentence, on every table whose rows are resources."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

Session = Connection[dict[str, Any]]

# table, history, columns and values of a minimal row, a column that the portal changes, where the row is
TABLES = {
    "fhir_patients": ("history.fhir_patients", "fhir_id, gender", "'a', 'male'", "phone", "Patient"),
    "fhir_practitioners": ("history.fhir_practitioners", "fhir_id", "'a'", "npi_number", "Practitioner"),
    "fhir_facilities": ("history.fhir_facilities", "fhir_id, name", "'a', 'Clinic'", "status", "Location"),
    "organizations": ("history.organizations", "fhir_id, name", "'a', 'Acme'", "city", "Organization"),
    "manufacturers": ("history.manufacturers", "fhir_id, name", "'a', 'Maker'", "website", "Organization"),
    "phi.fhir_resources": (
        "history.phi_fhir_resources",
        "resource_type, fhir_id, document_version",
        "'Condition', 'a', 1",
        "patient_fhir_id",
        "Condition",
    ),
    "open.fhir_resources": (
        "history.open_fhir_resources",
        "resource_type, fhir_id, document_version",
        "'Endpoint', 'a', 1",
        "patient_fhir_id",
        "Endpoint",
    ),
}


def one(session: Session, query: str, *parameters: Any) -> dict[str, Any]:
    row = session.execute(query, parameters).fetchone()
    assert row is not None
    return row


def value(session: Session, query: str, *parameters: Any) -> Any:
    return next(iter(one(session, query, *parameters).values()))


def patient(session: Session, fhir_id: str = "a", **columns: Any) -> dict[str, Any]:
    session.execute("INSERT INTO fhir_patients (fhir_id, gender) VALUES (%s, 'male')", (fhir_id,))
    return row_of(session, fhir_id)


def row_of(session: Session, fhir_id: str = "a") -> dict[str, Any]:
    return one(session, "SELECT * FROM fhir_patients WHERE fhir_id = %s", fhir_id)


def history_of(session: Session, fhir_id: str = "a") -> list[dict[str, Any]]:
    query = "SELECT * FROM history.fhir_patients WHERE fhir_id = %s ORDER BY version_id"
    return session.execute(query, (fhir_id,)).fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_insert_update_delete_and_insert_again_are_versions_one_to_four(portal: Session, table: str) -> None:
    history, columns, values, column, resource_type = TABLES[table]
    portal.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
    assert value(portal, f"SELECT version_id FROM {table}") == 1
    portal.execute(f"UPDATE {table} SET {column} = 'x'")
    assert value(portal, f"SELECT version_id FROM {table}") == 2
    portal.execute(f"DELETE FROM {table}")
    versions = [row["version_id"] for row in portal.execute(f"SELECT * FROM {history} ORDER BY version_id")]
    assert versions == [1, 2]
    tombstone = one(portal, "SELECT * FROM fhir_tombstones")
    assert (tombstone["resource_type"], tombstone["fhir_id"], tombstone["version_id"]) == (resource_type, "a", 3)
    portal.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
    assert value(portal, f"SELECT version_id FROM {table}") == 4
    assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_history_row_is_the_replaced_row(portal: Session, table: str) -> None:
    history, columns, values, column, _ = TABLES[table]
    portal.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
    before = one(portal, f"SELECT * FROM {table}")
    portal.execute(f"UPDATE {table} SET {column} = 'x'")
    assert one(portal, f"SELECT * FROM {history}") == before


@pytest.mark.parametrize("table", TABLES)
def test_truncate_is_refused(portal: Session, table: str) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="history"):
        portal.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", ["organizations", "manufacturers"])
def test_the_portal_need_not_know_of_logical_ids(portal: Session, table: str) -> None:
    portal.execute(f"INSERT INTO {table} (name) VALUES ('A'), ('B')")
    ids = [row["fhir_id"] for row in portal.execute(f"SELECT fhir_id FROM {table}")]
    assert len(set(ids)) == 2
    assert all(len(fhir_id) == 36 for fhir_id in ids)


def test_resource_keys_are_unique_over_all_tables(portal: Session) -> None:
    keys = []
    for table, (_, columns, values, _, _) in TABLES.items():
        portal.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
        keys.append(value(portal, f"SELECT resource_key FROM {table}"))
    assert len(set(keys)) == len(TABLES)


def test_version_columns_given_by_an_insert_are_ignored(portal: Session) -> None:
    portal.execute(
        "INSERT INTO fhir_patients (fhir_id, version_id, version_xid, updated_at) VALUES ('a', 9, '1', '1999-01-01')"
    )
    row = row_of(portal)
    assert row["version_id"] == 1
    assert row["updated_at"].year > 2000
    assert value(portal, "SELECT version_xid <> '1' FROM fhir_patients")


def test_version_columns_given_by_an_update_are_ignored(portal: Session) -> None:
    before = patient(portal)
    portal.execute("UPDATE fhir_patients SET version_id = 9, resource_key = 99, version_xid = '1', updated_at = now()")
    assert row_of(portal) == before
    assert history_of(portal) == []


def test_an_update_that_changes_nothing_makes_no_version(portal: Session) -> None:
    before = patient(portal)
    portal.execute("UPDATE fhir_patients SET gender = 'male', phone = NULL")
    assert row_of(portal) == before
    assert history_of(portal) == []


def test_a_change_of_json_that_only_its_text_shows_makes_a_version(portal: Session) -> None:
    patient(portal)
    observation = (
        "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, value_data) VALUES ('o', 'a', 'c', %s)"
    )
    portal.execute(observation, ('{"value": 1.0}',))
    portal.execute("UPDATE fhir_observations SET value_data = '{\"value\": 1.00}'")
    assert value(portal, "SELECT version_id FROM fhir_observations") == 2


def test_updated_at_is_in_milliseconds_and_never_goes_back(portal: Session) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    first = row_of(portal)["updated_at"]
    assert first.microsecond % 1000 == 0
    portal.execute("ALTER TABLE fhir_patients DISABLE TRIGGER USER")
    portal.execute("UPDATE fhir_patients SET updated_at = '2999-01-01'")
    portal.execute("ALTER TABLE fhir_patients ENABLE TRIGGER USER")
    portal.execute("UPDATE fhir_patients SET phone = '1'")
    assert row_of(portal)["updated_at"].year == 2999


def test_a_transaction_makes_one_version_however_often_it_writes(portal: Session) -> None:
    before = patient(portal)
    with portal.transaction():
        portal.execute("UPDATE fhir_patients SET phone = '1'")
        portal.execute("UPDATE fhir_patients SET phone = '2'")
        portal.execute("UPDATE fhir_patients SET email = 'a@b.c'")
    row = row_of(portal)
    assert (row["version_id"], row["phone"], row["email"]) == (2, "2", "a@b.c")
    assert history_of(portal) == [before]


def test_an_insert_and_updates_of_one_transaction_are_version_one(portal: Session) -> None:
    with portal.transaction():
        patient(portal)
        portal.execute("UPDATE fhir_patients SET phone = '1'")
    assert row_of(portal)["version_id"] == 1
    assert history_of(portal) == []


def test_a_rolled_back_savepoint_leaves_no_trace(portal: Session) -> None:
    before = patient(portal)
    with portal.transaction():
        with portal.transaction(force_rollback=True):
            portal.execute("UPDATE fhir_patients SET phone = '1'")
        assert row_of(portal) == before
        portal.execute("UPDATE fhir_patients SET phone = '2'")
    assert row_of(portal)["version_id"] == 2
    assert history_of(portal) == [before]


def test_a_savepoint_after_a_write_belongs_to_the_same_version(portal: Session) -> None:
    patient(portal)
    with portal.transaction():
        portal.execute("UPDATE fhir_patients SET phone = '1'")
        with portal.transaction():
            portal.execute("UPDATE fhir_patients SET phone = '2'")
    assert row_of(portal)["version_id"] == 2
    assert len(history_of(portal)) == 1


def test_a_logical_id_cannot_be_changed(portal: Session) -> None:
    patient(portal)
    with pytest.raises(psycopg.errors.CheckViolation, match="identity") as refused:
        portal.execute("UPDATE fhir_patients SET fhir_id = 'b'")
    assert refused.value.diag.column_name == "fhir_id"


def test_rows_that_come_by_copy_are_versions(portal: Session) -> None:
    with portal.cursor().copy("COPY fhir_patients (fhir_id, gender) FROM STDIN") as copy:
        for number in range(5):
            copy.write_row((f"p{number}", "male"))
    rows = portal.execute("SELECT version_id, version_xid::text FROM fhir_patients").fetchall()
    assert [row["version_id"] for row in rows] == [1] * 5
    assert len({row["version_xid"] for row in rows}) == 1


def test_one_statement_over_many_rows_versions_each_of_them(portal: Session) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) SELECT 'p' || n FROM generate_series(1, 500) n")
    portal.execute("UPDATE fhir_patients SET phone = CASE WHEN id % 2 = 0 THEN fhir_id END")
    assert value(portal, "SELECT count(*) FROM fhir_patients WHERE version_id = 2") == 250
    assert value(portal, "SELECT count(*) FROM history.fhir_patients WHERE version_id = 1") == 250


def test_a_large_update_after_a_small_one_stays_fast(portal: Session) -> None:
    """The plan that a session made for one row must do for many: two unindexed row sets are never joined in a loop."""
    portal.execute("INSERT INTO fhir_patients (fhir_id) SELECT 'p' || n FROM generate_series(1, 20000) n")
    portal.execute("UPDATE fhir_patients SET phone = '1' WHERE fhir_id = 'p1'")
    portal.execute("SET statement_timeout = '10s'")
    portal.execute("UPDATE fhir_patients SET phone = '2'")
    assert value(portal, "SELECT count(*) FROM history.fhir_patients") == 20001


def test_an_upsert_inserts_or_makes_the_next_version(portal: Session) -> None:
    upsert = """
        INSERT INTO fhir_patients (fhir_id, phone) VALUES ('a', %s)
        ON CONFLICT (fhir_id) DO UPDATE SET phone = excluded.phone
    """
    portal.execute(upsert, ("1",))
    portal.execute(upsert, ("1",))
    assert row_of(portal)["version_id"] == 1
    portal.execute(upsert, ("2",))
    assert row_of(portal)["version_id"] == 2
    assert len(history_of(portal)) == 1


def test_merge_makes_versions(portal: Session) -> None:
    patient(portal)
    portal.execute("""
        MERGE INTO fhir_patients p USING (VALUES ('a', '1'), ('b', '2')) n (fhir_id, phone) ON n.fhir_id = p.fhir_id
        WHEN MATCHED THEN UPDATE SET phone = n.phone
        WHEN NOT MATCHED THEN INSERT (fhir_id, phone) VALUES (n.fhir_id, n.phone)
    """)
    rows = portal.execute("SELECT fhir_id, version_id FROM fhir_patients ORDER BY fhir_id").fetchall()
    assert rows == [{"fhir_id": "a", "version_id": 2}, {"fhir_id": "b", "version_id": 1}]


def test_two_writes_in_one_statement_are_both_recorded(portal: Session) -> None:
    patient(portal, "a")
    patient(portal, "b")
    portal.execute("""
        WITH first AS (UPDATE fhir_patients SET phone = '1' WHERE fhir_id = 'a' RETURNING 1)
        UPDATE fhir_patients SET phone = '2' WHERE fhir_id = 'b'
    """)
    assert value(portal, "SELECT array_agg(version_id) FROM fhir_patients") == [2, 2]
    assert value(portal, "SELECT count(*) FROM history.fhir_patients") == 2


def test_a_soft_delete_is_an_ordinary_version(portal: Session) -> None:
    patient(portal)
    portal.execute("UPDATE fhir_patients SET deleted_at = now()")
    assert row_of(portal)["version_id"] == 2
    assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0


class TestDocumentVersions:
    """document_version says whether a FHIR write, the storing of a merged document, or the portal wrote."""

    def test_a_fhir_insert_documents_its_version(self, portal: Session) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        assert row_of(portal)["document_version"] == 1

    def test_a_fhir_insert_after_a_tombstone_documents_the_number_it_got(self, portal: Session) -> None:
        patient(portal)
        portal.execute("DELETE FROM fhir_patients")
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (3, 3)

    def test_a_fhir_write_makes_a_version_even_if_no_column_changes(self, portal: Session) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        portal.execute("UPDATE fhir_patients SET document_version = version_id + 1")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (2, 2)
        assert [old["document_version"] for old in history_of(portal)] == [1]

    def test_a_portal_write_leaves_the_document_behind(self, portal: Session) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        portal.execute("UPDATE fhir_patients SET phone = '1'")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (2, 1)

    def test_storing_the_merged_document_makes_no_version(self, portal: Session) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        portal.execute("UPDATE fhir_patients SET phone = '1'")
        before = row_of(portal)
        portal.execute("UPDATE fhir_patients SET document_version = version_id")
        assert row_of(portal) == {**before, "document_version": 2}
        assert len(history_of(portal)) == 1

    def test_a_fhir_write_on_a_row_of_the_portal_documents_the_next_version(self, portal: Session) -> None:
        patient(portal)
        portal.execute("UPDATE fhir_patients SET phone = '1', document_version = version_id + 1")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (2, 2)

    def test_a_fhir_write_after_a_portal_write_in_one_transaction_documents_their_version(
        self, portal: Session
    ) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        with portal.transaction():
            portal.execute("UPDATE fhir_patients SET phone = '1'")
            portal.execute("UPDATE fhir_patients SET email = 'e', document_version = version_id + 1")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (2, 2)

    def test_rows_to_be_merged_are_found_by_an_index(self, portal: Session) -> None:
        portal.execute("SET enable_seqscan = off")
        plan = portal.execute("EXPLAIN SELECT 1 FROM fhir_patients WHERE document_version < version_id").fetchall()
        assert "fhir_patients_pending" in str(plan)


class TestDeletes:
    """A hard DELETE is a version too, and a transaction still makes only one."""

    def test_a_row_inserted_and_deleted_by_one_transaction_never_was(self, portal: Session) -> None:
        with portal.transaction():
            patient(portal)
            portal.execute("DELETE FROM fhir_patients")
        assert history_of(portal) == []
        assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0

    def test_a_row_updated_and_deleted_by_one_transaction_gets_one_tombstone(self, portal: Session) -> None:
        patient(portal)
        with portal.transaction():
            portal.execute("UPDATE fhir_patients SET phone = '1'")
            portal.execute("DELETE FROM fhir_patients")
        assert [row["version_id"] for row in history_of(portal)] == [1]
        assert value(portal, "SELECT version_id FROM fhir_tombstones") == 2

    def test_a_row_deleted_and_inserted_by_one_transaction_has_one_new_version(self, portal: Session) -> None:
        patient(portal)
        with portal.transaction():
            portal.execute("DELETE FROM fhir_patients")
            patient(portal)
        assert row_of(portal)["version_id"] == 2
        assert [row["version_id"] for row in history_of(portal)] == [1]
        assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0

    def test_delete_insert_delete_in_one_transaction_is_one_delete(self, portal: Session) -> None:
        patient(portal)
        with portal.transaction():
            portal.execute("DELETE FROM fhir_patients")
            patient(portal)
            portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT array_agg(version_id) FROM fhir_tombstones") == [2]

    def test_an_insert_after_a_tombstone_that_is_deleted_at_once_adds_nothing(self, portal: Session) -> None:
        patient(portal)
        portal.execute("DELETE FROM fhir_patients")
        with portal.transaction():
            patient(portal)
            portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT array_agg(version_id) FROM fhir_tombstones") == [2]

    def test_a_rolled_back_delete_leaves_no_tombstone(self, portal: Session) -> None:
        before = patient(portal)
        with portal.transaction(force_rollback=True):
            portal.execute("DELETE FROM fhir_patients")
        assert row_of(portal) == before
        assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0

    def test_a_resource_moves_from_the_generic_store_to_its_table_with_its_versions(self, portal: Session) -> None:
        portal.execute("INSERT INTO phi.fhir_resources VALUES ('Patient', 'a')")
        portal.execute("UPDATE phi.fhir_resources SET document_version = version_id + 1")
        with portal.transaction():
            portal.execute("DELETE FROM phi.fhir_resources")
            portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        row = row_of(portal)
        assert (row["version_id"], row["document_version"]) == (3, 3)
        assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0

    @pytest.mark.parametrize("documented", [True, False])
    def test_index_rows_go_with_their_resource(self, portal: Session, documented: bool) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1), ('b', 1)")
        for table, columns in {
            "token_index": "code",
            "string_index": "value, normal",
            "uri_index": "uri",
            "reference_index": "url, target_id",
        }.items():
            values = ", ".join(["'x'"] * len(columns.split(",")))
            portal.execute(
                f"INSERT INTO phi.{table} (parameter, resource_key, {columns}) "
                f"SELECT 1, resource_key, {values} FROM fhir_patients"
            )
        for table, kind in {"date_index": "now()", "number_index": "1", "quantity_index": "1"}.items():
            portal.execute(
                f"INSERT INTO phi.{table} (parameter, resource_key, low, high) SELECT 1, resource_key, {kind}, {kind} "
                "FROM fhir_patients"
            )
        portal.execute("DELETE FROM fhir_patients WHERE fhir_id = 'a'")
        left = row_of(portal, "b")["resource_key"]
        for kind in ("token", "string", "reference", "date", "number", "quantity", "uri"):
            assert value(portal, f"SELECT array_agg(resource_key) FROM phi.{kind}_index") == [left]

    def test_a_document_of_a_version_that_never_was_goes(self, portal: Session) -> None:
        with portal.transaction():
            portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
            portal.execute("INSERT INTO phi.documents VALUES ('Patient', 'a', 1, '{}', 'POST')")
            portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT count(*) FROM phi.documents") == 0

    def test_documents_of_older_versions_stay(self, portal: Session) -> None:
        portal.execute("INSERT INTO fhir_patients (fhir_id, document_version) VALUES ('a', 1)")
        portal.execute("INSERT INTO phi.documents VALUES ('Patient', 'a', 1, '{}', 'POST')")
        portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT count(*) FROM phi.documents") == 1

    def test_rows_deleted_by_a_cascade_of_their_patient_raise_nothing(self, portal: Session) -> None:
        patient(portal)
        portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'Chen')")
        portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT count(*) FROM fhir_patient_names") == 0
        assert value(portal, "SELECT count(*) FROM fhir_patient_strings") == 0
        assert value(portal, "SELECT version_id FROM fhir_tombstones") == 3

    def test_a_patient_with_observations_cannot_be_deleted_hard(self, portal: Session) -> None:
        patient(portal)
        portal.execute("INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code) VALUES ('o', 'a', 'c')")
        with pytest.raises(psycopg.errors.IntegrityError):
            portal.execute("DELETE FROM fhir_patients")
        assert value(portal, "SELECT count(*) FROM fhir_tombstones") == 0
