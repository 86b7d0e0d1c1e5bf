"""The words that hold other words: objects, arrays, child rows, projections of other tables, extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Table

from fhir_server.errors import Unprocessable
from fhir_server.mapping.primitives import STRING, Primitive, text_or_absent
from fhir_server.mapping.trees import ABSENT, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import DATA_ABSENT_REASON, constant, value


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
        self.columns = tuple(column for member in self.members.values() for column in member.columns)

    def compose(self, row: Row) -> Any:
        said: dict[str, Any] = {}
        exists = False
        for name, member in self.members.items():
            size = len(said)
            member.compose_into(said, name, row)
            exists = exists or (len(said) > size and not isinstance(member, constant))
        return said if exists else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        for name, member in self.members.items():
            if isinstance(member, constant) and value.get(name) != member.json_value:
                return False
        heard = [member.decompose_from(value, name, row) for name, member in self.members.items() if not isinstance(member, constant)]
        return any(heard)


class array(Word):  # noqa: N801
    """A JSON array whose items come from different columns, each in a slot of its own, and from child rows."""

    def __init__(self, items: list[Any]) -> None:
        self.items = [build(item) for item in items]
        self.columns = tuple(column for item in self.items for column in item.columns)

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
        rest = list(value)
        for item in self.items:
            item.take(rest, row)
        return len(rest) < len(value)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        # An array that was left out must still be told to derived items and child rows.
        return self.decompose(source.get(name, []), row)


class texts(Word):  # noqa: N801
    """An array of strings in a text[] column."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        said = [text for text in held if text_or_absent(text) is not ABSENT] if isinstance(held, list) else []
        return Slots([(str(index), text) for index, text in enumerate(said)]) if said else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, list):
            return False
        row[self.column.name] = [text for text in value if isinstance(text, str)]
        return True


class many(Word):  # noqa: N801
    """Array items that are rows of a child table, read from the projection column that a trigger keeps on the parent."""

    def __init__(self, projection: Column[Any], child: Table, members: Mapping[str, Any]) -> None:
        self.projection, self.child, self.item = projection, child, object_(members)
        self.columns = (projection.name,)

    def compose(self, row: Row) -> Any:
        pairs: list[tuple[str, Any]] = []
        for place, child in enumerate(row.get(self.projection.name) or ()):
            said = self.item.compose(child)
            if said is not ABSENT:
                pairs.append((str(child.get("id", place)), said))
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        children: list[Row] = []
        for place, item in enumerate(items):
            child = HeardRow()
            if self.item.decompose(item, child):
                children.append({**dict.fromkeys(self.item.columns), **child, "position": place})
        row[self.projection.name] = children or None
        items.clear()


class projected(Word):  # noqa: N801
    """A primitive that a trigger copies from another table into a JSON column of the row, such as a user's name."""

    def __init__(self, column: Column[Any], key: str, primitive: Primitive = STRING) -> None:
        self.column, self.key, self.primitive = column, key, primitive

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        return self.primitive.compose(held.get(self.key)) if isinstance(held, dict) else ABSENT


class derived(Word):  # noqa: N801
    """What another table owns: FHIR reads it here and a write must leave it as it is."""

    def __init__(self, declared: Any, expression: str) -> None:
        self.word, self.expression = build(declared), expression

    def compose(self, row: Row) -> Any:
        return self.word.compose(row)

    def compose_sibling(self, row: Row) -> Any:
        return self.word.compose_sibling(row)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        self._must_stay([source.get(name)], row)
        return False

    def take(self, items: list[Any], row: HeardRow) -> None:
        self._must_stay(items, row)

    def _must_stay(self, said: list[Any], row: HeardRow) -> None:
        owned = ABSENT if row.current is None else self.word.compose(row.current)
        if owned is not ABSENT and not any(contains(item, owned) for item in said):
            raise Unprocessable(
                f"{self.expression} belongs to a portal record of another kind and cannot be changed here", (self.expression,)
            )


class required(Word):  # noqa: N801
    """A word whose element must not be missing: where it says nothing, an honest data-absent-reason stands instead."""

    def __init__(self, declared: Any, reason: str = "unknown", *, primitive: bool = False) -> None:
        self.word, self.primitive = build(declared), primitive
        self.columns = self.word.columns
        self.absent = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": reason}]}

    def compose(self, row: Row) -> Any:
        said = self.word.compose(row)
        if said is not ABSENT or self.primitive:
            return said
        return Slots([("absent", self.absent)]) if isinstance(self.word, array) else self.absent

    def compose_sibling(self, row: Row) -> Any:
        beside = self.word.compose_sibling(row)
        if not self.primitive or self.word.compose(row) is not ABSENT:
            return beside
        return {"extension": [*(beside or {}).get("extension", ()), *self.absent["extension"]]}

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return self.word.decompose(value, row, sibling)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        return self.word.decompose_from(source, name, row)

    def search_columns(self, parameter_type: str) -> Any:
        return self.word.search_columns(parameter_type)


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
