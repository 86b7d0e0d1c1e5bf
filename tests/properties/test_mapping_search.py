"""A search finds by the columns of a row exactly what the resource says that is composed of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Table, cast, func, literal_column, null, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from fhir_server.definitions import parameter_number, search_parameters
from fhir_server.errors import Unprocessable
from fhir_server.indexing import IndexRows, extract
from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.primitives import token_or_absent
from fhir_server.mapping.resource import CannotHold, Resource
from fhir_server.mapping.source import (
    BooleanColumn,
    CompositeColumn,
    DateColumn,
    QuantityColumn,
    ReferenceColumn,
    SearchColumn,
    StringColumn,
    TokenColumn,
)
from fhir_server.mapping.trees import plain
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.records import record
from tests.properties.strategies.resources import resources
from tests.properties.strategies.rows import DECLARATIONS, rows

WRITABLE = pytest.mark.parametrize("table", [name for name, one in DECLARATIONS.items() if one.creatable])
EVERY_TABLE = pytest.mark.parametrize("table", DECLARATIONS)
DIALECT = PGDialect_psycopg()
BASE_URL = "http://server.example/fhir"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NORMAL_LENGTH = 500
"""So much of a normal form is kept of the texts of names and addresses."""

Found = set[tuple[Any, ...]]


class Portal:
    """One database, and what its columns say of the one row that is in it."""

    def __init__(self, connection: psycopg.Connection[Any], resource: Resource) -> None:
        self.connection, self.resource = connection, resource
        self.questions = [
            (code, column)
            for code, columns in resource.search.items()
            for column in columns
            if not isinstance(column, CompositeColumn)
        ]
        self.answers = [_answer(resource.table, column) for _, column in self.questions]

    def stored(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row as the database gives it back, with its children."""
        children = {child.projection: child for child in self.resource.children}
        own = {name: value for name, value in row.items() if name not in children}
        # Without children no trigger is needed, and none should mind what other tables hold.
        self.connection.execute(f"SET LOCAL session_replication_role = {'origin' if children else 'replica'}")
        self._insert(self.resource.table, own)
        for name, child in children.items():
            for place, one in enumerate(row[name] or ()):
                self._insert(child.table, {**one, child.key: row["fhir_id"], "position": place})
        found = self.connection.execute(
            f"SELECT row_to_json(r)::text FROM {self.resource.table.fullname} AS r"
        ).fetchone()
        assert found is not None
        return dict(read_json(found[0].encode()))

    def _insert(self, table: Table, row: dict[str, Any]) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        record = f"json_populate_record(NULL::{table.fullname}, %s::json)"
        sql = f"INSERT INTO {table.fullname} ({names}) SELECT {names} FROM {record}"
        self.connection.execute(sql, (encode_json(row).decode(),))

    def said(self) -> dict[str, list[tuple[SearchColumn, Found]]]:
        """By parameter: each column with what it says."""
        found: dict[str, list[tuple[SearchColumn, Found]]] = {}
        for (code, column), sql in zip(self.questions, self.answers, strict=True):
            found.setdefault(code, []).append((column, set(self.connection.execute(sql).fetchall())))
        return found


def _texts(column: SearchColumn) -> tuple[ColumnElement[Any], tuple[Any, ...]]:
    """What must not be NULL for a column to say anything, and all that it says."""
    match column:
        case TokenColumn(value, system, system_column):
            named = null() if system is None else literal_column(f"'{system}'")
            return value, (named if system_column is None else system_column, value)
        case BooleanColumn(value):
            return value, (null(), value)
        case StringColumn(value, normal):
            return value, (value, func.fhir_normalize(value) if normal is None else normal)
        case ReferenceColumn(value, target_type):
            return value, (literal_column(f"'{target_type}'"), value)
        case DateColumn(low, high):
            return low, (func.extract("epoch", low), func.extract("epoch", high))
        case QuantityColumn(value, system, code, unit):
            low = value if column.low is None else column.low
            high = value if column.high is None else column.high
            return value, (low, high, system, code, unit)
    raise TypeError(column)


