"""What terminology operations work with: definitions that are stored here, and the required value sets of R4.

https://hl7.org/fhir/R4/references.html#canonical and https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir_server.definitions import packaged
from fhir_server.errors import InvalidRequest, NotFound, Unprocessable
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.searching import stored_definitions
from fhir_server.operations.arguments import Arguments
from fhir_server.operations.instances import current
from fhir_server.persistence.audit import record
from fhir_server.search.terminology import Stored
from fhir_server.search.terminology.stored import Tree

R4 = "4.0.1"


class CannotBeWorkedOut(Unprocessable):
    """A definition is here and the answer cannot be worked out of it."""

    code = "not-supported"


class Known(Stored):
    """What is stored comes first; a definition of R4 is what the packaged lists of codes tell of it."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def by_id(self, resource_type: str, fhir_id: str) -> Tree | None:
        """See Stored."""
        return self._stored.by_id(resource_type, fhir_id)

    def by_url(self, resource_type: str, url: str, version: str | None) -> Tree | None:
        """See Stored."""
        found = self._stored.by_url(resource_type, url, version)
        return standard(resource_type, url) if found is None and version in (None, R4) else found


def standard(resource_type: str, url: str) -> Tree | None:
    """A ValueSet or CodeSystem of R4 as far as its codes are packaged; names and hierarchies are not."""
    if resource_type == "ValueSet":
        listed = packaged("required-bindings.json")["valueSets"].get(url)
        include = [
            {"system": system, "concept": [{"code": code} for code in codes]}
            for system, codes in (listed or {}).items()
        ]
        return _defined("ValueSet", url, {"compose": {"include": include}}) if include else None
    if resource_type == "CodeSystem" and url in _systems():
        concept = [{"code": code} for code in _systems()[url]]
        # Which codes are above others is not packaged, nor whether these are all.
        return _defined("CodeSystem", url, {"content": "fragment", "concept": concept})
    return None


def _defined(resource_type: str, url: str, members: dict[str, Any]) -> Tree:
    name = url.rpartition("/")[2]
    return {"resourceType": resource_type, "url": url, "version": R4, "name": name, "status": "active", **members}


@cache
def _systems() -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for listed in packaged("required-bindings.json")["valueSets"].values():
        for system, codes in (listed or {}).items():
            found.setdefault(system, {}).update(dict.fromkeys(codes))
    return found


def known(context: Context, request: FhirRequest) -> Known:
    """What the caller of this request may use."""
    return Known(stored_definitions(context, request))


def canonical(said: str, version: str | None = None) -> tuple[str, str | None]:
    """The url and version of a canonical such as `url|2.0`; a version of its own wins over `version`."""
    url, _, own = said.partition("#")[0].partition("|")
    return url, own or version


def subject(
    context: Context,
    stored: Stored,
    arguments: Arguments,
    resource_type: str,
    fhir_id: str | None,
    *,
    url: str = "url",
    inline: str | None = None,
    version: str,
) -> Tree | None:
    """The definition that an operation is about: of the path, in the body, or named by its url; None if none is said.

    `url`, `inline` and `version` are names of parameters. Raises NotFound for what is not known, InvalidRequest for
    several at once.
    """
    said = arguments.text(url)
    given = arguments.resource(inline, resource_type) if inline is not None else None
    if sum(one is not None for one in (fhir_id, said, given)) > 1:
        raise InvalidRequest(f"The operation is about one {resource_type}: give its url, itself, or its path.", (url,))
    if fhir_id is not None:
        return current(context, resource_type, fhir_id)
    if said is None:
        return given
    found = stored.by_url(resource_type, *canonical(said, arguments.text(version)))
    if found is None:
        raise NotFound(f"No {resource_type} with this url and version is known to this server.", (url,))
    return found


def note(context: Context, request: FhirRequest, name: str, resource_type: str, fhir_id: str | None = None) -> None:
    """The audit row of an operation."""
    record(context.database.reader(), audit_of(request, name, resource_type, fhir_id))


def needed(definition: Tree | None, resource_type: str) -> Tree:
    """The definition; raises InvalidRequest when the request named none."""
    if definition is None:
        raise InvalidRequest(f"The operation needs a {resource_type}: its url, or a path that ends with its id.")
    return definition
