"""$validate: whether a resource is valid, keeps profiles, and could be created, updated or deleted.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.errors import InvalidRequest, Issue, UnsupportedMediaType, operation_outcome
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.bundles.references import conditional_references
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import Tree, encode_json, parse_json
from fhir_server.operations.arguments import Arguments
from fhir_server.operations.instances import current
from fhir_server.operations.profiles import StoredProfiles, against_own_profiles, against_profile
from fhir_server.operations.rehearsal import rehearse_create, rehearse_delete, rehearse_update
from fhir_server.operations.terminology.known import known, note
from fhir_server.search import Limits, parse_query
from fhir_server.validation import raise_if_invalid, second_opinion, validate

NAMES = ("mode", "profile", "resource")
CREATE, UPDATE, DELETE, PROFILE = MODES = ("create", "update", "delete", "profile")
_RANKS: Mapping[str, int] = {"fatal": 0, "error": 0, "warning": 1, "information": 2}


@dataclass(frozen=True, slots=True)
class _Asked:
    """`given` tells whether the request has a resource, which may be anything that JSON can say."""

    mode: str | None
    profile: str | None
    given: bool
    resource: Tree


def validate_resource(
    context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None
) -> FhirResponse:
    """An OperationOutcome, always with status 200; errors in it are what is wrong with the resource.

    Raises InvalidRequest for what is no validation, NotFound and Gone for a stored resource that is not there.
    """
    asked = _asked(request, context.limits, resource_type)
    issues = list(_issues(context, request, asked, resource_type, fhir_id))
    if not any(issue.severity == "error" for issue in issues):
        issues.append(Issue("information", "informational", "No errors were found"))
    note(context, request, "validate", resource_type, fhir_id)
    return json_answer(operation_outcome(sorted(issues, key=lambda issue: _RANKS[issue.severity])))


def _issues(
    context: Context, request: FhirRequest, asked: _Asked, resource_type: str, fhir_id: str | None
) -> Iterator[Issue]:
    if asked.mode == DELETE:
        if fhir_id is None:
            raise InvalidRequest("The mode delete is for a stored resource: its path ends with an id.", ("mode",))
        current(context, resource_type, fhir_id)
        yield from rehearse_delete(context, request, resource_type, fhir_id)
        return
    tree = asked.resource
    if not asked.given:
        if fhir_id is None:
            raise InvalidRequest("The request needs a resource to validate.", ("resource",))
        tree = current(context, resource_type, fhir_id)
    wrong = list(_of_base(context, resource_type, tree))
    yield from wrong
    if wrong or not isinstance(tree, dict):
        # The rules of profiles and of storage are about resources that are FHIR.
        return
    library = StoredProfiles(known(context, request), request.base_url)
    if asked.profile is not None:
        yield from against_profile(tree, asked.profile, library)
    yield from against_own_profiles(tree, library, asked.profile)
    if asked.mode == CREATE:
        yield from rehearse_create(context, request, tree)
    elif asked.mode == UPDATE:
        yield from _updated(context, request, tree, fhir_id)


def _of_base(context: Context, resource_type: str, tree: Tree) -> Iterator[Issue]:
    issues = validate(resource_type, tree)
    if not issues and context.settings.second_opinion:
        issues = second_opinion(resource_type, encode_json(tree))
    yield from issues
    for one in conditional_references(tree) if not issues and isinstance(tree, dict) else ():
        said = f"{one.path} is a reference by search criteria, which has a meaning in a transaction only"
        yield Issue("error", "invalid", said, (one.path,))


def _updated(context: Context, request: FhirRequest, tree: dict[str, Any], fhir_id: str | None) -> Iterator[Issue]:
    said = tree.get("id")
    if fhir_id is None and isinstance(said, str):
        fhir_id = context.database.row_ids.one(said)
    if fhir_id is None:
        where = f"{tree['resourceType']}.id"
        yield Issue("error", "required", f"{where} is required for an update", (where,))
    else:
        yield from rehearse_update(context, request, tree, fhir_id)


def _asked(request: FhirRequest, limits: Limits, resource_type: str) -> _Asked:
    items: list[tuple[str, Tree]] = [
        (item.full_name, item.value) for item in parse_query(request.query, limits=limits).items
    ]
    given, resource = False, None
    if request.method == "POST" and request.body:
        if request.content_type is None:
            raise UnsupportedMediaType("The request needs a body of Content-Type application/fhir+json")
        body = parse_json(request.body)
        if _is_wrapped(body, resource_type):
            more, resources = _unwrapped(body)
            items += more
            given, resource = bool(resources), resources[0] if resources else None
        else:
            given, resource = True, body
    arguments = Arguments(tuple(items))
    arguments.only(NAMES)
    mode, profile = arguments.text("mode"), arguments.text("profile")
    if mode not in (None, *MODES):
        raise InvalidRequest(f"The parameter 'mode' must be one of {', '.join(MODES)}.", ("mode",))
    if mode == PROFILE and profile is None:
        raise InvalidRequest("The mode profile needs the parameter 'profile'.", ("profile",))
    return _Asked(mode, profile, given, resource)


def _is_wrapped(body: Tree, resource_type: str) -> bool:
    """Whether the body has the input of the operation; for the type Parameters it may be the resource itself."""
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        return False
    return resource_type != "Parameters" or any("resource" in one for one in _listed(body))


def _listed(body: dict[str, Any]) -> list[dict[str, Any]]:
    said = body.get("parameter")
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _unwrapped(body: dict[str, Any]) -> tuple[list[tuple[str, Tree]], list[Tree]]:
    """Names and values of the parameters, and the resource, about which nothing is known yet."""
    resources = [one["resource"] for one in _listed(body) if one.get("name") == "resource" and "resource" in one]
    if len(resources) > 1:
        raise InvalidRequest("The parameter 'resource' may stand only once.", ("resource",))
    others = [one for one in _listed(body) if one.get("name") != "resource"]
    if others or not resources:
        # What is wrong with the resource is the answer; what is wrong around it is an error.
        raise_if_invalid("Parameters", {**body, "parameter": others} if others else body)
    values = [(one["name"], value) for one in others for key, value in one.items() if key.startswith("value")]
    return values, resources