def _answer(table: Table, column: SearchColumn) -> str:
    """The SQL of all that a column says of the rows of a table."""
    value, texts = _texts(column)
    given_ = [getattr(column, name, None) for name in ("where", "said")]
    conditions = [value.is_not(None), *(condition for condition in given_ if condition is not None)]
    through = getattr(column, "through", None)
    rows_: Any = table
    if through is not None:
        child = through.table
        rows_ = table.join(child, child.c[through.key] == table.c[through.parent_key])
        conditions += [child.c[name] == literal_column(f"'{text}'") for name, text in through.conditions.items()]
    statement = select(*(cast(text, SqlText) for text in texts)).select_from(rows_).where(*conditions)
    return str(statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


def expected(rows_: IndexRows, resource: Resource, code: str) -> dict[str, Found]:
    """What the index would say under a parameter, by kind."""
    number = parameter_number(f"{resource.resource_type}.{code}")
    return {
        "token": {(one.system, one.code) for one in rows_.token if one.parameter == number},
        "string": {(one.normal[:NORMAL_LENGTH],) for one in rows_.string if one.parameter == number and one.normal},
        "reference": {(one.target_type, one.target_id) for one in rows_.reference if one.parameter == number},
        "date": {(_seconds(one.low, "-"), _seconds(one.high, "")) for one in rows_.date if one.parameter == number},
        "quantity": {
            (_number(one.low, "-"), _number(one.high, ""), one.system, one.code, one.unit)
            for one in rows_.quantity
            if one.parameter == number
        },
    }


def _seconds(moment: datetime | None, sign: str) -> Decimal:
    if moment is None:
        return Decimal(f"{sign}Infinity")
    passed = moment - EPOCH
    return Decimal(passed.days * 86400 + passed.seconds) + Decimal(passed.microseconds) / 1_000_000


def _number(value: Decimal | None, sign: str) -> Decimal:
    return Decimal(f"{sign}Infinity") if value is None else Decimal(value)


def answered(columns: list[tuple[SearchColumn, Found]]) -> dict[str, Found]:
    """What the columns of a parameter say, by kind, in the form of `expected`."""
    said: dict[str, Found] = {kind: set() for kind in ("token", "string", "reference", "date", "quantity")}
    for column, found in columns:
        match column:
            case TokenColumn():
                said["token"] |= found
            case BooleanColumn():
                said["token"] |= found
            case StringColumn():
                said["string"] |= {(normal[:NORMAL_LENGTH],) for _, normal in found if normal}
            case ReferenceColumn():
                # Columns hold ids of rows, and are searched for these; the resource says logical ids.
                said["reference"] |= {(target_type, logical_id(row_id)) for target_type, row_id in found}
            case DateColumn():
                said["date"] |= {(Decimal(low), Decimal(high)) for low, high in found}
            case QuantityColumn():
                said["quantity"] |= {(Decimal(low), Decimal(high), *rest) for low, high, *rest in found}
    return said


@pytest.fixture
def portal(table: str, database: str) -> Iterator[Portal]:
    with psycopg.connect(database, options="-c timezone=UTC") as connection:
        yield Portal(connection, DECLARATIONS[table])


def parameters(resource: Resource) -> list[str]:
    """All parameters of a type that have index rows, with their modifiers."""
    found: list[str] = []
    for code, parameter in search_parameters(resource.resource_type).items():
        if parameter.type not in ("special", "composite"):
            found += [code, f"{code}:text", f"{code}:of-type"]
    return found


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_the_columns_of_a_row_say_what_its_resource_says(table: str, portal: Portal, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    try:
        row = portal.stored(data.draw(rows(resource)))
        said = portal.said()
    finally:
        portal.connection.rollback()
    index = extract(resource.resource_type, plain(resource.compose(row)), "")
    for code in parameters(resource):
        wanted, found = expected(index, resource, code), answered(said.get(code, []))
        for kind, values in wanted.items():
            assert found[kind] <= values, (code, kind)
            assert found[kind] == values or code in resource.unanswered, (code, kind)
    for code, columns in said.items():
        for column, found_ in columns:
            if isinstance(column, TokenColumn):
                # A searched code must lead to the text that stands in the column.
                assert all(text in column.stored(text) for _, text in found_), code
            if isinstance(column, TokenColumn) and column.through is None and column.said is not None:
                assert all(token_or_absent(text) == text for _, text in found_), code


def keys(table: Table) -> dict[str, int]:
    """The keys of the portal that triggers would find."""
    return {column.name: 7 for column in table.c if column.foreign_keys and not column.nullable}


SAID_BY_DEFAULT = {
    "code:text",
    "combo-code:text",
    "identifier:of-type",
    "order-number:of-type",
    "request-number:of-type",
}
"""A coding without a display is also found by the one that rows have, and a tax number without a type by its type."""


def _joined(one: dict[str, Found], other: dict[str, Found]) -> dict[str, Found]:
    return {kind: values | other[kind] for kind, values in one.items()}


@WRITABLE
@EFFORT
@given(data=st.data())
def test_columns_and_index_rows_together_say_what_a_document_says(
    table: str, portal: Portal, data: st.DataObject
) -> None:
    resource = DECLARATIONS[table]
    tree = data.draw(resources(resource.resource_type))
    tree = record(data.draw, table, tree)
    assume(resource.accepts(tree))
    try:
        row = resource.decompose(tree)
    except (CannotHold, Unprocessable):
        assume(False)
    try:
        portal.stored({**keys(resource.table), "fhir_id": "i", "document_version": 1, **row})
        said = portal.said()
    finally:
        portal.connection.rollback()
    index = extract(resource.resource_type, tree, BASE_URL)
    beyond = resource.index_rows(index, row, tree)
    assert beyond.composite == index.composite
    assert beyond.uri == index.uri
    assert beyond.number == index.number
    for code in parameters(resource):
        wanted, found = expected(index, resource, code), answered(said.get(code, []))
        kept = expected(beyond, resource, code)
        held = found if code in resource.complete else _joined(found, kept)
        for kind, values in wanted.items():
            assert held[kind] >= values, (code, kind)
            assert held[kind] == values or code in SAID_BY_DEFAULT, (code, kind)
            assert code not in resource.complete or not kept[kind] or kind == "reference", (code, kind)
