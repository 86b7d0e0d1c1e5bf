"""`_list`: the members of a stored List (https://hl7.org/fhir/R4/search.html#list).

Members are found by the List's index rows. Items that the List itself marks as deleted are none, but index rows do not
tell them apart; the List is looked at for them, and nearly always has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import InvalidRequest
from fhir_server.indexing.references import parse_reference
from fhir_server.search.expression import And, Expression, Link, Not, Or
from fhir_server.search.parameters import described
from fhir_server.search.query import split, unescape
from fhir_server.search.terminology.stored import Tree
from fhir_server.search.types.reading import Reading
from fhir_server.search.types.reference import is_id
from fhir_server.search.types.token import Token

LIST, ITEM = "List", "item"


def read_list(types: tuple[str, ...], value: str, reading: Reading) -> Expression:
    """The condition of being in one of the Lists; raises InvalidRequest for values that name none.

    A List that does not exist, or may not be seen, has no members.
    """
    names = [unescape(part) for part in split(value, ",")]
    return Or(tuple(_members(types, _list_id(name, reading), reading) for name in names))


def _list_id(name: str, reading: Reading) -> str:
    if name.startswith("$"):
        raise InvalidRequest("_list names a functional list ($current-…), which this server does not have.")
    found = parse_reference(name, reading.base_url)
    if found.target_type == LIST and found.target_id is not None and found.target_version is None:
        return found.target_id
    if found.target_type is None and is_id(name):
        return name
    raise InvalidRequest("_list must be the id of a List, or List/id.")


def _members(types: tuple[str, ...], list_id: str, reading: Reading) -> Expression:
    named = Token("_id", "any", None, (list_id,))
    members: Expression = Link((ITEM,), (((LIST,), named),), reverse=True)
    found = reading.stored.by_id(LIST, list_id) if reading.stored is not None else None
    gone = _deleted(found, reading.base_url) if found is not None else {}
    if not gone.keys() & set(types):
        return members
    if len(types) > 1:
        raise InvalidRequest(
            f"The List marks items as deleted; that can be told for one type only, not for {described(types)}."
        )
    return And((members, Not(Token("_id", "any", None, tuple(gone[types[0]])))))


def _deleted(found: Tree, base_url: str) -> dict[str, dict[str, None]]:
    """The ids, by type, of items that the List marks as deleted and does not also name without that mark."""
    entries = found.get("entry", ())
    kept = set(_items((one for one in entries if one.get("deleted") is not True), base_url))
    gone: dict[str, dict[str, None]] = {}
    for kind, fhir_id in _items((one for one in entries if one.get("deleted") is True), base_url):
        if (kind, fhir_id) not in kept and kind in RESOURCE_TYPES:
            gone.setdefault(kind, {})[fhir_id] = None
    return gone


def _items(entries: Iterator[Tree], base_url: str) -> Iterator[tuple[str, str]]:
    for one in entries:
        found = parse_reference(one.get("item", {}).get("reference") or "", base_url)
        if found.target_type is not None and found.target_id is not None:
            yield found.target_type, found.target_id
