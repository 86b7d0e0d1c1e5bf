"""The word for a reference by name and number to something that is no resource here, such as a payer.

https://hl7.org/fhir/R4/references.html#logical
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping import spoken
from fhir_server.mapping.primitives import text_or_absent, token_or_absent
from fhir_server.mapping.source import SearchColumn, StringColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import fits


class named(Word):  # noqa: N801
    """A Reference with a display and, where there is a column for it, an identifier of one system."""

    def __init__(self, name: Column[Any], number: Column[Any] | None = None, system: str = "") -> None:
        self.name, self.number, self.system = name, number, system
        self.columns = (name.name,) if number is None else (name.name, number.name)

    def compose(self, row: Row) -> Any:
        said: dict[str, Any] = {}
        if self.number is not None:
            number = token_or_absent(row.get(self.number.name))
            if number is not ABSENT:
                said["identifier"] = {"system": self.system, "value": number}
        name = text_or_absent(row.get(self.name.name))
        if name is not ABSENT:
            said["display"] = name
        return Atomic(said) if said else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        identifier = value.get("identifier")
        number = identifier.get("value") if isinstance(identifier, dict) else None
        is_ours = self.number is not None and isinstance(identifier, dict) and identifier.get("system") == self.system
        heard = _set(row, self.name, value.get("display"))
        return (self.number is not None and is_ours and _set(row, self.number, number)) or heard

    def name_or_number_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer a string parameter for either."""
        found = [StringColumn(self.name, said=spoken.is_text(self.name))]
        if self.number is not None:
            found.append(
                StringColumn(self.number, said=spoken.is_token(self.number), where=spoken.is_token(self.number))
            )
        return tuple(found)


def _set(row: HeardRow, column: Column[Any], text: Any) -> bool:
    if token_or_absent(text) is ABSENT or not fits(column, text):
        return False
    row[column.name] = text
    return True
