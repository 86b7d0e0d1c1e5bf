"""Searches of logs over many months: none reads a partition whole, and pages in the order of time stop when full.

https://www.postgresql.org/docs/current/ddl-partitioning.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fhir_server.persistence.prepared import positional
from fhir_server.resources.registry import registry
from fhir_server.search import Limits, Reading, Statements, parse, parse_query

pytestmark = [pytest.mark.plans, pytest.mark.xdist_group("plans")]

FILLED = """
    INSERT INTO users (id, email, password, first_name, last_name)
        SELECT n, n || '@x', 'p', 'Ann', 'Lee' FROM generate_series(1, 100) n;
    INSERT INTO fhir_practitioners (fhir_id, user_id) SELECT 'doc' || n, n FROM generate_series(1, 100) n;
    INSERT INTO fhir_patients (fhir_id) SELECT 'p' || n FROM generate_series(1, 5000) n;
    DO $$ BEGIN FOR month IN 1..5 LOOP
        EXECUTE format(
            'CREATE TABLE fhir_audit_logs_2020%2$s PARTITION OF fhir_audit_logs FOR VALUES FROM (%1$L) TO (%3$L)',
            make_date(2020, month, 1), lpad(month::text, 2, '0'), make_date(2020, month + 1, 1));
    END LOOP; END $$;
    INSERT INTO fhir_audit_logs (resource_type, resource_id, operation, user_id, outcome, status, created_at, entities)
        SELECT 'Patient', 'p' || n % 5000 + 1, CASE WHEN n % 200 = 0 THEN 'update' ELSE 'read' END, n % 100 + 1,
               CASE WHEN n % 1000 = 7 THEN 'failure' ELSE 'success' END, CASE WHEN n % 1000 = 7 THEN 404 END,
               '2020-01-01Z'::timestamptz + n * interval '40 seconds',
               CASE WHEN n % 1000 = 7 THEN '{}'::text[] ELSE ARRAY['Patient/p' || n % 5000 + 1 || '/_history/1'] END
        FROM generate_series(1, 300000) n;
    ANALYZE fhir_audit_logs;
    ANALYZE fhir_patients;
    ANALYZE fhir_practitioners;
"""
CEILING = 3_000
"""Blocks of 8 kB; the log has some 9,000 and its indexes as many."""

SEARCHES = {
    "newest first": ("AuditEvent", ""),
    "of a day": ("AuditEvent", "date=2020-03-05"),
    "sorted by date": ("AuditEvent", "date=ge2020-02-01&_sort=date"),
    "of a patient": ("AuditEvent", "patient=p77"),
    "of a version": ("AuditEvent", "entity=Patient/p77/_history/1"),
    "of a patient since": ("AuditEvent", "entity=Patient/p77&date=ge2020-03-01"),
    "of a user": ("AuditEvent", "agent=Practitioner/doc5"),
    "updates": ("AuditEvent", "action=U"),
    "failures": ("AuditEvent", "outcome=4"),
    "reads": ("AuditEvent", "subtype=http://hl7.org/fhir/restful-interaction|read"),
    "of a type": ("AuditEvent", "type=rest"),
    "what made a patient": ("Provenance", "target=Patient/p77"),
    "what was written": ("Provenance", "recorded=ge2020-03-01&_sort=-recorded"),
    "patients with provenance": ("Patient", "_id=p77,p78,p79&_revinclude=Provenance:target"),
}


@pytest.fixture(scope="module")
def log(postgres: str, migrated_template: str) -> Iterator[psycopg.RawCursor[Any]]:
    """A database with 300,000 accesses in five months."""
    name = f"{migrated_template}_log"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        try:
            with psycopg.connect(make_conninfo(postgres, dbname=name), autocommit=True) as connection:
                connection.execute(FILLED)
                connection.execute("VACUUM ANALYZE")
                yield psycopg.RawCursor(connection)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def explained(log: psycopg.RawCursor[Any], kind: str, query: str, after: tuple[str, ...] | None = None) -> Any:
    statement = page(kind, query, after)
    text, names = positional(statement.sql)
    log.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + text, [statement.parameters[name] for name in names])
    (found,) = log.fetchone() or ()
    return found[0]["Plan"]


def page(kind: str, query: str, after: tuple[str, ...] | None = None) -> Any:
    limits = Limits(default_count=20, max_count=1000)
    search = parse(kind, parse_query(query), limits=limits, reading=Reading("http://127.0.0.1/fhir", UTC))
    return Statements(registry().sources, logs_of=registry().logs).page(search, after=after)


def scans(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node["Node Type"] == "Seq Scan":
        yield node
    for inner in node.get("Plans", ()):
        yield from scans(inner)


def blocks(plan: Mapping[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", SEARCHES)
def test_no_month_is_read_whole(log: psycopg.RawCursor[Any], name: str, mode: str) -> None:
    log.execute(f"SET plan_cache_mode = {mode}".encode())
    plan = explained(log, *SEARCHES[name])
    whole = [one["Relation Name"] for one in scans(plan) if one["Actual Rows"] > 1000]
    assert whole == []
    assert blocks(plan) <= CEILING


def test_a_late_page_costs_what_the_first_one_costs(log: psycopg.RawCursor[Any]) -> None:
    first = explained(log, "AuditEvent", "type=rest")
    statement = page("AuditEvent", "type=rest&_count=1000")
    text, names = positional(statement.sql)
    rows = log.execute(text, [statement.parameters[name] for name in names]).fetchall()
    late = explained(log, "AuditEvent", "type=rest", tuple(map(str, rows[999][11:])))
    assert late["Actual Rows"] == 21
    assert blocks(late) <= 2 * blocks(first) + 200
