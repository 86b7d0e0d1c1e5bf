"""The three-way merge of a portal change into the document a client wrote, element by element.

`base` is what the row said when the document was written, `theirs` what it says now, `ours` the document. Where base and
theirs agree, ours stays as it was said; where they differ, the portal's change wins at the finest grain that is unambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_server.mapping.trees import Atomic, Slots, contains

_SERVER_OWNED = frozenset({"resourceType", "id", "meta"})


def merge(base: dict[str, Any], theirs: dict[str, Any], ours: dict[str, Any], choices: Mapping[str, str]) -> dict[str, Any]:
    """`ours` with every difference between `base` and `theirs` carried over; none of the arguments is changed.

    `choices` maps the property names of choice elements to their group (`valueQuantity` → `value[x]`): a group is one place.
    """
    return _merge_object(base, theirs, ours, choices)


def _merge_object(
    base: dict[str, Any], theirs: dict[str, Any], ours: dict[str, Any], choices: Mapping[str, str]
) -> dict[str, Any]:
    merged = dict(ours)
    for key in [*base, *(key for key in theirs if key not in base)]:
        if key in _SERVER_OWNED:
            continue
        before, after = base.get(key), theirs.get(key)
        if before == after:
            continue
        if key in choices:
            _clear_choice(merged, choices[key], key if after is not None else None, choices)
        if after is None:
            _remove(merged, key, before)
        elif before is None and key not in merged:
            merged[key] = _plain(after)
        else:
            merged[key] = _merge_value(before, after, merged.get(key))
            if merged[key] in ([], {}):
                del merged[key]
    return merged


def _clear_choice(merged: dict[str, Any], group: str, keep: str | None, choices: Mapping[str, str]) -> None:
    for key in [key for key in merged if key != keep and choices.get(key.lstrip("_")) == group]:
        del merged[key]


def _remove(merged: dict[str, Any], key: str, before: Any) -> None:
    if key not in merged:
        return
    if isinstance(before, Slots) and isinstance(merged[key], list):
        left = _merge_list(before, Slots([]), merged[key])
        if left:
            merged[key] = left
            return
    del merged[key]
    # The extension of a value that is gone would be left describing nothing.
    merged.pop(f"_{key}", None)


def _merge_value(before: Any, after: Any, ours: Any) -> Any:
    if isinstance(after, Slots) and isinstance(ours, list):
        return _merge_list(before if isinstance(before, Slots) else Slots([]), after, ours)
    if isinstance(after, Atomic) or not (isinstance(after, dict) and isinstance(before, dict) and isinstance(ours, dict)):
        return _plain(after)
    return _merge_object(before, after, ours, {})


def _merge_list(base: Slots, theirs: Slots, ours: list[Any]) -> list[Any]:
    merged = list(ours)
    taken: set[int] = set()
    before = dict(zip(base.keys, base, strict=True))
    after = dict(zip(theirs.keys, theirs, strict=True))
    places = {key: _place(item, merged, taken, len(before) == 1) for key, item in before.items()}
    gone: list[int] = []
    for key, item in before.items():
        place, now = places[key], after.get(key)
        if item == now:
            continue
        if now is None:
            if place is not None:
                gone.append(place)
        elif place is None:
            merged.append(_plain(now))
        else:
            merged[place] = _merge_value(item, now, merged[place])
    merged = [item for index, item in enumerate(merged) if index not in gone]
    merged.extend(_plain(item) for key, item in after.items() if key not in before)
    return merged


def _place(item: Any, ours: list[Any], taken: set[int], only: bool) -> int | None:
    for index, candidate in enumerate(ours):
        if index not in taken and contains(candidate, item):
            taken.add(index)
            return index
    if only and len(ours) == 1 and not taken:
        taken.add(0)
        return 0
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
