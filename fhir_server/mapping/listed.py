"""Search columns over lists in JSON columns: their items seen as rows.

https://www.postgresql.org/docs/current/functions-json.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, and_, case, func, not_, select, true, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.definitions import required_codes, required_system
from fhir_server.mapping import spoken
from fhir_server.mapping.source import Listed, SearchColumn, StringColumn, Through, TokenColumn
from fhir_server.mapping.spoken import Sql

SqlColumn = Column[Any]


def listed(
    column: SqlColumn, purpose: str, *paths: str, at: str | None = None, **values: Callable[[Sql], Sql]
) -> Listed:
    """The items of a JSON array as rows: `fhir_id` and one column for each of `values`.

    The array is the column or its member `at`; `paths` lead on from its items to arrays in them. What is no array
    counts as
    the only item. No JSON makes it raise an error, and `values` may not either.
    """
    table = column.table.alias("f")
    found: Any = table
    node: Sql = table.c[column.name] if at is None else spoken.member(table.c[column.name], at)
    for depth, path in enumerate((None, *paths)):
        array = spoken.items(node if path is None else spoken.member(node, path))
        each = func.jsonb_array_elements(array).table_valued("value").render_derived(name=f"e{depth}")
        found = found.join(each, true())
        node = type_coerce(each.c.value, JSONB())
    statement = select(table.c.fhir_id, *(value(node).label(label) for label, value in values.items()))
    return Listed.rows(f"{column.table.name}_{column.name}_{purpose}", statement.select_from(found))


def through(rows: Listed) -> Through:
    """The way from a resource to the items of its list."""
    return Through(rows, "fhir_id", "fhir_id")


def _member(name: str, legal: Callable[[Sql], Sql]) -> Callable[[Sql], Sql]:
    return lambda node: legal(spoken.member(node, name))


def _nothing(text: Sql) -> Sql:
    return not_(true())


class ListedConcepts:
    """A list of CodeableConcepts and plain texts; a text for which `is_code` holds is a code of `system`, others are
    texts.
    """

    def __init__(self, column: SqlColumn, system: str | None = None, is_code: Callable[[Sql], Sql] = _nothing) -> None:
        self.system = system
        self.codings = listed(
            column,
            "codings",
            "coding",
            code=_member("code", spoken.json_code),
            system=_member("system", spoken.json_uri),
            display=_member("display", spoken.json_text),
        )

        def code(item: Sql) -> Sql:
            text = spoken.json_code(item)
            return case((and_(spoken.is_string(item), is_code(text)), text))

        def text(item: Sql) -> Sql:
            is_text = and_(spoken.is_string(item), code(item).is_(None))
            own = case((spoken.is_object(item), spoken.member(item, "text")), (is_text, item))
            return spoken.json_text(own)

        self.items = listed(column, "items", code=code, text=text)

    def token_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer a token parameter."""
        rows = self.codings.c
        found = [TokenColumn(rows.code, system_column=rows.system, through=through(self.codings))]
        if self.system is not None:
            found.append(TokenColumn(self.items.c.code, system=self.system, through=through(self.items)))
        return tuple(found)

    def text_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer it with the modifier `:text`."""
        return (
            StringColumn(self.items.c.text, through=through(self.items)),
            StringColumn(self.codings.c.display, through=through(self.codings)),
        )


def address_columns(column: SqlColumn, *names: str) -> tuple[SearchColumn, ...]:
    """The columns that answer an address parameter over an Address in a JSON column."""
    found: list[SearchColumn] = [
        StringColumn(spoken.json_text(spoken.member(column, name))) for name in names if name != "line"
    ]
    if "line" in names:
        lines = listed(column, "lines", at="line", value=spoken.json_text)
        found.append(StringColumn(lines.c.value, through=through(lines)))
    return tuple(found)


def code_member_columns(column: SqlColumn, name: str, path: str) -> tuple[SearchColumn, ...]:
    """The columns that answer a token parameter over a code in a JSON object; `path` is the element that binds it."""
    codes = sorted(required_codes(path) or ())
    code = spoken.json_code(spoken.member(column, name))
    return tuple(
        TokenColumn(case((code.in_(found), code)), system=system)
        for system in sorted({required_system(path, code) or "" for code in codes})
        if (found := [code for code in codes if required_system(path, code) == system])
    )
