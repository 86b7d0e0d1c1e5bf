"""The words for JSON columns that the portal fills freely: lists of FHIR objects or plain texts, contact records.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.conform import conform
from fhir_server.mapping.primitives import text_or_absent
from fhir_server.mapping.source import SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class json_object(Word):  # noqa: N801
    """A JSON column that holds one FHIR object, such as an Address."""

    def __init__(self, column: Column[Any], path: str) -> None:
        self.column, self.path = column, path
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        return conform(self.path, row.get(self.column.name))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        held = conform(self.path, value)
        if held is ABSENT:
            return False
        row[self.column.name] = held
        return True


class json_list(Word):  # noqa: N801
    """A JSON column that holds an array of FHIR objects or of plain texts; `from_text` says a text as object."""

    def __init__(self, column: Column[Any], path: str, from_text: Callable[[str], Any]) -> None:
        self.column, self.path, self.from_text = column, path, from_text
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        items = held if isinstance(held, list) else [] if held is None else [held]
        said = [self._said(item) for item in items]
        pairs = [(str(place), item) for place, item in enumerate(said) if item is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def _said(self, item: Any) -> Any:
        if text_or_absent(item) is not ABSENT:
            return self.from_text(item)
        return conform(self.path, item)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        held = [conform(self.path, item) for item in value] if isinstance(value, list) else []
        row[self.column.name] = [item for item in held if item is not ABSENT] or None
        return bool(held)

    def take(self, items: list[Any], row: HeardRow) -> None:
        self.decompose(items, row)


class contact_record(Word):  # noqa: N801
    """Telecoms of a JSON column: members `phone`, `email`, `fax`, `url`, and an array `telecom` for all others.

    A bare array of ContactPoints is understood too. Hearing writes the members, so that the portal finds them.
    """

    SYSTEMS = ("phone", "email", "fax", "url")

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        record = {"telecom": held} if isinstance(held, list) else held if isinstance(held, dict) else {}
        pairs: list[tuple[str, Any]] = []
        for system in self.SYSTEMS:
            text = text_or_absent(record.get(system))
            if text is not ABSENT:
                pairs.append((system, {"system": system, "value": text}))
        others = record.get("telecom")
        for place, item in enumerate(others if isinstance(others, list) else ()):
            said = conform("ContactPoint", item)
            if said is not ABSENT and ("system" in said or "value" not in said):
                pairs.append((str(place), said))
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        record: dict[str, Any] = {}
        others: list[Any] = []
        for item in value if isinstance(value, list) else ():
            said = conform("ContactPoint", item)
            if said is ABSENT:
                continue
            system = said.get("system")
            if system in self.SYSTEMS and system not in record and set(said) == {"system", "value"}:
                record[system] = said["value"]
            else:
                others.append(said)
        if others:
            record["telecom"] = others
        row[self.column.name] = record or None
        return bool(record)


def text_member(column: Column[Any], *path: str) -> Any:
    """The text at a path of a JSON column, as SQL."""
    return column.op("#>>")("{" + ",".join(path) + "}")


def address_columns(column: Column[Any], *names: str) -> tuple[SearchColumn, ...]:
    """The columns that answer an address parameter over an Address in a JSON column; `line` is its first line."""
    places = {"line": ("line", "0")}
    return tuple(StringColumn(text_member(column, *places.get(name, (name,)))) for name in names)


def contact_columns(column: Column[Any], *systems: str) -> tuple[SearchColumn, ...]:
    """The columns that answer a telecom parameter over a contact record."""
    return tuple(TokenColumn(text_member(column, system), system=system) for system in systems)
