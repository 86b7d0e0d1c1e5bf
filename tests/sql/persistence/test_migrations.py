"""Migrations go up and down, keep what the portal already had, and end in exactly the tables of the metadata."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, pool

from fhir_server.persistence import migrate
from fhir_server.persistence.tables import HISTORY, METADATA, VERSIONED, resource_type_of

SCHEMAS = ("public", "phi", "open", "history", "lifecycle")

CATALOGUE = {
    "columns": """
        SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               l.collname, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {ours}""",
    "indexes": """
        SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE {ours}""",
    "constraints": """
        SELECT c.oid::regclass::text, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype <> 'n' AND {ours}""",
}
OURS = "NOT c.relispartition AND c.relname <> 'alembic_version' AND c.relnamespace::regnamespace::text = ANY (%s)"


@pytest.fixture
def created(postgres: str) -> Iterator[str]:
    """A database made from the metadata instead of the migrations."""
    name = f"fhir_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    conninfo = make_conninfo(postgres, dbname=name)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=pool.NullPool)
    with engine.begin() as connection:
        for schema in SCHEMAS[1:]:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        # what the metadata refers to and does not make
        connection.exec_driver_sql("CREATE SEQUENCE order_audit_logs_id_seq")
        connection.exec_driver_sql("CREATE SEQUENCE fhir_audit_logs_id_seq")
        connection.exec_driver_sql("CREATE FUNCTION fhir_normalize(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1")
        connection.exec_driver_sql(
            "CREATE FUNCTION fhir_numeric(text) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN $1::numeric"
        )
        connection.exec_driver_sql(
            "CREATE FUNCTION fhir_phonetic(text) RETURNS text[] LANGUAGE sql IMMUTABLE RETURN ARRAY[$1]"
        )
        connection.exec_driver_sql("CREATE FUNCTION fhir_minted_id(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1")
        connection.exec_driver_sql(
            "CREATE FUNCTION fhir_products_asked_for(jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE"
            " RETURN '{}'::bigint[]"
        )
        METADATA.create_all(connection)
    yield conninfo
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def catalogue(conninfo: str, query: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        return set(connection.execute(query.format(ours=OURS), (list(SCHEMAS),)))


@pytest.mark.parametrize("what", CATALOGUE)
def test_the_metadata_is_the_migrated_schema(database: str, created: str, what: str) -> None:
    migrated = catalogue(database, CATALOGUE[what])
    declared = catalogue(created, CATALOGUE[what])
    assert migrated - declared == set()
    assert declared - migrated == set()
    assert len(migrated) > 90


def test_every_revision_goes_down_and_up_again(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.newest()
    before = catalogue(empty_database, CATALOGUE["columns"])
    with psycopg.connect(empty_database) as connection:
        connection.execute("INSERT INTO fhir_audit_logs (resource_type, operation) VALUES ('Patient', 'search-type')")
        connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    for revision in ("0004_triggers", "0003_stores", "0002_additions", "0001_portal"):
        migrate.downgrade(empty_database, revision)
        assert migrate.current(empty_database) == revision
    with psycopg.connect(empty_database) as connection:
        connection.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('b')")
    migrate.upgrade(empty_database)
    assert catalogue(empty_database, CATALOGUE["columns"]) == before
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM fhir_patients WHERE version_id = 1").fetchone() == (2,)
    migrate.downgrade(empty_database, "base")
    assert catalogue(empty_database, CATALOGUE["columns"]) == set()
    assert migrate.current(empty_database) is None


def test_rows_that_the_portal_already_had_become_version_one_with_their_copies(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0001_portal")
    with psycopg.connect(empty_database) as connection:
        connection.execute("""
            INSERT INTO users (email, password, first_name, last_name) VALUES ('e', 'p', 'Ann', 'One');
            INSERT INTO organizations (name, fhir_id, updated_at) VALUES ('A', 'same', '2020-01-01T00:00:00.123456Z'),
                ('B', 'same', now()), ('C', NULL, now());
            INSERT INTO manufacturers (name) VALUES ('M'), ('N');
            INSERT INTO fhir_practitioners (fhir_id, user_id, specialty) VALUES ('p', 1, '[1]');
            INSERT INTO fhir_facilities (fhir_id, name, organization_id, updated_at) VALUES ('f', 'F', 1, NULL);
            INSERT INTO user_organizations (user_id, organization_id) VALUES (1, 1);
            INSERT INTO roles (name, slug) VALUES ('R', 'r');
            INSERT INTO user_roles (user_id, role_id) VALUES (1, 1);
        """)
    migrate.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        organizations = connection.execute(
            "SELECT fhir_id, version_id, document_version, updated_at FROM organizations ORDER BY id"
        ).fetchall()
        assert organizations[0][0] == "same"
        assert len({row[0] for row in organizations}) == 3
        assert [row[1:3] for row in organizations] == [(1, None)] * 3
        assert organizations[0][3].isoformat().startswith("2020-01-01T00:00:00.123")
        assert organizations[0][3].microsecond == 123000
        snapshot = connection.execute("SELECT user_snapshot ->> 'last_name', version_id FROM fhir_practitioners")
        assert snapshot.fetchone() == ("One", 1)
        facility = connection.execute("SELECT organization_fhir_id, version_id FROM fhir_facilities")
        assert facility.fetchone() == ("same", 1)
        role = connection.execute(
            "SELECT practitioner_fhir_id, organization_fhir_id, role_codes, specialty, version_id "
            "FROM user_organizations"
        )
        assert role.fetchone() == ("p", "same", [{"name": "R", "slug": "r"}], [1], 1)
        for table in HISTORY.values():
            assert connection.execute(f"SELECT count(*) FROM {table.fullname}").fetchone() == (0,)


def test_two_processes_may_migrate_at_once(empty_database: str) -> None:
    errors: list[BaseException] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(empty_database)
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert migrate.current(empty_database) == migrate.newest()


def test_migrating_again_changes_nothing(database: str) -> None:
    migrate.upgrade(database)
    assert migrate.current(database) == migrate.newest()


@pytest.mark.parametrize("table", VERSIONED, ids=lambda table: table.fullname)
def test_a_versioned_table_knows_its_type(table: Any) -> None:
    assert (resource_type_of(table) is None) == ("resource_type" in table.c)
    assert set(HISTORY[table].c.keys()) == set(table.c.keys())


def test_every_foreign_key_has_an_index(database: str) -> None:
    query = """
        SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint k
        WHERE k.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
    """
    with psycopg.connect(database) as connection:
        assert connection.execute(query).fetchall() == []


def test_all_logical_ids_have_one_collation(database: str) -> None:
    """Joins and unions of ids with different collations are errors."""
    query = """
        SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relkind IN ('r', 'p') AND a.attname LIKE '%fhir\\_id' AND a.attcollation <> '"C"'::regcollation
    """
    with psycopg.connect(database) as connection:
        assert connection.execute(query).fetchall() == []
