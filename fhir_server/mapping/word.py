"""What every word of the mapping language can do: say a row as JSON, hear JSON as a row, and name its search columns."""

from __future__ import annotations

from typing import Any

from fhir_server.mapping.source import SearchColumn
from fhir_server.mapping.trees import ABSENT

Row = dict[str, Any]
"""Column name → value as row_to_json prints it; child rows stand under the name of their projection column."""


class HeardRow(dict[str, Any]):
    """The row that a resource is taken apart into; `current` is the row it replaces, None for a new one."""

    __slots__ = ("current",)

    def __init__(self, current: Row | None = None) -> None:
        super().__init__()
        self.current = current


class Word:
    """A leaf or branch of a declaration; immutable once built."""

    columns: tuple[str, ...] = ()
    """The row columns that this word owns."""

    def compose(self, row: Row) -> Any:
        """The JSON value that the row says here, or ABSENT."""
        return ABSENT

    def compose_sibling(self, row: Row) -> Any:
        """The extensions beside a primitive (`_status`), or ABSENT."""
        return ABSENT

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        """Set the property `name` of `into` (and its sibling); a choice sets the property it chose."""
        said = self.compose(row)
        if said is not ABSENT:
            into[name] = said
        sibling = self.compose_sibling(row)
        if sibling is not ABSENT:
            into[f"_{name}"] = sibling

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        """Set this word's columns from `value`; False (and no column set) when they cannot hold what it says."""
        return False

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        """Hear the property `name` of `source`; whether a column was set."""
        return name in source and self.decompose(source[name], row, source.get(f"_{name}"))

    def take(self, items: list[Any], row: HeardRow) -> None:
        """Remove from `items` (an array's values not yet held) what this word holds and set its columns from it."""
        for index, item in enumerate(items):
            if self.decompose(item, row):
                del items[index]
                return

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        """The columns that answer a parameter of this type; empty when they cannot."""
        return ()
