"""The three-way merge of arrays: which item of one version is which item of the other.

Items of a declaration's slots and child rows with keys are known by them. Items that are known by their place alone
may have
moved: equal ones belong together, then similar ones, and the rest came or went.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fhir_server.mapping.trees import PLACE, Slots, contains, plain

Item = tuple[int | None, Any]
"""Where an item stood in the document (None: it is new) and its value."""


def merged_list(
    base: Slots, theirs: Slots, ours: Sequence[Any], merged_value: Callable[[Any, Any, Any], Any]
) -> list[Item]:
    """`ours` with the difference between `base` and `theirs`; items that only the document has stay where they are.

    Where the document has no items of its own, the result is in the order of `theirs`; otherwise new items follow the
    one that
    they follow there.
    """
    pairs = _pairs(base, theirs)
    places = _places(base, ours)
    items: dict[int, Any] = dict(enumerate(ours))
    # For each item of theirs in order, where it stands in the document now.
    known: list[int | None] = [None] * len(theirs)
    for index, before in enumerate(base):
        place, now = places[index], pairs.get(index)
        if now is not None:
            known[now] = place
        if place is None:
            continue
        if now is None or before != theirs[now]:
            # The document may say twice what the row says no more.
            for twin in [one for one in items if one not in places and contains(items[one], before)]:
                del items[twin]
        if now is None:
            del items[place]
        elif before != theirs[now]:
            items[place] = merged_value(before, theirs[now], items[place])
    for index in sorted(set(range(len(theirs))) - set(pairs.values())):
        # What the portal adds may be there already.
        free = set(items) - set(places) - set(known)
        known[index] = next((place for place in sorted(free) if contains(items[place], theirs[index])), None)
    if not set(items) - set(known):
        return [(place, plain(theirs[index]) if place is None else items[place]) for index, place in enumerate(known)]
    return _woven(items, known, theirs)


def _woven(items: dict[int, Any], known: list[int | None], theirs: Slots) -> list[Item]:
    result: list[Item] = sorted(items.items())
    for index, place in enumerate(known):
        if place is None:
            before = next((one for one in reversed(known[:index]) if one is not None), None)
            at = len(result) if before is None else _after(result, before)
            result.insert(at, (None, plain(theirs[index])))
    return result


def _after(result: list[Item], before: int) -> int:
    """Behind the item that stood at `before` and the new ones that follow it already."""
    at = next(at for at, (place, _) in enumerate(result) if place == before) + 1
    while at < len(result) and result[at][0] is None:
        at += 1
    return at


def _pairs(base: Slots, theirs: Slots) -> dict[int, int]:
    """Which item of base has become which of theirs, by index."""
    partner: dict[int, int] = {}
    by_key = {key: index for index, key in enumerate(theirs.keys) if not is_place(key)}
    for index, key in enumerate(base.keys):
        if not is_place(key) and key in by_key:
            partner[index] = by_key[key]
    for found in (_equal, _similar, _only):
        left = {index: base[index] for index, key in enumerate(base.keys) if index not in partner and is_place(key)}
        taken = set(partner.values())
        free = {index: item for index, item in enumerate(theirs) if index not in taken and is_place(theirs.keys[index])}
        partner.update(found(left, free, base, theirs))
    return partner


def is_place(key: str) -> bool:
    """Whether a key of Slots is only a place."""
    return key.rpartition("/")[2].startswith(PLACE)


def _slot(items: Slots, index: int) -> str:
    return items.keys[index].rpartition("/")[0]


def _equal(left: dict[int, Any], free: dict[int, Any], base: Slots, theirs: Slots) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    for index, item in left.items():
        place = next((place for place, other in free.items() if place not in taken and other == item), None)
        if place is not None:
            taken.add(place)
            found.append((index, place))
    return found


def _similar(left: dict[int, Any], free: dict[int, Any], base: Slots, theirs: Slots) -> list[tuple[int, int]]:
    scored = [
        (-_likeness(item, other), index, place)
        for index, item in left.items()
        for place, other in free.items()
        if _slot(base, index) == _slot(theirs, place) and _likeness(item, other) > 0
    ]
    found: list[tuple[int, int]] = []
    for _, index, place in sorted(scored):
        if all(index != one and place != other for one, other in found):
            found.append((index, place))
    return found


def _likeness(one: Any, other: Any) -> int:
    """How many members two objects share."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return 0
    return sum(1 for name, value in one.items() if other.get(name) == value)


def _only(left: dict[int, Any], free: dict[int, Any], base: Slots, theirs: Slots) -> list[tuple[int, int]]:
    """The one item left on either side of a slot: it has been changed altogether."""
    found: list[tuple[int, int]] = []
    for slot in {_slot(base, index) for index in left}:
        mine = [index for index in left if _slot(base, index) == slot]
        yours = [place for place in free if _slot(theirs, place) == slot]
        if len(mine) == len(yours) == 1:
            found.append((mine[0], yours[0]))
    return found


def _places(said: Sequence[Any], ours: Sequence[Any]) -> list[int | None]:
    """Where each item of base stands in the document: equal items first, then those that say more."""
    places: list[int | None] = [None] * len(said)
    for is_match in (_is_equal, _says, _has_same_url):
        for index, item in enumerate(said):
            if places[index] is None:
                free = (place for place in range(len(ours)) if place not in places and is_match(ours[place], item))
                places[index] = next(free, None)
    if len(said) == len(ours) == 1 and places[0] is None:
        places[0] = 0
    return places


def _is_equal(item: Any, said: Any) -> bool:
    return bool(item == said)


def _says(item: Any, said: Any) -> bool:
    return contains(item, said)


def _has_same_url(item: Any, said: Any) -> bool:
    """Extensions are known by their url."""
    return isinstance(item, dict) and isinstance(said, dict) and "url" in said and item.get("url") == said["url"]
