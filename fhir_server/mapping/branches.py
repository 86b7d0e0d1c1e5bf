"""The words that hold other words: objects, arrays, texts, and what may not be missing.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.primitives import text_or_absent, token_or_absent
from fhir_server.mapping.source import SearchColumn
from fhir_server.mapping.trees import ABSENT, PLACE, Defaulted, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word, hear_members, keep_unset, names_of_member
from fhir_server.mapping.words import DATA_ABSENT_REASON, by_default, constant, value


def build(declared: Any) -> Word:
    """The word for one place of a declaration: a column, a dict, a list or a word."""
    if isinstance(declared, Word):
        return declared
    if isinstance(declared, Column):
        return value(declared)
    if isinstance(declared, dict):
        return object_(declared)
    if isinstance(declared, list):
        return array(declared)
    return constant(declared)


class object_(Word):  # noqa: N801
    """A JSON object; it exists when one of its members other than a constant says something."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = {name: build(member) for name, member in members.items()}
        self.columns = tuple(dict.fromkeys(column for member in self.members.values() for column in member.columns))
        self.optional = frozenset(name for name, member in self.members.items() if isinstance(member, by_default))
        self.constants = {name: member for name, member in self.members.items() if isinstance(member, constant)}
        self.variable = {name: member for name, member in self.members.items() if name not in self.constants}

    def compose(self, row: Row) -> Any:
        said: dict[str, Any] = {}
        exists = False
        for name, member in self.members.items():
            size = len(said)
            member.compose_into(said, name, row)
            exists = exists or (len(said) > size and name not in self.constants)
        if not exists:
            return ABSENT
        return Defaulted(said, self.optional) if self.optional else said

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        for name, member in self.constants.items():
            if value.get(name) != member.json_value and (name in value or name not in self.optional):
                return False
        return hear_members(self.variable, value, row, names_of_member)

    def hear_again(self, item: Any, row: HeardRow) -> None:
        self.decompose(item, row)

    def keep(self, row: HeardRow) -> None:
        for member in self.variable.values():
            member.keep(row)

    def forget(self, row: HeardRow) -> None:
        for member in self.variable.values():
            member.forget(row)


class array(Word):  # noqa: N801
    """A JSON array whose items come from different columns, each in a slot of its own, and from child rows."""

    def __init__(self, items: list[Any]) -> None:
        self.items = [build(item) for item in items]
        self.columns = tuple(dict.fromkeys(column for item in self.items for column in item.columns))

    def compose(self, row: Row) -> Any:
        pairs: list[tuple[str, Any]] = []
        for slot, item in enumerate(self.items):
            said = item.compose(row)
            if isinstance(said, Slots):
                pairs += [(f"{slot}/{key}", one) for key, one in zip(said.keys, said, strict=True)]
            elif said is not ABSENT:
                pairs.append((str(slot), said))
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, list):
            return False
        slots = self._matched(value, row)
        again = {slot: place for place, slot in slots.items() if not self.items[slot].is_list}
        others = [(slot, item) for slot, item in enumerate(self.items) if slot not in again]
        for _, other in others:
            other.forget(row)
        # Two words may share a column, and what still says the same wins.
        for slot, place in again.items():
            self.items[slot].hear_again(value[place], row)
        taken = set(again.values())
        for slot, other in others:
            # What goes on saying the child rows is not for the columns beside them.
            free = [place for place in range(len(value)) if place not in taken and slots.get(place, slot) == slot]
            rest = [value[place] for place in free]
            other.take(rest, row)
            taken |= {place for place in free if not any(value[place] is one for one in rest)}
        for item in self.items:
            keep_unset(item, row)
        return bool(taken)

    def _matched(self, value: list[Any], row: HeardRow) -> dict[int, int]:
        """Which places of an array go on saying what a slot says now: equal ones first."""
        slots: dict[int, int] = {}
        if row.current is None:
            return slots
        wanted = [(slot, said) for slot, item in enumerate(self.items) for said in _each(item.compose(row.current))]
        for is_match in (_equals, contains):
            left: list[tuple[int, Any]] = []
            for slot, said in wanted:
                free = (place for place in range(len(value)) if place not in slots and is_match(value[place], said))
                place = next(free, None)
                if place is None:
                    left.append((slot, said))
                else:
                    slots[place] = slot
            wanted = left
        return slots

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        # An array that was left out must still be told to derived items and child rows.
        return self.decompose(source.get(name, []), row)

    def keep(self, row: HeardRow) -> None:
        for item in self.items:
            item.keep(row)

    def forget(self, row: HeardRow) -> None:
        for item in self.items:
            item.forget(row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return tuple(column for item in self.items for column in item.search_columns(parameter_type))

    def text_columns(self) -> tuple[SearchColumn, ...]:
        return tuple(column for item in self.items for column in item.text_columns())

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        return tuple(column for item in self.items for column in item.of_type_columns())


def _each(said: Any) -> list[Any]:
    return list(said) if isinstance(said, Slots) else [] if said is ABSENT else [said]


def _equals(item: Any, said: Any) -> bool:
    return bool(item == said)


class texts(Word):  # noqa: N801
    """An array of strings in a text[] column."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        said = [text_or_absent(text) for text in held] if isinstance(held, list) else []
        pairs = [(f"{PLACE}{place}", text) for place, text in enumerate(said) if text is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, list):
            return False
        held = [text for text in value if token_or_absent(text) is not ABSENT]
        if held:
            row[self.column.name] = held
        return bool(held)


class required(Word):  # noqa: N801
    """A word whose element must not be missing: where it says nothing, an honest data-absent-reason stands instead."""

    def __init__(self, declared: Any, reason: str = "unknown", *, primitive: bool = False) -> None:
        self.word, self.primitive = build(declared), primitive
        self.columns = self.word.columns
        self.absent = {"url": DATA_ABSENT_REASON, "valueCode": reason}

    def compose(self, row: Row) -> Any:
        said = self.word.compose(row)
        if said is not ABSENT or self.primitive:
            return said
        absent = {"extension": [self.absent]}
        return Slots([("absent", absent)]) if isinstance(self.word, array) else absent

    def compose_sibling(self, row: Row) -> Any:
        beside = self.word.compose_sibling(row)
        if not self.primitive or self.word.compose(row) is not ABSENT:
            return beside
        found = beside["extension"] if beside is not ABSENT else Slots([])
        return {"extension": Slots([*zip(found.keys, found, strict=True), (DATA_ABSENT_REASON, self.absent)])}

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return self.word.decompose(value, row, sibling)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        return self.word.decompose_from(source, name, row)

    def take(self, items: list[Any], row: HeardRow) -> None:
        self.word.take(items, row)

    def keep(self, row: HeardRow) -> None:
        self.word.keep(row)

    def forget(self, row: HeardRow) -> None:
        self.word.forget(row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return self.word.search_columns(parameter_type)

    def text_columns(self) -> tuple[SearchColumn, ...]:
        return self.word.text_columns()

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        return self.word.of_type_columns()


class extension(Word):  # noqa: N801
    """One extension by its url; `members` are its content (`{"valueString": column}` or a nested `extension` array)."""

    def __init__(self, url: str, members: Mapping[str, Any]) -> None:
        self.url = url
        self.inner = object_({"url": url, **members})
        self.columns = self.inner.columns

    def compose(self, row: Row) -> Any:
        return self.inner.compose(row)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return self.inner.decompose(value, row)
