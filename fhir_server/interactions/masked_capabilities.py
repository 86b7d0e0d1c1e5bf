"""The CapabilityStatement for callers who see some columns only: what is left of that for all others.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_server.mapping.registry import Registry
from fhir_server.mapping.source import ReferenceColumn

Tree = dict[str, Any]

DOCUMENTATION: Final = (
    "You see what belongs to the organization or the practitioner that you act for, without protected health"
    " information: ids of patients are your own, stay the same, and lead nowhere; texts and details are withheld."
    " You may read and search, also in batches. What is withheld cannot be searched: such a search finds nothing."
)
SECURITY: Final = "A bearer token that the operator of this server gave you."

_READING: Final = frozenset({"read", "vread", "history-instance", "history-type", "search-type"})
_SYSTEM_READING: Final = frozenset({"batch", "search-system", "history-system"})
_OF_ALL_TYPES: Final = frozenset({"_id", "_lastUpdated"})
_KEPT: Final = ("type", "versioning", "readHistory", "conditionalRead")


def masked_statement(statement: Tree, registry: Registry) -> Tree:
    """What of a registry's CapabilityStatement is true for callers who are shown some columns only."""
    (rest,) = statement["rest"]
    served = {
        **rest,
        "documentation": DOCUMENTATION,
        "security": {**rest["security"], "description": SECURITY},
        "resource": [_resource(one, registry) for one in rest["resource"]],
        "interaction": [one for one in rest["interaction"] if one["code"] in _SYSTEM_READING],
        "searchParam": [one for one in rest["searchParam"] if one["name"] in _OF_ALL_TYPES],
        "compartment": [url for url in rest["compartment"] if _owner(url) in registry.resource_types],
    }
    served.pop("operation", None)
    said = {**statement, "rest": [served]}
    said.pop("patchFormat", None)
    return said


def _resource(resource: Tree, registry: Registry) -> Tree:
    columns = {
        code: found for source in registry.sources(resource["type"]) for code, found in source.columns.items() if found
    }
    followed = {code for code, found in columns.items() if any(_leads_on(column, registry) for column in found)}
    said = {name: resource[name] for name in _KEPT}
    said["interaction"] = [one for one in resource["interaction"] if one["code"] in _READING]
    if followed:
        names = {"*", *(f"{resource['type']}:{code}" for code in ("*", *followed))}
        said["searchInclude"] = [one for one in resource["searchInclude"] if one in names]
    pointing = [one for one in resource.get("searchRevInclude", ()) if _points(one, resource["type"], registry)]
    if pointing:
        said["searchRevInclude"] = ["*", *pointing]
    said["searchParam"] = [
        one for one in resource["searchParam"] if one["name"] in columns or one["name"] in _OF_ALL_TYPES
    ]
    return said


def _leads_on(column: Any, registry: Registry) -> bool:
    return isinstance(column, ReferenceColumn) and column.target_type in registry.resource_types


def _points(include: str, resource_type: str, registry: Registry) -> bool:
    """Whether a shown column of another type holds references to this one."""
    source_type, colon, code = include.partition(":")
    return bool(colon) and any(
        isinstance(column, ReferenceColumn) and column.target_type == resource_type
        for source in registry.sources(source_type)
        for column in source.columns.get(code, ())
    )


def _owner(url: str) -> str:
    name = url.rpartition("/")[2]
    return name[:1].upper() + name[1:]
