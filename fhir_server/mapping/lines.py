"""The word for a text column of several lines that is an array of strings in FHIR.

https://hl7.org/fhir/R4/datatypes.html#Address
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, func, literal_column, select, true

from fhir_server.mapping import spoken
from fhir_server.mapping.primitives import text_or_absent, token_or_absent
from fhir_server.mapping.source import Listed, SearchColumn, StringColumn, Through
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import HeardRow, Row, Word


class lines(Word):  # noqa: N801
    """Address.line and its like: split at newlines only, never guessed at commas."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        said = [text_or_absent(line.strip("\r")) for line in held.split("\n")] if isinstance(held, str) else []
        pairs = [(f"{PLACE}{place}", line) for place, line in enumerate(said) if line is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = [line for line in value if isinstance(line, str)] if isinstance(value, list) else []
        if not said or not all(map(_is_line, said)):
            return False
        row[self.column.name] = "\n".join(said)
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        table = self.column.table.alias("f")
        split = func.string_to_table(table.c[self.column.name], literal_column(r"E'\n'"))
        each = split.table_valued("value").render_derived(name="e")
        statement = select(table.c.fhir_id, each.c.value).select_from(table.join(each, true()))
        found = Listed.rows(f"{self.column.table.name}_{self.column.name}_lines", statement)
        through = Through(found, "fhir_id", "fhir_id")
        return (StringColumn(found.c.value, through=through, said=spoken.is_text(found.c.value)),)


def _is_line(text: str) -> bool:
    return token_or_absent(text) == text and "\n" not in text and text == text.strip("\r")
