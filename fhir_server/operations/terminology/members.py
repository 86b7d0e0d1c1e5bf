"""The codes of a value set for operations: which they are, what the set calls them, whether one belongs to it.

https://hl7.org/fhir/R4/valueset.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.operations.terminology.codings import Coding
from fhir_server.operations.terminology.known import CannotBeWorkedOut, canonical
from fhir_server.operations.terminology.systems import CodeSystem, CodeSystems, names_of, plain
from fhir_server.search.terminology import Content, Stored, Unanswerable, definition_content
from fhir_server.search.terminology.stored import Tree

Named: TypeAlias = dict[tuple[str, str], Tree]
MAX_IMPORTS = 50


def codes_of(stored: Stored, definition: Tree, base_url: str) -> Content:
    """The codes of a ValueSet. Raises CannotBeWorkedOut, TooManyCodes."""
    try:
        return definition_content(stored, definition, base_url)
    except Unanswerable as error:
        raise CannotBeWorkedOut(error.diagnostics) from None


def spoken(stored: Stored, definition: Tree) -> Named:
    """What a value set and those that it imports call their codes; the first one that does wins."""
    named: Named = {}
    waiting, seen = [definition], {definition.get("url")}
    while waiting:
        one = waiting.pop()
        for system, concept in _listed(one):
            if "code" in concept and ("display" in concept or "designation" in concept):
                named.setdefault((system, concept["code"]), concept)
        for include in (one.get("compose") or {}).get("include", ()):
            for address in include.get("valueSet", ()):
                if address not in seen and len(seen) <= MAX_IMPORTS:
                    seen.add(address)
                    found = stored.by_url("ValueSet", *canonical(address))
                    waiting += [] if found is None else [found]
    return named


def _listed(definition: Tree) -> Iterator[tuple[str, Tree]]:
    for include in (definition.get("compose") or {}).get("include", ()):
        for concept in include.get("concept", ()):
            yield include.get("system", ""), concept
    waiting = list((definition.get("expansion") or {}).get("contains", ()))
    while waiting:
        one = waiting.pop()
        yield one.get("system", ""), one
        waiting += one.get("contains", ())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one code; `message` says why not, or what else there is to say."""

    result: bool
    message: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Members:
    """A value set that codes are held against."""

    content: Content
    named: Named
    systems: CodeSystems

    def verdict(self, coding: Coding, *, abstract: bool) -> Verdict:
        """Whether the code belongs to the value set under the name that it is given, if any."""
        if coding.system is None:
            return Verdict(False, "The code has no system.")
        codes = self.content.get(coding.system, {})
        if codes is not None and coding.code not in codes:
            return Verdict(False, "The code is not in the value set.")
        found = self.systems.get(coding.system, coding.version)
        if codes is None and found is None:
            return Verdict(False, "The value set has all codes of the system, which is not stored here.")
        named = self.named.get((coding.system, coding.code), {})
        if found is None or (codes is not None and found.concept(coding.code) is None):
            return named_well(named, coding)
        return in_system(found, coding, abstract=abstract, named=named)


def in_system(found: CodeSystem, coding: Coding, *, abstract: bool, named: Tree | None = None) -> Verdict:
    """Whether the code is one of the system; `named` is what else it may be called."""
    concept = found.concept(coding.code)
    if concept is None:
        known = "The code is not in the code system."
        return Verdict(False, known if found.is_complete else f"{known} Only a part of the system is stored here.")
    if found.is_abstract(concept) and not abstract:
        return Verdict(False, "The code is abstract: it groups others and is not to be chosen.", concept.get("display"))
    verdict = named_well(concept, coding, *names_of(named or {}))
    if verdict.result and found.is_inactive(concept):
        return Verdict(True, "The code is inactive.", verdict.display)
    return verdict


def named_well(concept: Tree, coding: Coding, *others: str) -> Verdict:
    """Whether the display of the coding, if any, is a name of the concept."""
    names = [*names_of(concept), *others]
    display = names[0] if names else None
    if coding.display is None or not names:
        return Verdict(True, None, display)
    if plain(coding.display) in {plain(name) for name in names}:
        return Verdict(True, None, display)
    return Verdict(False, "The display is not a name of the code.", display)
