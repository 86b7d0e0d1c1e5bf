"""The concepts of one CodeSystem with their parents and properties.

https://hl7.org/fhir/R4/codesystem.html#hierarchy

A concept is below the one it is nested in, below those that its properties `parent` and `subsumedBy` name, and above
those that its property `child` names. Circles do no harm: every walk goes to each concept once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_server.search.terminology.stored import Tree, Unanswerable

UPWARDS, DOWNWARDS = frozenset({"parent", "subsumedBy"}), "child"
_PROPERTIES = "http://hl7.org/fhir/concept-properties#"


class Hierarchy:
    """`codes` are all concepts of the system in their order; `parents` and `children` map codes to codes.

    Raises Unanswerable for a system of which a part is stored, unless the part is enough (`partial`).
    """

    def __init__(self, system: Tree, *, partial: bool = False) -> None:
        content = system.get("content", "complete")
        if content != "complete" and not partial:
            raise Unanswerable(f"The CodeSystem stored here does not hold all of its concepts (content is {content}).")
        self.codes: dict[str, Tree] = {}
        self.parents: dict[str, set[str]] = defaultdict(set)
        self.children: dict[str, set[str]] = defaultdict(set)
        self._names = _property_names(system)
        for concept, parent in _concepts(system):
            code = concept.get("code")
            if not isinstance(code, str):
                continue
            self.codes[code] = concept
            if parent is not None:
                self._link(code, parent)
            for name, value in self.properties(concept):
                if name in UPWARDS:
                    self._link(code, value)
                elif name == DOWNWARDS:
                    self._link(value, code)

    def _link(self, child: str, parent: str) -> None:
        self.parents[child].add(parent)
        self.children[parent].add(child)

    def properties(self, concept: Tree) -> Iterator[tuple[str, str]]:
        """The properties of a concept by their standard names, with their values as texts."""
        for one in concept.get("property", ()):
            value = next((one[name] for name in one if name.startswith("value")), None)
            if isinstance(value, Mapping):
                value = value.get("code")
            if isinstance(value, bool):
                value = "true" if value else "false"
            if value is not None:
                yield self._names.get(one.get("code", ""), one.get("code", "")), str(value)

    def below(self, codes: Iterable[str]) -> dict[str, None]:
        """The codes and all beneath them."""
        return self._reached(codes, self.children)

    def above(self, codes: Iterable[str]) -> dict[str, None]:
        """The codes and all that they are beneath of."""
        return self._reached(codes, self.parents)

    def _reached(self, codes: Iterable[str], links: Mapping[str, set[str]]) -> dict[str, None]:
        reached = {code: None for code in codes if code in self.codes}
        waiting = list(reached)
        while waiting:
            for code in sorted(links.get(waiting.pop(), ())):
                if code not in reached and code in self.codes:
                    reached[code] = None
                    waiting.append(code)
        return reached


def _property_names(system: Tree) -> dict[str, str]:
    """A system may call the standard properties what it likes, and tell by their uri."""
    named: dict[str, str] = {}
    for one in system.get("property", ()):
        uri, code = one.get("uri", ""), one.get("code")
        if code and isinstance(uri, str) and uri.startswith(_PROPERTIES):
            named[code] = uri.removeprefix(_PROPERTIES)
    return named


def _concepts(system: Tree) -> Iterator[tuple[Tree, str | None]]:
    waiting: list[tuple[Any, str | None]] = [(one, None) for one in reversed(system.get("concept", ()))]
    while waiting:
        concept, parent = waiting.pop()
        yield concept, parent
        waiting += [(one, concept.get("code")) for one in reversed(concept.get("concept", ()))]


__all__ = ["Hierarchy"]
