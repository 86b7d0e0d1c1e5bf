"""The word for a text column of several lines that is an array of strings in FHIR."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.trees import ABSENT, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class lines(Word):  # noqa: N801
    """Address.line and its like: split at newlines only, never guessed at commas."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        said = [line.strip("\r") for line in held.split("\n")] if isinstance(held, str) else []
        pairs = [(str(place), line) for place, line in enumerate(said) if line.strip()]
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = [line for line in value if isinstance(line, str)] if isinstance(value, list) else []
        if not said or any("\n" in line for line in said):
            return False
        row[self.column.name] = "\n".join(said)
        return True
