"""What every word of the mapping language can do: say a row as JSON, hear JSON as a row, name its search columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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

    is_list: bool = False
    """Whether the word says any number of items of an array."""

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

    def hear_again(self, item: Any, row: HeardRow) -> None:
        """Hear an array item that says all that the current row says here, and perhaps more."""
        self.keep(row)

    def keep(self, row: HeardRow) -> None:
        """Leave the columns as they are in the current row, if they say something there."""
        if row.current is not None and says(self, row.current):
            row.update({column: row.current.get(column) for column in self.columns})

    def forget(self, row: HeardRow) -> None:
        """Empty the columns if they say something in the current row; what says nothing is the portal's own concern."""
        if row.current is not None and says(self, row.current):
            row.update(dict.fromkeys(self.columns))

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        """The columns that answer a parameter of this type; empty when they cannot."""
        return ()

    def text_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer a token parameter with the modifier `:text`."""
        return ()

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer an identifier parameter with the modifier `:of-type`."""
        return ()


def says(word: Word, row: Row) -> bool:
    """Whether the columns of `word` say anything in `row`."""
    said: dict[str, Any] = {}
    word.compose_into(said, "[x]", row)
    return bool(said)


def keep_unset(word: Word, row: HeardRow) -> None:
    """Leave those columns of `word` that nothing has set as they are in the current row."""
    if row.current is not None:
        for column in word.columns:
            row.setdefault(column, row.current.get(column))


def hear_members(
    members: Mapping[str, Word],
    source: dict[str, Any],
    row: HeardRow,
    names_of: Callable[[str], Collection[str]],
) -> bool:
    """Hear the properties of an object; whether they say anything that columns hold.

    A property that still says what the current row says leaves its columns to the letter: status texts, odd JSON and
    all.
    So does one that says as little as the row did. `names_of` gives the JSON names of a member.
    """
    if row.current is None:
        return sum(word.decompose_from(source, name, row) for name, word in members.items()) > 0
    same: list[Word] = []
    changed: dict[str, Word] = {}
    for name, word in members.items():
        before: dict[str, Any] = {}
        word.compose_into(before, name, row.current)
        names = {*before, *names_of(name)}
        if before != {key: source[key] for key in names if key in source}:
            changed[name] = word
        elif before:
            same.append(word)
    for word in changed.values():
        word.forget(row)
    # Two words may share a column: what is said again wins over what is not said any more, what is said anew over both.
    for word in same:
        word.keep(row)
    heard = sum(word.decompose_from(source, name, row) for name, word in changed.items()) > 0
    for word in members.values():
        keep_unset(word, row)
    return heard or bool(same)


def names_of_member(name: str) -> tuple[str, str]:
    """The JSON names of a member that is not a choice."""
    return name, f"_{name}"
