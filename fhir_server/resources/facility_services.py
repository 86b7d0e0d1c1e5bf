"""The services of a facility as extensions: one per text in the portal's JSON array."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.primitives import text_or_absent
from fhir_server.mapping.trees import ABSENT, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class facility_services(Word):  # noqa: N801
    """Extensions `url` with a valueString for every text of the JSON array; objects give their `name`."""

    def __init__(self, url: str, column: Column[Any]) -> None:
        self.url, self.column = url, column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        pairs = [
            (str(place), {"url": self.url, "valueString": text})
            for place, item in enumerate(held if isinstance(held, list) else ())
            if (text := text_or_absent(item.get("name") if isinstance(item, dict) else item)) is not ABSENT
        ]
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        mine = [item for item in items if isinstance(item, dict) and item.get("url") == self.url]
        row[self.column.name] = [item["valueString"] for item in mine if isinstance(item.get("valueString"), str)] or None
        items[:] = [item for item in items if item not in mine]
