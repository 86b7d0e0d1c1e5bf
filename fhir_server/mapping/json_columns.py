"""The words for JSON columns that the portal fills freely: FHIR objects, lists of them or of plain texts, contact
records.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Column

from fhir_server.definitions import properties
from fhir_server.mapping.conform import conform
from fhir_server.mapping.primitives import text_or_absent
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class json_object(Word):  # noqa: N801
    """A JSON column that holds one FHIR object, such as an Address; what else the portal noted there stays."""

    def __init__(self, column: Column[Any], path: str) -> None:
        self.column, self.path = column, path
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        return conform(self.path, row.get(self.column.name))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        held = conform(self.path, value)
        if held is ABSENT:
            return False
        row[self.column.name] = {**_noted(row, self.column.name, properties(self.path)), **held}
        return True


def _noted(row: HeardRow, column: str, names: Collection[str]) -> dict[str, Any]:
    """The portal's own members of a JSON column, those without `names`."""
    held = row.current.get(column) if row.current is not None else None
    return {name: item for name, item in held.items() if name not in names} if isinstance(held, dict) else {}


class json_list(Word):  # noqa: N801
    """A JSON column that holds an array of FHIR objects or of plain texts; `from_text` says one as object."""

    def __init__(self, column: Column[Any], path: str, from_text: Callable[[str], Any]) -> None:
        self.column, self.path, self.from_text = column, path, from_text
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        said = [self._said(item) for item in items_of(row.get(self.column.name))]
        pairs = [(f"{PLACE}{place}", item) for place, item in enumerate(said) if item is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def _said(self, item: Any) -> Any:
        return conform(self.path, item) if text_or_absent(item) is ABSENT else self.from_text(item)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = value if isinstance(value, list) else []
        portal = items_of(row.current.get(self.column.name)) if row.current is not None else []
        # What still says the same keeps the portal's own form.
        kept = [(self._said(item), item) for item in portal]
        held = [next((mine for says, mine in kept if says == item), None) or conform(self.path, item) for item in said]
        row[self.column.name] = [item for item in held if item is not ABSENT] or None
        return row[self.column.name] is not None


def items_of(held: Any) -> list[Any]:
    """The items of a JSON array; any other JSON value is the only one."""
    return held if isinstance(held, list) else [] if held is None else [held]


class contact_record(Word):  # noqa: N801
    """Telecoms of a JSON column: members `phone`, `email`, `fax`, `url`, and an array `telecom` for all others.

    A bare array of ContactPoints is understood too. Hearing writes the members, so that the portal finds them, and
    keeps
    what else the portal noted there.
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
            text = conform("string", record.get(system))
            if text is not ABSENT:
                pairs.append((system, {"system": system, "value": text}))
        others = record.get("telecom")
        for place, item in enumerate(others if isinstance(others, list) else ()):
            said = conform("ContactPoint", item)
            if said is not ABSENT:
                pairs.append((f"{PLACE}{place}", said))
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
        noted = _noted(row, self.column.name, (*self.SYSTEMS, "telecom"))
        row[self.column.name] = {**noted, **record} or None
        return bool(record)
