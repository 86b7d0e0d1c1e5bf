"""StructureDefinitions of what the declarations say: a profile for each type over a table, and our extensions.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.conformance.elements import CORE, Rule, differential, snapshot
from fhir_server.conformance.names import profile_id, tail
from fhir_server.conformance.texts import Texts, described
from fhir_server.conformance.walking import Place, Used, places, used_extensions, value_types
from fhir_server.definitions import CHOICE, canonical_base, element
from fhir_server.definitions.elements import capitalized
from fhir_server.mapping.branches import array, extension, object_
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.words import always, always_code, constant

Tree = dict[str, Any]
MAPPING = {"identity": "portal", "name": "The portal's tables"}
BY_URL, BY_SYSTEM, BY_PATTERN = ("value", "url"), ("value", "system"), ("pattern", "$this")


def profile(resource: Resource, texts: Texts) -> Tree:
    """What every resource of this type says that is a record of the table, or may say."""
    kind = resource.resource_type
    rule = Rule()
    for place in places(resource):
        _support(rule, place)
    for used in used_extensions(resource):
        holder = rule.at(used.path)
        if holder is not None:
            said = {"type": [{"code": "Extension", "profile": [used.url]}], "mustSupport": True}
            holder.sliced(tail(used.url), BY_URL, said if used.is_list else {"max": "1", **said})
    said = texts.of("profiles", f"{kind}/{resource.table.name}")
    return {
        **described("StructureDefinition", profile_id(resource), said),
        "fhirVersion": "4.0.1",
        "mapping": [{**MAPPING, "comment": f"Records of the table {resource.table.name}."}],
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": CORE + kind,
        "derivation": "constraint",
        "snapshot": {"element": snapshot(kind, rule)},
        "differential": {"element": differential(kind, rule)},
    }


def _support(root: Rule, place: Place) -> None:
    found = root.at(place.path) if not place.inside else None
    if found is None:
        return
    found.facts["mustSupport"] = True
    columns = _map(place)
    for one in columns:
        listed = found.facts.setdefault("mapping", [])
        if one not in listed:
            listed.append(one)
    word = place.word
    if isinstance(word, (always, always_code)) and place.is_lasting:
        _fix(found, place, word.json_value)
    elif isinstance(word, reference) and word.complete and not place.path.endswith(CHOICE):
        found.facts["type"] = [{"code": "Reference", "targetProfile": [CORE + word.target_type]}]
    system = getattr(word, "system", None)
    if place.is_item and place.path.endswith(".identifier") and isinstance(system, str):
        of_system = found.sliced(tail(system), BY_SYSTEM, {"mustSupport": True})
        of_system.children.setdefault("system", Rule()).facts |= {"min": 1, "fixedUri": system}


def _map(place: Place) -> list[Tree]:
    found = (one for one in place.columns if one.name not in ("document_version", "fhir_id"))
    return [{"identity": MAPPING["identity"], "map": f"{one.table.name}.{one.name}"} for one in found]


def _fix(rule: Rule, place: Place, value: Any) -> None:
    """What every record says: the element itself, or one of its items."""
    defined = element(place.path)
    if defined is None or not defined.types:
        return
    pattern = {f"pattern{capitalized(defined.types[0])}": value, "min": 1}
    if not place.is_item:
        rule.facts |= pattern
        return
    rule.sliced(_slice_name(value), BY_PATTERN, {**pattern, "max": "1", "mustSupport": True})
    rule.facts["min"] = 1


def _slice_name(value: Any) -> str:
    codings = value.get("coding", ()) if isinstance(value, Mapping) else ()
    return next((one["code"] for one in codings), "always")


def own_extensions(declared: Iterable[Resource]) -> dict[str, list[Used]]:
    """The extensions of ours that declarations use, by url."""
    mine = f"{canonical_base()}/"
    found: dict[str, list[Used]] = {}
    for resource in declared:
        for used in used_extensions(resource):
            if used.url.startswith(mine):
                found.setdefault(used.url, []).append(used)
    return found


def extension_definition(url: str, uses: list[Used], texts: Texts) -> Tree:
    """An extension: where it may stand, its value, its parts."""
    name = tail(url)
    said = texts.of("extensions", name)
    types: dict[str, list[str]] = {}
    for kind, targets in [*(one for used in uses for one in used.types), *map(_said_type, said.get("types", ()))]:
        listed = types.setdefault(kind, [])
        listed += [CORE + target for target in targets if CORE + target not in listed]
    parts = next((used.word for used in uses if used.word is not None and _parts(used.word)), None)
    contexts = dict.fromkeys([*(used.path.removesuffix(".extension") for used in uses), *said.get("contexts", ())])
    rule = Rule({"definition": said["description"]})
    _child(rule, "url", {"fixedUri": url})
    if parts is None:
        listed_types = [_type(kind, targets) for kind, targets in sorted(types.items())]
        _child(rule, "extension", {"max": "0"})
        _child(rule, f"value{CHOICE}", {"min": 1, **({"type": listed_types} if listed_types else {})})
    else:
        _child(rule, "extension", {})
        for part, kinds in _parts(parts).items():
            one = rule.children["extension"].sliced(part, BY_URL, {"max": "1"})
            _child(one, "url", {"fixedUri": part})
            _child(one, f"value{CHOICE}", {"type": [_type(kind, targets) for kind, targets in kinds]} if kinds else {})
        _child(rule, f"value{CHOICE}", {"max": "0"})
    return {
        **described("StructureDefinition", name, said),
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": one} for one in contexts],
        "type": "Extension",
        "baseDefinition": f"{CORE}Extension",
        "derivation": "constraint",
        "snapshot": {"element": snapshot("Extension", rule)},
        "differential": {"element": differential("Extension", rule)},
    }


def _said_type(text: str) -> tuple[str, tuple[str, ...]]:
    """A type as the texts say it: `string`, or `Reference(Task)`."""
    kind, _, target = text.removesuffix(")").partition("(")
    return kind, (target,) if target else ()


def _child(rule: Rule, name: str, facts: Tree) -> None:
    rule.children.setdefault(name, Rule()).facts |= facts


def _type(kind: str, targets: Iterable[str]) -> Tree:
    profiles = [one if one.startswith(CORE) else CORE + one for one in targets]
    return {"code": kind, **({"targetProfile": profiles} if profiles else {})}


def _parts(word: Any) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """The parts of an extension that has others in it, with the types of their values."""
    inner = word.inner.members.get("extension") if isinstance(word, extension) else None
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for item in inner.items if isinstance(inner, array) else ():
        if isinstance(item, extension):
            found[item.url] = list(value_types(item))
        elif isinstance(item, object_) and isinstance(item.members.get("url"), constant):
            url = item.constants["url"].json_value
            found[url] = list(value_types(extension(url, {k: v for k, v in item.members.items() if k != "url"})))
    return found
