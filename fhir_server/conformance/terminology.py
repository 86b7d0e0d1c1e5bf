"""CodeSystems and ValueSets of our own codes, and ConceptMaps of what the portal's status texts mean.

https://hl7.org/fhir/R4/terminology-module.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from business.statuses import StatusMap, status_map, status_map_names
from fhir_server.conformance.names import in_words, tail, url
from fhir_server.conformance.texts import Texts, described
from fhir_server.conformance.walking import codes_below, systems_below
from fhir_server.definitions import canonical_base, children, element
from fhir_server.mapping.resource import Resource

Tree = dict[str, Any]
Concepts = dict[str, Tree]
ORIGIN = "definition-origin"
"""The code system of the tag that our own definitions carry; see `publishing`."""


def _base() -> str:
    return f"{canonical_base()}/CodeSystem"


def used_systems(declared: Iterable[Resource]) -> dict[str, dict[str, None]]:
    """The code systems of ours that declarations name, with the codes that they list."""
    found: dict[str, dict[str, None]] = {}
    for resource in declared:
        said = {"elements": resource.elements, "search": resource.search}
        for system in systems_below(said["elements"], _base()):
            found.setdefault(system, {})
        for system, code in codes_below(resource.elements):
            if system.startswith(f"{_base()}/"):
                found.setdefault(system, {})[code] = None
    return found


def code_systems(declared: Iterable[Resource], texts: Texts) -> Iterator[Tree]:
    """Every code system of ours: those that declarations name, those of the texts alone, and the portal's states."""
    used = {tail(system): codes for system, codes in used_systems(declared).items()}
    names = dict.fromkeys([*sorted(used), *texts.sections.get("code-systems", {})])
    for name in names:
        said = texts.of("code-systems", name)
        yield _code_system(name, said, _concepts(used.get(name, {}), said), is_open=said.get("open", False))
    for found in map(status_map, status_map_names()):
        said = texts.of("status-maps", found.name)
        source = {**said, "title": f"{said['title']}: texts of the portal"}
        yield _code_system(_source(found), source, _states(found), is_open=False)
        if found.system is None and _target(found) not in names:
            target = {**said, "title": f"{said['title']}: states"}
            codes = dict.fromkeys(found.codes.values())
            yield _code_system(_target(found), target, {code: _concept(code) for code in codes}, is_open=False)


def _concepts(used: dict[str, None], said: Tree) -> Concepts:
    named: Concepts = said.get("codes", {})
    return {code: {**_concept(code), **named.get(code, {})} for code in dict.fromkeys([*used, *named])}


def _concept(code: str) -> Tree:
    return {"code": code, "display": in_words(code)}


def _states(found: StatusMap) -> Concepts:
    said = found.element.partition("(")[0]
    return {text: {**_concept(text), "definition": f"Says {code} in {said}."} for text, code in found.codes.items()}


def _code_system(name: str, said: Tree, concepts: Concepts, *, is_open: bool) -> Tree:
    # Texts that the portal adds to are codes too, and nobody can list them.
    content = "not-present" if not concepts else "fragment" if is_open else "complete"
    return {
        **described("CodeSystem", name, said),
        "caseSensitive": True,
        **({} if is_open else {"valueSet": url("ValueSet", name)}),
        "content": content,
        **({"count": len(concepts), "concept": list(concepts.values())} if concepts else {}),
    }


def value_sets(systems: Iterable[Tree]) -> Iterator[Tree]:
    """For each code system that lists all its codes, the value set of all of them."""
    for system in systems:
        if system["content"] == "complete":
            yield {
                **described("ValueSet", system["id"], system),
                "immutable": False,
                "compose": {"include": [{"system": system["url"]}]},
            }


def _source(found: StatusMap) -> str:
    return f"portal-{found.name}"


def _target(found: StatusMap) -> str:
    return f"{found.name}-status"


def concept_maps(texts: Texts) -> Iterator[Tree]:
    """What each text of the portal means in FHIR; a map's unlisted texts mean its `other` code."""
    for found in map(status_map, status_map_names()):
        said = texts.of("status-maps", found.name)
        target = found.system or url("CodeSystem", _target(found))
        group: Tree = {
            "source": url("CodeSystem", _source(found)),
            "target": target,
            "element": [
                {
                    "code": text,
                    "display": in_words(text),
                    # One of several texts of a state says more than the state does.
                    "target": [{"code": code, "equivalence": "equivalent" if len(found.texts(code)) == 1 else "wider"}],
                }
                for text, code in found.codes.items()
            ],
        }
        if found.other is not None:
            group["unmapped"] = {"mode": "fixed", "code": found.other}
        yield {
            **described("ConceptMap", f"status-{found.name}", said),
            "purpose": f"{found.column} in {found.element}",
            "sourceCanonical": url("ValueSet", _source(found)),
            "targetCanonical": _target_set(found),
            "group": [group],
        }


def _target_set(found: StatusMap) -> str:
    at = element(found.element)
    if at is not None and at.value_set is not None and at.name in children(found.element.rpartition(".")[0]):
        return at.value_set
    return _of_r4(found.system) if found.system else url("ValueSet", _target(found))


def _of_r4(system: str) -> str:
    return f"http://hl7.org/fhir/ValueSet/{system.rpartition('/')[2]}"
