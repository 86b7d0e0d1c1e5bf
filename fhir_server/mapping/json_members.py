"""The words for members of JSON columns: several words share a column, and each owns the members that it names.

https://hl7.org/fhir/R4/json.html

What the portal noted under other names stays as it is. A column that holds anything but an object says nothing, and
nothing is written to it: that would be to lose what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.conform import conform
from fhir_server.mapping.json_columns import items_of
from fhir_server.mapping.trees import ABSENT, PLACE, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word

Members = dict[str, Any]


class members(Word):  # noqa: N801
    """Members `names` of a JSON column, any of which may say it; FHIR writes the first."""

    def __init__(self, column: Column[Any], *names: str) -> None:
        self.column, self.names = column, names
        self.columns = (column.name,)

    def held(self, row: Row) -> Members:
        """The object in the column; empty where there is none."""
        found = row.get(self.column.name)
        return found if isinstance(found, dict) else {}

    def before(self, row: HeardRow) -> Members:
        """The object that the current row has."""
        return {} if row.current is None else self.held(row.current)

    def working(self, row: HeardRow) -> Members | None:
        """A copy of what the column will hold so far; None where that is no object."""
        source: Row = row if self.column.name in row or row.current is None else row.current
        found = source.get(self.column.name)
        return {} if found is None else dict(found) if isinstance(found, dict) else None

    def store(self, row: HeardRow, made: Members) -> None:
        """Let the column hold `made`."""
        row[self.column.name] = made or None

    def keep(self, row: HeardRow) -> None:
        mine = {name: item for name, item in self.before(row).items() if name in self.names}
        made = self.working(row)
        if mine and made is not None:
            self.store(row, made | mine)

    def forget(self, row: HeardRow) -> None:
        made = self.working(row)
        said = () if made is None else self.saying(made)
        if made is not None and said:
            self.store(row, {name: item for name, item in made.items() if name not in said})

    def saying(self, held: Members) -> tuple[str, ...]:
        """The names among `names` that say something in `held`: what says nothing is the portal's own concern."""
        return ()


class member(members):  # noqa: N801
    """One value of a FHIR type; `read` makes it of whatever JSON the portal has."""

    def __init__(self, column: Column[Any], *names: str, path: str = "string") -> None:
        super().__init__(column, *names)
        self.path = path

    def read(self, item: Any) -> Any:
        """What a JSON value says."""
        return conform(self.path, item)

    def saying(self, held: Members) -> tuple[str, ...]:
        return tuple(name for name in self.names if self.read(held.get(name)) is not ABSENT)

    def compose(self, row: Row) -> Any:
        held = self.held(row)
        return next((self.read(held[name]) for name in self.saying(held)), ABSENT)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        made, held = self.working(row), self.read(value)
        if made is None or held is ABSENT or not contains(value, held):
            return False
        said = self.saying(made)
        rest = {name: item for name, item in made.items() if name not in said}
        self.store(row, rest | {(self.saying(self.before(row)) or self.names)[0]: held})
        return True


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands: in a member, and if that is a list, at which of its places; and what it says."""

    name: str
    index: int | None
    said: Any


class member_list(members):  # noqa: N801
    """Array items of FHIR that members hold, each alone or in a list.

    `say` gives what a JSON value under a name says, `hear` the name and JSON value for an item (None: not to be held).
    What two members say twice is said once. New items are appended where `hear` says; what is not said any more is
    taken away wherever it stands.
    """

    is_list = True

    def __init__(
        self,
        column: Column[Any],
        *names: str,
        say: Callable[[str, Any], Any],
        hear: Callable[[Any], tuple[str, Any] | None],
        single: bool = False,
    ) -> None:
        super().__init__(column, *names)
        self.say, self.hear, self.single = say, hear, single

    def _places(self, held: Members) -> Iterator[Place]:
        for name in self.names:
            if name not in held:
                continue
            is_list = isinstance(held[name], list) and not self.single
            for index, item in enumerate(held[name] if is_list else [held[name]]):
                said = self.say(name, item)
                if said is not ABSENT:
                    yield Place(name, index if is_list else None, said)

    def _said(self, held: Members) -> list[Place]:
        found: list[Place] = []
        for place in self._places(held):
            if all(place.said != other.said for other in found):
                found.append(place)
        return found

    def saying(self, held: Members) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.name for place in self._places(held)))

    def compose(self, row: Row) -> Any:
        said = self._said(self.held(row))
        # A member that holds one thing is known by its name, an item of a list by its place only.
        pairs = [(place.name if self.single else f"{PLACE}{at}", place.said) for at, place in enumerate(said)]
        return Slots(pairs) if pairs else ABSENT

    def forget(self, row: HeardRow) -> None:
        # `take` follows, and says item by item what goes.
        return

    def take(self, items: list[Any], row: HeardRow) -> None:
        made = self.working(row)
        if made is None:
            return
        before = self.before(row)
        gone = [place.said for place in self._said(before)]
        left = list(items)
        for is_match in (_equals, contains):
            for said in list(gone):
                item = next((item for item in left if is_match(item, said)), None)
                if item is not None:
                    gone.remove(said)
                    left = [other for other in left if other is not item]
        mine = self._without(before, gone)
        rest: list[Any] = []
        for item in left:
            heard = self.hear(item)
            if heard is None or not self._add(mine, item, *heard):
                rest.append(item)
        made = {name: item for name, item in made.items() if name not in self.names} | mine
        if made or before:
            self.store(row, made)
        items[:] = rest

    def _without(self, held: Members, gone: list[Any]) -> Members:
        lost = [place for place in self._places(held) if place.said in gone]
        mine = {name: held[name] for name in self.names if name in held}
        for name in {place.name for place in lost}:
            indexes = {place.index for place in lost if place.name == name}
            kept = [] if None in indexes else [one for at, one in enumerate(held[name]) if at not in indexes]
            if kept:
                mine[name] = kept
            else:
                del mine[name]
        return mine

    def _add(self, mine: Members, item: Any, name: str, heard: Any) -> bool:
        said = self.say(name, heard)
        if said is ABSENT or not contains(item, said) or (self.single and name in mine):
            return False
        if all(said != place.said for place in self._places(mine)):
            mine[name] = heard if self.single else [*items_of(mine.get(name)), heard]
        return True


def _equals(item: Any, said: Any) -> bool:
    return bool(item == said)
