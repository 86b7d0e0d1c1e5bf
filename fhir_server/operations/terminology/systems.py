"""Code systems as operations see them: concepts with their names, states and relatives.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.search.terminology import Hierarchy, Stored
from fhir_server.search.terminology.stored import Tree

_RETIRED = (("inactive", "true"), ("status", "retired"))
_ABSTRACT = ("notSelectable", "true")


def plain(text: str) -> str:
    """A name for comparisons: neither case nor the width of white space counts."""
    return " ".join(text.casefold().split())


def names_of(concept: Tree) -> Iterator[str]:
    """All that a concept may be called: its display and its designations."""
    if "display" in concept:
        yield concept["display"]
    for one in concept.get("designation", ()):
        if "value" in one:
            yield one["value"]


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A CodeSystem, of which perhaps only a part is here."""

    definition: Tree
    hierarchy: Hierarchy

    @property
    def is_complete(self) -> bool:
        """Whether all concepts of the system are here."""
        return bool(self.definition.get("content", "complete") == "complete")

    @property
    def version(self) -> str | None:
        """The business version."""
        found = self.definition.get("version")
        return found if isinstance(found, str) else None

    def concept(self, code: str) -> Tree | None:
        """The concept with this code; in a system that says so, the case of letters does not count."""
        found = self.hierarchy.codes.get(code)
        if found is None and self.definition.get("caseSensitive") is False:
            found = next(
                (one for said, one in self.hierarchy.codes.items() if said.casefold() == code.casefold()), None
            )
        return found

    def is_inactive(self, concept: Tree) -> bool:
        """Whether the concept is no longer to be used."""
        return any(one in _RETIRED for one in self.hierarchy.properties(concept))

    def is_abstract(self, concept: Tree) -> bool:
        """Whether the concept only groups others and is not to be chosen."""
        return any(one == _ABSTRACT for one in self.hierarchy.properties(concept))


class CodeSystems:
    """Looks each system up at most once."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._found: dict[tuple[str, str | None], CodeSystem | None] = {}

    def get(self, url: str, version: str | None = None) -> CodeSystem | None:
        """The system with this url, or None when nothing of it is known."""
        key = (url, version)
        if key not in self._found:
            definition = self._stored.by_url("CodeSystem", url, version)
            self._found[key] = None if definition is None else code_system(definition)
        return self._found[key]


def code_system(definition: Tree) -> CodeSystem:
    """The definition with its hierarchy."""
    return CodeSystem(definition, Hierarchy(definition, partial=True))
