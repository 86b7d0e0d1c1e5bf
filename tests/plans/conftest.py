"""Two databases of one kind and different size, and the plans that PostgreSQL makes in them for what the server asks.

FHIR_PLANS_ROWS says how many observations the larger one has (200,000); the smaller one has a quarter of them.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.crowd import BIG_TABLES, Crowd, fill
from bench.queries import Query
from fhir_server.persistence.connections import connect
from fhir_server.persistence.prepared import positional
from fhir_server.resources.registry import registry
from fhir_server.search import Limits, Reading, Statement, Statements, parse, parse_query

ROWS = int(os.environ.get("FHIR_PLANS_ROWS", "200000"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What EXPLAIN said of one statement."""

    root: Mapping[str, Any]

    @property
    def cost(self) -> float:
        """What the planner expects it to cost."""
        return float(self.root["Total Cost"])

    @property
    def buffers(self) -> int:
        """Pages that were touched, where it was run."""
        return int(self.root["Shared Hit Blocks"]) + int(self.root["Shared Read Blocks"])

    def scanned_whole(self) -> list[str]:
        """The big tables of which every row is read."""
        scans = (node for node in _nodes(self.root) if node["Node Type"] == "Seq Scan")
        return [
            node["Relation Name"]
            for node in scans
            if node["Schema"] in ("public", "phi") and node["Relation Name"] in BIG_TABLES
        ]


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


class Planner:
    """One filled database, asked for plans."""

    def __init__(self, connection: psycopg.Connection[Any], crowd: Crowd) -> None:
        self.connection, self.crowd = connection, crowd
        self.statements = Statements(registry().sources)

    def statement(self, query: Query, after: Sequence[str] | None = None) -> Statement:
        """The statement that the server runs for a page of the query."""
        text = query.filled(self.crowd.patients // 2 + 7).replace(" ", "+")
        limits = Limits(default_count=50, max_count=1000)
        search = parse(query.type, parse_query(text), limits=limits, reading=Reading("http://127.0.0.1/fhir", UTC))
        return self.statements.page(search, after=after)

    def plan(self, statement: Statement, *, run: bool = False) -> Plan:
        """The plan for the statement's own values; `run` counts what it touches, too."""
        text, names = positional(statement.sql)
        options = b"ANALYZE, BUFFERS, VERBOSE, FORMAT JSON" if run else b"VERBOSE, FORMAT JSON"
        cursor = psycopg.RawCursor(self.connection)
        cursor.execute(b"EXPLAIN (" + options + b") " + text, [statement.parameters[name] for name in names])
        return _plan(cursor)

    def generic_plan(self, statement: Statement) -> Plan:
        """The plan that serves any values: PostgreSQL goes over to it where it expects no more of it."""
        text, names = positional(statement.sql)
        nulls = b"(" + b", ".join([b"NULL"] * len(names)) + b")" if names else b""
        self.connection.execute(b"PREPARE planned AS " + text.replace(b"%", b"%%"), prepare=False)
        try:
            cursor = self.connection.execute(b"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE planned" + nulls, prepare=False)
            return _plan(cursor)
        finally:
            self.connection.execute("DEALLOCATE planned", prepare=False)

    def page(self, statement: Statement) -> list[tuple[Any, ...]]:
        """The rows of a page."""
        text, names = positional(statement.sql)
        cursor = psycopg.RawCursor(self.connection)
        return cursor.execute(text, [statement.parameters[name] for name in names]).fetchall()


def _plan(cursor: Any) -> Plan:
    explained = cursor.fetchone()[0]
    return Plan((json.loads(explained) if isinstance(explained, bytes | str) else explained)[0]["Plan"])


@pytest.fixture(scope="session")
def planners(postgres: str, migrated_template: str) -> Iterator[tuple[Planner, Planner]]:
    """The smaller and the larger database."""
    names: list[str] = []
    opened: list[Planner] = []
    with psycopg.connect(postgres, autocommit=True) as server:
        try:
            for rows in (ROWS // 4, ROWS):
                names.append(f"fhir_test_plans_{uuid.uuid4().hex[:12]}")
                create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                server.execute(create.format(sql.Identifier(names[-1]), sql.Identifier(migrated_template)))
                conninfo = make_conninfo(postgres, dbname=names[-1])
                fill(conninfo, Crowd(rows))
                opened.append(Planner(connect(conninfo), Crowd(rows)))
                opened[-1].connection.execute("SET plan_cache_mode = force_generic_plan")
            yield opened[0], opened[1]
        finally:
            for planner in opened:
                planner.connection.close()
            for name in names:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
