"""capabilities: the CapabilityStatement, made from the declarations and tables that run.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from fhir_server.conformance.names import CAPABILITIES, GUIDE, profiles_of, url
from fhir_server.definitions import (
    COMPARTMENTS,
    PUBLISHED_TYPES,
    Additions,
    SearchParameter,
    additions,
    search_parameters,
)
from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.etags import entity_tag
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import encode_json
from fhir_server.mapping.registry import Registry
from fhir_server.operations import OPERATIONS
from fhir_server.operations.operation import SYSTEM, Operation
from fhir_server.search import parse_query
from fhir_server.search.parameters import served_parameters

PUBLISHED = "2026-11-22"
DOCUMENTATION = (
    "This server has no sign-in yet and listens on its own machine only. "
    "Every update makes a new version, also one that changes nothing. "
    "Reads take _summary and _elements; a part of a resource comes without ETag. "
    "References to Patients must lead to one; other references may lead nowhere. "
    "A Patient cannot be deleted while resources of its record are left, other than AuditEvent and Provenance. "
    "Conditional interactions take filter parameters only and refuse what they do not know. "
    "$everything is for one Patient; $meta-add and $meta-delete make a new version of a resource; "
    "In _filter, ne of what is not ordered means that there is a value and none is equal; :in, :not-in, :above and "
    ":below of codes need the ValueSet or CodeSystem stored here, :below of references follows part-of references. "
    "_content searches words of all string and markdown elements, _text those of the narrative: all of them, or "
    "alternatives with 'or', -word, \"two words\", begin*. "
    "near takes latitude|longitude|distance|unit, 10 km by default. "
    "phonetic compares the words of names by American Soundex. "
    "The profiles, extensions, codes and status maps of this server are stored beside those of clients, who cannot "
    "change them. $validate holds resources against stored StructureDefinitions and says which of their rules it does "
    "not evaluate. "
    "$expand, $validate-code, $lookup, $subsumes and $translate use what is stored here, and the required value sets "
    "of R4; an expansion is flat. "
    "AuditEvent and Provenance are also rows of the server's logs, which cannot be written, come newest first, and are "
    "left out where several types are searched, in chains, _has and :iterate; versions that the portal made have a "
    "Provenance that is found by target or patient. "
    "$lastn groups by subject and code; $stats refuses codes measured in several units."
)
INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
SYSTEM_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")
MODES = ("full", "normative", "terminology")


def capabilities(context: Context, request: FhirRequest) -> FhirResponse:
    """GET /metadata; its ETag changes when its content does."""
    for item in parse_query(request.query).items:
        if item.name == "mode" and item.value not in MODES:
            raise InvalidRequest(f"mode must be one of {', '.join(MODES)}", ("mode",))
    body = encode_json(capability_statement(context, request.base_url))
    return FhirResponse(200, {"ETag": entity_tag(hashlib.sha256(body).hexdigest()[:32])}, body)


def capability_statement(context: Context, base_url: str) -> dict[str, Any]:
    """The statement for clients that use `base_url`."""
    return statement(context.registry, base_url, context.settings.clinic_time_zone)


def statement(registry: Registry, base_url: str, zone: str) -> dict[str, Any]:
    """The CapabilityStatement of a registry; do not change what comes back."""
    return _statement(registry, base_url, zone, additions())


@lru_cache(maxsize=16)
def _statement(registry: Registry, base_url: str, zone: str, known: Additions) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base_url}/metadata",
        "name": "WoundCarePortalFhirServer",
        "title": "FHIR server of the wound-care portal",
        "status": "active",
        "date": PUBLISHED,
        "kind": "instance",
        "instantiates": [url("CapabilityStatement", CAPABILITIES)],
        "description": f"FHIR R4 over the portal's tables. Times without a zone are in {zone}.",
        "software": {"name": "fhir-server", "version": version("fhir-server")},
        "implementation": {"description": "FHIR server of the wound-care portal", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/merge-patch+json"],
        "implementationGuide": [url("ImplementationGuide", GUIDE)],
        "rest": [
            {
                "mode": "server",
                "documentation": DOCUMENTATION,
                "security": {"cors": False, "description": "No authentication; loopback only."},
                "resource": [_resource(registry, name) for name in registry.resource_types],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                "searchParam": [_parameter(one) for one in _common()],
                "operation": [_operation(one) for one in OPERATIONS if SYSTEM in one.levels],
                "compartment": [_compartment(name) for name in COMPARTMENTS],
            }
        ],
    }


def _resource(registry: Registry, resource_type: str) -> dict[str, Any]:
    parameters = _served(resource_type)
    references = [one for one in parameters if one.type == "reference"]
    profiles = profiles_of(registry, resource_type)
    described: dict[str, Any] = {
        "type": resource_type,
        **({"supportedProfile": profiles} if profiles else {}),
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "local"],
    }
    if references:
        described["searchInclude"] = ["*", f"{resource_type}:*", *(f"{resource_type}:{one.code}" for one in references)]
    pointing = _pointing_at(registry, additions()).get(resource_type)
    if pointing:
        described["searchRevInclude"] = ["*", *pointing]
    described["searchParam"] = [_parameter(one) for one in parameters]
    described["operation"] = [_operation(one) for one in OPERATIONS if one.concerns(resource_type)]
    return described


def _served(resource_type: str) -> list[SearchParameter]:
    known = search_parameters(resource_type)
    return [known[code] for code in served_parameters((resource_type,))]


def _parameter(one: SearchParameter) -> dict[str, str]:
    said = {"name": one.code, "type": PUBLISHED_TYPES.get(one.type, one.type)}
    return said if one.url is None else {**said, "definition": one.url}


def _operation(one: Operation) -> dict[str, str]:
    return {"name": one.name, "definition": one.url}


def _compartment(name: str) -> str:
    return f"http://hl7.org/fhir/CompartmentDefinition/{name[0].lower()}{name[1:]}"


def _common() -> list[SearchParameter]:
    return [
        one
        for one in _served("Basic")
        if one.code in ("_filter", "_id", "_lastUpdated", "_list", "_profile", "_security", "_source", "_tag")
    ]


@lru_cache(maxsize=2)
def _pointing_at(registry: Registry, known: Additions) -> dict[str, tuple[str, ...]]:
    """Target type → the parameters of other types that refer to it."""
    found: dict[str, list[str]] = {}
    for name in registry.resource_types:
        for one in _served(name):
            for target in one.targets if one.type == "reference" else ():
                found.setdefault(target, []).append(f"{name}:{one.code}")
    return {target: tuple(names) for target, names in found.items()}
