"""The services of a facility as extensions: one per text in the portal's JSON array."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.json_columns import items_of
from fhir_server.mapping.primitives import text_or_absent
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class facility_services(Word):  # noqa: N801
    """Extensions `url` with a valueString for every text of the JSON array; objects give their `name`."""

    is_list = True

    def __init__(self, url: str, column: Column[Any]) -> None:
        self.url, self.column = url, column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        named = [_name(item) for item in items_of(row.get(self.column.name))]
        pairs = [
            (f"{PLACE}{place}", {"url": self.url, "valueString": name})
            for place, name in enumerate(named)
            if name is not ABSENT
        ]
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        mine = [item for item in items if isinstance(item, dict) and item.get("url") == self.url]
        items[:] = [item for item in items if item not in mine]
        named = [item["valueString"] for item in mine if isinstance(item.get("valueString"), str)]
        portal = items_of(row.current.get(self.column.name)) if row.current is not None else []
        before = [name for name in map(_name, portal) if name is not ABSENT]
        if portal and named == before:
            self.keep(row)
            return
        # A service that stays keeps what else the portal noted of it.
        kept = {_name(item): item for item in portal}
        row[self.column.name] = [kept.get(name, name) for name in named] or None


def _name(item: Any) -> Any:
    return text_or_absent(item.get("name") if isinstance(item, dict) else item)
