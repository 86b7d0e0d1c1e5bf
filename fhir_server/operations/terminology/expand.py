"""ValueSet/$expand: the codes of a value set, page by page if asked for.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.mapping.rendering import instant
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.terminology.known import CannotBeWorkedOut, Known, known, needed, note, subject
from fhir_server.operations.terminology.members import Named, codes_of, spoken
from fhir_server.operations.terminology.systems import CodeSystem, CodeSystems, names_of, plain
from fhir_server.search.terminology import MAX_CODES, TooManyCodes
from fhir_server.search.terminology.stored import Tree

NAMES = (
    "url",
    "valueSet",
    "valueSetVersion",
    "filter",
    "offset",
    "count",
    "includeDesignations",
    "includeDefinition",
    "activeOnly",
    "excludeNested",
)
_SAID_BACK = {"filter": "String", "offset": "Integer", "count": "Integer", "activeOnly": "Boolean"}
_LEFT_OUT = frozenset({"compose", "contained", "expansion", "meta", "text"})


def expand(context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None) -> FhirResponse:
    """The ValueSet with a flat expansion.

    Raises NotFound for one that is not known, CannotBeWorkedOut and TooManyCodes (both 422).
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(NAMES)
    asked = {name: arguments.natural(name) for name in ("offset", "count")}
    flags = {name: arguments.flag(name) for name in ("activeOnly", "includeDesignations", "includeDefinition")}
    arguments.flag("excludeNested")
    stored = known(context, request)
    found = subject(context, stored, arguments, "ValueSet", fhir_id, inline="valueSet", version="valueSetVersion")
    definition = needed(found, "ValueSet")
    active_only = flags["activeOnly"] or (definition.get("compose") or {}).get("inactive") is False
    systems = CodeSystems(stored)
    listed = list(_concepts(stored, systems, definition, request.base_url, arguments.text("filter"), active_only))
    if asked["count"] is None and len(listed) > MAX_CODES:
        raise TooManyCodes(f"The expansion has more than {MAX_CODES} codes: ask for pages with count and offset.")
    start = asked["offset"] or 0
    shown = listed[start:] if asked["count"] is None else listed[start : start + asked["count"]]
    expansion: dict[str, Any] = {
        "identifier": f"urn:uuid:{uuid4()}",
        "timestamp": instant(datetime.now(UTC)),
        "total": len(listed),
    }
    if any(one is not None for one in asked.values()):
        expansion["offset"] = start
    used = [*_said_back(arguments, asked, flags), *_versions(systems, {one["system"] for one in shown})]
    if used:
        expansion["parameter"] = used
    if shown:
        expansion["contains"] = [_without_names(one, flags["includeDesignations"]) for one in shown]
    note(context, request, "expand", resource_type, fhir_id)
    kept = {name: value for name, value in definition.items() if name not in _LEFT_OUT}
    if flags["includeDefinition"] and "compose" in definition:
        kept["compose"] = definition["compose"]
    return json_answer({**kept, "expansion": expansion})


def _concepts(
    stored: Known, systems: CodeSystems, definition: Tree, base_url: str, text: str | None, active_only: bool
) -> Iterator[dict[str, Any]]:
    words = plain(text or "").split()
    named = spoken(stored, definition)
    for system, codes in codes_of(stored, definition, base_url).items():
        found = systems.get(system)
        if codes is None:
            if found is None or not found.is_complete:
                raise CannotBeWorkedOut(
                    "The value set has all codes of a system that is not, or not wholly, stored here."
                )
            codes = dict.fromkeys(found.hierarchy.codes)
        for code in codes:
            one = _concept(system, code, named, found)
            names = plain(" ".join((code, *names_of(one))))
            if all(word in names for word in words) and not (active_only and one.get("inactive")):
                yield one


def _concept(system: str, code: str, named: Named, found: CodeSystem | None) -> dict[str, Any]:
    one: dict[str, Any] = {"system": system}
    concept = found.concept(code) if found is not None else None
    if found is not None and concept is not None:
        if found.is_abstract(concept):
            one["abstract"] = True
        if found.is_inactive(concept):
            one["inactive"] = True
    one["code"] = code
    for source in (concept or {}, named.get((system, code), {})):
        one |= {name: source[name] for name in ("display", "designation") if source.get(name)}
    return one


def _without_names(one: dict[str, Any], designations: bool) -> dict[str, Any]:
    return one if designations else {name: value for name, value in one.items() if name != "designation"}


def _said_back(
    arguments: Arguments, numbers: dict[str, int | None], flags: dict[str, bool]
) -> Iterator[dict[str, Any]]:
    values = {"filter": arguments.text("filter"), **numbers, "activeOnly": flags["activeOnly"] or None}
    for name, kind in _SAID_BACK.items():
        if values[name] is not None:
            yield {"name": name, f"value{kind}": values[name]}


def _versions(systems: CodeSystems, used: set[str]) -> Iterator[dict[str, Any]]:
    for url in sorted(used):
        found = systems.get(url)
        if found is not None and found.version is not None:
            yield {"name": "version", "valueUri": f"{url}|{found.version}"}
