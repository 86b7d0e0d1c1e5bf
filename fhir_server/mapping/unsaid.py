"""Which index rows of a document the columns of its row do not answer: only those are written.

https://hl7.org/fhir/R4/search.html. Every write asks this of every resource, so it looks only at the elements behind
parameters that columns answer in part, and takes an element apart only where document and row say it differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fhir_server.definitions import parameter_number, properties, search_parameters
from fhir_server.indexing import IndexRows, extract_values
from fhir_server.indexing.paths import Property, compile_paths
from fhir_server.json_text import DecimalText
from fhir_server.mapping.trees import plain
from fhir_server.mapping.word import Row, Word


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where a parameter looks: declared elements, and JSON names that only documents have."""

    elements: frozenset[str]
    others: frozenset[str]


_KINDS = ("token", "string", "reference", "date", "quantity")


class Unsaid:
    """What is known of a declaration beforehand.

    `complete` are the codes whose columns answer everything, `partial` those whose columns answer what a row says;
    both may have a modifier (`code:text`). `names` gives the JSON names of a declared element.
    """

    def __init__(
        self,
        resource_type: str,
        elements: Mapping[str, Word],
        names: Mapping[str, tuple[str, ...]],
        *,
        complete: AbstractSet[str],
        partial: AbstractSet[str],
    ) -> None:
        self._resource_type, self._elements = resource_type, elements
        self._names = {element: frozenset(each) for element, each in names.items()}
        self._complete = frozenset(parameter_number(f"{resource_type}.{code}") for code in complete)
        self._behind = {
            parameter_number(f"{resource_type}.{code}"): _sources(resource_type, code, names)
            for code in partial - complete
            if _type(resource_type, code) != "composite"
        }
        self._dates = frozenset(
            element
            for code in partial - complete
            if _type(resource_type, code) == "date"
            for element in _sources(resource_type, code, names).elements
        )

    def rows(self, said: IndexRows, row: Row, tree: dict[str, Any]) -> IndexRows:
        """The part of `said`, all that the document `tree` says, which the columns of `row` do not answer."""
        wanted = {one.parameter for kind in _KINDS for one in getattr(said, kind)} & self._behind.keys()
        same, alone = self._held(wanted, row, tree)

        def beyond(kind: str) -> tuple[Any, ...]:
            answered = set(getattr(alone, kind))
            return tuple(
                one
                for one in getattr(said, kind)
                if one.parameter not in self._complete and one.parameter not in same and one not in answered
            )

        # A column holds a literal reference only: an identifier beside it is searched in the index.
        logical = tuple(one for one in said.reference if one.identifier_value is not None)
        return IndexRows(
            token=beyond("token"),
            string=beyond("string"),
            reference=(*logical, *(one for one in beyond("reference") if one.identifier_value is None)),
            date=beyond("date"),
            number=said.number,
            quantity=beyond("quantity"),
            uri=said.uri,
            composite=said.composite,
            words=said.words,
        )

    def _held(self, wanted: AbstractSet[int], row: Row, tree: dict[str, Any]) -> tuple[AbstractSet[int], IndexRows]:
        """Parameters of which document and row say the same, and what the row says under all others of `wanted`."""
        if not wanted:
            return frozenset(), IndexRows()
        # A row without its versions is one with a document: the identifier of portal rows is not said by its columns.
        row = {**row, "document_version": 1}
        composed: dict[str, dict[str, Any]] = {}
        equal: set[str] = set()
        for element in {element for number in wanted for element in self._behind[number].elements}:
            part: dict[str, Any] = {}
            self._elements[element].compose_into(part, element, row)
            composed[element] = part
            names = self._names[element]
            if _is_same(part, {name: value for name, value in tree.items() if name in names}) and (
                element not in self._dates or _has_zone(part)
            ):
                equal.add(element)
        same = {
            number
            for number in wanted
            if self._behind[number].elements <= equal and self._behind[number].others.isdisjoint(tree)
        }
        differing = {element for number in wanted - same for element in self._behind[number].elements}
        if not differing:
            return same, IndexRows()
        parts = {name: plain(value) for element in differing for name, value in composed[element].items()}
        return same, extract_values(self._resource_type, {"resourceType": self._resource_type, **parts}, "")


def _type(resource_type: str, code: str) -> str:
    return search_parameters(resource_type)[code.partition(":")[0]].type


def _sources(resource_type: str, code: str, names: Mapping[str, tuple[str, ...]]) -> _Sources:
    element_of = {name: element for element, each in names.items() for name in each}
    found: set[str] = set()
    others: set[str] = set()
    for path in compile_paths(search_parameters(resource_type)[code.partition(":")[0]].expression, resource_type):
        first = path.steps[0]
        if not isinstance(first, Property):
            return _Sources(frozenset(names), frozenset(properties(resource_type)) - element_of.keys())
        if first.name in element_of:
            found.add(element_of[first.name])
        else:
            others.add(first.name)
    return _Sources(frozenset(found), frozenset(others))


def _has_zone(part: dict[str, Any]) -> bool:
    """Whether every value is a time with an offset: a day means another span in another time zone."""
    return all(isinstance(value, str) and "T" in value for value in part.values())


def _is_same(one: Any, other: Any) -> bool:
    """Whether two trees say the same to the letter: 1.50 is searched for with another precision than 1.5."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and len(one) == len(other)
            and all(name in other and _is_same(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list):
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(_is_same(item, wanted) for item, wanted in zip(one, other, strict=True))
        )
    if isinstance(one, DecimalText) or isinstance(other, DecimalText):
        return isinstance(one, DecimalText) and isinstance(other, DecimalText) and one.text == other.text
    return type(one) is type(other) and bool(one == other)
