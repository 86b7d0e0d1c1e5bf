"""The three-way merge of a portal change into the document a client wrote, element by element.

`base` is what the row said when the document was written, `theirs` what it says now, `ours` the document. Where base
and
theirs agree, ours stays as it was said; where they differ, the portal's change wins at the finest grain that is
unambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_server.mapping.merge_lists import is_place, merged_list
from fhir_server.mapping.trees import Atomic, Slots, plain

Tree = dict[str, Any]

_SERVER_OWNED = frozenset({"resourceType", "id", "meta"})
_MADE_FROM_DATA = frozenset({"generated", "extensions"})
_DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def merge(base: Tree, theirs: Tree, ours: Tree, choices: Mapping[str, str]) -> Tree:
    """`ours` with every difference between `base` and `theirs` carried over; none of the arguments is changed.

    `choices` maps property names to their group (`valueQuantity` → `value[x]`): a group is one place. A narrative
    that was
    generated from data that have changed would show the old ones, so it goes.
    """
    merged = _merge_object(base, theirs, ours, choices)
    if merged != ours and _is_made_from_data(merged.get("text")):
        del merged["text"]
    return merged


def _is_made_from_data(narrative: Any) -> bool:
    return isinstance(narrative, dict) and narrative.get("status") in _MADE_FROM_DATA


def _merge_object(base: Tree, theirs: Tree, ours: Tree, choices: Mapping[str, str]) -> Tree:
    merged = dict(ours)
    for key in dict.fromkeys((*base, *theirs)):
        before, after = base.get(key), theirs.get(key)
        if key in _SERVER_OWNED or before == after:
            continue
        if key in choices:
            _clear_choice(merged, choices[key], key if after is not None else None, choices)
        if key.startswith("_"):
            _merge_sibling(merged, key, before or {}, after or {})
        elif after is None:
            _remove(merged, key, before)
        else:
            _replace(merged, key, before, after)
    return merged


def _clear_choice(merged: Tree, group: str, keep: str | None, choices: Mapping[str, str]) -> None:
    for key in [key for key in merged if key != keep and choices.get(key.removeprefix("_")) == group]:
        del merged[key]


def _merge_sibling(merged: Tree, key: str, before: Tree, after: Tree) -> None:
    """The extensions beside a primitive: those that the row says come and go, the client's stay."""
    said = _merge_object(before, after, merged.get(key) or {}, {})
    if said:
        merged[key] = said
    else:
        merged.pop(key, None)


def _remove(merged: Tree, key: str, before: Any) -> None:
    if key not in merged:
        return
    if isinstance(before, Slots) and isinstance(merged[key], list):
        _set_list(merged, key, before, Slots([]))
        return
    del merged[key]
    # The extension of a value that is gone would be left describing nothing.
    merged.pop(f"_{key}", None)


def _replace(merged: Tree, key: str, before: Any, after: Any) -> None:
    ours = merged.get(key)
    if isinstance(after, Slots) and isinstance(ours, list) and not (before is None and _is_whole(after)):
        _set_list(merged, key, before if isinstance(before, Slots) else Slots([]), after)
    else:
        merged[key] = _merged_value(before, after, ours)
        if isinstance(after, list):
            merged.pop(f"_{key}", None)
    if ours is None:
        _drop_absent_reason(merged, f"_{key}")


def _is_whole(said: Slots) -> bool:
    """Whether the column of this array holds all texts of it, such as the lines of an address."""
    return all(isinstance(item, str) and is_place(key) for key, item in zip(said.keys, said, strict=True))


def _merged_value(before: Any, after: Any, ours: Any) -> Any:
    if isinstance(after, Atomic) or not all(isinstance(each, dict) for each in (before, after, ours)):
        return plain(after)
    merged = _merge_object(before, after, ours, {})
    # A text says the whole name or address once more; where the row does not say it, it would say the old one.
    if "text" in ours and "text" not in after and merged != ours:
        merged.pop("text", None)
        merged.pop("_text", None)
    return merged


def _set_list(merged: Tree, key: str, before: Slots, after: Slots) -> None:
    ours = merged[key]
    result = merged_list(before, after, ours, _merged_value)
    siblings = merged.get(f"_{key}")
    if isinstance(siblings, list):
        # Where a value has changed, what was said beside the old one goes with it.
        kept = [siblings[place] if place is not None and value == ours[place] else None for place, value in result]
        if any(other is not None for other in kept):
            merged[f"_{key}"] = kept
        else:
            del merged[f"_{key}"]
            result = [(place, value) for place, value in result if value is not None]
    if result:
        merged[key] = [value for _, value in result]
    else:
        merged.pop(key)


def _drop_absent_reason(merged: Tree, key: str) -> None:
    """A value that is there now is not missing for any reason."""
    sibling = merged.get(key)
    if not isinstance(sibling, dict) or "extension" not in sibling:
        return
    kept = [one for one in sibling["extension"] if one.get("url") != _DATA_ABSENT]
    merged[key] = {**sibling, "extension": kept}
    if not kept:
        del merged[key]["extension"]
    if not merged[key]:
        del merged[key]
