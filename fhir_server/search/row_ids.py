"""Puts the ids of rows in the place of the logical ids that a search names, where these differ.

https://hl7.org/fhir/R4/resource.html#id

Done once, where the leaves of a statement are filled in, so that a value may come from any parameter, chain or
compartment. Only values of the shape of a minted id are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_server.mapping.minted import is_minted_shape
from fhir_server.search.expression import Leaf
from fhir_server.search.types.compartment import Member
from fhir_server.search.types.composite import Composite
from fhir_server.search.types.hierarchy import Hierarchical
from fhir_server.search.types.reference import Reference, VersionedReference
from fhir_server.search.types.token import Token

LookUp = Callable[[Collection[str]], Mapping[str, str]]
"""Logical id → id of the row, of those that have rows with another id."""

_IDS: Mapping[type[Leaf], str] = {
    Hierarchical: "ids",
    Member: "ids",
    Reference: "ids",
    Token: "codes",
    VersionedReference: "target_id",
}
"""The attribute of a leaf that holds ids: texts, or one text."""


def nothing_known(ids: Collection[str]) -> Mapping[str, str]:
    """A LookUp without a database: every logical id is that of a row."""
    return {}


def with_row_ids(leaves: Sequence[Leaf], look_up: LookUp) -> Sequence[Leaf]:
    """The leaves with ids of rows; the same leaves where that changes nothing."""
    asked = {one for leaf in leaves for one in _ids(leaf) if is_minted_shape(one)}
    known = look_up(asked) if asked else {}
    return [_with(leaf, known) for leaf in leaves] if known else leaves


def _ids(leaf: Leaf) -> Iterator[str]:
    if isinstance(leaf, Composite):
        for part in leaf.parts:
            yield from _ids(part)
    elif (name := _name(leaf)) is not None:
        held = getattr(leaf, name)
        yield from (held,) if isinstance(held, str) else held


def _name(leaf: Leaf) -> str | None:
    # Other tokens are no ids, whatever they look like.
    return None if isinstance(leaf, Token) and leaf.parameter != "_id" else _IDS.get(type(leaf))


def _with(leaf: Leaf, known: Mapping[str, str]) -> Leaf:
    if isinstance(leaf, Composite):
        return replace(leaf, parts=tuple(_with(part, known) for part in leaf.parts))
    name = _name(leaf)
    if name is None:
        return leaf
    held = getattr(leaf, name)
    changed: dict[str, Any] = {
        name: known.get(held, held) if isinstance(held, str) else tuple(known.get(one, one) for one in held)
    }
    return replace(leaf, **changed)
