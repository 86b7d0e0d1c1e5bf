"""The codes of a ValueSet, worked out of its definition and of the value sets and code systems that this names.

https://hl7.org/fhir/R4/valueset.html#compositions

All within one `include` must hold (system, concepts, filters, imports); includes add up, excludes take away. Where the
definition cannot be worked out, a complete stored expansion is as good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.errors import InvalidRequest
from fhir_server.indexing.references import parse_reference
from fhir_server.search.query import printable
from fhir_server.search.terminology.hierarchy import Hierarchy
from fhir_server.search.terminology.stored import MAX_CODES, Stored, Tree, Unanswerable, too_many

Codes: TypeAlias = Mapping[str, None]
Content: TypeAlias = Mapping[str, Codes | None]
"""The codes of each system in their order; None stands for all codes of the system."""

MAX_DEPTH, MAX_DEFINITIONS, MAX_SYSTEMS = 10, 50, 50


def value_set_content(stored: Stored, address: str, version: str | None, base_url: str) -> Content:
    """The codes of the value set with this url, or of `ValueSet/id`.

    Raises Unanswerable (400) for one that is not stored or cannot be worked out, TooManyCodes (422).
    """
    return _Expander(stored, base_url).content(address, version, ())


def definition_content(stored: Stored, definition: Tree, base_url: str) -> Content:
    """The codes of a ValueSet that is at hand, stored or not; raises as `value_set_content` does."""
    named = (definition.get("url", ""), definition.get("version"))
    return _Expander(stored, base_url).of_definition(definition, (named,))


class _Expander:
    def __init__(self, stored: Stored, base_url: str) -> None:
        self.stored, self.base_url = stored, base_url
        self.hierarchies: dict[tuple[str, str | None], Hierarchy] = {}
        self.asked = 0

    def content(self, address: str, version: str | None, importing: tuple[tuple[str, str | None], ...]) -> Content:
        """The codes of a value set that `importing` ones lead to."""
        if (address, version) in importing:
            raise Unanswerable("The value set imports itself.")
        if len(importing) >= MAX_DEPTH:
            raise Unanswerable(f"The value set imports others more than {MAX_DEPTH} levels deep.")
        found = self._value_set(address, version)
        if found is None:
            which = "imports one that" if importing else "that the search names"
            raise Unanswerable(f"The value set {which} is not stored on this server.")
        return self.of_definition(found, (*importing, (address, version)))

    def of_definition(self, found: Tree, importing: tuple[tuple[str, str | None], ...]) -> Content:
        """The codes of a value set that is the last of the `importing` ones."""
        expansion = found.get("expansion")
        if "compose" not in found:
            if expansion is None:
                raise Unanswerable("The value set has neither a definition nor an expansion.")
            return _expanded(expansion)
        try:
            return self._composed(found["compose"], importing)
        except InvalidRequest:
            if expansion is None or not _is_complete(expansion):
                raise
            return _expanded(expansion)

    def _value_set(self, address: str, version: str | None) -> Tree | None:
        self._count()
        found = self.stored.by_url("ValueSet", address, version)
        local = parse_reference(address, self.base_url)
        if found is None and local.target_type == "ValueSet" and local.target_id is not None:
            found = self.stored.by_id("ValueSet", local.target_id)
        return found

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MAX_DEFINITIONS:
            raise Unanswerable(f"The value set needs more than {MAX_DEFINITIONS} other definitions.")

    def _hierarchy(self, system: str, version: str | None) -> Hierarchy:
        key = (system, version)
        if key not in self.hierarchies:
            self._count()
            found = self.stored.by_url("CodeSystem", system, version)
            if found is None:
                raise Unanswerable("The value set chooses from a code system that is not stored on this server.")
            self.hierarchies[key] = Hierarchy(found)
        return self.hierarchies[key]

    def _composed(self, compose: Tree, importing: tuple[tuple[str, str | None], ...]) -> Content:
        content: Content = {}
        for one in compose.get("include", ()):
            content = _limited(_united(content, self._chosen(one, importing)))
        for one in compose.get("exclude", ()):
            content = self._without(content, self._chosen(one, importing))
        return content

    def _chosen(self, one: Tree, importing: tuple[tuple[str, str | None], ...]) -> Content:
        """What one include or exclude names."""
        parts: list[Content] = []
        system = one.get("system")
        if system is not None:
            parts.append({system: self._of_system(one, system)})
        for imported in one.get("valueSet", ()):
            address, _, version = imported.partition("|")
            parts.append(self.content(address, version or None, importing))
        if not parts:
            raise Unanswerable("The value set includes codes without saying of which system.")
        content = parts[0]
        for other in parts[1:]:
            content = _intersected(content, other)
        return content

    def _of_system(self, one: Tree, system: str) -> Codes | None:
        listed = [concept["code"] for concept in one.get("concept", ()) if "code" in concept]
        if listed:
            return dict.fromkeys(listed)
        filters = one.get("filter", ())
        if not filters:
            return None
        hierarchy = self._hierarchy(system, one.get("version"))
        codes: Iterable[str] = hierarchy.codes
        for each in filters:
            kept = _filtered(hierarchy, each)
            codes = [code for code in codes if code in kept]
        return dict.fromkeys(codes)

    def _without(self, content: Content, excluded: Content) -> Content:
        left: dict[str, Codes | None] = {}
        for system, codes in content.items():
            taken = excluded.get(system, {})
            if taken is None:
                continue
            if codes is None and taken:
                # All codes but some: that needs a list of all.
                codes = dict.fromkeys(self._hierarchy(system, None).codes)
            left[system] = codes if codes is None else {code: None for code in codes if code not in taken}
        return _limited(left)


def _united(first: Content, second: Content) -> Content:
    united = dict(first)
    for system, codes in second.items():
        known = united.get(system, {})
        united[system] = None if codes is None or known is None else {**known, **codes}
    return united


def _intersected(first: Content, second: Content) -> Content:
    both: dict[str, Codes | None] = {}
    for system in first.keys() & second.keys():
        one, other = first[system], second[system]
        if one is None or other is None:
            both[system] = other if one is None else one
        else:
            both[system] = {code: None for code in one if code in other}
    return both


def _limited(content: Content) -> Content:
    if len(content) > MAX_SYSTEMS or sum(len(codes or ()) for codes in content.values()) > MAX_CODES:
        raise too_many("The value set")
    return content


def _is_complete(expansion: Tree) -> bool:
    total = expansion.get("total")
    listed = sum(1 for _ in _contained(expansion))
    return not expansion.get("offset") and (total is None or int(total) <= listed)


def _expanded(expansion: Tree) -> Content:
    if not _is_complete(expansion):
        raise Unanswerable("The expansion of the value set is only a part of it.")
    content: dict[str, dict[str, None]] = {}
    for one in _contained(expansion):
        if one.get("abstract") is not True and "system" in one and "code" in one:
            content.setdefault(one["system"], {})[one["code"]] = None
    return _limited(content)


def _contained(expansion: Tree) -> Iterator[Tree]:
    waiting: list[Any] = list(reversed(expansion.get("contains", ())))
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(one.get("contains", ()))


Chosen = Callable[[Hierarchy, str], Iterable[str]]
CONCEPT_FILTERS: Mapping[str, Chosen] = {
    "=": lambda hierarchy, value: (value,),
    "in": lambda hierarchy, value: _listed(value),
    "not-in": lambda hierarchy, value: hierarchy.codes.keys() - set(_listed(value)),
    "is-a": lambda hierarchy, value: hierarchy.below((value,)),
    "descendent-of": lambda hierarchy, value: hierarchy.below((value,)).keys() - {value},
    "is-not-a": lambda hierarchy, value: hierarchy.codes.keys() - hierarchy.below((value,)).keys(),
    "generalizes": lambda hierarchy, value: hierarchy.above((value,)),
}
"""What filters on the concept itself choose."""

_SAYS: Mapping[str, Callable[[set[str], str], bool]] = {
    "=": lambda said, value: value in said,
    "in": lambda said, value: bool(said & set(_listed(value))),
    "not-in": lambda said, value: not said & set(_listed(value)),
    "exists": lambda said, value: bool(said) == (value == "true"),
}
"""What filters on a property ask of what a concept says of it."""


def _listed(value: str) -> list[str]:
    return [code.strip() for code in value.split(",")]


def _filtered(hierarchy: Hierarchy, each: Tree) -> set[str]:
    name, operator, value = (str(each.get(key, "")) for key in ("property", "op", "value"))
    if name in ("concept", "code"):
        choose = CONCEPT_FILTERS.get(operator)
        if choose is not None:
            return set(choose(hierarchy, value)) & hierarchy.codes.keys()
    elif operator in _SAYS:
        says = _SAYS[operator]
        return {code for code in hierarchy.codes if says(_said(hierarchy, code, name), value)}
    said = f"'{printable(operator)}' on '{printable(name)}'"
    raise Unanswerable(f"The value set has a filter {said}, which this server cannot work out.")


def _said(hierarchy: Hierarchy, code: str, name: str) -> set[str]:
    if name == "parent":
        return hierarchy.parents.get(code, set())
    if name == "child":
        return hierarchy.children.get(code, set())
    concept = hierarchy.codes[code]
    if name == "display":
        return {concept["display"]} if "display" in concept else set()
    return {value for named, value in hierarchy.properties(concept) if named == name}
